//! Implied volatility over strikes and expiries, free of arbitrage.
//!
//! A [`Surface`] is a row of smiles ([`RawSvi`]) by expiry. [`fit`] makes one from quotes;
//! [`Surface::faults`] says where one is not free of arbitrage. Everything is in log-moneyness
//! `k = ln(strike / forward)` and total variance `w = volatility² · years`.

mod descent;
pub mod fault;
pub mod fit;
mod local;
mod quasi_explicit;
pub mod ssvi;
pub mod svi;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use fault::Fault;
pub use fit::{Fit, FitError, Strip, VolQuote};
pub use ssvi::Ssvi;
pub use svi::RawSvi;

use crate::{Error, Right, Vanilla, black, implied, positive};

/// What one expiry is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// Time to expiry in years, above 0.
    pub years: f64,
    /// Price agreed today for delivery at expiry.
    pub forward: f64,
    /// What 1 paid at expiry is worth today.
    pub discount: f64,
}

impl Term {
    /// Refuses years, a forward or a discount factor that is not finite and above 0.
    pub fn checked(self) -> Result<Term, Error> {
        positive("years to expiry", self.years)?;
        positive("forward", self.forward)?;
        positive("discount factor", self.discount)?;
        Ok(self)
    }

    /// `ln(strike / forward)`.
    pub fn moneyness(&self, strike: f64) -> f64 {
        (strike / self.forward).ln()
    }
}

/// One expiry of a surface.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// What the expiry is measured by.
    pub term: Term,
    /// Total variance by log-moneyness.
    pub smile: RawSvi,
}

/// Implied volatility over strikes and expiries.
///
/// Between two expiries total variance is linear in time at equal log-moneyness, so that a later
/// expiry is nowhere lower. Where that would make a butterfly cost less than nothing, prices are
/// mixed instead ([`Path::Prices`]). Before the first expiry volatility is that of the first
/// slice ([`RawSvi::scaled`]). After the last, total variance rises at every strike by as much as
/// it does at the money.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Surface {
    spot: f64,
    slices: Vec<Slice>,
    paths: Vec<Path>,
}

/// How a surface goes from one expiry to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Path {
    /// Total variance at equal log-moneyness is linear in time.
    Variance,
    /// Prices over forward at equal log-moneyness are mixed, with shares that make total variance
    /// at the money linear in time. It keeps both slices' freedom from butterfly and calendar
    /// arbitrage (Gatheral and Jacquier 2014, lemma 5.1), and bends the wings up on the way.
    Prices,
}

/// Two neighbouring slices and the way between them.
#[derive(Clone, Copy)]
struct Gap<'a> {
    near: &'a Slice,
    far: &'a Slice,
    path: Path,
    /// Share of the way.
    share: f64,
}

