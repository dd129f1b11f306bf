//! The tables of the lake and their columns.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// A table of the lake. All are append-only and partitioned by `dataset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One bar a session, raw or adjusted as the dataset says.
    BarsDaily,
    /// Bars shorter than a session.
    BarsIntraday,
    /// Splits, dividends, new names, delistings.
    CorporateActions,
    /// Figures of companies, one field a row.
    Fundamentals,
    /// What the symbols are.
    Instruments,
    /// Figures of the economy and of volatility, one value a day and series.
    MacroSeries,
    /// Rows that the quality gate refused, with the reason.
    Quarantine,
}

impl Table {
    /// All tables, in the order of their names.
    pub const ALL: [Table; 7] = [
        Table::BarsDaily,
        Table::BarsIntraday,
        Table::CorporateActions,
        Table::Fundamentals,
        Table::Instruments,
        Table::MacroSeries,
        Table::Quarantine,
    ];

    /// Name in SQL and on disk.
    pub const fn name(self) -> &'static str {
        match self {
            Table::BarsDaily => "bars_daily",
            Table::BarsIntraday => "bars_intraday",
            Table::CorporateActions => "corporate_actions",
            Table::Fundamentals => "fundamentals",
            Table::Instruments => "instruments",
            Table::MacroSeries => "macro_series",
            Table::Quarantine => "quarantine",
        }
    }

    /// Columns of the files; `dataset` is not among them, it is in the path.
    pub fn schema(self) -> SchemaRef {
        let must = |name: &str, kind: DataType| Field::new(name, kind, false);
        let may = |name: &str, kind: DataType| Field::new(name, kind, true);
        let (text, real) = (DataType::Utf8, DataType::Float64);
        let mut fields = vec![must("symbol", text.clone()), must("day", DataType::Date32)];
        match self {
            Table::BarsDaily => {}
            Table::BarsIntraday => {
                fields.push(must("start", timestamp()));
                fields.push(must("minutes", DataType::Int32));
            }
            Table::CorporateActions => {
                fields.push(must("action", text.clone()));
                fields.push(may("amount", real.clone()));
                fields.push(may("new_symbol", text));
            }
            Table::Fundamentals => {
                fields.push(must("field", text));
                fields.push(must("value", real.clone()));
            }
            Table::Instruments => {
                fields.push(must("kind", text.clone()));
                fields.push(may("sector_etf", text));
            }
            Table::MacroSeries => fields.push(must("value", real.clone())),
            Table::Quarantine => {
                fields.push(must("source", text.clone()));
                fields.push(must("line", DataType::Int64));
                fields.push(must("reason", text.clone()));
                fields.push(must("row", text));
            }
        }
        if matches!(self, Table::BarsDaily | Table::BarsIntraday) {
            let columns = ["open", "high", "low", "close", "volume"];
            fields.extend(columns.map(|name| must(name, real.clone())));
        }
        fields.push(must("known", timestamp()));
        Arc::new(Schema::new(fields))
    }
}

/// Microseconds since 1970, UTC: the timestamp that every engine reads.
pub(crate) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_says_when_it_was_known_and_whose_it_is() {
        for table in Table::ALL {
            let schema = table.schema();
            assert!(!schema.field_with_name("known").unwrap().is_nullable(), "{table:?}");
            assert_eq!(schema.field(0).name(), "symbol", "{table:?}");
        }
    }
}
