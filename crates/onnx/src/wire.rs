//! Counts the parts of a protocol buffer before it is read, since an empty part of two bytes takes
//! some hundred bytes of memory once read.
//!
//! Source: "Encoding", protobuf.dev/programming-guides/encoding.

use crate::Error;
use crate::file::damaged;
use crate::limits::{MOST_NODES, MOST_PARTS, MOST_TEXTS};

/// Messages inside messages; a model without control flow has six.
const DEEPEST: usize = 16;

/// Messages whose parts are counted, by the numbers of their fields in `onnx.proto`.
#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Value,
    Type,
    TensorType,
    Shape,
    Annotation,
    /// What is no longer than its bytes.
    Plain,
}

impl Message {
    fn inside(self, field: u64) -> Message {
        match (self, field) {
            (Message::Model, 7) | (Message::Attribute, 6 | 11) => Message::Graph,
            (Message::Graph, 1) => Message::Node,
            (Message::Graph, 5) | (Message::Attribute, 5 | 10) => Message::Tensor,
            (Message::Node, 5) => Message::Attribute,
            (Message::Graph, 11..=13) => Message::Value,
            (Message::Graph, 14) => Message::Annotation,
            (Message::Value, 2) | (Message::Attribute, 15) => Message::Type,
            (Message::Type, 1) => Message::TensorType,
            (Message::TensorType, 2) => Message::Shape,
            _ => Message::Plain,
        }
    }

    /// Parts that no model needs to predict, and that may hold anything.
    fn refused(self, field: u64) -> Option<&'static str> {
        match (self, field) {
            (Message::Model, 20) => Some("it holds steps of training; export it for inference"),
            (Message::Model, 25) => Some(
                "it has functions of its own; inline them before the export \
                 (onnx.inliner.inline_local_functions)",
            ),
            (Message::Graph, 15) | (Message::Attribute, 22 | 23) => {
                Some("it has sparse weights; make them dense before the export")
            }
            _ => None,
        }
    }
}

/// Refuses bytes that are no protocol buffer, or one of too many parts.
pub(crate) fn count(bytes: &[u8]) -> Result<(), Error> {
    let (mut nodes, mut parts, mut texts) = (0, 0, 0);
    let mut open = vec![(bytes, Message::Model)];
    while let Some((rest, message)) = open.last_mut() {
        if rest.is_empty() {
            open.pop();
            continue;
        }
        let message = *message;
        let Some((field, content)) = next(rest) else {
            return Err(damaged(
                "it is no ONNX model, or was cut short or damaged; copy or export it again",
            ));
        };
        if let Some(what) = message.refused(field) {
            return Err(damaged(what));
        }
        let Some(content) = content else { continue };
        match message.inside(field) {
            Message::Plain => texts += 1,
            inside => {
                parts += 1;
                nodes += usize::from(matches!(inside, Message::Node));
                open.push((content, inside));
            }
        }
        within(nodes, parts, texts, open.len())?;
    }
    Ok(())
}

fn within(nodes: usize, parts: usize, texts: usize, depth: usize) -> Result<(), Error> {
    if depth > DEEPEST {
        return Err(damaged("graphs lie inside graphs; export the model without control flow"));
    }
    if nodes > MOST_NODES || parts > MOST_PARTS || texts > MOST_TEXTS {
        let what = format!(
            "it has more than {MOST_NODES} operators, {MOST_PARTS} parts or {MOST_TEXTS} texts"
        );
        return Err(Error::LimitSize { what });
    }
    Ok(())
}

/// The number of the next field, and its content where that has a length.
fn next<'a>(rest: &mut &'a [u8]) -> Option<(u64, Option<&'a [u8]>)> {
    let key = varint(rest)?;
    let content = match key & 7 {
        0 => varint(rest).map(|_| None)?,
        1 => take(rest, 8).map(|_| None)?,
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Some(take(rest, length)?)
        }
        5 => take(rest, 4).map(|_| None)?,
        _ => return None,
    };
    Some((key >> 3, content))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for place in 0..10 {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