/// Where a time lies among the expiries.
enum Place<'a> {
    /// At a share of the first expiry's time.
    Before(&'a Slice, f64),
    /// Between two, at a share of the way.
    Between(Gap<'a>),
    /// Behind the last by a rise of total variance.
    After(&'a Slice, f64),
}

impl Surface {
    /// A surface of slices whose years ascend. It may contain arbitrage: ask
    /// [`Surface::faults`].
    ///
    /// # Errors
    /// [`Error::Value`] for no slice, years that do not ascend, or numbers that are no smile.
    pub fn new(spot: f64, slices: Vec<Slice>) -> Result<Surface, Error> {
        positive("spot", spot)?;
        positive("number of slices", slices.len() as f64)?;
        for slice in &slices {
            slice.term.checked()?;
            slice.smile.checked()?;
        }
        for pair in slices.windows(2) {
            let value = pair[1].term.years;
            if value <= pair[0].term.years {
                let allowed = "above those of the slice before";
                return Err(Error::Value { what: "years of slice", value, allowed });
            }
        }
        let paths = slices.windows(2).map(|pair| path(&pair[0].smile, &pair[1].smile)).collect();
        Ok(Surface { spot, slices, paths })
    }

    /// How the surface goes from each expiry to the next.
    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// The slices, years ascending.
    pub fn slices(&self) -> &[Slice] {
        &self.slices
    }

    fn place(&self, years: f64) -> Place<'_> {
        let next = self.slices.partition_point(|s| s.term.years < years);
        let last = &self.slices[self.slices.len() - 1];
        match (next.checked_sub(1).map(|i| &self.slices[i]), self.slices.get(next)) {
            (Some(near), Some(far)) => {
                let gap = far.term.years - near.term.years;
                let (path, share) = (self.paths[next - 1], (years - near.term.years) / gap);
                Place::Between(Gap { near, far, path, share })
            }
            (None, Some(first)) => Place::Before(first, years / first.term.years),
            (_, None) => {
                let pace = last.smile.total_variance(0.0) / last.term.years;
                Place::After(last, pace * (years - last.term.years))
            }
        }
    }

    /// Forward and discount for any expiry: their logarithms are linear in time between the
    /// expiries, and go on at the last rate behind them.
    ///
    /// # Errors
    /// [`Error::Value`] if the years are not finite and above 0.
    pub fn term(&self, years: f64) -> Result<Term, Error> {
        positive("years to expiry", years)?;
        let today = Term { years: 0.0, forward: self.spot, discount: 1.0 };
        let (near, far) = match self.place(years) {
            Place::Before(first, _) => (today, first.term),
            Place::Between(gap) => (gap.near.term, gap.far.term),
            Place::After(last, _) => {
                let before = self.slices.len().checked_sub(2).map(|i| self.slices[i].term);
                (before.unwrap_or(today), last.term)
            }
        };
        let share = (years - near.years) / (far.years - near.years);
        let along = |from: f64, to: f64| from * (to / from).powf(share);
        let forward = along(near.forward, far.forward);
        Term { years, forward, discount: along(near.discount, far.discount) }.checked()
    }

    /// Total variance at log-moneyness `k` for an expiry in `years`.
    ///
    /// # Errors
    /// [`Error::Value`] if the years are not finite and above 0, or `k` is not finite.
    pub fn total_variance(&self, k: f64, years: f64) -> Result<f64, Error> {
        positive("years to expiry", years)?;
        crate::finite("log-moneyness", k)?;
        Ok(match self.place(years) {
            Place::Before(first, share) => first.smile.scaled(share).total_variance(k),
            Place::After(last, rise) => last.smile.total_variance(k) + rise,
            Place::Between(gap) => gap.total_variance(k)?,
        })
    }

    /// Implied volatility at a strike for an expiry in `years`.
    ///
    /// # Errors
    /// [`Error::Value`] if strike or years are not finite and above 0.
    pub fn volatility(&self, strike: f64, years: f64) -> Result<f64, Error> {
        positive("strike", strike)?;
        let k = self.term(years)?.moneyness(strike);
        Ok((self.total_variance(k, years)? / years).sqrt())
    }

    /// What a European option is worth.
    ///
    /// # Errors
    /// [`Error::Value`] if such an option cannot exist or has expired.
    pub fn price(&self, option: &Vanilla) -> Result<f64, Error> {
        option.check()?;
        let term = self.term(option.years)?;
        let w = self.total_variance(term.moneyness(option.strike), option.years)?;
        let price = black::price(option.right, term.forward, option.strike, w.sqrt())?;
        Ok(term.discount * price)
    }
}

/// Price over forward of the option out of the money at log-moneyness `k`, without discount.
fn outside(smile: &RawSvi, k: f64) -> Result<f64, Error> {
    black::price(outside_right(k), 1.0, k.exp(), smile.total_variance(k).sqrt())
}

fn outside_right(k: f64) -> Right {
    if k < 0.0 { Right::Put } else { Right::Call }
}

/// Total variance linear in time, unless a butterfly would cost less than nothing on the way.
fn path(near: &RawSvi, far: &RawSvi) -> Path {
    let places = fault::both(near, far);
    let clean = |share: f64| {
        let g = |k: f64| svi::Jet::between(near.jet(k), far.jet(k), share).durrleman(k);
        places.iter().all(|k| g(*k) >= 0.0)
    };
    let steps = (1..8).map(|i| f64::from(i) / 8.0);
    if steps.into_iter().all(clean) { Path::Variance } else { Path::Prices }
}

impl Gap<'_> {
    fn total_variance(&self, k: f64) -> Result<f64, Error> {
        match self.path {
            Path::Variance => {
                let (near, far) = (&self.near.smile, &self.far.smile);
                Ok((1.0 - self.share) * near.total_variance(k) + self.share * far.total_variance(k))
            }
            Path::Prices => self.mixed(k),
        }
    }

    /// Share of the far slice's prices for which total variance at the money is linear in time.
    fn weight(&self, share: f64) -> Result<f64, Error> {
        let (near, far) = (&self.near.smile, &self.far.smile);
        let (from, to) = (near.total_variance(0.0), far.total_variance(0.0));
        let at = |w: f64| black::price(Right::Call, 1.0, 1.0, w.sqrt());
        let (low, high) = (at(from)?, at(to)?);
        if high <= low {
            return Ok(share);
        }
        Ok((at(from + share * (to - from))? - low) / (high - low))
    }

    /// Total variance at which the mix of both slices' prices trades.
    fn mixed(&self, k: f64) -> Result<f64, Error> {
        let (near, far) = (&self.near.smile, &self.far.smile);
        let (from, to) = (near.total_variance(k), far.total_variance(k));
        if self.share >= 1.0 || from == to {
            return Ok(to);
        }
        let weight = self.weight(self.share)?;
        let price = (1.0 - weight) * outside(near, k)? + weight * outside(far, k)?;
        let found = implied::deviation(outside_right(k), price, 1.0, k.exp());
        // So far out that prices vanish: only the wider slice is left of the mix.
        let found = found.ok().filter(|deviation| *deviation > 0.0);
        Ok(found.map_or(from.max(to), |deviation| deviation * deviation))
    }
}
