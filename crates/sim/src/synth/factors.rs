//! What all stocks share: the market and eleven sectors, one shock by night and one by day.
//!
//! A volatility is regime × exp(slow log-volatility); the regime is a Markov chain, the log a
//! first-order autoregression that falls lift (leverage effect). Computed once for all symbols.

use base::Seed;
use market::Session;
use rand_distr::ChiSquared;

use super::draw::Draw;
use crate::Error;

/// Sector funds, in the order of the sector numbers.
pub(super) const SECTORS: [&str; 11] =
    ["XLB", "XLC", "XLE", "XLF", "XLI", "XLK", "XLP", "XLRE", "XLU", "XLV", "XLY"];
/// Part of a factor's variance that falls between close and open.
const OVERNIGHT_SHARE: f64 = 0.2;
/// Daily volatility of the market in a normal regime, and of a sector beside it.
const MARKET_SD: f64 = 0.0115;
const SECTOR_SD: f64 = 0.0065;
/// Volatility of the calm, the normal and the crisis regime, and the chance a day to leave it.
const REGIMES: [(f64, f64); 3] = [(0.75, 0.008), (1.1, 0.012), (2.2, 0.03)];
const DEGREES: f64 = 6.0;

/// A shock by night and one by day, each normal with mean zero given its variance.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shock {
    pub(super) night: f64,
    pub(super) night_var: f64,
    pub(super) day: f64,
    pub(super) day_var: f64,
}

/// One session's shocks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DayFactors {
    pub(super) market: Shock,
    pub(super) sectors: [Shock; 11],
    /// Market volatility expected at the close for the session after, a day.
    pub(super) expected_sd: f64,
}

/// The log of a volatility, a first-order autoregression with leverage.
struct LogVol {
    value: f64,
    persistence: f64,
    sd: f64,
    leverage: f64,
}

impl LogVol {
    fn step(&mut self, shock: f64, fresh: f64) {
        let innovation = self.sd * (1.0 - self.persistence.powi(2)).sqrt();
        let mixed = self.leverage * shock + (1.0 - self.leverage.powi(2)).sqrt() * fresh;
        self.value = self.persistence * self.value + innovation * mixed;
    }
}

/// The shocks of all sessions.
pub(super) fn make(seed: Seed, sessions: &[Session]) -> Result<Vec<DayFactors>, Error> {
    let mut draw = Draw::new(seed.child("factors"));
    let chi = chi_squared(DEGREES)?;
    let vol = |persistence, sd, leverage| LogVol { value: 0.0, persistence, sd, leverage };
    let mut market = vol(0.97, 0.35, -0.6);
    let mut sectors: Vec<LogVol> = SECTORS.iter().map(|_| vol(0.98, 0.25, -0.2)).collect();
    let mut regime = 1;
    let mut days = Vec::with_capacity(sessions.len());
    for _ in sessions {
        let level = REGIMES[regime].0;
        let sd = MARKET_SD * level * market.value.exp();
        let shocked = shock(&mut draw, sd, &chi);
        let mut day = DayFactors { market: shocked, ..DayFactors::default() };
        market.step(standard(&day.market), draw.normal());
        for (sector, state) in day.sectors.iter_mut().zip(&mut sectors) {
            let sd = SECTOR_SD * level.sqrt() * state.value.exp();
            *sector = shock(&mut draw, sd, &chi);
            state.step(standard(sector), draw.normal());
        }
        regime = next_regime(&mut draw, regime);
        day.expected_sd = MARKET_SD * REGIMES[regime].0 * market.value.exp();
        days.push(day);
    }
    Ok(days)
}

/// The distribution behind fat tails; the degrees are ours, so it can always be made.
pub(super) fn chi_squared(degrees: f64) -> Result<ChiSquared<f64>, Error> {
    ChiSquared::new(degrees).map_err(|_| Error::ReadSetting {
        field: "degrees of freedom",
        value: degrees,
        allowed: "positive",
    })
}

fn next_regime(draw: &mut Draw, regime: usize) -> usize {
    if !draw.chance(REGIMES[regime].1) {
        return regime;
    }
    match regime {
        1 if draw.chance(0.3) => 2,
        1 => 0,
        _ => 1,
    }
}

fn shock(draw: &mut Draw, sd: f64, chi: &ChiSquared<f64>) -> Shock {
    let variance = (sd * draw.surprise(chi, DEGREES)).powi(2);
    let (night_var, day_var) = (variance * OVERNIGHT_SHARE, variance * (1.0 - OVERNIGHT_SHARE));
    Shock {
        night: night_var.sqrt() * draw.normal(),
        night_var,
        day: day_var.sqrt() * draw.normal(),
        day_var,
    }
}

/// The whole session's shock in its own standard deviations.
fn standard(shock: &Shock) -> f64 {
    (shock.night + shock.day) / (shock.night_var + shock.day_var).sqrt()
}
