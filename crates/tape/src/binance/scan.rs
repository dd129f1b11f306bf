//! Fields out of an exchange's JSON, without building a tree.
//!
//! Only what an event can hold is understood: an object, perhaps wrapped in one with `stream` and
//! `data`, of numbers, texts without escapes, and arrays of pairs of decimal texts.

use memchr::memchr;

/// Objects within objects, beyond the wrapper: none that this room needs.
const DEEPEST: u32 = 2;

/// A value, as it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Between quotation marks.
    Text(&'a [u8]),
    /// A number or a word.
    Bare(&'a [u8]),
    /// With its brackets.
    Array(&'a [u8]),
}

/// What an event said; fields it does not have stay `None`.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Fields<'a> {
    /// `e`: the kind of event.
    pub(super) event: Option<&'a [u8]>,
    /// `stream` of the wrapper.
    pub(super) stream: Option<&'a [u8]>,
    /// `s` or `symbol`.
    pub(super) symbol: Option<&'a [u8]>,
    /// `E`: when the event was sent, in milliseconds.
    pub(super) sent: Option<Value<'a>>,
    /// `T`: when it happened, in milliseconds.
    pub(super) happened: Option<Value<'a>>,
    /// `U`: first update that the event covers.
    pub(super) first_update: Option<Value<'a>>,
    /// `u`: last update that it covers.
    pub(super) last_update: Option<Value<'a>>,
    /// `pu`: last update of the event before, on futures.
    pub(super) update_before: Option<Value<'a>>,
    /// `lastUpdateId` of a snapshot.
    pub(super) snapshot: Option<Value<'a>>,
    /// `b` or `bids`: levels, or the best price.
    pub(super) bids: Option<Value<'a>>,
    /// `a` or `asks`: levels, or the best price.
    pub(super) asks: Option<Value<'a>>,
    /// `B`: size at the best bid.
    pub(super) bid_size: Option<Value<'a>>,
    /// `A`: size at the best ask.
    pub(super) ask_size: Option<Value<'a>>,
    /// `p`: price of a trade.
    pub(super) price: Option<Value<'a>>,
    /// `q`: size of a trade.
    pub(super) size: Option<Value<'a>>,
    /// `m`: whether the buyer's order rested.
    pub(super) is_buyer_maker: Option<&'a [u8]>,
    /// `X`: how a trade of futures came about.
    pub(super) manner: Option<&'a [u8]>,
}

/// A place in the text.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

/// What was expected and did not come; the place is the cursor's.
pub(super) type Expected = &'static str;

impl<'a> Fields<'a> {
    /// Reads one object that ends the line.
    pub(super) fn read(text: &'a [u8]) -> Result<Fields<'a>, (usize, Expected)> {
        let mut fields = Fields::default();
        let mut cursor = Cursor { text, at: 0 };
        let read = fields.object(&mut cursor, DEEPEST).and_then(|()| cursor.end());
        read.map(|()| fields).map_err(|expected| (cursor.at, expected))
    }

    fn object(&mut self, cursor: &mut Cursor<'a>, depth: u32) -> Result<(), Expected> {
        cursor.expect(b'{', "an object")?;
        if cursor.take(b'}') {
            return Ok(());
        }
        loop {
            let key = cursor.text()?;
            cursor.expect(b':', "a colon")?;
            if key == b"data" && depth > 0 && cursor.peek() == Some(b'{') {
                self.object(cursor, depth - 1)?;
            } else {
                let value = cursor.value()?;
                self.set(key, value);
            }
            if cursor.take(b'}') {
                return Ok(());
            }
            cursor.expect(b',', "a comma or the object's end")?;
        }
    }

    fn set(&mut self, key: &[u8], value: Value<'a>) {
        let inner = match value {
            Value::Text(inner) | Value::Bare(inner) => Some(inner),
            Value::Array(_) => None,
        };
        match key {
            b"e" => self.event = inner,
            b"stream" => self.stream = inner,
            b"s" | b"symbol" => self.symbol = inner,
            b"m" => self.is_buyer_maker = inner,
            b"X" => self.manner = inner,
            b"E" => self.sent = Some(value),
            b"T" => self.happened = Some(value),
            b"U" => self.first_update = Some(value),
            b"u" => self.last_update = Some(value),
            b"pu" => self.update_before = Some(value),
            b"lastUpdateId" => self.snapshot = Some(value),
            b"b" | b"bids" => self.bids = Some(value),
            b"a" | b"asks" => self.asks = Some(value),
            b"B" => self.bid_size = Some(value),
            b"A" => self.ask_size = Some(value),
            b"p" => self.price = Some(value),
            b"q" => self.size = Some(value),
            _ => {}
        }
    }
}

impl<'a> Cursor<'a> {
    fn skip_blanks(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.skip_blanks();
        self.text.get(self.at).copied()
    }

    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    #[inline]
    fn expect(&mut self, byte: u8, what: Expected) -> Result<(), Expected> {
        if self.take(byte) { Ok(()) } else { Err(what) }
    }

    fn end(&mut self) -> Result<(), Expected> {
        if self.peek().is_none() { Ok(()) } else { Err("the line's end") }
    }

    /// A text between quotation marks; escapes don't occur in what this room reads.
    #[inline]
    fn text(&mut self) -> Result<&'a [u8], Expected> {
        self.expect(b'"', "a text")?;
        let rest = &self.text[self.at..];
        let length = memchr(b'"', rest).ok_or("the text's end")?;
        self.at += length + 1;
        Ok(&rest[..length])
    }

    fn value(&mut self) -> Result<Value<'a>, Expected> {
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.text()?)),
            Some(b'[' | b'{') => Ok(Value::Array(self.balanced()?)),
            Some(_) => {
                let rest = &self.text[self.at..];
                let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ');
                let length = rest.iter().position(is_end).unwrap_or(rest.len());
                self.at += length;
                if length == 0 { Err("a value") } else { Ok(Value::Bare(&rest[..length])) }
            }
            None => Err("a value"),
        }
    }

    /// From a bracket to the one that closes it.
    fn balanced(&mut self) -> Result<&'a [u8], Expected> {
        let rest = &self.text[self.at..];
        let mut open = 0_u32;
        for (index, byte) in rest.iter().enumerate() {
            match byte {
                b'[' | b'{' => open += 1,
                b']' | b'}' => {
                    open -= 1;
                    if open == 0 {
                        self.at += index + 1;
                        return Ok(&rest[..=index]);
                    }
                }
                _ => {}
            }
        }
        self.at = self.text.len();
        Err("the bracket's end")
    }
}

