//! What was said of deaths, and how often it came true.
//!
//! Beside each certificate that was held ten others are followed that nobody bought: on both sides
//! at five distances, from the same fill to the same planned sale, by the same exchange. So a
//! short sample says more, though not eleven times as much: all eleven meet one index.

use std::collections::BTreeSet;

use base::bootstrap::{Plan, mean_interval};
use base::stats::{mean, wilson};
use base::{Interval, Prob, Seed};
use learn::calibrate::Reliability;
use market::{Cash, Side};
use pricing::knockout::Turbo;
use rayon::prelude::*;
use serde::Serialize;
use sim::knockout::{KnockOutExchange, Print};

use super::rule::Settings;
use super::trade::{Bought, Trade};
use crate::Error;

/// Distances of the others, in deviations of the index over the time held.
const MULTIPLES: [f64; 5] = [0.5, 1.0, 1.5, 2.0, 3.0];
/// Buckets of the reliability curve.
const BUCKETS: usize = 10;
/// Below so many certificates a sample is too short, …
const FEWEST: usize = 30;
/// … or so many deaths or survivals expected among them, …
const FEWEST_EXPECTED: f64 = 5.0;
/// … or quarters in which they were bought.
const FEWEST_QUARTERS: usize = 4;

/// A chance of a knock-out before the sale, and whether it came true.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Chance {
    /// As if the index were watched day and night and never leapt.
    pub closed_form: f64,
    /// By paths of sessions and nights.
    pub by_paths: f64,
    /// Whether it died before the planned sale; `None` where the bars end earlier.
    pub died: Option<bool>,
}

/// All that was said at one distance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rung {
    /// Which certificates.
    pub name: String,
    /// Certificates whose time is over.
    pub count: usize,
    /// Quarters in which they were bought.
    pub quarters: usize,
    /// Deaths expected by paths.
    pub expected: f64,
    /// Deaths expected by the closed form.
    pub expected_closed_form: f64,
    /// Deaths.
    pub died: usize,
    /// Part that died, with Wilson's interval.
    pub share: Interval,
    /// Part that died more than paths said; blocks as long as a quarter. The ends are no numbers
    /// where the sample is too short.
    pub more: Interval,
    /// Part that died more than the closed form said.
    pub more_closed_form: Interval,
}

/// What was said against what came.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// The certificates held first, then the others by side and distance.
    pub rungs: Vec<Rung>,
    /// The others in buckets of what paths said.
    pub reliability: Option<Reliability>,
}

impl Rung {
    /// True where too little is known to judge.
    pub fn is_too_short(&self) -> bool {
        let rare = self.expected.min(self.count as f64 - self.expected);
        self.count < FEWEST || rare < FEWEST_EXPECTED || self.quarters < FEWEST_QUARTERS
    }
}

/// The prints, and when what was bought is to be sold.
pub(super) struct Path<'a> {
    pub(super) prints: &'a [Print],
    /// Sessions begun, for each print within one.
    pub(super) sessions: &'a [Option<u32>],
    /// From a decision to its fill, as a part of a session; 1 is the next opening.
    pub(super) bar: f64,
}

impl Path<'_> {
    /// Number of the print at whose opening a certificate is to be sold.
    fn sold_at(&self, bought: &Bought, settings: &Settings) -> Option<usize> {
        let due = bought.session + settings.hold;
        let decided = (bought.print..self.prints.len())
            .find(|at| self.sessions[*at].is_some_and(|session| session >= due))?;
        let rules = &settings.rules;
        let arrives = self.prints[decided].known() + rules.latency;
        let open = |print: &Print| {
            print.begins() >= arrives && rules.hours.session(print.begins()).is_some()
        };
        (decided + 1..self.prints.len()).find(|at| open(&self.prints[*at]))
    }

    /// Which of some certificates die between a purchase and its planned sale.
    fn deaths(
        &self,
        turbos: &[Turbo],
        (from, to): (usize, usize),
        settings: &Settings,
    ) -> Result<Vec<bool>, Error> {
        let held = Error::HoldKnockOut;
        let mut exchange =
            KnockOutExchange::new(settings.rules.clone(), Cash::ZERO).map_err(held)?;
        for turbo in turbos {
            exchange.list(*turbo).map_err(held)?;
        }
        for print in &self.prints[from..to] {
            exchange.on_print(print).map_err(held)?;
        }
        // Of the last print only the opening: what follows it is after the sale.
        let last = &self.prints[to];
        let (at, price) = (last.begins(), last.bar().open);
        let known = at.max(self.prints[to - 1].known());
        exchange.on_print(&Print::Tick { at, known, price }).map_err(held)?;
        Ok(exchange.certificates().iter().map(|one| one.is_dead).collect())
    }

    /// What is said of a purchase and of the others beside it.
    fn told(&self, bought: &Bought, number: usize, settings: &Settings) -> Told {
        let ahead = settings.ahead(bought.start, &bought.weather, self.bar);
        let mut turbos = vec![bought.turbo];
        for (side, multiple) in others() {
            let distance = (multiple * ahead.deviation).min(0.9);
            let turbo = Turbo::at_distance(settings.offer.terms(side), bought.index, distance);
            turbos.push(turbo.map_err(Error::ValueKnockOut)?);
        }
        let seed = Seed::root(settings.seed).child("chances").index(number as u64);
        let paths = settings.paths_ahead(bought.index, &ahead, seed)?;
        let died = match self.sold_at(bought, settings) {
            Some(to) => {
                let died = self.deaths(&turbos, (bought.print, to), settings)?;
                died.into_iter().map(Some).collect()
            }
            None => vec![None; turbos.len()],
        };
        turbos
            .iter()
            .zip(died)
            .map(|(turbo, died)| {
                let closed_form = turbo.knock_out_probability(bought.index, &ahead.horizon);
                let by_paths = paths.knock_out(turbo).map_err(Error::ValueKnockOut)?;
                let closed_form = closed_form.map_err(Error::ValueKnockOut)?;
                Ok(Chance { closed_form, by_paths: by_paths.mean, died })
            })
            .collect()
    }
}

