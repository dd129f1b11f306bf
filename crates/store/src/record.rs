//! How a struct becomes a row and a row a struct.
//!
//! SeaORM's own entities cannot hold [`Ts`] or [`Cash`] (a foreign trait for a foreign type), so a
//! small macro writes down each record once: its fields are the columns of its table.

use base::{Day, Ts};
use market::{Cash, ClientOrderId, Currency, OrderState, Price, Qty};
use sea_orm::{QueryResult, TryGetable, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// A row as the database gave it.
pub(crate) struct Row {
    pub(crate) inner: QueryResult,
    pub(crate) table: &'static str,
}

impl Row {
    pub(crate) fn get<T: TryGetable>(&self, column: &'static str) -> Result<T, Error> {
        self.inner.try_get("", column).map_err(|fault| self.wrong(column, &fault.to_string()))
    }

    pub(crate) fn wrong(&self, column: &'static str, fault: &str) -> Error {
        Error::ReadColumn { table: self.table, column, fault: fault.to_owned() }
    }
}

/// A value that fits into a column.
pub(crate) trait Column: Sized {
    fn write(&self) -> Result<Value, Error>;
    fn read(row: &Row, column: &'static str) -> Result<Self, Error>;
}

/// A struct that is a row of a table.
pub(crate) trait Record: Sized {
    const TABLE: &'static str;
    const KEY: &'static [&'static str];
    const COLUMNS: &'static [&'static str];
    fn values(&self) -> Result<Vec<Value>, Error>;
    fn read(row: &Row) -> Result<Self, Error>;
}

macro_rules! plain_columns {
    ($($kind:ty),*) => {$(
        impl Column for $kind {
            fn write(&self) -> Result<Value, Error> {
                Ok(Value::from(self.clone()))
            }
            fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
                row.get(column)
            }
        }
        impl Column for Option<$kind> {
            fn write(&self) -> Result<Value, Error> {
                Ok(Value::from(self.clone()))
            }
            fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
                row.get(column)
            }
        }
    )*};
}
plain_columns!(String, i64, f64, Vec<u8>);

macro_rules! whole_columns {
    ($($kind:ty: $to:expr, $from:expr;)*) => {$(
        impl Column for $kind {
            fn write(&self) -> Result<Value, Error> {
                let to: fn(&$kind) -> i64 = $to;
                Ok(Value::from(to(self)))
            }
            fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
                let from: fn(i64) -> Option<$kind> = $from;
                let raw: i64 = row.get(column)?;
                from(raw).ok_or_else(|| row.wrong(column, &format!("{raw} is out of range")))
            }
        }
    )*};
}
whole_columns! {
    Ts: |time| time.micros(), time_of_micros;
    Cash: |cash| cash.raw(), |raw| Some(Cash::from_raw(raw));
    Price: |price| price.raw(), |raw| Some(Price::from_raw(raw));
    Qty: |qty| qty.raw(), |raw| Some(Qty::from_raw(raw));
    u32: |number| i64::from(*number), |raw| u32::try_from(raw).ok();
}

fn time_of_micros(micros: i64) -> Option<Ts> {
    micros.checked_mul(1_000).map(Ts::from_nanos)
}

impl Column for Option<Ts> {
    fn write(&self) -> Result<Value, Error> {
        Ok(Value::from(self.map(Ts::micros)))
    }
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        let raw: Option<i64> = row.get(column)?;
        let Some(raw) = raw else { return Ok(None) };
        let time = time_of_micros(raw);
        time.map(Some).ok_or_else(|| row.wrong(column, &format!("{raw} is out of range")))
    }
}

