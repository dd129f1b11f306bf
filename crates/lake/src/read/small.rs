//! Series, instruments, actions and figures: tables that fit in memory.

use std::collections::BTreeMap;
use std::fs::File;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Date32Type, Float64Type, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use base::{Day, Ts};
use market::{Corporate, CorporateAction, Price};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{AsOf, pin};
use crate::{Error, FundamentalRow, InstrumentRow, Table};

impl AsOf<'_> {
    /// Corporate actions of a dataset by symbol, by ex-day; none where it has no such rows.
    pub fn actions(&self, dataset: &str) -> Result<BTreeMap<String, Vec<CorporateAction>>, Error> {
        let mut found: BTreeMap<String, Vec<CorporateAction>> = BTreeMap::new();
        for batch in self.batches(Table::CorporateActions, dataset)? {
            let amounts = batch.column(3).as_primitive::<Float64Type>();
            let names = batch.column(4).as_string::<i32>();
            for at in 0..batch.num_rows() {
                let known = known(&batch, 5, at);
                if known > self.known_by {
                    continue;
                }
                let amount = amounts.is_valid(at).then(|| amounts.value(at));
                let action = match (text(&batch, 2, at), amount) {
                    ("split", Some(ratio)) => Corporate::Split { ratio },
                    ("dividend", Some(amount)) => {
                        let amount = Price::from_f64(amount, base::Rounding::HalfEven)?;
                        Corporate::Dividend { amount }
                    }
                    ("renamed", _) => Corporate::Renamed { symbol: names.value(at).to_owned() },
                    _ => Corporate::Delisted { payout: None },
                };
                let action = CorporateAction { ex_day: day(&batch, at), known, action };
                let of_symbol = found.entry(text(&batch, 0, at).to_owned()).or_default();
                if !of_symbol.contains(&action) {
                    of_symbol.push(action);
                }
            }
        }
        found.values_mut().for_each(|list| list.sort_by_key(|a| (a.ex_day, a.known)));
        Ok(found)
    }

    /// What the symbols of a dataset are, by symbol; of several rows, the one known last by then.
    pub fn instruments(&self, dataset: &str) -> Result<BTreeMap<String, InstrumentRow>, Error> {
        let mut found: BTreeMap<String, InstrumentRow> = BTreeMap::new();
        for batch in self.batches(Table::Instruments, dataset)? {
            let sectors = batch.column(3).as_string::<i32>();
            for at in 0..batch.num_rows() {
                let row = InstrumentRow {
                    symbol: text(&batch, 0, at).to_owned(),
                    day: day(&batch, at),
                    kind: text(&batch, 2, at).to_owned(),
                    sector_etf: sectors.is_valid(at).then(|| sectors.value(at).to_owned()),
                    known: known(&batch, 4, at),
                };
                let old = found.get(&row.symbol);
                if row.known <= self.known_by && old.is_none_or(|old| old.known <= row.known) {
                    found.insert(row.symbol.clone(), row);
                }
            }
        }
        Ok(found)
    }

    /// One figure of all companies of a dataset; of several values for a period, the one known
    /// last by then.
    pub fn figures(&self, dataset: &str, field: &str) -> Result<Vec<FundamentalRow>, Error> {
        let mut found: BTreeMap<(String, Day), FundamentalRow> = BTreeMap::new();
        for batch in self.batches(Table::Fundamentals, dataset)? {
            let values = batch.column(3).as_primitive::<Float64Type>();
            for at in 0..batch.num_rows() {
                let known = known(&batch, 4, at);
                if text(&batch, 2, at) != field || known > self.known_by {
                    continue;
                }
                let (symbol, period_end) = (text(&batch, 0, at).to_owned(), day(&batch, at));
                let key = (symbol.clone(), period_end);
                if found.get(&key).is_none_or(|old| old.known <= known) {
                    let (field, value) = (field.to_owned(), values.value(at));
                    let row = FundamentalRow { symbol, period_end, field, value, known };
                    found.insert(key, row);
                }
            }
        }
        Ok(found.into_values().collect())
    }

    /// A series of the economy: day, value, when it was known; of several values for a day, the
    /// one known last by then.
    pub fn series(&self, dataset: &str, name: &str) -> Result<Vec<(Day, f64, Ts)>, Error> {
        let mut by_day: BTreeMap<Day, (f64, Ts)> = BTreeMap::new();
        for batch in self.batches(Table::MacroSeries, dataset)? {
            let values = batch.column(2).as_primitive::<Float64Type>();
            for at in 0..batch.num_rows() {
                let known = known(&batch, 3, at);
                if text(&batch, 0, at) != name || known > self.known_by {
                    continue;
                }
                let day = day(&batch, at);
                if by_day.get(&day).is_none_or(|old| old.1 <= known) {
                    by_day.insert(day, (values.value(at), known));
                }
            }
        }
        Ok(by_day.into_iter().map(|(day, (value, known))| (day, value, known)).collect())
    }

    /// All rows of a dataset in a small table, oldest append first; none where there are none.
    fn batches(&self, table: Table, dataset: &str) -> Result<Vec<RecordBatch>, Error> {
        let pinned = match pin(self.lake, table, dataset, None) {
            Ok(pinned) => pinned,
            Err(Error::FindDataset { .. }) => return Ok(Vec::new()),
            Err(fault) => return Err(fault),
        };
        let mut batches = Vec::new();
        for path in pinned.files {
            let path = self.lake.folder(table).join(path);
            let file = File::open(&path).map_err(|e| Error::read(&path, e))?;
            let reader = ParquetRecordBatchReaderBuilder::try_new(file)
                .and_then(|builder| builder.with_batch_size(1 << 16).build())
                .map_err(|e| Error::parquet(&path, e))?;
            for batch in reader {
                batches.push(batch.map_err(|e| Error::parquet(&path, e))?);
            }
        }
        Ok(batches)
    }
}

fn text(batch: &RecordBatch, column: usize, row: usize) -> &str {
    batch.column(column).as_string::<i32>().value(row)
}

fn day(batch: &RecordBatch, row: usize) -> Day {
    Day::from_number(batch.column(1).as_primitive::<Date32Type>().value(row))
}

fn known(batch: &RecordBatch, column: usize, row: usize) -> Ts {
    Ts::from_micros(batch.column(column).as_primitive::<TimestampMicrosecondType>().value(row))
}
