//! Made chains: a market of options that never was. For tests, speed and practice; what a plan
//! earns here says nothing about any real market.
//!
//! The underlying follows a lognormal walk whose volatility reverts in its logarithm and moves
//! against the price. Each day all options are valued by Black's formula at the total variance
//! of an SSVI smile (Gatheral and Jacquier 2014, "Arbitrage-free SVI volatility surfaces",
//! section 4): `w(k) = θ/2 (1 + ρφk + √((φk + ρ)² + 1 − ρ²))`, `φ = η / √θ`, `θ = v² T`. Spreads
//! widen with distance from the money; some quotes are missing, so that the one before goes stale.

use base::seed::Rng;
use base::{Day, Rounding, Seed, Ts};
use market::{
    Calendar, InstrumentId, Offer, OptionContract, OptionQuote, OptionRight, Price, Session,
};
use pricing::black;
use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

use super::backtest::Moment;
use super::quote::{Spot, Trades, trading_ends};
use crate::{Error, check_range};

/// Settings of made chains.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyntheticConfig {
    /// The underlying.
    pub underlying: InstrumentId,
    /// Its first price; strikes lie at whole hundredths of it.
    pub spot: f64,
    /// Volatility a year to which it reverts.
    pub volatility: f64,
    /// Volatility of its logarithm a year.
    pub volatility_of_volatility: f64,
    /// Speed of reversion a year.
    pub reversion: f64,
    /// Correlation of price and volatility, and slant of the smile.
    pub correlation: f64,
    /// Curvature of the smile, η of SSVI.
    pub curvature: f64,
    /// By this part implied volatility lies above the one that moves the price.
    pub premium: f64,
    /// Strikes of each expiry.
    pub strikes: u32,
    /// Expiries, on Fridays.
    pub expiries: u32,
    /// Half the spread at the money, as a part of the option's price.
    pub half_spread: f64,
    /// What a standard deviation from the money adds to half the spread, in that part.
    pub wing: f64,
    /// Probability that a quote is missing on a day.
    pub missing: f64,
}

impl Default for SyntheticConfig {
    fn default() -> SyntheticConfig {
        SyntheticConfig {
            underlying: InstrumentId(0),
            spot: 100.0,
            volatility: 0.2,
            volatility_of_volatility: 1.0,
            reversion: 4.0,
            correlation: -0.6,
            curvature: 1.0,
            premium: 0.0,
            strikes: 40,
            expiries: 6,
            half_spread: 0.01,
            wing: 0.02,
            missing: 0.01,
        }
    }
}

/// Made chains, a moment at the close of each session. Nothing of a day is kept but the price
/// and the volatility.
#[derive(Debug, Clone)]
pub struct SyntheticChains {
    config: SyntheticConfig,
    sessions: &'static [Session],
    seed: Seed,
    spot: f64,
    log_volatility: f64,
}

impl SyntheticChains {
    /// Chains of the sessions from one day to another, both included.
    pub fn new(
        config: SyntheticConfig,
        (from, to): (Day, Day),
        seed: Seed,
    ) -> Result<SyntheticChains, Error> {
        let part = "in 0..=1";
        check_range("synthetic.spot", config.spot, (1.0, 1e5), "in 1..=100000")?;
        check_range("synthetic.volatility", config.volatility, (0.01, 3.0), "in 0.01..=3")?;
        let field = "synthetic.volatility_of_volatility";
        check_range(field, config.volatility_of_volatility, (0.0, 5.0), "in 0..=5")?;
        check_range("synthetic.reversion", config.reversion, (0.0, 50.0), "in 0..=50")?;
        check_range("synthetic.correlation", config.correlation, (-0.99, 0.99), "in ±0.99")?;
        check_range("synthetic.curvature", config.curvature, (0.0, 2.0), "in 0..=2")?;
        check_range("synthetic.premium", config.premium, (-0.9, 5.0), "in -0.9..=5")?;
        check_range("synthetic.half_spread", config.half_spread, (0.0, 1.0), part)?;
        check_range("synthetic.wing", config.wing, (0.0, 1.0), part)?;
        check_range("synthetic.missing", config.missing, (0.0, 1.0), part)?;
        let strikes = f64::from(config.strikes);
        check_range("synthetic.strikes", strikes, (1.0, 10_000.0), "in 1..=10000")?;
        let calendar = Calendar::of("XNYS").map_err(Error::LookUpCalendar)?;
        Ok(SyntheticChains {
            config,
            sessions: calendar.between(from, to),
            seed: seed.child("option chains"),
            spot: config.spot,
            log_volatility: config.volatility.ln(),
        })
    }

    fn walk(&mut self, rng: &mut Rng) {
        const STEP: f64 = 1.0 / 252.0;
        let config = &self.config;
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        let (first, second) = (normal(), normal());
        let rho = config.correlation;
        let volatility = self.log_volatility.exp();
        self.spot *=
            (-0.5 * volatility * volatility * STEP + volatility * STEP.sqrt() * first).exp();
        let shock = rho * first + (1.0 - rho * rho).sqrt() * second;
        self.log_volatility +=
            config.reversion * (config.volatility.ln() - self.log_volatility) * STEP
                + config.volatility_of_volatility * STEP.sqrt() * shock;
        self.log_volatility = self.log_volatility.clamp(0.02_f64.ln(), 3.0_f64.ln());
    }

