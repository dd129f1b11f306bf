//! Charges by the share or the contract that a broker hands on, on purchases and sales alike.

use base::Day;
use serde::{Deserialize, Serialize};

use super::tiers::SHARES_A_CONTRACT;

/// Which charges are handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassThrough {
    /// None.
    #[default]
    None,
    /// The consolidated audit trail, as Alpaca charges it for US stocks.
    UsEquity,
    /// The audit trail, the options regulatory fee and the clearing fee of OCC, as Alpaca charges
    /// them for US options; quantities are contracts.
    UsOption,
}

/// First day and dollars a share: CAT fee 2024-1 (trades from 2024-09), with historical
/// assessment 1 (from 2024-10; CAT NMS Plan, FAQ V6), then the totals of Alpaca's page on
/// regulatory fees (fees 2025-1 and 2025-2, from the first day of their half-years). After the
/// last line its rate is used.
const AUDIT_TRAIL: [(i32, u32, u32, f64); 4] = [
    (2024, 9, 1, 0.000_035),
    (2024, 10, 1, 0.000_048),
    (2025, 1, 1, 0.000_046),
    (2025, 7, 1, 0.000_026_5),
];

/// Dollars a contract that the options exchanges charge together (Alpaca and Interactive
/// Brokers, regulatory fees, 2025).
const OPTIONS_REGULATORY: f64 = 0.026_85;

/// Dollars a contract and most a trade, charged by the Options Clearing Corporation (the same).
const CLEARING: (f64, f64) = (0.02, 55.0);

impl PassThrough {
    /// What is handed on for a trade of so many shares or contracts on that day.
    pub fn of(self, day: Day, units: f64) -> f64 {
        match self {
            PassThrough::None => 0.0,
            PassThrough::UsEquity => audit_trail(day) * units,
            PassThrough::UsOption => {
                let clearing = (CLEARING.0 * units).min(CLEARING.1);
                audit_trail(day) * units * SHARES_A_CONTRACT + OPTIONS_REGULATORY * units + clearing
            }
        }
    }
}

/// Zero before the fee began.
fn audit_trail(day: Day) -> f64 {
    let date = day.ymd();
    let begun = AUDIT_TRAIL.iter().rev().find(|line| date >= (line.0, line.1, line.2));
    begun.map_or(0.0, |line| line.3)
}
