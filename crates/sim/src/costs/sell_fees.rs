//! Fees that regulators charge on sales of US equities.

use base::Day;
use serde::{Deserialize, Serialize};

/// Which fees are charged on sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SellFees {
    /// None.
    None,
    /// Section 31 fee of the SEC on the value and trading activity fee of FINRA on the shares.
    #[default]
    UsEquity,
}

/// First day (year, month, day) and dollars a million of value: SEC, fee rate advisories.
/// Before the first line its rate is used; after the last one, the last.
const SECTION_31: [(i32, u32, u32, f64); 14] = [
    (2012, 4, 1, 22.40),
    (2013, 5, 25, 17.40),
    (2014, 3, 18, 22.10),
    (2015, 2, 14, 18.40),
    (2016, 2, 16, 21.80),
    (2017, 7, 4, 23.10),
    (2018, 5, 22, 13.00),
    (2019, 4, 16, 20.70),
    (2020, 2, 18, 22.10),
    (2021, 2, 25, 5.10),
    (2022, 5, 14, 22.90),
    (2023, 2, 27, 8.00),
    (2024, 5, 22, 27.80),
    (2025, 5, 14, 0.0),
];

/// First year, dollars a share, most a trade: FINRA By-Laws, Schedule A, section 1.
const ACTIVITY: [(i32, f64, f64); 4] = [
    (2012, 0.000_119, 5.95),
    (2022, 0.000_130, 6.49),
    (2023, 0.000_145, 7.27),
    (2024, 0.000_166, 8.30),
];

impl SellFees {
    /// The fees on selling so many shares for that value on that day.
    pub fn of(self, day: Day, shares: f64, value: f64) -> f64 {
        match self {
            SellFees::None => 0.0,
            SellFees::UsEquity => section_31(day) * value * 1e-6 + activity(day, shares),
        }
    }
}

fn section_31(day: Day) -> f64 {
    let date = day.ymd();
    let mut rate = SECTION_31[0].3;
    for &(year, month, first, dollars) in &SECTION_31 {
        if date >= (year, month, first) {
            rate = dollars;
        }
    }
    rate
}

fn activity(day: Day, shares: f64) -> f64 {
    let year = day.year();
    let line = ACTIVITY.iter().rev().find(|line| line.0 <= year).unwrap_or(&ACTIVITY[0]);
    (shares * line.1).min(line.2)
}
