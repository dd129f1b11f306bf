//! As much of Thrift's compact protocol as the footer and the head of a page need.
//!
//! Sources: `thrift-compact-protocol.md` in apache/thrift; `PageHeader` in
//! `parquet.thrift`, apache/parquet-format.

/// What a page states of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PageHead {
    /// Bytes of the head itself.
    pub(crate) length: u64,
    /// Bytes after unpacking.
    pub(crate) uncompressed: u64,
    /// Bytes in the file after the head.
    pub(crate) compressed: u64,
    /// Values of a page of data.
    pub(crate) values: Option<u64>,
    /// How the values of a page of data are written; a number of `parquet.thrift`.
    pub(crate) encoding: Option<i64>,
}

/// Structures and lists that may be nested.
const DEEPEST: u32 = 32;

/// The head at the beginning of `bytes`; none where they hold no whole one.
pub(crate) fn page_head(bytes: &[u8]) -> Option<PageHead> {
    let mut input = Input { bytes, at: 0 };
    let mut head = PageHead::default();
    input.fields(|input, field, kind| {
        match field {
            2 => head.uncompressed = u64::try_from(input.whole()?).ok()?,
            3 => head.compressed = u64::try_from(input.whole()?).ok()?,
            // Of the first version of data pages and of the second.
            5 => input.data(&mut head, 2)?,
            8 => input.data(&mut head, 4)?,
            _ => input.skip(kind, DEEPEST)?,
        }
        Some(())
    })?;
    head.length = input.at as u64;
    Some(head)
}

/// Whether `bytes` are one whole structure. Each element of a list takes a byte or more, so that a
/// list can't be longer than they are; the `parquet` crate counts to whatever is stated.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let mut input = Input { bytes, at: 0 };
    input.fields(|input, _, kind| input.skip(kind, DEEPEST)).is_some()
}

struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Input<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A zigzag varint.
    fn whole(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn pass(&mut self, count: u64) -> Option<()> {
        let count = usize::try_from(count).ok()?;
        self.at = self.at.checked_add(count).filter(|at| *at <= self.bytes.len())?;
        Some(())
    }

    /// Hands on each field of a structure with its kind; what is handed on must be read.
    fn fields(&mut self, mut each: impl FnMut(&mut Self, i64, u8) -> Option<()>) -> Option<()> {
        let mut field = 0_i64;
        loop {
            let head = self.byte()?;
            let (step, kind) = (head >> 4, head & 0x0f);
            if kind == 0 {
                return Some(());
            }
            field = if step == 0 { self.whole()? } else { field + i64::from(step) };
            each(self, field, kind)?;
        }
    }

    /// The head of a page of data, whose encoding is the given field.
    fn data(&mut self, head: &mut PageHead, encoding: i64) -> Option<()> {
        self.fields(|input, field, kind| {
            match field {
                1 => head.values = Some(u64::try_from(input.whole()?).ok()?),
                _ if field == encoding => head.encoding = Some(input.whole()?),
                _ => input.skip(kind, DEEPEST)?,
            }
            Some(())
        })
    }

    fn skip(&mut self, kind: u8, deep: u32) -> Option<()> {
        let deep = deep.checked_sub(1)?;
        match kind {
            // True and false lie in the kind.
            1 | 2 => Some(()),
            3 => self.pass(1),
            4..=6 => self.whole().map(drop),
            7 => self.pass(8),
            8 => {
                let length = self.varint()?;
                self.pass(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                (0..count).try_for_each(|_| self.element(head & 0x0f, deep))
            }
            12 => self.fields(|input, _, kind| input.skip(kind, deep)),
            _ => None,
        }
    }

    /// An element of a list: truths take a byte there.
    fn element(&mut self, kind: u8, deep: u32) -> Option<()> {
        match kind {
            1 | 2 => self.pass(1),
            kind => self.skip(kind, deep),
        }
    }
}