    fn quotes(&self, session: &Session, rng: &mut Rng) -> Vec<OptionQuote> {
        let config = &self.config;
        let step = config.spot / 100.0;
        let half = f64::from(config.strikes) / 2.0;
        let lowest = ((self.spot / step - half).round() as i64).max(1);
        let mut quotes = Vec::with_capacity((config.strikes * config.expiries * 2) as usize);
        for week in 0..config.expiries as i32 {
            let friday = session.day.plus(7 * week + 4 - session.day.weekday() as i32);
            let strike = price(lowest as f64 * step);
            let first =
                OptionContract::on_shares(config.underlying, OptionRight::Call, strike, friday);
            let left = trading_ends(&first).map(|ends| (ends - session.close).seconds());
            let Some(left) = left.filter(|left| *left > 0.0) else { continue };
            let smile = Smile::of(self, left / (365.25 * 86_400.0));
            for index in 0..i64::from(config.strikes) {
                let level = (lowest + index) as f64 * step;
                for right in [OptionRight::Call, OptionRight::Put] {
                    let contract = OptionContract { strike: price(level), right, ..first };
                    if rng.random::<f64>() >= config.missing {
                        quotes.push(self.quote(contract, &smile, session.close, rng));
                    }
                }
            }
        }
        quotes
    }

    fn quote(
        &self,
        contract: OptionContract,
        smile: &Smile,
        now: Ts,
        rng: &mut Rng,
    ) -> OptionQuote {
        let strike = contract.strike.to_f64();
        let moneyness = (strike / self.spot).ln();
        let deviation = smile.variance(moneyness).sqrt();
        // All numbers are above 0 by the bounds of the settings.
        let value = black::price(contract.right, self.spot, strike, deviation).unwrap_or(0.0);
        let tick = if value < 3.0 { 0.01 } else { 0.05 };
        let away = moneyness.abs() / smile.theta.sqrt();
        let time_value = value - contract.intrinsic(price(self.spot)).to_f64() / 100.0;
        let part = self.config.half_spread + self.config.wing * away;
        let half = (time_value.max(0.0) * part + 0.1 * part * value.min(1.0)).max(0.5 * tick);
        let bid = ((value - half) / tick).floor() * tick;
        let ask = ((value + half) / tick).ceil() * tick;
        let mut size = || 1 + (rng.random::<f64>() * 200.0 / (1.0 + away)) as u32;
        let (bid_size, ask_size) = (size(), size());
        let bid = (bid >= 0.5 * tick).then(|| Offer { price: price(bid), size: bid_size });
        let ask = Some(Offer { price: price(ask), size: ask_size });
        OptionQuote { contract, at: now, known: now, bid, ask }
    }
}

/// The smile of one expiry.
struct Smile {
    theta: f64,
    phi: f64,
    rho: f64,
}

impl Smile {
    fn of(chains: &SyntheticChains, years: f64) -> Smile {
        let config = &chains.config;
        let volatility = chains.log_volatility.exp() * (1.0 + config.premium);
        let theta = volatility * volatility * years;
        // b (1 + |ρ|) < 4 / √θ keeps the slopes within what prices allow; η ≤ 2 does.
        Smile { theta, phi: config.curvature / theta.sqrt(), rho: config.correlation }
    }

    fn variance(&self, k: f64) -> f64 {
        let (x, rho) = (self.phi * k, self.rho);
        let root = ((x + rho) * (x + rho) + 1.0 - rho * rho).sqrt();
        (0.5 * self.theta * (1.0 + rho * x + root)).max(1e-12)
    }
}

impl Iterator for SyntheticChains {
    type Item = Moment;

    fn next(&mut self) -> Option<Moment> {
        let (session, rest) = self.sessions.split_first()?;
        self.sessions = rest;
        let mut rng = self.seed.index(session.day.number() as u64).rng();
        self.walk(&mut rng);
        let (bid, ask) = (price(self.spot - 0.005), price(self.spot + 0.005));
        let (instrument, now) = (self.config.underlying, session.close);
        let spot = Spot { instrument, at: now, known: now, bid, ask, trades: Trades::AsShares };
        Some(Moment {
            now,
            day: session.day,
            spots: vec![spot],
            quotes: self.quotes(session, &mut rng),
            closes: vec![(instrument, price(self.spot))],
            ..Moment::default()
        })
    }
}

/// A price in whole cents; the bounds of the settings keep it within its type.
fn price(value: f64) -> Price {
    let cents = Price::from_raw(Price::SCALE / 100);
    Price::from_f64(value.max(0.01), Rounding::HalfEven)
        .map_or(cents, |price| price.round_to(cents, Rounding::HalfEven))
}
