//! A ladder of barriers, weighed by a stated utility on common paths.

pub mod page;

use base::{Interval, Seed};
use market::Side;
use pricing::knockout::{Bet, Paths, Turbo, choose};
use serde::Serialize;

use super::offer::{Asked, Kind, Level, Offer};
use super::view::View;
use super::{check_paths, refuse, share};
use crate::Error;

/// Steps of a ladder that was not given.
const STEPS: usize = 16;
/// Its nearest and furthest barrier, in deviations of the index over the horizon.
const REACH: (f64, f64) = (0.4, 6.0);
/// Barriers that a table can hold.
const MOST: usize = 200;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ladder {
    /// Long gains from a rise.
    pub side: Side,
    /// The index now.
    pub index: f64,
    /// The barriers.
    pub barriers: Barriers,
    /// Terms of all certificates.
    pub kind: Kind,
    /// What is expected.
    pub view: View,
    /// What is staked, and what is made large.
    pub weighed: Weighed,
    /// Paths drawn.
    pub paths: usize,
    /// Seed of the paths.
    pub seed: u64,
}

/// Which barriers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Barriers {
    /// Sixteen, from 0.4 to 6 deviations of the index over the horizon.
    Usual,
    /// At these distances, parts of the index.
    Distances(Vec<f64>),
    /// At these levels.
    Levels(Vec<f64>),
}

/// What is staked, and what is made large. The spread comes from the offer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Weighed {
    /// Part of the wealth that is spent.
    pub stake: f64,
    /// Part of the stake at whose loss it is sold.
    pub stop_loss: Option<f64>,
    /// What is made large.
    pub utility: pricing::knockout::Utility,
    /// Largest chance of a knock-out that is borne.
    pub most_knock_out: Option<f64>,
}

/// One barrier and what the paths say of it; intervals at 95 %.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rung {
    /// The financing level.
    pub strike: f64,
    /// The level that kills.
    pub barrier: f64,
    /// Its distance, as a part of the index.
    pub distance: f64,
    /// The same in deviations of the index a day.
    pub distance_sigmas: f64,
    /// By how many percent the value moves when the index moves by one.
    pub leverage: f64,
    /// Ask of one certificate.
    pub ask: market::Price,
    /// Chance of a knock-out in closed form.
    pub closed_form: f64,
    /// Chance of a knock-out by paths; a stop-loss that sells before takes from it.
    pub knock_out: Interval,
    /// Chance that the stop-loss sells.
    pub stopped: Interval,
    /// Return on the stake.
    pub return_on_stake: Interval,
    /// What is made large, in parts of the wealth; not a number where all may be lost and the
    /// utility does not bear that.
    pub utility: Interval,
    /// Whether the chance of a knock-out is within the bound.
    pub is_borne: bool,
}

/// All barriers, and the choice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chosen {
    /// What was asked.
    pub ladder: Ladder,
    /// The issuer's terms.
    pub offer: Offer,
    /// From the nearest barrier to the furthest.
    pub rungs: Vec<Rung>,
    /// Position of the choice; `None` where staying out is at least as good.
    pub best: Option<usize>,
}

impl Chosen {
    /// Whether the choice is the first or the last of the ladder: a better one may lie beyond.
    pub fn is_at_an_end(&self) -> bool {
        self.best.is_some_and(|best| best == 0 || best + 1 == self.rungs.len())
    }
}