macro_rules! text_columns {
    ($($kind:ty: $to:expr, $from:expr;)*) => {$(
        impl Column for $kind {
            fn write(&self) -> Result<Value, Error> {
                let to: fn(&$kind) -> String = $to;
                Ok(Value::from(to(self)))
            }
            fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
                let from: fn(&str) -> Option<$kind> = $from;
                let text: String = row.get(column)?;
                from(&text).ok_or_else(|| row.wrong(column, &format!("{text:?} is not known")))
            }
        }
    )*};
}
text_columns! {
    Day: Day::to_string, |text| text.parse().ok();
    ClientOrderId: ClientOrderId::to_string, |text| Some(ClientOrderId::from_text(text));
    Currency: |currency| format!("{currency:?}"), word;
    OrderState: |state| order_state_word(*state).to_owned(), word;
    // A seed uses all 64 bits; as text it reads the same in every tool.
    u64: u64::to_string, |text| text.parse().ok();
}

pub(crate) fn order_state_word(state: OrderState) -> &'static str {
    match state {
        OrderState::Draft => "draft",
        OrderState::Sent => "sent",
        OrderState::Working => "working",
        OrderState::Filled => "filled",
        OrderState::Cancelled => "cancelled",
        OrderState::Rejected => "rejected",
        OrderState::Expired => "expired",
    }
}

fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

impl Column for Option<ClientOrderId> {
    fn write(&self) -> Result<Value, Error> {
        Ok(Value::from(self.as_ref().map(ClientOrderId::to_string)))
    }
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        let text: Option<String> = row.get(column)?;
        Ok(text.map(ClientOrderId::from_text))
    }
}

pub(crate) fn write_json<T: Serialize>(value: &T, what: &'static str) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|source| Error::WriteJson { what, source })
}

fn write_json_column<T: Serialize>(value: &T) -> Result<Value, Error> {
    Ok(Value::from(write_json(value, std::any::type_name::<T>())?))
}

fn read_json_column<T: DeserializeOwned>(row: &Row, column: &'static str) -> Result<T, Error> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|fault| row.wrong(column, &fault.to_string()))
}

// JSON is kept as text in both databases: PostgreSQL's jsonb would reorder keys and rewrite
// numbers, and a digest taken of what was stored must be that of what is read.
macro_rules! json_columns {
    ($($kind:ty),*) => {$(
        impl Column for $kind {
            fn write(&self) -> Result<Value, Error> {
                write_json_column(self)
            }
            fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
                read_json_column(row, column)
            }
        }
    )*};
}
json_columns!(
    serde_json::Value,
    Vec<f64>,
    Vec<(u64, f64)>,
    market::OrderRequest,
    Option<market::Evidence>
);

/// A closed set of words, kept as text.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize,
            serde::Deserialize,
        )]
        pub enum $name {
            $($(#[$word_doc])* #[serde(rename = $word)] $variant,)*
        }
        impl $name {
            /// The word as stored.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl $crate::record::Column for $name {
            fn write(&self) -> Result<sea_orm::Value, $crate::Error> {
                Ok(sea_orm::Value::from(self.as_str()))
            }
            fn read(
                row: &$crate::record::Row, column: &'static str,
            ) -> Result<Self, $crate::Error> {
                let text: String = row.get(column)?;
                match text.as_str() {
                    $($word => Ok($name::$variant),)*
                    _ => Err(row.wrong(column, &format!("{text:?} is not known"))),
                }
            }
        }
    };
}

/// A struct whose fields are the columns of a table, with the names of its key.
macro_rules! record {
    (
        $(#[$doc:meta])* $name:ident in $table:literal by [$($key:ident),*] {
            $($(#[$field_doc:meta])* $field:ident: $kind:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $kind,)*
        }
        impl $crate::record::Record for $name {
            const TABLE: &'static str = $table;
            const KEY: &'static [&'static str] = &[$(stringify!($key)),*];
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];
            fn values(&self) -> Result<Vec<sea_orm::Value>, $crate::Error> {
                Ok(vec![$($crate::record::Column::write(&self.$field)?),*])
            }
            fn read(row: &$crate::record::Row) -> Result<Self, $crate::Error> {
                Ok($name { $($field: $crate::record::Column::read(row, stringify!($field))?),* })
            }
        }
    };
}

pub(crate) use {record, words};
