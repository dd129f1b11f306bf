//! The volatility index: what the market's volatility is expected to be, in percent a year.

use base::Seed;
use market::{Candle, InstrumentId, Session};

use super::SymbolHistory;
use super::draw::Draw;
use super::factors::DayFactors;
use super::path::{cents, extremes};

/// Implied volatility stands above what follows (variance risk premium).
const PREMIUM: f64 = 1.2;
/// How much of the gap to what is expected closes in a session.
const SPEED: f64 = 0.3;

/// Makes the index. It is no price: it reverts to its mean, and can't be traded.
pub(super) fn make(
    instrument: InstrumentId,
    seed: Seed,
    sessions: &[Session],
    factors: &[DayFactors],
) -> SymbolHistory {
    let mut draw = Draw::new(seed.child("path"));
    let target = |day: &DayFactors| (100.0 * 252_f64.sqrt() * PREMIUM * day.expected_sd).ln();
    let mut level = target(&factors[0]);
    let mut candles = Vec::with_capacity(sessions.len());
    for (session, day) in sessions.iter().zip(factors) {
        // Fear rises at once with a fall of the market, and fades slowly.
        let fright = -2.0 * (day.market.night + day.market.day);
        let next = level + SPEED * (target(day) - level) + fright + 0.02 * draw.normal();
        let open = level + 0.3 * (next - level);
        let (high, low) = extremes(&mut draw, next - open, 0.03_f64.powi(2));
        candles.push(Candle {
            day: session.day,
            open: cents(open.exp()),
            high: cents((open + high).exp()),
            low: cents((open + low).exp()),
            close: cents(next.exp()),
            volume: 0.0,
        });
        level = next;
    }
    SymbolHistory { instrument, candles, ..SymbolHistory::default() }
}
