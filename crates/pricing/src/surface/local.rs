//! Local variance: the diffusion that would make the surface's prices.

use super::svi::Jet;
use super::{Gap, Path, Place, Surface, outside};
use crate::{Error, positive};

impl Surface {
    /// Variance per year at log-moneyness `k` (of the forward) in `years`, after Dupire (1994),
    /// "Pricing with a smile": `2 ∂c/∂t ÷ (e^k p)` with `c` the price over forward and `p` the
    /// density at equal log-moneyness; the same as Gatheral's `∂w/∂t ÷ g(k)` (2006, "The
    /// Volatility Surface", eq. 1.10).
    ///
    /// # Errors
    /// [`Error::Value`] if the years are not finite and above 0, or where the density is not
    /// above 0.
    pub fn local_variance(&self, k: f64, years: f64) -> Result<f64, Error> {
        positive("years to expiry", years)?;
        let (pace, durrleman) = match self.place(years) {
            Place::Before(first, share) => {
                let pace = first.smile.total_variance(k) / first.term.years;
                (pace, first.smile.scaled(share).durrleman(k))
            }
            Place::After(last, rise) => {
                let pace = last.smile.total_variance(0.0) / last.term.years;
                (pace, last.smile.lifted(rise).durrleman(k))
            }
            Place::Between(gap) => return gap.local_variance(k),
        };
        Ok(pace / positive("density", durrleman)?)
    }
}

impl Gap<'_> {
    fn years(&self) -> f64 {
        self.far.term.years - self.near.term.years
    }

    fn local_variance(&self, k: f64) -> Result<f64, Error> {
        if self.path == Path::Prices {
            return self.local_of_mix(k);
        }
        let (near, far) = (self.near.smile.jet(k), self.far.smile.jet(k));
        let g = Jet::between(near, far, self.share).durrleman(k);
        Ok((far.value - near.value) / self.years() / positive("density", g)?)
    }

    /// Dupire's ratio of a mix of two slices' prices: density and value are known in closed form.
    fn local_of_mix(&self, k: f64) -> Result<f64, Error> {
        let (ahead, behind) = ((self.share + 1e-5).min(1.0), (self.share - 1e-5).max(0.0));
        let at = self.weight(self.share)?;
        let pace = (self.weight(ahead)? - self.weight(behind)?) / (ahead - behind) / self.years();
        let (near, far) = (&self.near.smile, &self.far.smile);
        let rise = pace * (outside(far, k)? - outside(near, k)?);
        let density = (1.0 - at) * near.density(k) + at * far.density(k);
        Ok(2.0 * rise / (k.exp() * positive("density", density)?))
    }
}
