//! Cost coefficients from data, each with its error.
//!
//! A coefficient from too few rows, or from rows that do not differ, is refused with a reason.

use base::bootstrap::{self, Plan};
use base::{Interval, Span, Ts};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Fewest rows that a coefficient is told from.
pub const FEWEST_ROWS: usize = 30;

/// A coefficient with its errors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value and its interval by bootstrap.
    pub value: Interval,
    /// Standard error, robust to rows of unequal noise (White 1980); NaN where the estimator has
    /// none in closed form.
    pub standard_error: f64,
    /// Part of the variance explained, about zero; negative where the law fits worse than none.
    pub r_squared: f64,
    /// Rows it rests on.
    pub rows: usize,
}

/// One execution, or one stretch of trading, and the move of the price that came with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImpactRow {
    /// Move against the trader as a part of the price; negative where it went with them.
    pub moved: f64,
    /// Volatility of a session, a part of the price.
    pub volatility: f64,
    /// Quantity as a part of a session's volume, a magnitude.
    pub share: f64,
}

/// Y of the square-root law ([`super::impact::SquareRoot`]) by least squares through the origin.
pub fn square_root(rows: &[ImpactRow], plan: Plan) -> Result<Estimate, Error> {
    let explain = |row: &ImpactRow| row.volatility * row.share.sqrt();
    let points: Vec<(f64, f64)> = rows.iter().map(|row| (explain(row), row.moved)).collect();
    through_origin("the coefficient of the square-root law", &points, plan)
}

/// One execution on a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlippageRow {
    /// Slippage beyond half the spread, a part of the price.
    pub slipped: f64,
    /// Volume of the bar, in units.
    pub volume: f64,
}

/// The coefficient of [`super::impact::volume_slippage`].
pub fn volume_slippage(rows: &[SlippageRow], plan: Plan) -> Result<Estimate, Error> {
    let explain = |row: &SlippageRow| super::impact::volume_slippage(1.0, row.volume);
    let points: Vec<(f64, f64)> = rows.iter().map(|row| (explain(row), row.slipped)).collect();
    through_origin("the coefficient of slippage by volume", &points, plan)
}

/// Slippage that is a part of the price whatever the order: the mean, with its interval.
pub fn proportional(slipped: &[f64], plan: Plan) -> Result<Estimate, Error> {
    let points: Vec<(f64, f64)> = slipped.iter().map(|&value| (1.0, value)).collect();
    through_origin("proportional slippage", &points, plan)
}

/// `y = slope × x` by least squares, with White's standard error and a bootstrap of the rows in
/// their order.
fn through_origin(
    what: &'static str,
    points: &[(f64, f64)],
    plan: Plan,
) -> Result<Estimate, Error> {
    enough(what, points.len())?;
    if let Some(row) = points.iter().position(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return Err(refuse(what, format!("row {row} is not of finite numbers")));
    }
    let slope = |rows: &[usize]| {
        let (mut xy, mut xx) = (0.0, 0.0);
        for &row in rows {
            let (x, y) = points[row];
            xy += x * y;
            xx += x * x;
        }
        xy / xx
    };
    let squares: f64 = points.iter().map(|(x, _)| x * x).sum();
    if squares <= 0.0 {
        return Err(refuse(what, "every row has size zero".to_owned()));
    }
    let value = bootstrap::interval(points.len(), plan, slope);
    let rest = |(x, y): &(f64, f64)| y - value.value * x;
    let meat: f64 = points.iter().map(|point| (point.0 * rest(point)).powi(2)).sum();
    let left: f64 = points.iter().map(|point| rest(point).powi(2)).sum();
    let total: f64 = points.iter().map(|(_, y)| y * y).sum();
    Ok(Estimate {
        value,
        standard_error: meat.sqrt() / squares,
        r_squared: 1.0 - left / total,
        rows: points.len(),
    })
}

pub(super) fn enough(what: &'static str, rows: usize) -> Result<(), Error> {
    match rows < FEWEST_ROWS {
        true => Err(refuse(what, format!("{rows} rows, at least {FEWEST_ROWS} are needed"))),
        false => Ok(()),
    }
}

pub(super) fn refuse(what: &'static str, fault: String) -> Error {
    Error::Calibrate { what, fault }
}

/// One trade of the market, with the side that took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedTrade {
    /// When.
    pub at: Ts,
    /// Middle of the quotes just before it.
    pub middle: f64,
    /// Units, positive where a buyer took, negative where a seller did, zero where not known.
    pub signed: f64,
}

/// What stretches of trading are measured against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionScale {
    /// Length of a stretch.
    pub stretch: Span,
    /// Units traded in a session.
    pub volume: f64,
    /// Volatility of a session, a part of the price.
    pub volatility: f64,
}

/// Rows for [`square_root`] from the market's own trades: over stretches of equal length, the net
/// signed volume and the move of the middle in its direction. The move includes what would have
/// happened anyway, so this bounds the impact of an order from above rather than measuring it.
pub fn stretches(trades: &[SignedTrade], scale: &SessionScale) -> Result<Vec<ImpactRow>, Error> {
    let what = "impact from trades";
    let positive = |value: f64| value.is_finite() && value > 0.0;
    let lengths = scale.stretch.nanos() > 0;
    if !(lengths && positive(scale.volume) && positive(scale.volatility)) {
        let fault = "stretch, session volume and volatility must be positive";
        return Err(refuse(what, fault.to_owned()));
    }
    if trades.windows(2).any(|pair| pair[1].at < pair[0].at) {
        return Err(refuse(what, "trades are not in the order of time".to_owned()));
    }
    let number = |trade: &SignedTrade| trade.at.nanos().div_euclid(scale.stretch.nanos());
    let parts: Vec<&[SignedTrade]> = trades.chunk_by(|a, b| number(a) == number(b)).collect();
    let mut rows = Vec::new();
    for pair in parts.windows(2) {
        let (first, next) = (pair[0][0].middle, pair[1][0].middle);
        let net: f64 = pair[0].iter().map(|trade| trade.signed).sum();
        let adjacent = number(&pair[1][0]) == number(&pair[0][0]) + 1;
        if net == 0.0 || !adjacent {
            continue;
        }
        rows.push(ImpactRow {
            moved: net.signum() * (next / first - 1.0),
            volatility: scale.volatility,
            share: net.abs() / scale.volume,
        });
    }
    Ok(rows)
}
