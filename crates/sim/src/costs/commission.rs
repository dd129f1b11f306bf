//! Commission schedules.

use serde::{Deserialize, Serialize};

use super::Liquidity;
use super::tiers::{self, CryptoVenue};
use crate::{Error, check_range};

/// What the broker charges for an order, by everything the order has executed.
///
/// Stocks and options at Alpaca are [`Commission::Zero`]; what Alpaca passes on is in
/// [`super::PassThrough`]. Rates and dates of the schedules stand at the tables they come from.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "schedule", deny_unknown_fields)]
pub enum Commission {
    /// Nothing.
    Zero,
    /// Interactive Brokers Pro, US stocks, fixed: 0.005 a share, at least 1.00 an order, at most
    /// 1 % of its value.
    #[default]
    IbkrFixed,
    /// Interactive Brokers Pro, US stocks, tiered: 0.0035 a share down to 0.0005, at least 0.35,
    /// at most 1 %, plus about 0.003 a share that exchanges charge for taking and 0.0002 of
    /// clearing. The part of a month's shares that falls in a tier pays that tier's rate. Not
    /// counted: what is passed on of the commission itself (0.07 %), rebates for providing.
    IbkrTiered {
        /// Shares traded this month before the order. Default 0.
        #[serde(default)]
        monthly_shares: f64,
    },
    /// Interactive Brokers Pro, US options: 0.15 to 0.65 a contract by the month's contracts and
    /// the premium, at least 1.00 an order. Exchange fees are not in it.
    IbkrOptions {
        /// Contracts traded this month before the order. Default 0.
        #[serde(default)]
        monthly_contracts: f64,
    },
    /// So much a share.
    PerShare {
        /// Amount a share.
        rate: f64,
        /// Least amount an order.
        minimum: f64,
        /// Largest fraction of the order's value; it also caps the minimum.
        maximum_fraction: f64,
    },
    /// So much a contract of a future or an option, all that is charged by the contract summed.
    PerContract {
        /// Amount a contract.
        rate: f64,
        /// Least amount an order.
        minimum: f64,
    },
    /// A part of the value.
    OfValue {
        /// Basis points of the value.
        bps: f64,
        /// Least amount an order.
        minimum: f64,
    },
    /// A part of the value of each fill, by who provided the liquidity.
    MakerTaker {
        /// Basis points where the order waited; negative pays us.
        maker_bps: f64,
        /// Basis points where it took.
        taker_bps: f64,
    },
    /// The published maker and taker rates of a venue for digital assets.
    Crypto {
        /// Whose.
        venue: CryptoVenue,
    },
}

/// What a schedule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All that the order has executed: it has a minimum, a cap or tiers.
    Order,
    /// One fill: the rate hangs on its liquidity.
    Fill,
}

impl Commission {
    /// The commission on an order that executed so many units for that value, all of it with the
    /// same liquidity. The value is in money: premium × multiplier × contracts for options.
    pub fn of(self, qty: f64, value: f64, liquidity: Liquidity) -> f64 {
        let per_share =
            |rate: f64, minimum: f64, cap: f64| (qty * rate).max(minimum).min(value * cap);
        match self {
            Commission::Zero => 0.0,
            Commission::IbkrFixed => per_share(0.005, 1.0, 0.01),
            Commission::IbkrTiered { monthly_shares } => {
                let tiered = tiers::marginal(&tiers::IBKR_SHARES, monthly_shares, qty);
                tiered.max(0.35).min(value * 0.01) + qty * 0.0032
            }
            Commission::IbkrOptions { monthly_contracts } => {
                let premium = value / (qty * tiers::SHARES_A_CONTRACT);
                let table = tiers::ibkr_option_rates(premium);
                tiers::marginal(table, monthly_contracts, qty).max(1.0)
            }
            Commission::PerShare { rate, minimum, maximum_fraction } => {
                per_share(rate, minimum, maximum_fraction)
            }
            Commission::PerContract { rate, minimum } => (qty * rate).max(minimum),
            Commission::OfValue { bps, minimum } => (value * bps * 1e-4).max(minimum),
            Commission::MakerTaker { maker_bps, taker_bps } => {
                value * 1e-4 * by_liquidity(liquidity, maker_bps, taker_bps)
            }
            Commission::Crypto { venue } => {
                let rates = venue.rates();
                value * 1e-4 * by_liquidity(liquidity, rates.maker_bps, rates.taker_bps)
            }
        }
    }

    pub(super) fn scope(self) -> Scope {
        match self {
            Commission::MakerTaker { .. } | Commission::Crypto { .. } => Scope::Fill,
            _ => Scope::Order,
        }
    }

    pub(super) fn check(self) -> Result<(), Error> {
        let money = (0.0, 1e4);
        match self {
            Commission::PerShare { rate, minimum, maximum_fraction } => {
                check_range("costs.commission.rate", rate, (0.0, 100.0), "in 0..=100")?;
                check_range("costs.commission.minimum", minimum, money, "in 0..=10000")?;
                let field = "costs.commission.maximum_fraction";
                check_range(field, maximum_fraction, (0.0, 1.0), "in 0..=1")
            }
            Commission::PerContract { rate, minimum } => {
                check_range("costs.commission.rate", rate, (0.0, 1_000.0), "in 0..=1000")?;
                check_range("costs.commission.minimum", minimum, money, "in 0..=10000")
            }
            Commission::OfValue { bps, minimum } => {
                check_range("costs.commission.bps", bps, (0.0, 5_000.0), "in 0..=5000")?;
                check_range("costs.commission.minimum", minimum, money, "in 0..=10000")
            }
            Commission::MakerTaker { maker_bps, taker_bps } => {
                let field = "costs.commission.maker_bps";
                check_range(field, maker_bps, (-100.0, 1_000.0), "in -100..=1000")?;
                let field = "costs.commission.taker_bps";
                check_range(field, taker_bps, (-100.0, 1_000.0), "in -100..=1000")
            }
            Commission::IbkrTiered { monthly_shares: units }
            | Commission::IbkrOptions { monthly_contracts: units } => {
                check_range("costs.commission.monthly", units, (0.0, 1e12), "in 0..=1e12")
            }
            Commission::Crypto { venue } => venue.check(),
            Commission::Zero | Commission::IbkrFixed => Ok(()),
        }
    }
}

fn by_liquidity(liquidity: Liquidity, maker: f64, taker: f64) -> f64 {
    match liquidity {
        Liquidity::Provided => maker,
        Liquidity::Taken => taker,
    }
}
