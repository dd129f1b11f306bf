//! Commission schedules.

use serde::{Deserialize, Serialize};

use crate::{Error, check_range};

/// What the broker charges for an order, by everything the order has executed.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "schedule", deny_unknown_fields)]
pub enum Commission {
    /// Nothing.
    Zero,
    /// Interactive Brokers Pro, US stocks, fixed: 0.005 a share, at least 1.00 an order, at most
    /// 1 % of its value.
    #[default]
    IbkrFixed,
    /// Interactive Brokers Pro, US stocks, tiered, first tier: 0.0035 a share, at least 0.35, at
    /// most 1 %, plus about 0.003 a share that exchanges charge for taking and 0.0002 of clearing.
    IbkrTiered,
    /// So much a share.
    PerShare {
        /// Amount a share.
        rate: f64,
        /// Least amount an order.
        minimum: f64,
        /// Largest fraction of the order's value; it also caps the minimum.
        maximum_fraction: f64,
    },
    /// A part of the value.
    OfValue {
        /// Basis points of the value.
        bps: f64,
        /// Least amount an order.
        minimum: f64,
    },
}

impl Commission {
    /// The commission on an order that executed so many units for that value.
    pub fn of(self, qty: f64, value: f64) -> f64 {
        let per_share =
            |rate: f64, minimum: f64, cap: f64| (qty * rate).max(minimum).min(value * cap);
        match self {
            Commission::Zero => 0.0,
            Commission::IbkrFixed => per_share(0.005, 1.0, 0.01),
            Commission::IbkrTiered => per_share(0.0035, 0.35, 0.01) + qty * 0.0032,
            Commission::PerShare { rate, minimum, maximum_fraction } => {
                per_share(rate, minimum, maximum_fraction)
            }
            Commission::OfValue { bps, minimum } => (value * bps * 1e-4).max(minimum),
        }
    }

    pub(super) fn check(self) -> Result<(), Error> {
        match self {
            Commission::PerShare { rate, minimum, maximum_fraction } => {
                check_range("costs.commission.rate", rate, (0.0, 100.0), "in 0..=100")?;
                check_range("costs.commission.minimum", minimum, (0.0, 1e4), "in 0..=10000")?;
                let field = "costs.commission.maximum_fraction";
                check_range(field, maximum_fraction, (0.0, 1.0), "in 0..=1")
            }
            Commission::OfValue { bps, minimum } => {
                check_range("costs.commission.bps", bps, (0.0, 5_000.0), "in 0..=5000")?;
                check_range("costs.commission.minimum", minimum, (0.0, 1e4), "in 0..=10000")
            }
            Commission::Zero | Commission::IbkrFixed | Commission::IbkrTiered => Ok(()),
        }
    }
}
