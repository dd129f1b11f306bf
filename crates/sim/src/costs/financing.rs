//! Interest on debt and fees on borrowed shares.

use base::Rounding;
use market::{Cash, Price, Qty};
use serde::{Deserialize, Serialize};

use crate::{Error, check_range};

/// How days become a part of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayCount {
    /// Calendar days of 360: dollars and euros, at brokers and in money markets.
    Act360,
    /// Calendar days of 365: pounds.
    #[default]
    Act365,
}

impl DayCount {
    /// The part of a year that so many calendar days are.
    pub fn years(self, days: i32) -> f64 {
        match self {
            DayCount::Act360 => f64::from(days) / 360.0,
            DayCount::Act365 => f64::from(days) / 365.0,
        }
    }
}

/// How the rate on a debt follows from the percent a year that was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Financing {
    /// The percent are all of it, whatever the debt.
    #[default]
    Flat,
    /// Interactive Brokers Pro, US dollars: the percent are the benchmark (at least zero), and
    /// each part of the debt pays the spread of its tier on top: 1.5 up to 100,000, 1 up to a
    /// million, 0.75 up to fifty millions, 0.5 beyond.
    IbkrPro,
}

/// Up to that debt, percent a year above the benchmark (interactivebrokers.com, margin rates,
/// 2024).
const IBKR_PRO: [(f64, f64); 4] = [(1e5, 1.5), (1e6, 1.0), (5e7, 0.75), (f64::INFINITY, 0.5)];

impl Financing {
    /// Percent a year on a debt of that size: each part at the rate of its tier, blended.
    pub fn blended_pct(self, set_pct: f64, debt: f64) -> f64 {
        match self {
            Financing::Flat => set_pct,
            Financing::IbkrPro if debt <= 0.0 => set_pct.max(0.0) + IBKR_PRO[0].1,
            Financing::IbkrPro => {
                set_pct.max(0.0) + super::tiers::marginal(&IBKR_PRO, 0.0, debt) / debt
            }
        }
    }
}

/// What a lender asks for shares sold short.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "tier", deny_unknown_fields)]
pub enum Borrow {
    /// Shares that are everywhere: a quarter of a percent a year, an assumption.
    General,
    /// Shares that are scarce, at the rate that the lender names.
    Hard {
        /// Percent a year of the collateral.
        pct: f64,
    },
}

/// Lenders hold 102 % of the price, rounded up to the dollar, and charge by days of 360 (the
/// custom of US stock loans, as brokers print it in their schedules of fees).
const COLLATERAL: f64 = 1.02;

impl Borrow {
    /// Percent a year of the collateral; refused where no lender asks it.
    pub fn pct(self) -> Result<f64, Error> {
        let pct = match self {
            Borrow::General => 0.25,
            Borrow::Hard { pct } => pct,
        };
        check_range("borrow.pct", pct, (0.0, 1_000.0), "in 0..=1000")?;
        Ok(pct)
    }

    /// The fee for holding so many borrowed shares at that price for some calendar days.
    pub fn fee(self, price: Price, qty: Qty, days: i32) -> Result<Cash, Error> {
        let pct = self.pct()?;
        let collateral = (price.to_f64() * COLLATERAL).ceil() * qty.abs().to_f64();
        let fee = collateral * pct / 100.0 * DayCount::Act360.years(days);
        Ok(Cash::from_f64(fee, Rounding::HalfEven)?)
    }
}
