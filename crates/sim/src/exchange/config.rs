//! How the exchange behaves, and what it counts.

use base::Span;
use market::{Cash, ClientOrderId, Price, Qty};
use serde::{Deserialize, Serialize};

use crate::{Breakdown, Error, check_range};

/// What to do with a bar whose volume is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroVolume {
    /// Nothing traded (a halt): no order fills on it.
    #[default]
    Refuse,
    /// The source has no volumes: fill as if it were unlimited.
    Allow,
}

/// When a waiting limit order fills inside a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitRule {
    /// When the bar touches the limit.
    #[default]
    Touched,
    /// Only when the bar trades beyond it: the order stood last in the queue.
    TradedThrough,
}

/// What a position is worth when its instrument is delisted without a payout.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rule", deny_unknown_fields)]
pub enum DelistingRule {
    /// Its last price.
    #[default]
    LastPrice,
    /// Its last price less a loss; Shumway (1997) finds 0.30 after delistings for performance.
    Loss {
        /// Fraction of the last price lost.
        fraction: f64,
    },
}

/// How the exchange behaves. Every key is optional.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExchangeConfig {
    /// Cash on the account at the start. Default 100,000.
    pub cash: Cash,
    /// Calendar by which day orders expire. Default `XNYS`.
    pub calendar: String,
    /// Bars without volume. Default: refuse.
    pub zero_volume: ZeroVolume,
    /// Most of a bar's volume that our orders may take, as a fraction; 1 or more is no bound
    /// short of the volume itself. `None` switches partial fills off. Default 0.1.
    pub participation: Option<f64>,
    /// Partial fills are multiples of this. Default one share.
    pub lot: Qty,
    /// When waiting limit orders fill. Default: when touched.
    pub limit_rule: LimitRule,
    /// Longest time between the end of a bar and its becoming known at which it may still fill
    /// orders. Default 4 days.
    pub oldest_evidence: Span,
    /// What is paid on a delisting without payout. Default: the last price.
    pub delisting: DelistingRule,
}

impl Default for ExchangeConfig {
    fn default() -> ExchangeConfig {
        ExchangeConfig {
            cash: Cash::from_raw(100_000 * Cash::SCALE),
            calendar: "XNYS".to_owned(),
            zero_volume: ZeroVolume::Refuse,
            participation: Some(0.1),
            lot: Qty::whole(1),
            limit_rule: LimitRule::Touched,
            oldest_evidence: Span::from_days(4),
            delisting: DelistingRule::LastPrice,
        }
    }
}

impl ExchangeConfig {
    /// Checks bounds and that the calendar exists.
    pub fn check(&self) -> Result<(), Error> {
        market::Calendar::of(&self.calendar).map_err(Error::LookUpCalendar)?;
        let lot = self.lot.to_f64();
        check_range("exchange.lot", lot, (f64::MIN_POSITIVE, 1e9), "positive")?;
        if let Some(fraction) = self.participation {
            check_range("exchange.participation", fraction, (1e-6, 1e3), "in 0.000001..=1000")?;
        }
        if let DelistingRule::Loss { fraction } = self.delisting {
            check_range("exchange.delisting.fraction", fraction, (0.0, 1.0), "in 0..=1")?;
        }
        let seconds = self.oldest_evidence.seconds();
        check_range("exchange.oldest_evidence", seconds, (0.0, f64::MAX), "0 or longer")
    }
}

/// What the exchange counts, for reports on how much a result rests on assumptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ExchangeStats {
    /// Bars worked.
    pub bars: u64,
    /// Bars that only repeated hours already worked by finer or equal bars.
    pub overlapping_bars: u64,
    /// Of those, bars whose range did not hold the finer bars' last price.
    pub inconsistent_bars: u64,
    /// Bars on which waiting orders did not fill because nothing traded.
    pub empty_bars: u64,
    /// Fills.
    pub fills: u64,
    /// Fills of a part of an order, because of the share of volume allowed.
    pub partial_fills: u64,
    /// Bars that held both stop and target of a group; the stop was taken.
    pub stop_before_target: u64,
    /// Stops filled at an open beyond them.
    pub stop_gaps: u64,
    /// Orders refused at submission.
    pub rejected: u64,
    /// Orders that expired.
    pub expired: u64,
    /// Costs of all fills.
    pub costs: Breakdown,
}

/// The costs of one fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillCost {
    /// The order.
    pub order: ClientOrderId,
    /// The price before costs.
    pub reference: Price,
    /// Where the costs came from.
    pub breakdown: Breakdown,
}
