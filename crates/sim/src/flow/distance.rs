//! What was seen by distance from the other side's best price: all that both flows need.

use base::bootstrap::{self, Interval, Plan};
use serde::{Deserialize, Serialize};

use super::model::{ZeroFlow, is_cancel, is_limit, is_market};
use super::watch::Watched;
use crate::{Error, check_range};

/// Sums over a stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    /// Limit orders of both sides.
    limits: Vec<f64>,
    /// Lots taken back on both sides.
    cancels: Vec<f64>,
    /// Lots that rested on both sides, summed over samples.
    resting: Vec<f64>,
    samples: f64,
    market: f64,
    seconds: f64,
}

impl Seen {
    /// All of an observation as one.
    pub(super) fn whole(watched: &Watched) -> Result<Seen, Error> {
        let blocks = Seen::blocks(watched, 1)?;
        let fault = |fault: &str| Err(Error::ReadArrivals { fault: fault.to_owned() });
        match blocks.into_iter().next() {
            Some(seen) if seen.samples == 0.0 => fault("the book was never whole"),
            Some(seen) if seen.limits.iter().sum::<f64>() == 0.0 => {
                fault("no limit order lay within the depth watched")
            }
            Some(seen) if seen.cancels.iter().sum::<f64>() == 0.0 => {
                fault("no cancellation lay within the depth watched")
            }
            Some(seen) => Ok(seen),
            None => fault("nothing was seen"),
        }
    }

    /// An observation cut into so many equal stretches.
    fn blocks(watched: &Watched, count: usize) -> Result<Vec<Seen>, Error> {
        let fault = || Error::ReadArrivals { fault: "the book was never whole".to_owned() };
        let depth = watched.samples.first().ok_or_else(fault)?.bids.len();
        let nothing = Seen {
            limits: vec![0.0; depth],
            cancels: vec![0.0; depth],
            resting: vec![0.0; depth],
            samples: 0.0,
            market: 0.0,
            seconds: watched.seconds / count as f64,
        };
        let mut blocks = vec![nothing; count];
        let block = |at: f64| ((at / watched.seconds * count as f64) as usize).min(count - 1);
        for event in &watched.events {
            let seen = &mut blocks[block(event.at_seconds)];
            seen.market += f64::from(u8::from(is_market(event.kind)));
            let place = usize::try_from(event.distance_ticks - 1).ok();
            let Some(place) = place.filter(|place| *place < depth) else { continue };
            if is_limit(event.kind) {
                seen.limits[place] += 1.0;
            } else if is_cancel(event.kind) {
                seen.cancels[place] += event.size as f64;
            }
        }
        for sample in &watched.samples {
            let seen = &mut blocks[block(sample.at_seconds)];
            seen.samples += 1.0;
            let both = sample.bids.iter().zip(&sample.asks);
            let sums = seen.resting.iter_mut().zip(both);
            sums.for_each(|(sum, (bid, ask))| *sum += (bid + ask) as f64);
        }
        Ok(blocks)
    }

    /// Limit orders a second on each side.
    pub(super) fn limit_rates(&self) -> Vec<f64> {
        self.limits.iter().map(|count| count / (2.0 * self.seconds)).collect()
    }

    /// Market orders a second of each direction.
    pub(super) fn market_rate(&self) -> f64 {
        self.market / (2.0 * self.seconds)
    }

    /// Part of what rests that is cancelled in a second.
    pub(super) fn cancel_rates(&self) -> Vec<f64> {
        let pull = self.pull();
        let sums = self.cancels.iter().zip(&self.resting);
        sums.map(|(gone, there)| pull.rate(&[*gone, *there, self.samples, self.seconds])).collect()
    }

    /// Mean resting lots of a side.
    pub(super) fn lots(&self) -> f64 {
        self.resting.iter().sum::<f64>() / (2.0 * self.samples)
    }

    fn pull(&self) -> Pull {
        let (gone, there) = (self.cancels.iter().sum::<f64>(), self.resting.iter().sum::<f64>());
        Pull { usual: gone / there, weight: there / self.resting.len() as f64 / self.samples }
    }
}

/// Where little rests the ratio of cancelled to resting is noise; it is drawn towards the mean
/// with the weight of one sample of the mean depth.
#[derive(Clone, Copy)]
struct Pull {
    usual: f64,
    weight: f64,
}

impl Pull {
    /// Of cancelled and resting lots, samples and seconds.
    fn rate(self, sums: &[f64; 4]) -> f64 {
        let [gone, there, samples, seconds] = *sums;
        (gone + self.usual * self.weight) / (there + self.weight) * samples / seconds
    }
}

/// Intervals of a [`ZeroFlow`]'s rates, laid out alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ZeroIntervals {
    /// Of the limit orders at each distance.
    pub limit_rates: Vec<Interval>,
    /// Of the market orders.
    pub market_rate: Interval,
    /// Of the cancellations at each distance.
    pub cancel_rates: Vec<Interval>,
}

impl ZeroFlow {
    /// Intervals of the rates that [`ZeroFlow::calibrate`] finds: whole stretches of time are
    /// drawn anew, `blocks` of them, so that what hangs together within a stretch stays together.
    ///
    /// # Errors
    /// As [`ZeroFlow::calibrate`]; [`Error::ReadSetting`] for fewer than two blocks.
    pub fn intervals(watched: &Watched, blocks: usize, plan: Plan) -> Result<ZeroIntervals, Error> {
        check_range("flow.blocks", blocks as f64, (2.0, 1e4), "in 2..=10000")?;
        let whole = Seen::whole(watched)?;
        let (pull, seen) = (whole.pull(), Seen::blocks(watched, blocks)?);
        let draw = |name: &str, figure: &dyn Fn(&[&Seen]) -> f64| {
            let plan = Plan { mean_block: 1.0, seed: plan.seed.child(name), ..plan };
            bootstrap::interval(seen.len(), plan, |rows| {
                figure(&rows.iter().map(|&row| &seen[row]).collect::<Vec<_>>())
            })
        };
        let sum = |drawn: &[&Seen], of: &dyn Fn(&Seen) -> f64| {
            drawn.iter().map(|seen| of(seen)).sum::<f64>()
        };
        let places = 0..whole.limits.len();
        let limit = |at: usize| {
            draw(&format!("limit {at}"), &|drawn| {
                sum(drawn, &|seen| seen.limits[at]) / (2.0 * sum(drawn, &|seen| seen.seconds))
            })
        };
        let cancel = |at: usize| {
            draw(&format!("cancel {at}"), &|drawn| {
                pull.rate(&[
                    sum(drawn, &|seen| seen.cancels[at]),
                    sum(drawn, &|seen| seen.resting[at]),
                    sum(drawn, &|seen| seen.samples),
                    sum(drawn, &|seen| seen.seconds),
                ])
            })
        };
        Ok(ZeroIntervals {
            limit_rates: places.clone().map(limit).collect(),
            market_rate: draw("market", &|drawn| {
                sum(drawn, &|seen| seen.market) / (2.0 * sum(drawn, &|seen| seen.seconds))
            }),
            cancel_rates: places.map(cancel).collect(),
        })
    }
}
