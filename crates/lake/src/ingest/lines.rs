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

/// The first line of a text with columns.
#[derive(Debug)]
pub(crate) struct Head {
    /// Names of the columns.
    pub names: Vec<String>,
    /// What separates columns.
    pub delimiter: u8,
    /// Where the rows begin.
    pub body: usize,
}

impl Head {
    /// Finds out what separates columns; says what is wrong where there are no names.
    pub(crate) fn of(text: &[u8]) -> Result<Head, String> {
        let plain = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        let end = memchr::memchr(b'\n', plain).unwrap_or(plain.len());
        let first = &plain[..end];
        if first.trim_ascii().is_empty() {
            return Err("it is empty".to_owned());
        }
        let delimiter = *b",;\t|"
            .iter()
            .max_by_key(|d| (memchr::memchr_iter(**d, first).count(), **d == b','))
            .unwrap_or(&b',');
        let mut cells = Vec::new();
        split(first, delimiter, &mut cells);
        let names: Vec<String> =
            cells.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
        if names.len() < 2 {
            return Err(
                "the first line has one column; separate columns by , ; tab or |".to_owned()
            );
        }
        if names.iter().any(|name| fast_float2::parse::<f64, _>(name).is_ok()) {
            return Err(
                "the first line holds numbers; put the names of the columns there".to_owned()
            );
        }
        let body = (text.len() - plain.len() + end + 1).min(text.len());
        Ok(Head { names, delimiter, body })
    }
}

/// Splits a line into its cells, like [`Cells`].
pub(crate) fn split<'a>(line: &'a [u8], delimiter: u8, cells: &mut Vec<&'a [u8]>) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut start = 0;
    for (at, byte) in line.iter().enumerate() {
        if *byte == b'"' {
            cells.extend(Cells { rest: Some(&line[start..]), delimiter });
            return;
        }
        if *byte == delimiter {
            cells.push(&line[start..at]);
            start = at + 1;
        }
    }
    cells.push(&line[start..]);
}

/// A number; nothing for an empty cell, `null`, or what is no number.
pub(crate) fn number(cell: &[u8]) -> Option<f64> {
    decimal(cell).or_else(|| fast_float2::parse(cell.trim_ascii()).ok())
}

/// Powers of ten that a double holds exactly, as far as they are needed.
const TENS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The usual number: up to fifteen digits with at most one point. Digits and power of ten are
/// exact doubles, so the one division rounds correctly (Clinger, "How to Read Floating Point
/// Numbers Accurately", PLDI 1990, section 4). Nothing for all others, numbers or not.
fn decimal(cell: &[u8]) -> Option<f64> {
    if cell.len() > 15 {
        return None;
    }
    let (mut digits, mut count, mut point) = (0u64, 0, None);
    for (at, byte) in cell.iter().enumerate() {
        match byte.wrapping_sub(b'0') {
            digit @ 0..10 => (digits, count) = (digits * 10 + u64::from(digit), count + 1),
            _ if *byte == b'.' && point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    if count == 0 {
        return None;
    }
    let decimals = point.map_or(0, |at| cell.len() - 1 - at);
    Some(digits as f64 / TENS[decimals])
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
    fn quotes_are_taken_off_and_what_is_in_them_is_not_split() {
        let cells = |line: &'static str| {
            let mut cells = Vec::new();
            split(line.as_bytes(), b',', &mut cells);
            cells.into_iter().map(|cell| str::from_utf8(cell).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(cells("a,\"1,000\",b\r"), ["a", "1,000", "b"]);
        assert_eq!(cells("\"a\",,"), ["a", "", ""]);
        assert_eq!(cells("say \"a,b\",c"), ["say \"a", "b\"", "c"]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = (date(&bytes), clock(&bytes), known(&bytes), number(&bytes));
            let cells: usize = Cells::new(&bytes, b',').map(<[u8]>::len).sum();
            prop_assert!(cells <= bytes.len());
        }

        #[test]
        fn a_line_is_split_as_cells_are_found(line in "[a-c\",\r]{0,30}") {
            let mut cells = Vec::new();
            split(line.as_bytes(), b',', &mut cells);
            prop_assert_eq!(cells, Cells::new(line.as_bytes(), b',').collect::<Vec<_>>());
        }

        #[test]
        fn a_decimal_is_the_nearest_double(text in "[0-9]{0,12}[.]?[0-9]{0,12}") {
            prop_assert_eq!(number(text.as_bytes()), text.parse::<f64>().ok());
        }
    }
}
