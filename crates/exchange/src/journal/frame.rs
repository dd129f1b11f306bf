//! Pages of changes in a file: one page is one write, brought to the disk before anybody hears
//! of what it says. So only the last one can be torn.

use crate::Error;

/// What a journal begins with.
pub const HEADING: &[u8] = b"trimtab exchange journal 1\n";

/// Length, its complement, checksum.
const HEAD: usize = 12;

/// Changes that are written at once.
#[derive(Debug, Default)]
pub(crate) struct Page {
    bytes: Vec<u8>,
}

impl Page {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Where the next change is written to.
    pub(super) fn body(&mut self) -> &mut Vec<u8> {
        if self.bytes.is_empty() {
            self.bytes.resize(HEAD, 0);
        }
        &mut self.bytes
    }

    /// The page as it is kept.
    pub(crate) fn sealed(&mut self) -> &[u8] {
        if !self.bytes.is_empty() {
            let length = (self.bytes.len() - HEAD) as u32;
            let sum = checksum(&self.bytes[HEAD..]);
            self.bytes[..4].copy_from_slice(&length.to_le_bytes());
            self.bytes[4..8].copy_from_slice(&(!length).to_le_bytes());
            self.bytes[8..HEAD].copy_from_slice(&sum.to_le_bytes());
        }
        &self.bytes
    }

    /// Begins another one in the same place.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }
}

/// What stands at a place of a journal.
enum Found<'a> {
    /// A whole page.
    Page(&'a [u8]),
    /// A page whose words are not those that were written; where it ends.
    Wrong(usize),
    /// No page, or a part of one.
    Nothing,
}

fn at(bytes: &[u8]) -> Found<'_> {
    let number = |place: usize| {
        let four = bytes.get(place..place + 4)?;
        four.try_into().ok().map(u32::from_le_bytes)
    };
    let (Some(length), Some(complement), Some(sum)) = (number(0), number(4), number(8)) else {
        return Found::Nothing;
    };
    let end = HEAD.saturating_add(length as usize);
    match bytes.get(HEAD..end).filter(|_| length == !complement && length > 0) {
        None => Found::Nothing,
        Some(body) if checksum(body) == sum => Found::Page(body),
        Some(_) => Found::Wrong(end),
    }
}

/// The pages of a journal, and how many bytes at its end are none: a page that was torn before
/// anybody heard of it. Anything else that can't be read is an error.
pub(super) fn pages(journal: &[u8]) -> Result<(Vec<&[u8]>, usize), Error> {
    let damaged = |at: usize, fault: &'static str| Err(Error::ReadJournal { at, fault });
    let Some(mut rest) = journal.strip_prefix(HEADING) else {
        // Nothing was written behind a heading that is not whole.
        return match journal.len() <= HEADING.len() {
            true => Ok((Vec::new(), journal.len())),
            false => damaged(0, "it does not begin as a journal does"),
        };
    };
    let mut pages = Vec::new();
    while !rest.is_empty() {
        let place = journal.len() - rest.len();
        match at(rest) {
            Found::Page(body) => {
                pages.push(body);
                rest = &rest[HEAD + body.len()..];
            }
            Found::Wrong(end) if end < rest.len() => {
                return damaged(place, "what stands there is not what was written");
            }
            Found::Wrong(_) | Found::Nothing => {
                let later = (1..rest.len()).any(|on| matches!(at(&rest[on..]), Found::Page(_)));
                return match later {
                    true => damaged(place, "there is no change, but there are some behind it"),
                    false => Ok((pages, rest.len())),
                };
            }
        }
    }
    Ok((pages, 0))
}

/// CRC-32 of IEEE 802.3, by a table for each value of a byte.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut rest = index as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = if rest & 1 == 1 { (rest >> 1) ^ 0xedb8_8320 } else { rest >> 1 };
            bit += 1;
        }
        table[index] = rest;
        index += 1;
    }
    table
};

fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| (sum >> 8) ^ TABLE[usize::from(sum as u8 ^ byte)];
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(bodies: &[&[u8]]) -> Vec<u8> {
        let mut bytes = HEADING.to_vec();
        for body in bodies {
            let mut page = Page::default();
            page.body().extend_from_slice(body);
            bytes.extend_from_slice(page.sealed());
        }
        bytes
    }

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn whatever_is_torn_off_the_end_takes_whole_pages_alone() {
        let bodies: [&[u8]; 3] = [b"one", &[0; 40], b"three"];
        let whole = journal(&bodies);
        let ends: Vec<usize> = (0..=3).map(|count| journal(&bodies[..count]).len()).collect();
        for length in 0..=whole.len() {
            let (pages, cut) = pages(&whole[..length]).unwrap();
            let count = ends.iter().filter(|end| **end <= length).count().saturating_sub(1);
            assert_eq!(pages, &bodies[..count], "{length}");
            let kept = if length < ends[0] { 0 } else { ends[count] };
            assert_eq!(cut, length - kept, "{length}");
        }
    }

    #[test]
    fn damage_before_the_last_page_is_an_error_and_never_another_page() {
        let bodies: [&[u8]; 3] = [b"one", b"two and a half", b"three"];
        let whole = journal(&bodies);
        let last = journal(&bodies[..2]).len();
        for place in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[place] ^= 1 << bit;
                match (pages(&bytes), place < last) {
                    (Err(Error::ReadJournal { .. }), true) => {}
                    (Ok((pages, cut)), false) => {
                        assert_eq!((&pages[..], cut), (&bodies[..2], whole.len() - last));
                    }
                    (found, _) => panic!("bit {bit} of byte {place}: {found:?}"),
                }
            }
        }
    }

    #[test]
    fn room_that_was_taken_and_never_written_is_cut_off() {
        let bodies: [&[u8]; 1] = [b"one"];
        let mut bytes = journal(&bodies);
        bytes.extend([0; 5_000]);
        assert_eq!(pages(&bytes).unwrap(), (vec![bodies[0]], 5_000));
    }
}