/// The chances of one purchase, the certificate held first; or why there are none.
type Told = Result<Vec<Chance>, Error>;

fn others() -> impl Iterator<Item = (Side, f64)> {
    let of = |side| MULTIPLES.map(|multiple| (side, multiple));
    [Side::Long, Side::Short].into_iter().flat_map(of)
}

/// Tells the chances of all trades, writes them into the trades, and holds them against what came.
pub(super) fn calibrate(
    trades: &mut [Trade],
    path: &Path<'_>,
    settings: &Settings,
) -> Result<Calibration, Error> {
    let told: Vec<Told> =
        trades.par_iter().map(|trade| path.told(&trade.bought, trade.number, settings)).collect();
    let told: Vec<Vec<Chance>> = told.into_iter().collect::<Result<_, _>>()?;
    for (trade, chances) in trades.iter_mut().zip(&told) {
        trade.chance = chances[0];
    }
    let over: Vec<(base::Day, &Vec<Chance>)> = trades
        .iter()
        .zip(&told)
        .filter(|(_, chances)| chances[0].died.is_some())
        .map(|(trade, chances)| (trade.bought.start.day, chances))
        .collect();
    let names = others().map(|(side, multiple)| format!("{side}, {multiple:.1} deviations away"));
    let names: Vec<String> = ["held".to_owned()].into_iter().chain(names).collect();
    let rungs = names.iter().enumerate().map(|(at, name)| rung(name, at, &over, settings.seed));
    let rungs = rungs.collect();
    let (mut said, mut came) = (Vec::new(), Vec::new());
    for chance in over.iter().flat_map(|(_, chances)| &chances[1..]) {
        said.extend(Prob::new(chance.by_paths).ok());
        came.push(chance.died == Some(true));
    }
    let reliability = Reliability::measure(&said, &came, BUCKETS).ok();
    Ok(Calibration { rungs, reliability: reliability.filter(|_| !said.is_empty()) })
}

fn rung(name: &str, at: usize, over: &[(base::Day, &Vec<Chance>)], seed: u64) -> Rung {
    let chances: Vec<Chance> = over.iter().map(|(_, chances)| chances[at]).collect();
    let came: Vec<f64> =
        chances.iter().map(|it| f64::from(u8::from(it.died == Some(true)))).collect();
    let quarters: BTreeSet<(i32, u32)> = over.iter().map(|(day, _)| day.quarter()).collect();
    let plan = Plan::quarters(Seed::root(seed).child(name), over.iter().map(|(day, _)| *day));
    let more = |said: fn(&Chance) -> f64| {
        let off: Vec<f64> = chances.iter().zip(&came).map(|(it, came)| came - said(it)).collect();
        mean_interval(&off, plan)
    };
    let died = came.iter().filter(|came| **came > 0.0).count();
    let (low, high) = wilson(died, chances.len(), 0.95);
    let mut rung = Rung {
        name: name.to_owned(),
        count: chances.len(),
        quarters: quarters.len(),
        expected: chances.iter().map(|it| it.by_paths).sum(),
        expected_closed_form: chances.iter().map(|it| it.closed_form).sum(),
        died,
        share: Interval { value: mean(&came), low, high, level: 0.95 },
        more: more(|it| it.by_paths),
        more_closed_form: more(|it| it.closed_form),
    };
    if rung.is_too_short() {
        for interval in [&mut rung.more, &mut rung.more_closed_form] {
            // Where nothing died, draws of it agree with each other and prove nothing.
            (interval.low, interval.high) = (f64::NAN, f64::NAN);
        }
    }
    rung
}
