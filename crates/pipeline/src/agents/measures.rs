//! What accounts did, by the bar and by the episode, and figures of it.

use base::bootstrap::{Plan, interval};
use base::{Seed, Ts};

use crate::figure::Figure;

/// Fewest calendar quarters that make blocks of quarters worth drawing.
const QUARTERS: usize = 6;

/// How episodes are drawn for intervals over time: neighbours share their market, so that they are
/// drawn together, by calendar quarters where there are enough, otherwise by twentieths.
pub(super) fn over_time(starts: &[Ts], seed: Seed) -> Plan {
    let days = || starts.iter().map(|start| start.utc_day());
    let mut quarters: Vec<_> = days().map(base::Day::quarter).collect();
    quarters.dedup();
    match quarters.len() >= QUARTERS {
        true => Plan::quarters(seed, days()),
        false => Plan::blocks(seed, (starts.len() as f64 / 20.0).max(1.0)),
    }
}

/// The mean of some values of episodes, with its interval.
pub(super) fn mean_of(values: &[f64], plan: Plan) -> Figure {
    Figure::of(base::bootstrap::mean_interval(values, plan))
}

/// The sum of some values over that of others, with its interval; no value over nothing.
pub(super) fn ratio_of((above, below): (&[f64], &[f64]), plan: Plan) -> Figure {
    let sum = |of: &[f64], rows: &[usize]| rows.iter().map(|&row| of[row]).sum::<f64>();
    Figure::of(interval(above.len(), plan, |rows| sum(above, rows) / sum(below, rows)))
}

/// What an account did over an episode; returns and costs in basis points.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Episode {
    pub(super) gross: f64,
    pub(super) paid: f64,
    pub(super) traded: f64,
    /// How many bars.
    pub(super) bars: f64,
}

/// What an account did, bar by bar: returns and costs as parts of the price.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Track {
    pub(super) accounts: Vec<books::intraday::Account>,
}

impl Track {
    /// Whole episodes of so many bars; bars of a last one that is not whole are left out.
    pub(super) fn episodes(&self, bars: usize) -> Vec<Episode> {
        let sum = |part: &[books::intraday::Account]| {
            part.iter().fold(Episode::default(), |all, one| Episode {
                gross: all.gross + 1e4 * one.gross,
                paid: all.paid + 1e4 * one.paid,
                traded: all.traded + one.traded,
                bars: all.bars + 1.0,
            })
        };
        self.accounts.chunks_exact(bars).map(sum).collect()
    }
}

impl Episode {
    pub(super) fn net(&self) -> f64 {
        self.gross - self.paid
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use books::intraday::Account;

    #[test]
    fn an_episode_that_is_not_whole_is_left_out() {
        let account = Account { gross: 2e-4, paid: 1e-4, traded: 1.0 };
        let track = Track { accounts: vec![account; 7] };
        let found = track.episodes(3);
        assert_eq!(found.len(), 2);
        assert!((found[1].net() - 3.0).abs() < 1e-9 && found[1].traded == 3.0, "{found:?}");
    }
}
