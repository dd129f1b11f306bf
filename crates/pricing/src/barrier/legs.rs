//! The blocks A to D of Haug 4.17.1, each split into what it holds of the underlying and of cash.

use super::passage::exp_times_cdf;
use super::{Barrier, Knock, log_drift};
use crate::{Market, Right};

/// Value of the underlying and of one unit of cash, each paid at expiry under some condition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Leg {
    pub(super) asset: f64,
    pub(super) cash: f64,
}

/// The four blocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Legs {
    /// The option ends beyond its strike.
    a: Leg,
    /// It ends beyond the barrier, on the option's side.
    b: Leg,
    /// A seen in the mirror of the barrier.
    c: Leg,
    /// B seen in the mirror of the barrier.
    d: Leg,
    /// Whether the strike lies above the barrier.
    strike_above: bool,
}

impl Legs {
    pub(super) fn new(
        right: Right,
        barrier: Barrier,
        strike: f64,
        level: f64,
        (market, years): (&Market, f64),
    ) -> Legs {
        let Market { spot, rate, yield_rate, volatility } = *market;
        let (phi, eta) = (right.sign(), barrier.sign());
        let deviation = volatility * years.sqrt();
        let mu = log_drift(market) / (volatility * volatility);
        let shift = (1.0 + mu) * deviation;
        let mirror = (level / spot).ln();
        let (asset, cash) = (spot.ln() - yield_rate * years, -rate * years);
        // `side` is φ or η; `mirrors` says how often the price is reflected at the barrier.
        let leg = |side: f64, x: f64, mirrors: f64| Leg {
            asset: exp_times_cdf(asset + mirrors * 2.0 * (mu + 1.0) * mirror, side * x),
            cash: exp_times_cdf(cash + mirrors * 2.0 * mu * mirror, side * (x - deviation)),
        };
        let (to_strike, to_level) = ((spot / strike).ln(), -mirror);
        Legs {
            a: leg(phi, to_strike / deviation + shift, 0.0),
            b: leg(phi, to_level / deviation + shift, 0.0),
            c: leg(eta, (2.0 * mirror + to_strike) / deviation + shift, 1.0),
            d: leg(eta, mirror / deviation + shift, 1.0),
            strike_above: strike > level,
        }
    }

    /// The combination that an option pays (Haug, table on pages 152 and 153).
    pub(super) fn select(&self, knock: Knock, right: Right, barrier: Barrier) -> Leg {
        let Legs { a, b, c, d, strike_above } = *self;
        let with_barrier =
            matches!((right, barrier), (Right::Call, Barrier::Down) | (Right::Put, Barrier::Up));
        // Calls behave above the barrier as puts do below it.
        let outside = strike_above == (barrier == Barrier::Down);
        let terms: &[(f64, Leg)] = match (knock, with_barrier, outside) {
            (Knock::In, true, true) => &[(1.0, c)],
            (Knock::In, true, false) => &[(1.0, a), (-1.0, b), (1.0, d)],
            (Knock::In, false, true) => &[(1.0, b), (-1.0, c), (1.0, d)],
            (Knock::In, false, false) => &[(1.0, a)],
            (Knock::Out, true, true) => &[(1.0, a), (-1.0, c)],
            (Knock::Out, true, false) => &[(1.0, b), (-1.0, d)],
            (Knock::Out, false, true) => &[(1.0, a), (-1.0, b), (1.0, c), (-1.0, d)],
            (Knock::Out, false, false) => &[],
        };
        terms.iter().fold(Leg { asset: 0.0, cash: 0.0 }, |sum, (sign, leg)| Leg {
            asset: sum.asset + sign * leg.asset,
            cash: sum.cash + sign * leg.cash,
        })
    }
}
