//! Surfaces from quotes, free of arbitrage, with the size of what they miss.

use serde::{Deserialize, Serialize};

use super::descent::{Patience, golden, nelder_mead};
use super::fault::{REACH, seen};
use super::quasi_explicit::{Target, miss, nearest};
use super::{Fault, RawSvi, Slice, Ssvi, Surface, Term};
use crate::{Error, finite, positive};

/// The implied volatilities of one strike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VolQuote {
    /// Log-moneyness, `ln(strike / forward)`.
    pub k: f64,
    /// Volatility at the bid.
    pub bid: f64,
    /// Volatility at the middle of bid and ask.
    pub mid: f64,
    /// Volatility at the ask.
    pub ask: f64,
}

/// The quotes of one expiry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Strip {
    /// What the expiry is measured by.
    pub term: Term,
    /// Quotes, in any order; at least five.
    pub quotes: Vec<VolQuote>,
}

/// How well a slice meets its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FitError {
    /// Expiry of the slice.
    pub years: f64,
    /// Quotes there were.
    pub quotes: usize,
    /// Root mean square of slice less mid, every quote alike, in hundredths of volatility.
    pub rmse_points: f64,
    /// Largest miss, in hundredths of volatility.
    pub worst_points: f64,
    /// Share of quotes with the slice between bid and ask.
    pub inside: f64,
}

/// A surface, what it misses, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fit {
    /// The surface.
    pub surface: Surface,
    /// One for each expiry, ascending.
    pub errors: Vec<FitError>,
    /// Arbitrage left in the surface; empty unless the quotes force it beyond what the search
    /// could mend.
    pub faults: Vec<Fault>,
}

/// Narrower spreads than this, in volatility, count no more: they say more than a smile can.
const NARROWEST: f64 = 5e-4;

/// Fewest quotes that determine the five numbers of a slice.
const FEWEST: usize = 5;

/// One raw SVI for each expiry, each quote weighted by the inverse square of its bid-ask spread
/// in volatility. Slices are fitted from the nearest expiry outwards; each is bound to hold no
/// butterfly arbitrage and to lie nowhere below the one before.
///
/// # Errors
/// [`Error::Value`] for fewer than five quotes in a strip, quotes that are not
/// `0 < bid ≤ mid ≤ ask`, or terms that no surface can have.
pub fn svi(spot: f64, strips: &[Strip]) -> Result<Fit, Error> {
    let mut slices: Vec<Slice> = Vec::new();
    for strip in in_order(strips)? {
        let below = slices.last().map(|slice| slice.smile);
        let smile = bound_smile(&targets(strip), below);
        slices.push(Slice { term: strip.term, smile });
    }
    judged(spot, slices, strips)
}

/// One SSVI for all expiries: tilt and curvature are common, each expiry has its own total
/// variance at the money. Weights are those of [`svi`]. Free of arbitrage by the theorem of
/// Gatheral and Jacquier (2014).
///
/// # Errors
/// As [`svi`].
pub fn ssvi(spot: f64, strips: &[Strip]) -> Result<(Ssvi, Fit), Error> {
    let strips = in_order(strips)?;
    let targets: Vec<Vec<Target>> = strips.iter().map(|s| targets(s)).collect();
    let surface = |x: &[f64; 3]| {
        let rho = 0.999 * x[0].tanh();
        let most = 2.0 / (1.0 + rho.abs());
        Ssvi { rho, eta: most * within(x[1]), gamma: 0.5 * within(x[2]) }
    };
    let height = |x: &[f64; 3]| {
        let shape = surface(x);
        let thetas = levels(&shape, &targets);
        thetas.iter().zip(&targets).map(|(theta, t)| miss(&shape.smile(*theta), t)).sum::<f64>()
    };
    let patience = Patience { evaluations: 400, tolerance: 1e-9 };
    let starts = [[-0.8, 0.0, 0.0], [0.0, 0.0, 0.0], [0.8, 0.0, 2.0]];
    let ends = starts.map(|start| nelder_mead(height, start, [0.4, 0.8, 0.8], patience));
    let best = ends.iter().min_by(|x, y| x.1.total_cmp(&y.1)).map_or(starts[0], |end| end.0);
    let shape = surface(&best);
    let slice =
        |(strip, theta): (&&Strip, &f64)| Slice { term: strip.term, smile: shape.smile(*theta) };
    let slices = strips.iter().zip(&levels(&shape, &targets)).map(slice).collect();
    let owned: Vec<Strip> = strips.into_iter().cloned().collect();
    Ok((shape, judged(spot, slices, &owned)?))
}

