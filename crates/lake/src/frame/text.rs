//! Text files, read twice: once to find out what each column is, once to keep its values.

use std::path::Path;

use base::Ts;

use super::{Column, Frame};
use crate::Error;
use crate::ingest::blocks::Blocks;
use crate::ingest::lines::{self, Head};

/// Reads a text file.
pub(super) fn read(path: &Path) -> Result<Frame, Error> {
    let mut kinds: Vec<Kind> = Vec::new();
    let head = each_row(path, |cells| {
        kinds.resize(cells.len(), Kind::Unknown);
        for (kind, cell) in kinds.iter_mut().zip(cells) {
            kind.see(cell);
        }
    })?;
    kinds.resize(head.names.len(), Kind::Unknown);
    let mut columns: Vec<Column> = kinds.iter().map(|kind| kind.column()).collect();
    each_row(path, |cells| {
        for (column, cell) in columns.iter_mut().zip(cells) {
            push(column, cell);
        }
    })?;
    let unnamed = |(at, name): (usize, String)| match name.is_empty() {
        true => format!("column_{}", at + 1),
        false => name,
    };
    let names = head.names.into_iter().enumerate().map(unnamed);
    Frame::new(names.zip(columns).collect(), |fault| refuse(path, fault))
}

/// Gives the cells of each row, and the head of the file in the end.
fn each_row(path: &Path, mut take: impl FnMut(&[&[u8]])) -> Result<Head, Error> {
    let mut blocks = Blocks::unhashed(path)?;
    let mut head: Option<Head> = None;
    while let Some(block) = blocks.next_block()? {
        let mut start = 0;
        let head = match &mut head {
            Some(head) => head,
            none => {
                let found = Head::of(&block.text).map_err(|fault| refuse(path, fault))?;
                start = found.body;
                none.insert(found)
            }
        };
        let mut cells = Vec::with_capacity(head.names.len());
        let first = block.first_line + u64::from(start > 0);
        for (number, line) in (first..).zip(block.text[start..].split(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            cells.clear();
            lines::split(line, head.delimiter, &mut cells);
            if cells.len() != head.names.len() {
                let (given, wanted) = (cells.len(), head.names.len());
                return Err(refuse(
                    path,
                    format!("line {number} has {given} columns, the first line names {wanted}"),
                ));
            }
            take(&cells);
        }
    }
    head.ok_or_else(|| refuse(path, "it is empty".to_owned()))
}

fn refuse(path: &Path, fault: String) -> Error {
    Error::ReadFrame { what: path.display().to_string(), fault }
}

/// What a column may still be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No value so far.
    Unknown,
    Number,
    Flag,
    Time,
    Text,
}

impl Kind {
    fn see(&mut self, cell: &[u8]) {
        let cell = cell.trim_ascii();
        if *self == Kind::Text || is_absent(cell) {
            return;
        }
        let fits = |kind: Kind| match kind {
            Kind::Number => lines::number(cell).is_some(),
            Kind::Flag => flag(cell).is_some(),
            Kind::Time => time(cell).is_some(),
            Kind::Unknown | Kind::Text => false,
        };
        if *self == Kind::Unknown {
            let all = [Kind::Number, Kind::Flag, Kind::Time];
            *self = all.into_iter().find(|kind| fits(*kind)).unwrap_or(Kind::Text);
        } else if !fits(*self) {
            *self = Kind::Text;
        }
    }

    fn column(self) -> Column {
        match self {
            Kind::Unknown | Kind::Number | Kind::Flag => Column::Numbers(Vec::new()),
            Kind::Time => Column::Times(Vec::new()),
            Kind::Text => Column::Texts(Vec::new()),
        }
    }
}

fn push(column: &mut Column, cell: &[u8]) {
    let cell = cell.trim_ascii();
    let there = !is_absent(cell);
    match column {
        Column::Numbers(values) => {
            let value = || lines::number(cell).or_else(|| flag(cell));
            values.push(there.then(value).flatten().unwrap_or(f64::NAN));
        }
        Column::Times(values) => values.push(there.then(|| time(cell)).flatten()),
        Column::Texts(values) => {
            values.push(there.then(|| String::from_utf8_lossy(cell).into_owned()));
        }
    }
}

