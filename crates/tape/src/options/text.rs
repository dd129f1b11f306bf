//! The columns of a CSV file, as those of a Parquet file.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use base::{Day, Ts};

use crate::Error;

/// What a column holds, by its name.
enum Holds {
    Words,
    Stamps,
    Days,
    Wholes,
    Floats,
}

fn holds(name: &str) -> Holds {
    match name {
        "symbol" | "right" => Holds::Words,
        "ts" => Holds::Stamps,
        "expiry" | "file_date" => Holds::Days,
        "bid_size" | "ask_size" | "volume" | "open_interest" => Holds::Wholes,
        _ => Holds::Floats,
    }
}

/// Reads lines of values between commas under a line of names. An empty cell is no value.
pub(super) fn batch(bytes: &[u8]) -> Result<RecordBatch, Error> {
    let told = |line: u64, fault: String| Error::ReadLine { line, fault };
    let text = std::str::from_utf8(bytes).map_err(|error| told(1, error.to_string()))?;
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let head = lines.next().map(|(_, line)| line).unwrap_or_default();
    let names: Vec<&str> = head.split(',').map(str::trim).collect();
    let mut cells: Vec<Vec<&str>> = vec![Vec::new(); names.len()];
    let mut numbers = Vec::new();
    for (at, line) in lines {
        let number = at as u64 + 1;
        let values: Vec<&str> = line.split(',').map(str::trim).collect();
        if values.len() != names.len() {
            let fault = format!("{} values under {} names", values.len(), names.len());
            return Err(told(number, fault));
        }
        numbers.push(number);
        for (column, value) in cells.iter_mut().zip(values) {
            column.push(value);
        }
    }
    let columns = names.iter().zip(&cells).map(|(name, cells)| {
        let array = column(name, cells).map_err(|(row, fault)| told(numbers[row], fault))?;
        Ok((*name, array, true))
    });
    let columns = columns.collect::<Result<Vec<_>, Error>>()?;
    RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| told(1, error.to_string()))
}

/// The cells of a column, or the first that is not what the column holds.
fn column(name: &str, cells: &[&str]) -> Result<ArrayRef, (usize, String)> {
    fn read<T>(
        name: &str,
        cells: &[&str],
        of: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<Option<T>>, (usize, String)> {
        let one = |(row, cell): (usize, &&str)| match *cell {
            "" => Ok(None),
            text => match of(text) {
                Some(value) => Ok(Some(value)),
                None => Err((row, format!("{name} can't be {text:?}"))),
            },
        };
        cells.iter().enumerate().map(one).collect()
    }
    Ok(match holds(name) {
        Holds::Words => Arc::new(StringArray::from(read(name, cells, |it| Some(it.to_owned()))?)),
        Holds::Stamps => Arc::new(TimestampMicrosecondArray::from(read(name, cells, stamp)?)),
        Holds::Days => {
            let day = |text: &str| text.parse::<Day>().ok().map(Day::number);
            Arc::new(Date32Array::from(read(name, cells, day)?))
        }
        Holds::Wholes => Arc::new(Int64Array::from(read(name, cells, |it| it.parse().ok())?)),
        Holds::Floats => Arc::new(Float64Array::from(read(name, cells, |it| it.parse().ok())?)),
    })
}

/// A naive time like `2014-06-06 09:30:00`, or a day, in microseconds since 1970.
fn stamp(text: &str) -> Option<i64> {
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00"));
    let mut parts = time.splitn(3, ':');
    let mut whole = |below: i64| {
        let number = parts.next().map_or(Some(0), |text| text.parse::<i64>().ok())?;
        (0..below).contains(&number).then_some(number)
    };
    let seconds = 3_600 * whole(24)? + 60 * whole(60)? + whole(60)?;
    let midnight: Ts = day.parse::<Day>().ok()?.start();
    Some(midnight.micros() + 1_000_000 * seconds)
}
