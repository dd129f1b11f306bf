//! Rows in memory, and the record batches they become.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};
use arrow::record_batch::RecordBatch;
use base::{Day, Ts};
use market::{Candle, Corporate, CorporateAction};

use crate::Table;

/// Bars of one table on their way into a row group.
#[derive(Debug, Default)]
pub(crate) struct BarColumns {
    symbol: Vec<String>,
    rows_of_symbol: Vec<usize>,
    day: Vec<i32>,
    start: Vec<i64>,
    minutes: Vec<i32>,
    prices: [Vec<f64>; 5],
    known: Vec<i64>,
}

impl BarColumns {
    /// Rows so far.
    pub(crate) fn len(&self) -> usize {
        self.day.len()
    }

    /// Opens the rows of a symbol.
    pub(crate) fn begin(&mut self, symbol: &str) {
        self.symbol.push(symbol.to_owned());
        self.rows_of_symbol.push(0);
    }

    /// One bar of the symbol that was opened last. `start` and `minutes` are for shorter bars.
    pub(crate) fn push(&mut self, candle: &Candle, known: Ts, start: Option<(Ts, i32)>) {
        if let Some(rows) = self.rows_of_symbol.last_mut() {
            *rows += 1;
        }
        self.day.push(candle.day.number());
        if let Some((start, minutes)) = start {
            self.start.push(start.micros());
            self.minutes.push(minutes);
        }
        let values = [candle.open, candle.high, candle.low, candle.close, candle.volume];
        for (column, value) in self.prices.iter_mut().zip(values) {
            column.push(value);
        }
        self.known.push(known.micros());
    }

    /// The batch, and empty columns again.
    pub(crate) fn take(&mut self, table: Table) -> Result<RecordBatch, arrow::error::ArrowError> {
        let columns = std::mem::take(self);
        let mut symbols = StringBuilder::with_capacity(columns.day.len(), columns.day.len() * 5);
        for (name, rows) in columns.symbol.iter().zip(&columns.rows_of_symbol) {
            (0..*rows).for_each(|_| symbols.append_value(name));
        }
        let mut arrays: Vec<ArrayRef> =
            vec![Arc::new(symbols.finish()), Arc::new(Date32Array::from(columns.day))];
        if table == Table::BarsIntraday {
            arrays.push(stamps(columns.start));
            arrays.push(Arc::new(Int32Array::from(columns.minutes)));
        }
        for prices in columns.prices {
            arrays.push(Arc::new(Float64Array::from(prices)));
        }
        arrays.push(stamps(columns.known));
        RecordBatch::try_new(table.schema(), arrays)
    }
}

fn stamps(micros: Vec<i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC"))
}

/// A bar shorter than a session: when it begins, its minutes, prices, when it was known.
pub type ShortBar = (Ts, i32, Candle, Ts);

/// A value of a series of the economy.
#[derive(Debug, Clone, PartialEq)]
pub struct MacroRow {
    /// The series.
    pub series: String,
    /// Its day.
    pub day: Day,
    /// The value.
    pub value: f64,
    /// When it could be seen.
    pub known: Ts,
}

/// A figure of a company.
#[derive(Debug, Clone, PartialEq)]
pub struct FundamentalRow {
    /// Its symbol.
    pub symbol: String,
    /// End of the period it speaks of.
    pub period_end: Day,
    /// Which figure.
    pub field: String,
    /// The figure.
    pub value: f64,
    /// When it could be seen.
    pub known: Ts,
}

/// What a symbol is.
#[derive(Debug, Clone, PartialEq)]
pub struct InstrumentRow {
    /// The symbol.
    pub symbol: String,
    /// First day for which this holds.
    pub day: Day,
    /// `stock`, `fund` or `index`.
    pub kind: String,
    /// The fund of its sector, where one is known.
    pub sector_etf: Option<String>,
    /// When it could be seen.
    pub known: Ts,
}

/// A row the quality gate refused.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RefusedRow {
    pub(crate) symbol: String,
    pub(crate) day: Day,
    pub(crate) line: u64,
    pub(crate) reason: &'static str,
    pub(crate) row: String,
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn days(values: impl Iterator<Item = Day>) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(values.map(Day::number)))
}

fn reals(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

type Batch = Result<RecordBatch, arrow::error::ArrowError>;

pub(crate) fn macro_batch(rows: &[MacroRow]) -> Batch {
    let columns = vec![
        texts(rows.iter().map(|r| r.series.as_str())),
        days(rows.iter().map(|r| r.day)),
        reals(rows.iter().map(|r| r.value)),
        stamps(rows.iter().map(|r| r.known.micros()).collect()),
    ];
    RecordBatch::try_new(Table::MacroSeries.schema(), columns)
}

pub(crate) fn fundamental_batch(rows: &[FundamentalRow]) -> Batch {
    let columns = vec![
        texts(rows.iter().map(|r| r.symbol.as_str())),
        days(rows.iter().map(|r| r.period_end)),
        texts(rows.iter().map(|r| r.field.as_str())),
        reals(rows.iter().map(|r| r.value)),
        stamps(rows.iter().map(|r| r.known.micros()).collect()),
    ];
    RecordBatch::try_new(Table::Fundamentals.schema(), columns)
}

pub(crate) fn instrument_batch(rows: &[InstrumentRow]) -> Batch {
    let sectors: StringArray = rows.iter().map(|r| r.sector_etf.as_deref()).collect();
    let columns = vec![
        texts(rows.iter().map(|r| r.symbol.as_str())),
        days(rows.iter().map(|r| r.day)),
        texts(rows.iter().map(|r| r.kind.as_str())),
        Arc::new(sectors),
        stamps(rows.iter().map(|r| r.known.micros()).collect()),
    ];
    RecordBatch::try_new(Table::Instruments.schema(), columns)
}

pub(crate) fn action_batch(rows: &[(String, CorporateAction)]) -> Batch {
    let told = |row: &(String, CorporateAction)| match &row.1.action {
        Corporate::Split { ratio } => ("split", Some(*ratio), None),
        Corporate::Dividend { amount } => ("dividend", Some(amount.to_f64()), None),
        Corporate::Renamed { symbol } => ("renamed", None, Some(symbol.clone())),
        Corporate::Delisted { payout } => ("delisted", payout.map(|p| p.to_f64()), None),
    };
    let told: Vec<_> = rows.iter().map(told).collect();
    let names: StringArray = told.iter().map(|t| t.2.as_deref()).collect();
    let amounts: Float64Array = told.iter().map(|t| t.1).collect();
    let columns = vec![
        texts(rows.iter().map(|r| r.0.as_str())),
        days(rows.iter().map(|r| r.1.ex_day)),
        texts(told.iter().map(|t| t.0)),
        Arc::new(amounts),
        Arc::new(names) as ArrayRef,
        stamps(rows.iter().map(|r| r.1.known.micros()).collect()),
    ];
    RecordBatch::try_new(Table::CorporateActions.schema(), columns)
}

pub(crate) fn refused_batch(rows: &[RefusedRow], source: &str, known: Ts) -> Batch {
    let columns = vec![
        texts(rows.iter().map(|r| r.symbol.as_str())),
        days(rows.iter().map(|r| r.day)),
        texts(rows.iter().map(|_| source)),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.line as i64))),
        texts(rows.iter().map(|r| r.reason)),
        texts(rows.iter().map(|r| r.row.as_str())),
        stamps(rows.iter().map(|_| known.micros()).collect()),
    ];
    RecordBatch::try_new(Table::Quarantine.schema(), columns)
}
