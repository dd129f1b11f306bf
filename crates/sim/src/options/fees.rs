//! What trading options costs beside the spread.

use base::{Day, Rounding};
use market::{Cash, Price};
use serde::{Deserialize, Serialize};

use super::order::Asset;
use crate::costs::Liquidity;
use crate::{Commission, Error, SellFees};

/// Commission a contract, by the premium.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Premium {
    /// The same for all.
    Flat(f64),
    /// Interactive Brokers, US options, up to 10,000 contracts a month: 0.25 where the premium is
    /// below 0.05, 0.50 below 0.10, else 0.65.
    #[default]
    Ibkr,
}

/// Fees in dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptionFees {
    /// Commission a contract.
    pub commission: Premium,
    /// Least commission an order.
    pub minimum: f64,
    /// Exchange fee a contract, for taking. It differs by exchange and class; 0 by default.
    pub exchange: f64,
    /// Options regulatory fee a contract; about 0.03, it changes twice a year.
    pub regulatory: f64,
    /// Clearing fee a contract (OCC: 0.02 in 2024).
    pub clearing: f64,
    /// Fees on sales: section 31 on the value, trading activity fee on the contracts.
    pub sales: SellFees,
    /// Fee of exercise and of assignment, a contract.
    pub exercise: f64,
    /// Commission on shares, an order.
    pub shares: Commission,
}

impl Default for OptionFees {
    fn default() -> OptionFees {
        OptionFees {
            commission: Premium::Ibkr,
            minimum: 1.0,
            exchange: 0.0,
            regulatory: 0.03,
            clearing: 0.02,
            sales: SellFees::UsEquity,
            exercise: 0.0,
            shares: Commission::IbkrFixed,
        }
    }
}
impl OptionFees {
    /// Nothing is charged.
    pub fn free() -> OptionFees {
        OptionFees {
            commission: Premium::Flat(0.0),
            minimum: 0.0,
            exchange: 0.0,
            regulatory: 0.0,
            clearing: 0.0,
            sales: SellFees::None,
            exercise: 0.0,
            shares: Commission::Zero,
        }
    }

    /// Fees of the fills of one order, each a signed number at a price. What the least
    /// commission lacks falls on the first fill of contracts.
    pub fn of(&self, day: Day, fills: &[(Asset, i64, Price)]) -> Result<Vec<Cash>, Error> {
        let commission: f64 = fills
            .iter()
            .filter(|(asset, ..)| asset.contract().is_some())
            .map(|(_, qty, price)| self.a_contract(*price) * qty.unsigned_abs() as f64)
            .sum();
        let mut short_of_minimum = (self.minimum - commission).max(0.0);
        let mut fees = Vec::with_capacity(fills.len());
        for (asset, qty, price) in fills {
            let count = qty.unsigned_abs() as f64;
            let value = asset.amount(*price, *qty).to_f64().abs();
            let fee = match asset {
                Asset::Option(_) => {
                    let each =
                        self.a_contract(*price) + self.exchange + self.regulatory + self.clearing;
                    let topped = std::mem::take(&mut short_of_minimum);
                    let sold = if *qty < 0 { self.on_sale(day, count, value) } else { 0.0 };
                    each * count + topped + sold
                }
                Asset::Shares(_) => {
                    let sold = if *qty < 0 { self.sales.of(day, count, value) } else { 0.0 };
                    self.shares.of(count, value, Liquidity::Taken) + sold
                }
            };
            fees.push(Cash::from_f64(fee, Rounding::HalfEven)?);
        }
        Ok(fees)
    }

    /// Fee of exercise or assignment of so many contracts.
    pub fn of_exercise(&self, contracts: u64) -> Result<Cash, Error> {
        Ok(Cash::from_f64(self.exercise * contracts as f64, Rounding::HalfEven)?)
    }

    fn a_contract(&self, price: Price) -> f64 {
        match self.commission {
            Premium::Flat(rate) => rate,
            Premium::Ibkr if price.to_f64() < 0.05 => 0.25,
            Premium::Ibkr if price.to_f64() < 0.10 => 0.50,
            Premium::Ibkr => 0.65,
        }
    }

    fn on_sale(&self, day: Day, contracts: f64, value: f64) -> f64 {
        match self.sales {
            SellFees::None => 0.0,
            SellFees::UsEquity | SellFees::UsOption => SellFees::UsOption.of(day, contracts, value),
        }
    }
}
