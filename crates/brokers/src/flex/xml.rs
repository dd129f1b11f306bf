//! XML that nobody vouches for, one element at a time.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use crate::Error;

/// Longest statement that is read.
pub(super) const LONGEST: usize = 64 << 20;
/// Elements within elements; statements have six.
const DEEPEST: usize = 16;
/// Attributes of one element; trades have about a hundred.
const MOST_ATTRIBUTES: usize = 400;

/// A part of a document.
#[derive(Debug)]
pub(super) enum Part<'a> {
    /// An element begins: its name, its attributes, how many it lies within.
    Open(&'a str, &'a [(String, String)], usize),
    /// Text within the element that began last.
    Text(&'a str),
    /// An element ends: how many it lay within.
    Close(usize),
}

/// Shows a document's parts in order, as long as they are wanted.
///
/// # Errors
/// [`Error::ReadStatement`], with the byte up to which it could be read.
pub(super) fn walk(
    bytes: &[u8],
    visit: &mut dyn FnMut(Part<'_>) -> std::ops::ControlFlow<()>,
) -> Result<(), Error> {
    let wrong = |at: u64, fault: &str| Error::ReadStatement { at, fault: fault.to_owned() };
    if bytes.len() > LONGEST {
        return Err(wrong(0, "it is longer than 64 MiB"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = str::from_utf8(bytes)
        .map_err(|error| wrong(error.valid_up_to() as u64, "it is not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let (mut depth, mut has_root) = (0, false);
    loop {
        let event = reader.read_event();
        let at = reader.buffer_position();
        let broken = |why: &dyn std::fmt::Display| wrong(at, &format!("it is no XML: {why}"));
        let flow = match event.map_err(|error| broken(&error))? {
            Event::Start(start) | Event::Empty(start) if depth == 0 && has_root => {
                drop(start);
                return Err(wrong(at, "something follows its end"));
            }
            Event::Start(start) => {
                has_root = true;
                let flow = open(&start, depth, at, visit)?;
                depth += 1;
                if depth > DEEPEST {
                    return Err(wrong(at, "its elements lie too deep within each other"));
                }
                flow
            }
            Event::Empty(start) => {
                has_root = true;
                match open(&start, depth, at, visit)? {
                    std::ops::ControlFlow::Continue(()) => visit(Part::Close(depth)),
                    end => end,
                }
            }
            Event::End(_) => {
                depth -= 1;
                visit(Part::Close(depth))
            }
            Event::Text(text) => visit(Part::Text(&text.decode().map_err(|e| broken(&e))?)),
            Event::GeneralRef(name) => {
                let shown = resolved(&name).ok_or_else(|| wrong(at, "an entity of its own"))?;
                visit(Part::Text(&shown))
            }
            Event::DocType(_) => return Err(wrong(at, "a document type, which no statement has")),
            Event::Eof if depth == 0 && has_root => return Ok(()),
            Event::Eof if !has_root => return Err(wrong(at, "there is no element in it")),
            Event::Eof => return Err(wrong(at, "it ends in the middle")),
            Event::CData(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
        };
        if flow.is_break() {
            return Ok(());
        }
    }
}

/// One of the five names that XML itself knows, or the number of a character.
fn resolved(name: &quick_xml::events::BytesRef<'_>) -> Option<String> {
    if let Some(character) = name.resolve_char_ref().ok()? {
        return Some(character.to_string());
    }
    let name = name.decode().ok()?;
    quick_xml::escape::resolve_predefined_entity(&name).map(str::to_owned)
}

fn open(
    start: &BytesStart<'_>,
    depth: usize,
    at: u64,
    visit: &mut dyn FnMut(Part<'_>) -> std::ops::ControlFlow<()>,
) -> Result<std::ops::ControlFlow<()>, Error> {
    let wrong = |fault: String| Error::ReadStatement { at, fault };
    let utf8 = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| wrong(format!("it is no XML: {error}")))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| wrong(format!("it is no XML: {error}")))?;
        attributes.push((utf8(attribute.key.as_ref()), value.into_owned()));
        if attributes.len() > MOST_ATTRIBUTES {
            return Err(wrong("an element with too many attributes".to_owned()));
        }
    }
    Ok(visit(Part::Open(&utf8(start.name().as_ref()), &attributes, depth)))
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    fn shown(bytes: &[u8]) -> Result<String, String> {
        let mut parts = Vec::new();
        let done = walk(bytes, &mut |part| {
            match part {
                Part::Open(name, attributes, depth) => {
                    parts.push(format!("{depth}<{name} {attributes:?}"));
                }
                Part::Text(text) => parts.push(text.to_owned()),
                Part::Close(depth) => parts.push(format!(">{depth}")),
            }
            ControlFlow::Continue(())
        });
        done.map(|()| parts.join("|")).map_err(|error| error.to_string())
    }

    #[test]
    fn elements_attributes_and_text_come_in_order() {
        let told = shown(
            "\u{feff}<?xml version='1.0'?><!-- c --><a x=\"1 &lt; 2\"><b/>t&#65;</a>".as_bytes(),
        );
        let wanted = "0<a [(\"x\", \"1 < 2\")]|1<b []|>1|t|A|>0";
        assert_eq!(told.unwrap(), wanted);
    }

    #[test]
    fn hostile_documents_are_refused_each_for_its_reason() {
        let deep = "<a>".repeat(17);
        let wide: String = (0..401).map(|n| format!(" a{n}=\"\"")).collect();
        let wide = format!("<a{wide}/>");
        let bomb = "<!DOCTYPE b [<!ENTITY l \"lol\"><!ENTITY m \"&l;&l;\">]><b x=\"&m;\"/>";
        let cases: [(&[u8], &str); 13] = [
            (b"", "no element"),
            (b"date,symbol\n1,2\n", "no element"),
            (b"<a><b></a>", "no XML"),
            (b"<a><b>", "ends in the middle"),
            (b"<a x=\"1", "no XML"),
            (b"<a x=\"1\" x=\"2\"/>", "no XML"),
            (b"<a x=\"&nbsp;\"/>", "no XML"),
            (b"<a>&nbsp;</a>", "an entity of its own"),
            (b"<a/><b/>", "something follows"),
            (b"<a>\xff</a>", "not UTF-8"),
            (bomb.as_bytes(), "document type"),
            (deep.as_bytes(), "too deep"),
            (wide.as_bytes(), "too many attributes"),
        ];
        for (bytes, wanted) in cases {
            let told = shown(bytes).unwrap_err();
            assert!(told.contains(wanted), "{}: {told}", String::from_utf8_lossy(bytes));
        }
        assert!(shown(&vec![b' '; LONGEST + 1]).unwrap_err().contains("64 MiB"));
    }
}
