//! Options: implied volatilities and sensitivities by the million, beside QuantLib and
//! py_lets_be_rational called from Python, one option a call.

use anyhow::{Result, ensure};
use base::Seed;
use pricing::batch::{GreekColumns, Quotes, Rows, greeks, volatility};
use pricing::{Market, Right, Vanilla, vanilla};
use rand::RngExt as _;

use crate::Bench;
use crate::clock::{best, timed};
use crate::line::{Bar, Line};
use crate::peer::Peer;

/// Columns of options and of the market around each.
#[derive(Default)]
struct Chain {
    right: Vec<Right>,
    strike: Vec<f64>,
    years: Vec<f64>,
    spot: Vec<f64>,
    rate: Vec<f64>,
    yield_rate: Vec<f64>,
    volatility: Vec<f64>,
    price: Vec<f64>,
    forward: Vec<f64>,
    discount: Vec<f64>,
}

/// Implied volatilities, then all sensitivities to the second order.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let count = bench.size.pick(1_000_000, 50_000);
    let chain = chain(count)?;
    let mut peer = Peer::start(bench, "options.py", &[]);
    let (mut implied, mut sensitive) = (Vec::new(), Vec::new());
    let mut theirs: [Vec<f64>; 2] = Default::default();
    let mut columns = GreekColumns::default();
    for _ in 0..bench.size.pick(9, 3) {
        implied.push(imply(&chain)?);
        let (seconds, done) = timed(|| greeks(&chain.rows(), &mut columns));
        done?;
        sensitive.push(seconds);
        if let Ok(peer) = &mut peer {
            for (word, nanos) in ["implied", "greeks"].iter().zip(&mut theirs) {
                nanos.push(peer.round::<f64>(word)?);
            }
        }
    }
    let who = Peer::who(&peer, "QuantLib");
    let nanos = 1e9 / count as f64;
    let peers = |nanos: &[f64]| (!nanos.is_empty()).then(|| best(nanos));
    let line = |name: &str, ours: f64, peer: Option<f64>, bar: Bar| Line {
        name: format!("options/{name}"),
        ours: Some(ours),
        peer,
        who: who.clone(),
        bar,
    };
    let (volatilities, all) = (best(&implied) * nanos, best(&sensitive));
    let million = peers(&theirs[1]).map(|nanos| nanos * 1e-3);
    Ok(vec![
        line("implied_volatility_ns", volatilities, peers(&theirs[0]), Bar::AtMost(220.0)),
        line("greeks_of_a_million_s", all * 1e6 / count as f64, million, Bar::AtMost(0.2)),
    ])
}

/// Seconds, once the volatilities are those that made the prices.
fn imply(chain: &Chain) -> Result<f64> {
    let quotes = Quotes {
        right: &chain.right,
        strike: &chain.strike,
        years: &chain.years,
        price: &chain.price,
        forward: &chain.forward,
        discount: &chain.discount,
    };
    let (seconds, found) = timed(|| volatility(&quotes));
    let found = found?;
    ensure!(found.refused.is_empty(), "{} have no volatility", found.refused.len());
    let off = found.values.iter().zip(&chain.volatility).map(|(a, b)| (a / b - 1.0).abs());
    let worst = off.fold(0.0, f64::max);
    ensure!(worst < 1e-9, "a volatility is off by {worst}");
    Ok(seconds)
}

impl Chain {
    fn rows(&self) -> Rows<'_> {
        Rows {
            right: &self.right,
            strike: &self.strike,
            years: &self.years,
            spot: &self.spot,
            rate: &self.rate,
            yield_rate: &self.yield_rate,
            volatility: &self.volatility,
        }
    }
}

/// Out of the money up to 1.5 deviations either way, 7 days to 2 years, 10 to 90 %.
fn chain(count: usize) -> Result<Chain> {
    let mut rng = Seed::root(7).child("options").rng();
    let mut chain = Chain::default();
    for _ in 0..count {
        let years = rng.random_range(7.0..730.0) / 365.0;
        let volatility = rng.random_range(0.1..0.9);
        let market = Market::new(100.0, 0.04, 0.01, volatility)?;
        let forward = market.forward(years);
        let away: f64 = rng.random_range(-1.5..1.5) * volatility * years.sqrt();
        let right = if away > 0.0 { Right::Call } else { Right::Put };
        let option = Vanilla::new(right, forward * away.exp(), years)?;
        chain.price.push(vanilla::price(&option, &market)?);
        chain.right.push(right);
        chain.strike.push(option.strike);
        chain.years.push(years);
        chain.spot.push(market.spot);
        chain.rate.push(market.rate);
        chain.yield_rate.push(market.yield_rate);
        chain.volatility.push(volatility);
        chain.forward.push(forward);
        chain.discount.push(market.discount(years));
    }
    Ok(chain)
}
