//! What a symbol is: its loadings, its volatility, its size, its span of life.

use base::Seed;

use super::config::SynthConfig;
use super::draw::Draw;
use super::factors::SECTORS;

/// How a symbol's price answers the factors.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Loads {
    pub(super) market: f64,
    /// Sector number and loading.
    pub(super) sectors: Vec<(usize, f64)>,
}

/// What a symbol is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Traits {
    pub(super) loads: Loads,
    /// Daily volatility beyond market and sector, in quiet times.
    pub(super) own_sd: f64,
    /// Expected daily volatility of everything together.
    pub(super) usual_sd: f64,
    pub(super) first_price: f64,
    /// Shares outstanding on the first session.
    pub(super) shares: f64,
    /// Part of the shares that changes hands on a usual session.
    pub(super) turnover: f64,
    /// Part of the price paid out each quarter; 0 for one that pays nothing.
    pub(super) dividend_yield: f64,
    /// Number of its first session.
    pub(super) listed: usize,
    /// Sessions between announcements of earnings begin here.
    pub(super) earnings_offset: usize,
    /// Funds neither split nor announce nor die, and have no shapes.
    pub(super) is_fund: bool,
}

/// Typical daily volatilities of factors, for the usual volatility of a symbol.
const TYPICAL_MARKET_SD: f64 = 0.0125;
const TYPICAL_SECTOR_SD: f64 = 0.0068;

pub(super) fn sector_of(seed: Seed) -> usize {
    Draw::new(seed.child("sector")).whole(0, SECTORS.len() as u32 - 1) as usize
}

/// A stock's traits, from its seed alone.
pub(super) fn stock(seed: Seed, config: &SynthConfig, sessions: usize) -> Traits {
    let mut draw = Draw::new(seed.child("traits"));
    let log_size = 1.4 * draw.normal();
    let yearly = 0.25 * (-0.12 * log_size + 0.25 * draw.normal()).exp();
    let own_sd = yearly.clamp(0.14, 0.8) / 252_f64.sqrt();
    let market = (1.0 + 0.3 * draw.normal()).clamp(0.2, 2.2);
    let sector = (1.0 + 0.25 * draw.normal()).clamp(0.2, 1.8);
    let first_price = (3.6 + 0.7 * draw.normal()).exp().clamp(4.0, 400.0);
    let late = draw.chance(config.late_listings);
    let listed = if late { draw.uniform() * sessions as f64 * 0.9 } else { 0.0 };
    let loads = Loads { market, sectors: vec![(sector_of(seed), sector)] };
    Traits {
        usual_sd: usual_sd(&loads, own_sd),
        loads,
        own_sd,
        first_price,
        shares: (2e9 * log_size.exp() / first_price).round(),
        turnover: 0.006 * (0.4 * draw.normal()).exp(),
        dividend_yield: if draw.chance(0.4) { 0.01 * draw.uniform() } else { 0.0 },
        listed: (listed as usize).min(sessions.saturating_sub(2)),
        earnings_offset: draw.whole(0, 62) as usize,
        is_fund: false,
    }
}

/// The traits of a fund on the market or on a sector; `None` for a name that is no fund.
pub(super) fn fund(symbol: &str) -> Option<Traits> {
    let own = |number: usize| vec![(number, 1.0)];
    let (market, sectors) = match symbol {
        "SPY" => (1.0, (0..SECTORS.len()).map(|n| (n, 1.0 / SECTORS.len() as f64)).collect()),
        "QQQ" => (1.08, vec![(5, 0.6), (1, 0.25), (10, 0.15)]),
        _ => (1.0, own(SECTORS.iter().position(|name| *name == symbol)?)),
    };
    let loads = Loads { market, sectors };
    Some(Traits {
        usual_sd: usual_sd(&loads, 0.0006),
        loads,
        own_sd: 0.0006,
        first_price: if symbol == "SPY" { 200.0 } else { 60.0 },
        shares: 5e8,
        turnover: 0.02,
        dividend_yield: 0.003,
        listed: 0,
        earnings_offset: 0,
        is_fund: true,
    })
}

fn usual_sd(loads: &Loads, own_sd: f64) -> f64 {
    let sectors: f64 = loads.sectors.iter().map(|(_, load)| load * load).sum();
    let market = (loads.market * TYPICAL_MARKET_SD).powi(2);
    (market + sectors * TYPICAL_SECTOR_SD.powi(2) + own_sd * own_sd).sqrt()
}
