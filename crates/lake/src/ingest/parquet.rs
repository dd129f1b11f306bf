//! Parquet files of other makers.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use base::{Day, Ts};

use super::actions::{Factor, from_factors};
use super::columns::{Columns, Header, Names};
use super::gathered::{Gathered, RawBar};
use crate::Error;
use crate::rows::{FundamentalRow, MacroRow};

const MICROS_A_DAY: i64 = 86_400_000_000;

/// Reads all rows of a Parquet file. `symbol` names rows that name none.
pub(crate) fn gather(path: &Path, symbol: &str, names: &Names) -> Result<Gathered, Error> {
    let file = File::open(path).map_err(|e| Error::read(path, e))?;
    let reader = parquets::open(file, 1 << 16).map_err(|e| Error::parquet(path, e))?;
    let schema = reader.schema().clone();
    let heads: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let numeric: Vec<bool> =
        schema.fields().iter().map(|field| field.data_type().is_numeric()).collect();
    let header = Header { path, names: &heads, numeric: &numeric, told: names };
    let columns = header.columns()?;
    let mut gathered = Gathered::default();
    let mut factors = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|e| Error::parquet(path, e))?;
        let rows = Rows { path, batch: &batch, first: gathered.rows_in + 1, symbol };
        gathered.rows_in += batch.num_rows() as u64;
        rows.take(&columns, &mut gathered, &mut factors)?;
    }
    gathered.actions = from_factors(factors)?;
    Ok(gathered)
}

struct Rows<'a> {
    path: &'a Path,
    batch: &'a RecordBatch,
    first: u64,
    symbol: &'a str,
}

impl Rows<'_> {
    fn take(
        &self,
        columns: &Columns,
        into: &mut Gathered,
        factors: &mut Vec<Factor>,
    ) -> Result<(), Error> {
        match columns {
            Columns::Bars(..) => self.bars(columns, into),
            Columns::Values { series, date, values } => {
                let own = series.map(|at| self.texts(at)).transpose()?;
                let days = self.days(*date)?;
                for (name, at) in values {
                    let reals = self.reals(*at)?;
                    for row in (0..self.batch.num_rows()).filter(|row| reals.is_valid(*row)) {
                        let Some(day) = days.day(row) else { continue };
                        let own = own.as_ref().map(|own| own.value(row));
                        let series = super::series_name(own, name, values.len());
                        let (value, known) = (reals.value(row), super::published(day));
                        into.series.push(MacroRow { series, day, value, known });
                    }
                }
                Ok(())
            }
            Columns::Figures { symbol, period_end, known, values } => {
                let (symbols, ends) = (self.texts(*symbol)?, self.days(*period_end)?);
                let collected = self.days(*known)?;
                for (field, at) in values {
                    let reals = self.reals(*at)?;
                    for row in (0..self.batch.num_rows()).filter(|row| reals.is_valid(*row)) {
                        let days = ends.day(row).zip(collected.day(row));
                        let Some((period_end, day)) = days else { continue };
                        into.figures.push(FundamentalRow {
                            symbol: symbols.value(row).to_owned(),
                            period_end,
                            field: field.clone(),
                            value: reals.value(row),
                            known: day.plus(1).start(),
                        });
                    }
                }
                Ok(())
            }
            Columns::Factors { symbol, date, price, split, reference } => {
                let symbols = symbol.map(|at| self.texts(at)).transpose()?;
                let days = self.days(*date)?;
                let [price, split, reference] =
                    [self.reals(*price)?, self.reals(*split)?, self.reals(*reference)?];
                for row in 0..self.batch.num_rows() {
                    let Some(day) = days.day(row) else { continue };
                    let own = symbols.as_ref().map_or(self.symbol, |own| own.value(row));
                    factors.push(Factor {
                        symbol: own.to_owned(),
                        day,
                        price: price.value(row),
                        split: split.value(row),
                        reference: reference.value(row),
                    });
                }
                Ok(())
            }
        }
    }

    fn bars(&self, columns: &Columns, into: &mut Gathered) -> Result<(), Error> {
        let Columns::Bars(columns, sets) = columns else { return Ok(()) };
        let symbols = columns.symbol.map(|at| self.texts(at)).transpose()?;
        let days = self.days(columns.date)?;
        let known = columns.known.map(|at| self.days(at)).transpose()?;
        let optional = |at: Option<usize>| at.map(|at| self.reals(at)).transpose();
        let (volume, adjusted) = (optional(columns.volume)?, optional(columns.adjusted_close)?);
        let real = |array: &Float64Array, row: usize| match array.is_valid(row) {
            true => array.value(row),
            false => f64::NAN,
        };
        for set in sets {
            let prices = set.prices.map(|at| self.reals(at));
            let [open, high, low, close] = prices;
            let [open, high, low, close] = [open?, high?, low?, close?];
            let mut last: Option<(&str, usize)> = None;
            for row in 0..self.batch.num_rows() {
                let own = symbols.as_ref().map_or(self.symbol, |own| own.value(row));
                let place = match last {
                    Some((name, place)) if name == own => place,
                    _ => into.of(&format!("{own}{}", set.suffix)),
                };
                last = Some((own, place));
                into.bars[place].1.push(RawBar {
                    day: days.day(row).unwrap_or_default(),
                    time: days.time(row),
                    open: real(&open, row),
                    high: real(&high, row),
                    low: real(&low, row),
                    close: real(&close, row),
                    volume: volume.as_ref().map_or(0.0, |volume| real(volume, row)),
                    adjusted_close: adjusted.as_ref().map_or(f64::NAN, |a| real(a, row)),
                    known: known.as_ref().and_then(|k| k.day(row)).map(|day| day.plus(1).start()),
                    line: self.first + row as u64,
                });
            }
        }
        Ok(())
    }

    fn cast(&self, column: usize, kind: &DataType) -> Result<ArrayRef, Error> {
        let array = self.batch.column(column);
        cast(array, kind).map_err(|fault| {
            let schema = self.batch.schema();
            let field = schema.field(column);
            let (name, from) = (field.name(), field.data_type());
            let fault = format!("column {name} of type {from} is not {kind}: {fault}");
            Error::MapColumns { path: self.path.to_owned(), fault }
        })
    }

    fn texts(&self, column: usize) -> Result<StringArray, Error> {
        Ok(self.cast(column, &DataType::Utf8)?.as_string::<i32>().clone())
    }

    fn reals(&self, column: usize) -> Result<Float64Array, Error> {
        Ok(self.cast(column, &DataType::Float64)?.as_primitive().clone())
    }

    fn days(&self, column: usize) -> Result<Days, Error> {
        let kind = self.batch.column(column).data_type();
        let array = match kind {
            DataType::Timestamp(_, zone) => {
                self.cast(column, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?
            }
            _ => self.cast(column, &DataType::Date32)?,
        };
        Ok(Days(array))
    }
}

/// A column of days or of local times.
struct Days(ArrayRef);

impl Days {
    fn micros(&self, row: usize) -> Option<i64> {
        let array = self.0.as_primitive_opt::<TimestampMicrosecondType>()?;
        array.is_valid(row).then(|| array.value(row))
    }

    fn day(&self, row: usize) -> Option<Day> {
        if let Some(array) = self.0.as_primitive_opt::<Date32Type>() {
            return array.is_valid(row).then(|| Day::from_number(array.value(row)));
        }
        self.micros(row).map(|micros| Ts::from_micros(micros).utc_day())
    }

    fn time(&self, row: usize) -> Option<i64> {
        self.micros(row).map(|micros| micros.rem_euclid(MICROS_A_DAY)).filter(|time| *time != 0)
    }
}
