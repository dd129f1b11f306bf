//! A made market of one instrument: a martingale, or one with a planted edge of known size.

use base::Seed;
use market::{Candle, CorporateAction, TimedCandle};
use rand::RngExt as _;
use sim::synth::{Market, SynthConfig};

use super::refuse;
use crate::Error;

/// Sessions that a made market may have; its calendar ends.
const MOST_SESSIONS: u32 = 2_000;
/// Sessions of a year, at least.
const SESSIONS_A_YEAR: u32 = 248;
/// What is left of a displacement a bar later.
const KEPT: f64 = 0.6;
/// Largest deviation of a displacement, in basis points.
const MOST_REVERSION: f64 = 1_000.0;

/// Raw bars of the first stock of the synthetic market, and its corporate actions.
pub(super) fn bars(
    (sessions, minutes): (u32, u16),
    seed: u64,
    reversion_bps: f64,
) -> Result<(Vec<TimedCandle>, Vec<CorporateAction>), Error> {
    if !(1..=MOST_SESSIONS).contains(&sessions) {
        return refuse(format!("{sessions} made sessions; give 1 to {MOST_SESSIONS}"));
    }
    if !(0.0..=MOST_REVERSION).contains(&reversion_bps) {
        return refuse(format!(
            "a made reversion of {reversion_bps} bp; give 0 to {MOST_REVERSION}"
        ));
    }
    let market = Market::new(SynthConfig {
        symbols: 1,
        years: sessions / SESSIONS_A_YEAR + 1,
        seed,
        late_listings: 0.0,
        delistings_per_year: 0.0,
        ..SynthConfig::default()
    })?;
    let history = market.symbol_series(market::InstrumentId(0))?;
    let from = history.candles.len().saturating_sub(sessions as usize);
    let mut made = Vec::new();
    for daily in &history.candles[from..] {
        made.extend(market.intraday(history.instrument, daily, minutes)?);
    }
    if reversion_bps > 0.0 {
        displace(&mut made, reversion_bps / 1e4, Seed::root(seed).child("reversion"));
    }
    Ok((made, history.actions))
}

/// Multiplies prices by e^u, where u at the end of a bar is [`KEPT`] of u before and something new:
/// an open lies where the close before it does, and what was displaced comes back.
fn displace(bars: &mut [TimedCandle], deviation: f64, seed: Seed) {
    let mut rng = seed.rng();
    // Twelve even draws, less six, have the moments of a normal one as far as it matters here.
    let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
    let mut before = 0.0_f64;
    for bar in bars {
        let after = KEPT * before + deviation * normal();
        let Candle { open, high, low, close, .. } = bar.candle;
        let (open, close) = (open * before.exp(), close * after.exp());
        let middle = ((before + after) / 2.0).exp();
        bar.candle.open = open;
        bar.candle.close = close;
        bar.candle.high = (high * middle).max(open).max(close);
        bar.candle.low = (low * middle).min(open).min(close);
        before = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::stats::autocorrelation;

    fn returns(reversion_bps: f64) -> Vec<f64> {
        let (bars, _) = bars((40, 5), 7, reversion_bps).unwrap();
        bars.iter().map(|bar| (bar.candle.close / bar.candle.open).ln()).collect()
    }

    #[test]
    fn bars_without_a_planted_edge_do_not_come_back() {
        assert!(autocorrelation(&returns(0.0), 1).abs() < 0.05);
    }

    #[test]
    fn a_planted_edge_shows_in_the_next_bar() {
        let found = autocorrelation(&returns(40.0), 1);
        assert!(found < -0.1, "{found}");
    }

    #[test]
    fn more_sessions_than_the_calendar_has_are_refused() {
        assert!(bars((5_000, 5), 7, 0.0).is_err());
    }
}
