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
    /// The same on options; quantities are contracts.
    UsOption,
}

/// First day (year, month, day) and dollars a million of value: SEC, fee rate advisories; the
/// last line is of release 34-104909 (91 FR 10643, 2026-03-04).
/// Before the first line its rate is used; after the last one, the last.
const SECTION_31: [(i32, u32, u32, f64); 15] = [
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
    (2026, 4, 4, 20.60),
];

/// First year, dollars a share, most a trade: FINRA By-Laws, Schedule A, section 1; from 2026 on
/// the steps of SR-FINRA-2024-019 (release 34-101696). That FINRA waives the fee from October to
/// December 2026 (SR-FINRA-2026-021) is left out: it errs against us.
const ACTIVITY: [(i32, f64, f64); 7] = [
    (2012, 0.000_119, 5.95),
    (2022, 0.000_130, 6.49),
    (2023, 0.000_145, 7.27),
    (2024, 0.000_166, 8.30),
    (2026, 0.000_195, 9.79),
    (2027, 0.000_232, 11.61),
    (2028, 0.000_240, 12.05),
];

/// First year and dollars a contract of the same fee on options. After the last line its rate is
/// used: later steps were not found.
const OPTION_ACTIVITY: [(i32, f64); 4] =
    [(2012, 0.002), (2022, 0.002_18), (2023, 0.002_44), (2024, 0.002_79)];

impl SellFees {
    /// The fees on selling so many shares or contracts for that value on that day.
    pub fn of(self, day: Day, units: f64, value: f64) -> f64 {
        match self {
            SellFees::None => 0.0,
            SellFees::UsEquity => section_31(day) * value * 1e-6 + activity(day, units),
            SellFees::UsOption => {
                let year = day.year();
                let line = OPTION_ACTIVITY.iter().rev().find(|line| line.0 <= year);
                section_31(day) * value * 1e-6 + units * line.unwrap_or(&OPTION_ACTIVITY[0]).1
            }
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