/// Pairs of texts out of an array of arrays, one after the other.
#[derive(Debug)]
pub(super) struct Pairs<'a>(Cursor<'a>, bool);

impl<'a> Pairs<'a> {
    /// Of an array; nothing else has pairs.
    pub(super) fn of(value: Value<'a>) -> Result<Pairs<'a>, Expected> {
        let Value::Array(text) = value else { return Err("an array of levels") };
        let mut cursor = Cursor { text, at: 0 };
        cursor.expect(b'[', "an array of levels")?;
        let is_empty = cursor.take(b']');
        Ok(Pairs(cursor, is_empty))
    }

    /// The next pair; `None` after the last.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(&'a [u8], &'a [u8])>, Expected> {
        if self.1 {
            return Ok(None);
        }
        let cursor = &mut self.0;
        cursor.expect(b'[', "a level")?;
        let price = cursor.text()?;
        cursor.expect(b',', "a comma")?;
        let size = cursor.text()?;
        cursor.expect(b']', "the level's end")?;
        if !cursor.take(b',') {
            cursor.expect(b']', "the end of the levels")?;
            cursor.end()?;
            self.1 = true;
        }
        Ok(Some((price, size)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_found_inside_and_outside_a_wrapper() {
        let event = r#"{"e":"depthUpdate","u":7,"b":[["1.5","2"],["1.4","0"]],"a":[]}"#;
        for text in [event.to_owned(), format!(r#"{{"stream":"x@depth","data":{event}}}"#)] {
            let fields = Fields::read(text.as_bytes()).unwrap();
            assert_eq!(fields.event, Some(&b"depthUpdate"[..]));
            assert_eq!(fields.last_update, Some(Value::Bare(b"7")));
            let mut pairs = Pairs::of(fields.bids.unwrap()).unwrap();
            assert_eq!(pairs.next(), Ok(Some((&b"1.5"[..], &b"2"[..]))));
            assert_eq!(pairs.next(), Ok(Some((&b"1.4"[..], &b"0"[..]))));
            assert_eq!(pairs.next(), Ok(None));
            assert_eq!(Pairs::of(fields.asks.unwrap()).unwrap().next(), Ok(None));
        }
    }

    #[test]
    fn broken_text_says_where_and_what_was_expected() {
        let cases = [
            ("", 0, "an object"),
            (r#"{"e":"x""#, 8, "a comma or the object's end"),
            (r#"{"b":[["1","2"]"#, 15, "the bracket's end"),
            (r#"{"e":"x"} more"#, 10, "the line's end"),
        ];
        for (text, place, expected) in cases {
            let got = Fields::read(text.as_bytes()).map(|_| ());
            assert_eq!(got, Err((place, expected)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r#"[\[\]{}",:a0. b]{0,60}"#) {
            if let Ok(fields) = Fields::read(text.as_bytes())
                && let Some(mut pairs) = fields.bids.and_then(|value| Pairs::of(value).ok())
            {
                while let Ok(Some(_)) = pairs.next() {}
            }
        }
    }
}
