//! What one unit of turnover costs on each bar.

use base::Day;
use market::{Bar, Qty};
use serde::{Deserialize, Serialize};
use sim::costs::impact::volume_slippage;
use sim::costs::{Executed, Execution, Liquidity};
use sim::{Commission, CostConfig, CostModel};

use crate::Error;

/// What the broker takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fee {
    /// A part of the value, in percent.
    OfValuePct(f64),
    /// So many dollars a share.
    PerShare(f64),
}

/// Assumed costs of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Costs {
    /// Half the quoted spread; default 0.3 bp.
    pub half_spread_bps: f64,
    /// The fee; default 0.002 % of the value.
    pub fee: Fee,
    /// Slippage is this ÷ √volume of the bar, a part of the price; default 0.01.
    pub impact: f64,
}

impl Default for Costs {
    fn default() -> Costs {
        Costs { half_spread_bps: 0.3, fee: Fee::OfValuePct(0.002), impact: 0.01 }
    }
}

/// Shares of the order that is priced: so many that rounding to a tick or a cent is lost in it.
const SHARES: i64 = 10_000;

impl Costs {
    /// Cost of trading on each bar, as a part of its open; infinite where nothing traded.
    pub(super) fn table(&self, bars: &[Bar]) -> Result<Vec<f32>, Error> {
        let fits = self.impact.is_finite() && self.impact >= 0.0;
        if !fits {
            let fault =
                format!("impact is {}; it must be a number that is not negative", self.impact);
            return Err(Error::CheckSettings { fault });
        }
        let model = self.model()?;
        bars.iter().map(|bar| self.of(&model, bar)).collect()
    }

    /// The part of these costs that the engine's exchange charges.
    pub fn model(&self) -> Result<CostModel, Error> {
        let commission = match self.fee {
            Fee::OfValuePct(percent) => Commission::OfValue { bps: percent * 100.0, minimum: 0.0 },
            Fee::PerShare(rate) => {
                Commission::PerShare { rate, minimum: 0.0, maximum_fraction: 1.0 }
            }
        };
        let config =
            CostConfig { commission, half_spread_bps: self.half_spread_bps, ..CostConfig::free() };
        CostModel::new(config).map_err(|error| Error::CheckSettings { fault: error.to_string() })
    }

    fn of(&self, model: &CostModel, bar: &Bar) -> Result<f32, Error> {
        if bar.volume == 0 {
            return Ok(f32::INFINITY);
        }
        let execution = Execution {
            // Fees that change over the years are not among these.
            day: Day::default(),
            time_of_day: None,
            qty: Qty::whole(SHARES),
            reference: bar.open,
            liquidity: Liquidity::Taken,
            worst: None,
            range: 0.0,
            daily_volume: 0.0,
            bar_volume: bar.volume as f64,
            before: Executed::default(),
        };
        let priced = model
            .price(&execution)
            .map_err(|error| Error::CheckSettings { fault: error.to_string() })?;
        let value = bar.open.to_f64() * SHARES as f64;
        let slippage = volume_slippage(self.impact, bar.volume as f64);
        Ok((priced.breakdown.total().to_f64() / value + slippage) as f32)
    }
}