/// A number between 0 and 1.
fn within(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The best total variance at the money of each expiry, made to ascend: where one would fall,
/// it is held at the one before.
fn levels(shape: &Ssvi, targets: &[Vec<Target>]) -> Vec<f64> {
    let mut floor = 0.0_f64;
    targets
        .iter()
        .map(|targets| {
            let least = targets.iter().map(|t| t.total_variance).fold(f64::INFINITY, f64::min);
            let most = targets.iter().map(|t| t.total_variance).fold(0.0, f64::max);
            let height = |x: f64| miss(&shape.smile(x.exp()), targets);
            floor = golden(height, (0.2 * least).ln(), (2.0 * most).ln()).exp().max(floor);
            floor
        })
        .collect()
}

/// The strips by years, every quote checked.
fn in_order(strips: &[Strip]) -> Result<Vec<&Strip>, Error> {
    let mut ordered: Vec<&Strip> = strips.iter().collect();
    ordered.sort_by(|x, y| x.term.years.total_cmp(&y.term.years));
    for strip in &ordered {
        strip.term.checked()?;
        let count = strip.quotes.len();
        if count < FEWEST {
            let (what, allowed) = ("number of quotes of an expiry", "5 or more");
            return Err(Error::Value { what, value: count as f64, allowed });
        }
        for quote in &strip.quotes {
            finite("log-moneyness", quote.k)?;
            positive("bid volatility", quote.bid)?;
            positive("ask volatility", quote.ask)?;
            if !(quote.bid <= quote.mid && quote.mid <= quote.ask) {
                let (what, allowed) = ("mid volatility", "between bid and ask");
                return Err(Error::Value { what, value: quote.mid, allowed });
            }
        }
    }
    Ok(ordered)
}

/// Quotes as total variances, weighted so that a squared miss of half a spread counts 1 / count.
fn targets(strip: &Strip) -> Vec<Target> {
    let (years, count) = (strip.term.years, strip.quotes.len() as f64);
    let target = |quote: &VolQuote| {
        let half_spread = (0.5 * (quote.ask - quote.bid)).max(NARROWEST);
        let unit = 2.0 * quote.mid * years * half_spread;
        let total_variance = quote.mid * quote.mid * years;
        Target { k: quote.k, total_variance, weight: 1.0 / (unit * unit * count) }
    };
    strip.quotes.iter().map(target).collect()
}

/// The surface of `slices` held against its quotes.
fn judged(spot: f64, slices: Vec<Slice>, strips: &[Strip]) -> Result<Fit, Error> {
    let surface = Surface::new(spot, slices)?;
    let ordered = in_order(strips)?;
    let errors = surface.slices().iter().zip(ordered).map(|(s, strip)| error(s, strip)).collect();
    let faults = surface.faults();
    Ok(Fit { surface, errors, faults })
}

/// What a slice misses.
pub(crate) fn error(slice: &Slice, strip: &Strip) -> FitError {
    let years = slice.term.years;
    let at = |quote: &VolQuote| slice.smile.volatility(quote.k, years);
    let misses: Vec<f64> = strip.quotes.iter().map(|q| 100.0 * (at(q) - q.mid)).collect();
    let squares: f64 = misses.iter().map(|miss| miss * miss).sum();
    let inside = strip.quotes.iter().filter(|q| at(q) >= q.bid && at(q) <= q.ask).count();
    let count = strip.quotes.len() as f64;
    FitError {
        years,
        quotes: strip.quotes.len(),
        rmse_points: (squares / count).sqrt(),
        worst_points: misses.iter().fold(0.0, |most, miss| most.max(miss.abs())),
        inside: inside as f64 / count,
    }
}

/// What a slice must keep clear of, so that a finer grid finds nothing either.
const CLEAR_OF_BUTTERFLY: f64 = 1e-4;
const CLEAR_OF_CALENDAR: f64 = 1e-6;

/// How far a smile is from being free of arbitrage; 0 where it is. `below` is the slice before.
fn breach(smile: &RawSvi, below: Option<&RawSvi>) -> f64 {
    if smile.checked().is_err() {
        return f64::INFINITY;
    }
    let over = |value: f64| value.max(0.0);
    let (left, right) = smile.wing_slopes();
    let mut sum = over(left - 2.0) + over(right - 2.0);
    let dense = |(_, g): (f64, f64)| over(CLEAR_OF_BUTTERFLY - g);
    let densities = seen(smile.places(REACH), |k| smile.durrleman(k));
    sum += densities.into_iter().map(dense).sum::<f64>();
    let Some(below) = below else { return sum };
    let (lower_left, lower_right) = below.wing_slopes();
    sum += 10.0 * (over(lower_left - left) + over(lower_right - right));
    let rise = |k: f64| smile.total_variance(k) / below.total_variance(k) - 1.0;
    let fall = |(_, rise): (f64, f64)| over(CLEAR_OF_CALENDAR - rise);
    let falls = |seer: &RawSvi| seen(seer.places(REACH), rise).into_iter().map(fall).sum::<f64>();
    sum + falls(below) + falls(smile)
}

/// The nearest smile without arbitrage that was found.
fn bound_smile(targets: &[Target], below: Option<RawSvi>) -> RawSvi {
    let below = below.as_ref();
    let free = nearest(targets);
    if breach(&free, below) == 0.0 {
        return free;
    }
    let base = safe(targets, below);
    let mended =
        [1e2, 1e4, 1e6].iter().fold(free, |from, &force| pressed(targets, below, from, force));
    let ways = [drawn(&mended, &base, below), drawn(&free, &base, below), base];
    let nearer = |x: &&RawSvi, y: &&RawSvi| miss(x, targets).total_cmp(&miss(y, targets));
    let start = ways.iter().min_by(nearer).copied().unwrap_or(base);
    polished(targets, below, start)
}

/// A smile without arbitrage to fall back on: flat, or the slice before lifted to the quotes.
fn safe(targets: &[Target], below: Option<&RawSvi>) -> RawSvi {
    let Some(below) = below else {
        let weights: f64 = targets.iter().map(|t| t.weight).sum();
        let sum: f64 = targets.iter().map(|t| t.weight * t.total_variance).sum();
        return RawSvi::flat(sum / weights);
    };
    let least = 2.0 * CLEAR_OF_CALENDAR * below.least_total_variance();
    let gap = |t: &Target| t.total_variance - below.total_variance(t.k);
    let mean = targets.iter().map(gap).sum::<f64>() / targets.len() as f64;
    let most = targets.iter().map(|t| below.total_variance(t.k)).fold(0.0, f64::max);
    let rises = [mean, least, 2.0 * CLEAR_OF_CALENDAR * most];
    let lifted = rises.iter().map(|rise| below.lifted(rise.max(least)));
    lifted.clone().find(|smile| breach(smile, Some(below)) == 0.0).unwrap_or(*below)
}

/// The numbers of a smile, free to take any value.
fn loose(smile: &RawSvi) -> [f64; 5] {
    let slope = smile.b.max(1e-9).ln();
    [smile.a, slope, smile.rho.atanh(), smile.m, smile.sigma.ln()]
}

fn tight(x: &[f64; 5]) -> RawSvi {
    RawSvi { a: x[0], b: x[1].exp(), rho: x[2].tanh(), m: x[3], sigma: x[4].exp() }
}

/// Steps of a first simplex about a smile, `share` of full size.
fn steps(smile: &RawSvi, share: f64) -> [f64; 5] {
    let level = smile.total_variance(smile.m).abs();
    [0.1 * level, 0.1, 0.1, 0.2 * smile.sigma, 0.2].map(|step| share * step)
}

/// Down from `from`, arbitrage being held off by `force`.
fn pressed(targets: &[Target], below: Option<&RawSvi>, from: RawSvi, force: f64) -> RawSvi {
    let height = |x: &[f64; 5]| {
        let smile = tight(x);
        miss(&smile, targets) + force * breach(&smile, below)
    };
    let patience = Patience { evaluations: 500, tolerance: 1e-8 };
    tight(&nelder_mead(height, loose(&from), steps(&from, 1.0), patience).0)
}

/// The point nearest to `wanted` on the way from `base` that was found free of arbitrage.
fn drawn(wanted: &RawSvi, base: &RawSvi, below: Option<&RawSvi>) -> RawSvi {
    let along = |share: f64| {
        let mix = |x: f64, y: f64| x + share * (y - x);
        RawSvi {
            a: mix(base.a, wanted.a),
            b: mix(base.b, wanted.b),
            rho: mix(base.rho, wanted.rho),
            m: mix(base.m, wanted.m),
            sigma: mix(base.sigma, wanted.sigma),
        }
    };
    if breach(wanted, below) == 0.0 {
        return *wanted;
    }
    let (mut free, mut bound) = (0.0, 1.0);
    for _ in 0..40 {
        let middle = 0.5 * (free + bound);
        if breach(&along(middle), below) == 0.0 {
            free = middle;
        } else {
            bound = middle;
        }
    }
    along(free)
}

/// Down from a smile without arbitrage over none that has any.
fn polished(targets: &[Target], below: Option<&RawSvi>, from: RawSvi) -> RawSvi {
    let height = |x: &[f64; 5]| {
        let smile = tight(x);
        if breach(&smile, below) > 0.0 { f64::INFINITY } else { miss(&smile, targets) }
    };
    let patience = Patience { evaluations: 400, tolerance: 1e-8 };
    [0.5, 0.2, 0.05].iter().fold(from, |from, &share| {
        let start = (from, height(&loose(&from)));
        let (found, value) = nelder_mead(height, loose(&from), steps(&from, share), patience);
        if value < start.1 { tight(&found) } else { from }
    })
}
