//! Equity by day and by month.

use base::Day;
use market::Cash;
use serde::{Deserialize, Serialize};

use crate::journal::{Line, Record};

/// Equity at the end of a trading day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayEquity {
    /// The day that ended.
    pub day: Day,
    /// Cash and positions.
    pub equity: Cash,
}

/// Return of a calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Month {
    /// Year.
    pub year: i32,
    /// Month, 1–12.
    pub month: u32,
    /// Equity at its end over equity at the end of the month before, less one.
    pub fraction: f64,
}

/// Equity at the end of each trading day. The last needs [`crate::Engine::finish`].
pub fn equity_curve(lines: &[Line]) -> Vec<DayEquity> {
    let mut curve = Vec::new();
    let mut running: Option<Day> = None;
    for line in lines {
        if let Record::DayBegan { day, equity, .. } = line.record {
            if let Some(ended) = running {
                curve.push(DayEquity { day: ended, equity });
            }
            running = Some(day);
        }
    }
    curve
}

/// Returns from day to day; one fewer than the days.
pub fn daily_returns(curve: &[DayEquity]) -> Vec<f64> {
    let ratio = |pair: &[DayEquity]| pair[1].equity.to_f64() / pair[0].equity.to_f64() - 1.0;
    curve.windows(2).map(ratio).collect()
}

/// Returns by month; the first counts from the first day of the curve.
pub fn monthly(curve: &[DayEquity]) -> Vec<Month> {
    let mut months: Vec<Month> = Vec::new();
    let Some(first) = curve.first() else { return months };
    let (mut base, mut last) = (first.equity, first.equity);
    for point in curve {
        let (year, month, _) = point.day.ymd();
        let same = months.last().is_some_and(|m| (m.year, m.month) == (year, month));
        if !same {
            base = last;
            months.push(Month { year, month, fraction: 0.0 });
        }
        if let Some(month) = months.last_mut() {
            month.fraction = point.equity.to_f64() / base.to_f64() - 1.0;
        }
        last = point.equity;
    }
    months
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(text: &str, units: i64) -> DayEquity {
        DayEquity { day: text.parse().unwrap(), equity: Cash::from_raw(units * Cash::SCALE) }
    }

    #[test]
    fn months_chain_from_end_to_end() {
        let curve = [
            point("2024-01-30", 100),
            point("2024-01-31", 110),
            point("2024-02-01", 121),
            point("2024-02-29", 99),
        ];
        let found = monthly(&curve);
        let fractions: Vec<f64> = found.iter().map(|m| (m.fraction * 1e9).round() / 1e9).collect();
        assert_eq!(fractions, [0.1, -0.1]);
        assert_eq!((found[1].year, found[1].month), (2024, 2));
        assert_eq!(daily_returns(&curve).len(), 3);
    }
}
