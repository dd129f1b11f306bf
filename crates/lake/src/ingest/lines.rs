//! Cells, numbers and dates of a text.

use base::{Day, Ts};

/// The cells of a line; quotes around a cell are taken off.
pub(crate) struct Cells<'a> {
    rest: Option<&'a [u8]>,
    delimiter: u8,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(line: &'a [u8], delimiter: u8) -> Cells<'a> {
        Cells { rest: Some(line.strip_suffix(b"\r").unwrap_or(line)), delimiter }
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        if let Some(quoted) = rest.strip_prefix(b"\"")
            && let Some(end) = memchr::memchr(b'"', quoted)
        {
            let behind = &quoted[end + 1..];
            self.rest = behind.first().filter(|b| **b == self.delimiter).map(|_| &behind[1..]);
            return Some(&quoted[..end]);
        }
        match memchr::memchr(self.delimiter, rest) {
            Some(at) => {
                self.rest = Some(&rest[at + 1..]);
                Some(&rest[..at])
            }
            None => {
                self.rest = None;
                Some(rest)
            }
        }
    }
}

/// A number; nothing for an empty cell, `null`, or what is no number.
pub(crate) fn number(cell: &[u8]) -> Option<f64> {
    fast_float2::parse(cell.trim_ascii()).ok()
}

fn digits(text: &[u8]) -> Option<i32> {
    if text.is_empty() || text.len() > 4 {
        return None;
    }
    text.iter()
        .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i32::from(byte - b'0')))
}

/// A day, and the time of day in microseconds where the cell has one other than midnight:
/// `2024-01-31`, `2024/01/31`, `20240131`, each alone or followed by `T` or a blank and a time.
pub(crate) fn date(cell: &[u8]) -> Option<(Day, Option<i64>)> {
    let cell = cell.trim_ascii();
    let dashed = cell.len() >= 10 && (cell[4] == b'-' || cell[4] == b'/') && cell[7] == cell[4];
    let (year, month, dom, rest) = if dashed {
        (digits(&cell[..4])?, digits(&cell[5..7])?, digits(&cell[8..10])?, &cell[10..])
    } else if cell.len() >= 8 {
        (digits(&cell[..4])?, digits(&cell[4..6])?, digits(&cell[6..8])?, &cell[8..])
    } else {
        return None;
    };
    let day = Day::from_ymd(year as i16, month as i8, dom as i8)?;
    let time = match rest.first() {
        None => None,
        Some(b'T' | b' ') => clock(&rest[1..])?.filter(|micros| *micros != 0),
        Some(_) => return None,
    };
    Some((day, time))
}

/// A time of day in microseconds: `09:30`, `09:30:00`, `093000`, `0` for none. A zone behind it
/// is refused: a text says local times.
#[allow(clippy::option_option)]
pub(crate) fn clock(cell: &[u8]) -> Option<Option<i64>> {
    let cell = cell.trim_ascii();
    if cell.is_empty() || cell.iter().all(|byte| *byte == b'0') {
        return Some(None);
    }
    let (hours, minutes, seconds) = if cell.len() >= 5 && cell[2] == b':' {
        let seconds = match cell.len() {
            5 => 0,
            8 if cell[5] == b':' => digits(&cell[6..8])?,
            _ => return None,
        };
        (digits(&cell[..2])?, digits(&cell[3..5])?, seconds)
    } else if cell.len() == 6 {
        (digits(&cell[..2])?, digits(&cell[2..4])?, digits(&cell[4..6])?)
    } else {
        return None;
    };
    let fits = hours < 24 && minutes < 60 && seconds < 60;
    fits.then(|| Some(i64::from(hours * 3_600 + minutes * 60 + seconds) * 1_000_000))
}

/// When a row was collected: the end of a day, or a time.
pub(crate) fn known(cell: &[u8]) -> Option<Ts> {
    let (day, time) = date(cell)?;
    Some(match time {
        Some(micros) => Ts::from_micros(day.start().micros() + micros),
        None => day.plus(1).start(),
    })
}

/// Splits a text behind its header into parts of whole lines, each with the number of its first
/// line, counted from 1.
pub(crate) fn parts(text: &[u8], body: usize, count: usize) -> Vec<(&[u8], u64)> {
    let size = ((text.len() - body) / count.max(1)).max(1 << 20);
    let mut parts = Vec::new();
    let (mut start, mut line) = (body, 2u64);
    while start < text.len() {
        let wanted = (start + size).min(text.len());
        let end = memchr::memchr(b'\n', &text[wanted..]).map_or(text.len(), |at| wanted + at + 1);
        let part = &text[start..end];
        parts.push((part, line));
        line += memchr::memchr_iter(b'\n', part).count() as u64;
        start = end;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_are_read_in_three_forms_and_nonsense_is_not() {
        let day = Day::from_ymd(2024, 1, 31);
        for text in ["2024-01-31", "2024/01/31", "20240131", " 2024-01-31 ", "20240131 00:00"] {
            assert_eq!(date(text.as_bytes()).map(|d| d.0), day, "{text}");
        }
        let half_ten = (9 * 3_600 + 30 * 60) * 1_000_000;
        assert_eq!(date(b"2024-01-31 09:30").map(|d| d.1), Some(Some(half_ten)));
        for text in ["", "x", "2024-13-01", "2024-02-30", "31.01.2024", "01/31/2024", "2024-01-31Z"]
        {
            assert_eq!(date(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn parts_hold_every_line_once_with_its_number() {
        let text = format!("head\n{}", "a line\n".repeat(500_000));
        let parts = parts(text.as_bytes(), 5, 2);
        assert!(parts.len() > 1);
        let whole: Vec<u8> = parts.iter().flat_map(|part| part.0.to_vec()).collect();
        assert_eq!(whole, text.as_bytes()[5..]);
        let first = memchr::memchr_iter(b'\n', parts[0].0).count() as u64;
        assert_eq!(parts[1].1, 2 + first);
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = (date(&bytes), clock(&bytes), known(&bytes), number(&bytes));
            let cells: usize = Cells::new(&bytes, b',').map(<[u8]>::len).sum();
            prop_assert!(cells <= bytes.len());
        }
    }
}
