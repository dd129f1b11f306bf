//! Which column of a source means what: told by its name where that is clear, or by the caller.

use std::collections::BTreeMap;
use std::path::Path;

use crate::Error;

/// Names given by the caller: field → column, for example `open` → `o`.
pub type Names = BTreeMap<String, String>;

/// What a source's columns hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Columns {
    /// Bars. Quotes are bars twice, of the bid and of the ask.
    Bars(BarColumns, Vec<BarSet>),
    /// Splits and dividends as LEAN's factor files have them.
    Factors { symbol: Option<usize>, date: usize, price: usize, split: usize, reference: usize },
    /// Figures of companies: symbol, end of period, when collected, numbers by name.
    Figures { symbol: usize, period_end: usize, known: usize, values: Vec<(String, usize)> },
    /// Series of the economy: an optional column with the series' name, numbers by name.
    Values { series: Option<usize>, date: usize, values: Vec<(String, usize)> },
}

/// Columns of bars but the prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BarColumns {
    pub symbol: Option<usize>,
    pub date: usize,
    pub time: Option<usize>,
    pub volume: Option<usize>,
    pub adjusted_close: Option<usize>,
    pub known: Option<usize>,
}

/// Columns of open, high, low, close, and what is put behind the symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BarSet {
    pub suffix: &'static str,
    pub prices: [usize; 4],
}

/// Names under which a field is recognised, without case and signs.
const FIELDS: [(&str, &[&str]); 17] = [
    ("symbol", &["symbol", "ticker", "sym", "code"]),
    ("date", &["date", "day", "ts", "timestamp", "datetime", "enddate", "tsutc"]),
    ("time", &["time"]),
    ("open", &["open", "o"]),
    ("high", &["high", "h"]),
    ("low", &["low", "l"]),
    ("close", &["close", "c", "last"]),
    ("volume", &["volume", "vol", "v"]),
    ("adj_close", &["adjclose", "adjustedclose"]),
    ("known", &["known", "collected"]),
    ("series", &["series"]),
    ("price_factor", &["pricefactor"]),
    ("split_factor", &["splitfactor"]),
    ("reference_price", &["referenceprice"]),
    ("bid_open", &["bidopen"]),
    ("ask_open", &["askopen"]),
    ("period", &["per", "period"]),
];

/// Columns that never hold a value of their own.
const IGNORED: [&str; 4] = ["openint", "exchange", "index", "unnamed0"];

/// Names and whether each column holds numbers.
pub(crate) struct Header<'a> {
    pub path: &'a Path,
    pub names: &'a [String],
    pub numeric: &'a [bool],
    pub told: &'a Names,
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