/// Weighs all barriers.
pub fn weigh(ladder: Ladder) -> Result<Chosen, Error> {
    ladder.view.check()?;
    check_paths(ladder.paths)?;
    let (index, view) = (ladder.index, &ladder.view);
    let offer = ladder.kind.on(index)?;
    let turbos = turbos(&ladder, &offer)?;
    let drawn = Paths::draw(index, &view.forecast(), ladder.paths, Seed::root(ladder.seed));
    let drawn = drawn.map_err(Error::ValueKnockOut)?;
    let bet = ladder.weighed.bet(offer.spread_points);
    let choice = choose(&turbos, &drawn, &bet).map_err(Error::ValueKnockOut)?;
    let rungs: Vec<Rung> = choice
        .judged
        .iter()
        .map(|judged| {
            let turbo = &judged.turbo;
            let distance = turbo.distance(index);
            let most = ladder.weighed.most_knock_out;
            Ok(Rung {
                strike: turbo.strike(),
                barrier: turbo.barrier(),
                distance,
                distance_sigmas: distance / view.daily_deviation(),
                leverage: judged.leverage,
                ask: offer.prices(turbo, index)?.1,
                closed_form: view.closed_form(turbo, index)?,
                knock_out: share(judged.knock_out, ladder.paths),
                stopped: share(judged.stopped, ladder.paths),
                return_on_stake: judged.return_on_stake.interval(),
                utility: finite(judged.utility.interval()),
                is_borne: most.is_none_or(|most| judged.knock_out.upper() <= most),
            })
        })
        .collect::<Result<_, Error>>()?;
    Ok(Chosen { ladder, offer, rungs, best: choice.best })
}

/// A page has no place for minus infinity.
fn finite(utility: Interval) -> Interval {
    match utility.value.is_finite() {
        true => utility,
        false => Interval { value: f64::NAN, low: f64::NAN, high: f64::NAN, ..utility },
    }
}

impl Weighed {
    /// The bet against this spread.
    pub(super) fn bet(&self, spread_points: f64) -> Bet {
        let Weighed { stake, stop_loss, utility, most_knock_out } = *self;
        Bet { stake, spread_points, stop_loss, utility, most_knock_out }
    }

    /// What is made large, in words.
    pub fn words(&self) -> String {
        use pricing::knockout::Utility;
        let utility = match self.utility {
            Utility::LogGrowth => "the mean of the logarithm of wealth".to_owned(),
            Utility::Crra { aversion } => {
                format!("utility of constant relative risk aversion {aversion}")
            }
            Utility::MeanVariance { aversion: 0.0 } => "the expected gain".to_owned(),
            Utility::MeanVariance { aversion } => {
                format!("the expected gain less {} × its variance", 0.5 * aversion)
            }
        };
        let bound = self
            .most_knock_out
            .map_or(String::new(), |most| format!(", P(knock-out) at most {:.1} %", 100.0 * most));
        format!("{utility}, with {:.1} % of the wealth at stake{bound}", 100.0 * self.stake)
    }
}

fn turbos(ladder: &Ladder, offer: &Offer) -> Result<Vec<Turbo>, Error> {
    let (side, index) = (ladder.side, ladder.index);
    let mut distances = match &ladder.barriers {
        Barriers::Usual => usual(&ladder.view),
        Barriers::Distances(given) => given.clone(),
        Barriers::Levels(levels) => {
            levels.iter().map(|level| side.sign() * (index - level) / index).collect()
        }
    };
    if distances.is_empty() || distances.len() > MOST {
        return refuse(format!("{} barriers; give 1 to {MOST}", distances.len()));
    }
    if let Some(wrong) = distances.iter().find(|one| !(**one > 0.0 && **one < 1.0)) {
        let beyond = match side {
            Side::Long => "below",
            Side::Short => "above",
        };
        return refuse(format!(
            "a barrier at a distance of {:.3} %; a {side} certificate on an index at {index} has \
             its barrier {beyond} it, less than 100 % away",
            100.0 * wrong
        ));
    }
    distances.sort_by(f64::total_cmp);
    distances.dedup();
    let turbo =
        |distance: &f64| offer.turbo(&Asked { side, index, level: Level::Distance(*distance) });
    distances.iter().map(turbo).collect()
}

/// A geometric ladder that fits the horizon.
fn usual(view: &View) -> Vec<f64> {
    let deviation = view.daily_deviation() * f64::from(view.sessions).sqrt();
    let ratio = (REACH.1 / REACH.0).powf(1.0 / (STEPS - 1) as f64);
    let step = |at: usize| (REACH.0 * ratio.powi(at as i32) * deviation).min(0.9);
    (0..STEPS).map(step).collect()
}