fn is_absent(cell: &[u8]) -> bool {
    matches!(
        cell,
        b"" | b"NA" | b"N/A" | b"NaN" | b"nan" | b"NULL" | b"null" | b"None" | b"<NA>" | b"NaT"
    )
}

fn flag(cell: &[u8]) -> Option<f64> {
    match cell.len() {
        4 if cell.eq_ignore_ascii_case(b"true") => Some(1.0),
        5 if cell.eq_ignore_ascii_case(b"false") => Some(0.0),
        _ => None,
    }
}

/// A day, or a time in UTC with or without a zone of zero; fractions of a second are kept.
fn time(cell: &[u8]) -> Option<Ts> {
    let cell = [&b"Z"[..], b"+00:00", b" UTC"]
        .into_iter()
        .find_map(|zone| cell.strip_suffix(zone))
        .unwrap_or(cell);
    let point = memchr::memchr(b'.', cell);
    let (whole, fraction) = match point {
        Some(at) => (&cell[..at], nanos(&cell[at + 1..])?),
        None => (cell, 0),
    };
    let (day, micros) = lines::date(whole)?;
    let start = day.start().nanos();
    start.checked_add(micros.unwrap_or(0) * 1_000 + fraction).map(Ts::from_nanos)
}

/// Digits behind a point as nanoseconds.
fn nanos(digits: &[u8]) -> Option<i64> {
    let fits = (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    let number = digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    fits.then(|| number * 10i64.pow(9 - digits.len() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> Result<Frame, Error> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Frame::read(file.path())
    }

    #[test]
    fn the_type_of_each_column_is_found_out() {
        let made = frame(
            "day;x;won;name;when\n2024-01-02;1.5;true;a;2024-01-02T09:30:00.5Z\n\
             2024-01-03;;false;7;\n",
        )
        .unwrap();
        let second = 86_400 * 19_724;
        let days = [second, second + 86_400].map(|s| Some(Ts::from_seconds(s)));
        assert_eq!(made.column("day"), Some(&Column::Times(days.to_vec())));
        let Some(Column::Numbers(x)) = made.column("x") else { panic!("{made:?}") };
        assert!(x[0] == 1.5 && x[1].is_nan());
        assert_eq!(made.column("won"), Some(&Column::Numbers(vec![1.0, 0.0])));
        let names = ["a", "7"].map(|text| Some(text.to_owned()));
        assert_eq!(made.column("name"), Some(&Column::Texts(names.to_vec())));
        let half_ten = Ts::from_nanos((second + 34_200) * 1_000_000_000 + 500_000_000);
        assert_eq!(made.column("when"), Some(&Column::Times(vec![Some(half_ten), None])));
    }

    #[test]
    fn a_column_that_turns_into_text_late_is_text_from_the_start() {
        let made = frame("a,b\n1,2\n3,4\nx,5\n").unwrap();
        let texts = ["1", "3", "x"].map(|text| Some(text.to_owned()));
        assert_eq!(made.column("a"), Some(&Column::Texts(texts.to_vec())));
    }

    #[test]
    fn a_column_without_a_name_gets_one() {
        assert_eq!(frame(",b\n0,1\n").unwrap().names(), ["column_1", "b"]);
    }

    #[test]
    fn a_row_of_another_width_is_refused_by_its_line() {
        let said = frame("a,b\n1,2\n3\n").unwrap_err().to_string();
        assert!(said.contains("line 3 has 1 columns, the first line names 2"), "{said}");
    }

    #[test]
    fn two_columns_of_one_name_are_refused() {
        let said = frame("a,a\n1,2\n").unwrap_err().to_string();
        assert!(said.contains("two columns are named \"a\""), "{said}");
    }

    #[test]
    fn an_empty_file_is_refused() {
        assert!(frame("").unwrap_err().to_string().contains("it is empty"));
    }
}