impl Header<'_> {
    /// What the columns hold; an error that names the candidates where that is not clear.
    pub(crate) fn columns(&self) -> Result<Columns, Error> {
        self.check_told()?;
        let date = self.find("date")?;
        let Some(date) = date else {
            return Err(self.fault(format!(
                "no column of dates among {}; name it with --map date=COLUMN",
                self.names.join(", ")
            )));
        };
        let symbol = self.find("symbol")?;
        let factors =
            [self.find("price_factor")?, self.find("split_factor")?, self.find("reference_price")?];
        if let [Some(price), Some(split), Some(reference)] = factors {
            return Ok(Columns::Factors { symbol, date, price, split, reference });
        }
        let sets = self.sets()?;
        if !sets.is_empty() {
            let (time, known) = (self.find("time")?, self.find("known")?);
            let (volume, adjusted_close) = (self.find("volume")?, self.find("adj_close")?);
            let columns = BarColumns { symbol, date, time, volume, adjusted_close, known };
            return Ok(Columns::Bars(columns, sets));
        }
        self.refuse_half_bars()?;
        let values = self.values();
        if values.is_empty() {
            return Err(self.fault(format!(
                "no prices and no numbers among {}; name open, high, low and close with --map",
                self.names.join(", ")
            )));
        }
        if let (Some(symbol), Some(known)) = (symbol, self.find("known")?) {
            return Ok(Columns::Figures { symbol, period_end: date, known, values });
        }
        let series = match self.find("series")? {
            Some(series) => Some(series),
            None => symbol,
        };
        Ok(Columns::Values { series, date, values })
    }

    fn fault(&self, fault: String) -> Error {
        Error::MapColumns { path: self.path.to_owned(), fault }
    }

    /// Every name the caller gave is a known field and a column that is there.
    fn check_told(&self) -> Result<(), Error> {
        for (field, column) in self.told {
            if !FIELDS.iter().any(|(name, _)| name == field) {
                let known: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
                let known = known.join(", ");
                return Err(self.fault(format!("--map knows no field {field:?}; it knows {known}")));
            }
            if !self.names.contains(column) {
                let names = self.names.join(", ");
                return Err(self.fault(format!("there is no column {column:?}; there are {names}")));
            }
        }
        Ok(())
    }

    /// The column of a field: as told, or the only one with such a name.
    fn find(&self, field: &str) -> Result<Option<usize>, Error> {
        if let Some(told) = self.told.get(field) {
            return Ok(self.names.iter().position(|name| name == told));
        }
        let known = FIELDS.iter().find(|(name, _)| *name == field).map_or(&[][..], |f| f.1);
        let fits: Vec<usize> = (0..self.names.len())
            .filter(|at| known.contains(&plain(&self.names[*at]).as_str()))
            .collect();
        match fits[..] {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            _ => {
                let names: Vec<&str> = fits.iter().map(|at| self.names[*at].as_str()).collect();
                let names = names.join(" or ");
                Err(self.fault(format!("{field} could be {names}; say which with --map {field}=…")))
            }
        }
    }

    fn sets(&self) -> Result<Vec<BarSet>, Error> {
        let exact = |name: &str| self.names.iter().position(|have| plain(have) == name);
        let mut sets = Vec::new();
        let own = ["open", "high", "low", "close"].map(|field| self.find(field));
        if let [Some(open), Some(high), Some(low), Some(close)] = flat(own)? {
            sets.push(BarSet { suffix: "", prices: [open, high, low, close] });
        }
        for (side, suffix) in [("bid", ".bid"), ("ask", ".ask")] {
            let of_side = ["open", "high", "low", "close"].map(|f| exact(&format!("{side}{f}")));
            if let [Some(open), Some(high), Some(low), Some(close)] = of_side {
                sets.push(BarSet { suffix, prices: [open, high, low, close] });
            }
        }
        Ok(sets)
    }

    /// Some of open, high, low, close without the others is a mistake, not a series.
    fn refuse_half_bars(&self) -> Result<(), Error> {
        let all = ["open", "high", "low", "close"];
        let found = flat(all.map(|field| self.find(field)))?;
        let missing: Vec<&str> =
            all.iter().zip(found).filter(|(_, at)| at.is_none()).map(|(name, _)| *name).collect();
        if missing.len() == all.len() {
            return Ok(());
        }
        Err(self.fault(format!(
            "column {} is missing among {}; name it with --map {}=COLUMN",
            missing.join(" and "),
            self.names.join(", "),
            missing[0]
        )))
    }

    fn values(&self) -> Vec<(String, usize)> {
        let taken = |name: &str| {
            let name = plain(name);
            IGNORED.contains(&name.as_str())
                || FIELDS.iter().any(|(_, names)| names.contains(&name.as_str()))
        };
        let numbers = (0..self.names.len()).filter(|at| self.numeric[*at]);
        numbers
            .filter(|at| !taken(&self.names[*at]))
            .map(|at| (self.names[at].trim().to_ascii_lowercase(), at))
            .collect()
    }
}

fn flat<const N: usize>(
    found: [Result<Option<usize>, Error>; N],
) -> Result<[Option<usize>; N], Error> {
    let mut out = [None; N];
    for (place, at) in out.iter_mut().zip(found) {
        *place = at?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&str], told: &[(&str, &str)]) -> Result<Columns, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let numeric: Vec<bool> =
            names.iter().map(|n| !["date", "series", "symbol"].contains(&n.as_str())).collect();
        let told = told.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let header =
            Header { path: Path::new("x.csv"), names: &names, numeric: &numeric, told: &told };
        header.columns().map_err(|fault| fault.to_string())
    }

    #[test]
    fn stooq_yahoo_and_short_names_are_bars() {
        let stooq =
            ["<TICKER>", "<PER>", "<DATE>", "<TIME>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>"];
        let yahoo = ["Date", "Open", "High", "Low", "Close", "Adj Close", "Volume"];
        for names in [&stooq[..], &yahoo[..], &["day", "o", "h", "l", "c", "v"][..]] {
            assert!(matches!(columns(names, &[]), Ok(Columns::Bars(..))), "{names:?}");
        }
    }

    #[test]
    fn two_columns_that_could_be_the_close_are_an_error_until_one_is_named() {
        let names = ["date", "open", "high", "low", "close", "last"];
        let fault = columns(&names, &[]).unwrap_err();
        assert!(fault.contains("close could be close or last; say which with --map"), "{fault}");
        assert!(columns(&names, &[("close", "last")]).is_ok());
    }

    #[test]
    fn a_missing_price_is_named() {
        let fault = columns(&["date", "open", "high", "close"], &[]).unwrap_err();
        assert!(fault.contains("column low is missing"), "{fault}");
    }

    #[test]
    fn a_date_and_numbers_are_series() {
        let found = columns(&["date", "y10y", "y2y"], &[]).unwrap();
        let values = vec![("y10y".to_owned(), 1), ("y2y".to_owned(), 2)];
        assert_eq!(found, Columns::Values { series: None, date: 0, values });
    }
}
