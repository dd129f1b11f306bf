//! Text with separators: delimiter and header are found out, lines are read without copies.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use base::{Day, Ts};
use memchr::memchr_iter;

use super::columns::{BarColumns, BarSet, Columns, Header, Names};
use super::gathered::{Gathered, RawBar};
use super::lines::{self, Head};
use crate::Error;
use crate::rows::{FundamentalRow, MacroRow, RefusedRow};

/// How a text file is laid out.
#[derive(Debug)]
pub(crate) struct Csv {
    pub path: PathBuf,
    /// Symbol of rows that name none.
    symbol: String,
    delimiter: u8,
    columns: Columns,
    width: usize,
}

impl Csv {
    /// Finds the layout out from the first lines of a file; says where the rows begin.
    pub(crate) fn of(path: &Path, text: &[u8], told: &Names) -> Result<(Csv, usize), Error> {
        let fault = |fault: String| Error::Ingest { path: path.to_owned(), fault };
        let Head { names, delimiter, body } = Head::of(text).map_err(fault)?;
        let numeric = numeric(&text[body..], delimiter, names.len());
        let header = Header { path, names: &names, numeric: &numeric, told };
        let (columns, width) = (header.columns()?, names.len());
        let (path, symbol) = (path.to_owned(), super::symbol_of(path));
        Ok((Csv { path, symbol, delimiter, columns, width }, body))
    }

    /// Reads all rows of some whole lines; a row that can't be read is set aside.
    pub(crate) fn parse(&self, text: &[u8], first_line: u64) -> Gathered {
        let mut reader = Reader {
            gathered: Gathered::default(),
            own_symbol: &self.symbol,
            cells: Vec::with_capacity(self.width),
            last: (Vec::new(), [0; 2]),
            places: HashMap::new(),
        };
        let mut start = 0;
        for (number, end) in (first_line..).zip(memchr_iter(b'\n', text).chain([text.len()])) {
            let line = text[start.min(end)..end].trim_ascii_end();
            start = end + 1;
            if !line.is_empty() {
                reader.line(self, line, number);
            }
        }
        reader.gathered
    }
}

/// Columns in which the first rows hold numbers or nothing.
fn numeric(body: &[u8], delimiter: u8, width: usize) -> Vec<bool> {
    let mut numeric = vec![true; width];
    let mut cells = Vec::new();
    for line in body.split(|byte| *byte == b'\n').take(20) {
        cells.clear();
        lines::split(line, delimiter, &mut cells);
        for (numeric, cell) in numeric.iter_mut().zip(&cells) {
            let cell = cell.trim_ascii();
            *numeric &= cell.is_empty() || lines::number(cell).is_some();
        }
    }
    numeric
}

struct Reader<'a, 't> {
    gathered: Gathered,
    own_symbol: &'a str,
    cells: Vec<&'t [u8]>,
    // The symbol of the last line and where its bars are: most files are sorted by symbol.
    last: (Vec<u8>, [usize; 2]),
    places: HashMap<Vec<u8>, [usize; 2]>,
}

impl<'t> Reader<'_, 't> {
    fn line(&mut self, layout: &Csv, line: &'t [u8], number: u64) {
        self.gathered.rows_in += 1;
        self.cells.clear();
        lines::split(line, layout.delimiter, &mut self.cells);
        let taken = if self.cells.len() == layout.width {
            match &layout.columns {
                Columns::Bars(columns, sets) => self.bars(columns, sets, number),
                other => self.other(other),
            }
        } else {
            Err("wrong number of columns")
        };
        if let Err(reason) = taken {
            let row = String::from_utf8_lossy(&line[..line.len().min(300)]).into_owned();
            let symbol = self.own_symbol.to_owned();
            let day = Day::default();
            self.gathered.refused.push(RefusedRow { symbol, day, line: number, reason, row });
        }
    }

    fn bars(
        &mut self,
        columns: &BarColumns,
        sets: &[BarSet],
        line: u64,
    ) -> Result<(), &'static str> {
        let (day, mut time) = lines::date(self.cells[columns.date]).ok_or("date can't be read")?;
        if let Some(at) = columns.time {
            time = lines::clock(self.cells[at]).ok_or("time can't be read")?;
        }
        let known = match columns.known {
            Some(at) => Some(lines::known(self.cells[at]).ok_or("known can't be read")?),
            None => None,
        };
        self.turn_to(columns.symbol.map(|at| self.cells[at].trim_ascii()), sets);
        let real = |at: usize| lines::number(self.cells[at]).unwrap_or(f64::NAN);
        let volume = columns.volume.map_or(0.0, &real);
        let adjusted_close = columns.adjusted_close.map_or(f64::NAN, real);
        for (set, at) in sets.iter().zip(self.last.1) {
            let [open, high, low, close] = set.prices.map(|at| lines::number(self.cells[at]));
            let price = |value: Option<f64>| value.unwrap_or(f64::NAN);
            self.gathered.bars[at].1.push(RawBar {
                day,
                time,
                open: price(open),
                high: price(high),
                low: price(low),
                close: price(close),
                volume,
                adjusted_close,
                known,
                line,
            });
        }
        Ok(())
    }

    /// Finds where the bars of a symbol go.
    fn turn_to(&mut self, symbol: Option<&[u8]>, sets: &[BarSet]) {
        let name = symbol.unwrap_or(self.own_symbol.as_bytes());
        if self.last.0 == name && !name.is_empty() {
            return;
        }
        if let Some(places) = self.places.get(name) {
            self.last = (name.to_vec(), *places);
            return;
        }
        let text = String::from_utf8_lossy(name).into_owned();
        for (place, set) in self.last.1.iter_mut().zip(sets) {
            *place = self.gathered.of(&format!("{text}{}", set.suffix));
        }
        self.last.0 = name.to_vec();
        self.places.insert(name.to_vec(), self.last.1);
    }

    fn other(&mut self, columns: &Columns) -> Result<(), &'static str> {
        let text = |at: usize| String::from_utf8_lossy(self.cells[at].trim_ascii()).into_owned();
        let day_of = |at: usize| lines::date(self.cells[at]).map(|(day, _)| day);
        match columns {
            Columns::Values { series, date, values } => {
                let day = day_of(*date).ok_or("date can't be read")?;
                let own = series.map(text);
                for (name, at) in values {
                    let Some(value) = lines::number(self.cells[*at]) else { continue };
                    let series = super::series_name(own.as_deref(), name, values.len());
                    let known = super::published(day);
                    self.gathered.series.push(MacroRow { series, day, value, known });
                }
            }
            Columns::Figures { symbol, period_end, known, values } => {
                let period_end = day_of(*period_end).ok_or("date can't be read")?;
                let known: Ts = lines::known(self.cells[*known]).ok_or("known can't be read")?;
                for (field, at) in values {
                    let Some(value) = lines::number(self.cells[*at]) else { continue };
                    let (symbol, field) = (text(*symbol), field.clone());
                    let row = FundamentalRow { symbol, period_end, field, value, known };
                    self.gathered.figures.push(row);
                }
            }
            Columns::Factors { .. } => return Err("factor files are read from Parquet or LEAN"),
            Columns::Bars(..) => {}
        }
        Ok(())
    }
}
