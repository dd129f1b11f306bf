//! From a signal and a confidence to an intent: expected value, exit plan, size (BRK-20 … 23).

use base::{Prob, Rounding};
use desk::exit::plan::to_tick;
use desk::{Amount, Entry, ExitPlan, Intent};
use features::Setup;
use market::{Candle, Cash, InstrumentId, Price, Qty, Side};

use super::config::BreakoutConfig;
use crate::Error;

/// Name under which the book's intents are known.
pub const BOOK: &str = "breakout";
/// Sessions of the average daily volume, for the participation cap.
const VOLUME_SESSIONS: usize = 20;

/// A signal that may become a bet.
#[derive(Debug, Clone, Copy)]
pub struct Signal<'a> {
    /// Which stock.
    pub instrument: InstrumentId,
    /// Its symbol.
    pub symbol: &'a str,
    /// The pattern, in adjusted prices.
    pub setup: &'a Setup,
    /// Adjusted candles up to the breakout, the last one being it.
    pub candles: &'a [Candle],
    /// Adjusted price ÷ raw price on that day.
    pub factor: f64,
    /// Calibrated confidence of a win; none where only the scanner speaks.
    pub confidence: Option<Prob>,
}

/// Expected value of a bet (BRK-20).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// Confidence × R:R − (1 − confidence), in R.
    pub gross_ev_r: f64,
    /// The same less commission, spread and slippage of the round trip.
    pub net_ev_r: f64,
    /// These costs, in R.
    pub cost_r: f64,
}

impl Signal<'_> {
    /// Costs of the round trip, in R.
    pub fn cost_r(&self, config: &BreakoutConfig) -> f64 {
        let risk = (self.setup.entry - self.setup.stop).abs() / self.factor;
        config.costs.round_trip_per_share(self.setup.entry / self.factor) / risk
    }

    /// What the bet is worth; nothing without a confidence.
    pub fn value(&self, config: &BreakoutConfig) -> Option<Value> {
        let gross_ev_r = desk::size::expected_value_r(self.confidence?, self.setup.reward_to_risk);
        let cost_r = self.cost_r(config);
        Some(Value { gross_ev_r, net_ev_r: gross_ev_r - cost_r, cost_r })
    }

    /// The intent, unique by day, symbol and side. Whether it trades, and how much, is for size
    /// and risk to say. `equity` sizes a signal without confidence: it risks what the last tier
    /// risks.
    pub fn intent(&self, config: &BreakoutConfig, equity: Cash) -> Result<Intent, Error> {
        let plan = self.plan(config)?;
        let amount = match self.confidence {
            Some(confidence) => Amount::Bet(desk::Bet {
                confidence,
                reward_to_risk: self.setup.reward_to_risk,
                cost_r: self.cost_r(config),
                average_daily_volume: self.average_volume(),
                risk_pct: None,
            }),
            None => {
                let risk = equity.to_f64() * config.size.decent.risk_pct / 100.0;
                let units = risk / plan.risk().to_f64();
                let units = desk::size::to_step(units, config.size.step);
                Amount::Units(units.unwrap_or(Qty::ZERO))
            }
        };
        let side = self.setup.side;
        let why = match self.value(config) {
            Some(value) => format!(
                "breakout after {} bars of rest; confidence {:.2}, R:R {:.2}, net EV {:+.2} R",
                self.setup.consol_start_ago,
                self.confidence.map_or(0.0, Prob::get),
                self.setup.reward_to_risk,
                value.net_ev_r
            ),
            None => format!(
                "breakout after {} bars of rest; scanner only, R:R {:.2}",
                self.setup.consol_start_ago, self.setup.reward_to_risk
            ),
        };
        Ok(Intent {
            id: format!("{}/{}/{side}", self.setup.day, self.symbol),
            book: BOOK.to_owned(),
            instrument: self.instrument,
            side,
            entry: Entry::market().decided_at(plan.entry),
            amount,
            plan: Some(plan),
            group: None,
            why,
        })
    }

    /// How the position ends (BRK-23): all off at the whole move for a long, at 75 % of it for a
    /// short, breakeven at half an R, the third session's addition, the two-bar trail, expiry.
    fn plan(&self, config: &BreakoutConfig) -> Result<ExitPlan, Error> {
        let raw =
            |price: f64| Price::from_f64(price / self.factor, Rounding::HalfEven).map(to_tick);
        let (entry, stop) = (raw(self.setup.entry)?, raw(self.setup.stop)?);
        // The two bars before the session of the entry: the breakout and the one before it.
        let last = &self.candles[self.candles.len().saturating_sub(2)..];
        let mut plan = match self.setup.side {
            Side::Long => {
                let low = last.iter().map(|c| c.low).fold(f64::INFINITY, f64::min);
                ExitPlan::breakout(entry, stop, raw(self.setup.targets[2])?, raw(low)?)
            }
            Side::Short => {
                let high = last.iter().map(|c| c.high).fold(0.0, f64::max);
                ExitPlan::breakdown(entry, stop, raw(self.setup.targets[1])?, raw(high)?)
            }
        };
        plan.max_sessions = u16::try_from(config.label.max_bars).ok();
        Ok(plan)
    }

    fn average_volume(&self) -> Option<f64> {
        let last = &self.candles[self.candles.len().saturating_sub(VOLUME_SESSIONS)..];
        let sum: f64 = last.iter().map(|candle| candle.volume).sum();
        (!last.is_empty() && sum > 0.0).then(|| sum / last.len() as f64)
    }
}
