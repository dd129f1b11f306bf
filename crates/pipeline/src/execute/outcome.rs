//! What came of it: each order, all orders of a pace, and the paces side by side.

use std::collections::BTreeMap;

use base::bootstrap::{Plan, mean_interval};
use base::{Interval, Seed, Span, Ts};
use desk::execution::Progress;
use desk::tca::{
    Analysis, ChildFill, Done, FEWEST_ORDERS, Horizons, Series, Step, Summary, summarise,
};
use market::depth::{Fault, Grid, Lots};
use market::{Price, Qty, Side};
use rayon::prelude::*;
use serde::Serialize;
use sim::replay::{DepthRule, RecordedBook, Reject, Role, Tape};

use super::floor::{self, Floor};
use super::seen::{Facts, Market};
use super::settings::{PaceChoice, Settings, Slot, refuse};
use crate::Error;

/// How long after a fill the price is looked at again.
const MARK_OUTS: [Span; 3] =
    [Span::from_seconds(1), Span::from_seconds(10), Span::from_seconds(60)];
/// Orders that are drawn together in one block: neighbours meet the same market.
const MEAN_BLOCK: f64 = 2.0;
/// Points of a price path.
const POINTS: usize = 1_200;

/// One parent that was worked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worked {
    /// Its stretch.
    pub slot: Slot,
    /// How it ended.
    pub progress: Progress,
    /// Children sent.
    pub children: usize,
    /// Children that the venue refused, by reason.
    pub refused: BTreeMap<Reject, u64>,
    /// Part of what was done that rested.
    pub rested: Option<f64>,
    /// What was done.
    pub done: Done,
    /// What it cost.
    pub analysis: Analysis,
    /// How much the schedule wanted by when.
    #[serde(skip)]
    pub scheduled: Vec<Step>,
}

/// All parents of one pace.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// The pace's name.
    pub name: &'static str,
    /// The pace.
    pub pace: PaceChoice,
    /// The parents, in the order of time.
    pub orders: Vec<Worked>,
    /// All together.
    pub summary: Summary,
    /// Part of the lots that rested.
    pub rested: Option<f64>,
    /// Largest part that a parent was of the volume of others.
    pub most_participation: Option<f64>,
    /// Fills by what they rest on.
    pub fills_by_rule: BTreeMap<DepthRule, u64>,
    /// Mean of an order's cost less the first pace's of the same stretch, in basis points of its
    /// paper value; `None` for the first pace.
    pub more_than_first_bps: Option<Interval>,
    /// Parents that could not begin: no whole book was known at their start.
    pub left_out: Vec<Slot>,
}

/// What came of it all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// What was asked for.
    pub settings: Settings,
    /// Size of each parent, in units.
    pub qty: Qty,
    /// Step of prices.
    pub tick: Price,
    /// Smallest child, in units.
    pub least_child: Qty,
    /// Time each parent had.
    pub length: Span,
    /// How long after the end a price counts as what stayed.
    pub reversion: Span,
    /// The market.
    pub market: Facts,
    /// The paces.
    pub runs: Vec<Run>,
    /// What was wrong with the recording.
    pub faults: BTreeMap<Fault, u64>,
    /// The quotes and trades, for pictures.
    #[serde(skip)]
    pub seen: desk::tca::Tape,
}

/// Works the parents of each pace through a recording of its own and analyses what they cost.
pub fn execute<B: RecordedBook>(tape: &Tape, settings: Settings) -> Result<Outcome, Error> {
    let market = Market::of::<B>(tape);
    let Some(facts) = market.facts() else {
        return refuse("the recording has no whole book; look at it with `trimtab depth look`");
    };
    if settings.size <= Lots::ZERO || settings.paces.is_empty() {
        return refuse("a parent without size or pace; give --qty above zero");
    }
    let slots = settings.slots((facts.from, facts.to))?;
    let Some(first) = slots.first().copied() else {
        return refuse("no parents; give at least one");
    };
    let work = |choice: &PaceChoice| {
        let floor: Floor<'_, B> = Floor::new(&settings, choice, &market, tape, &slots)?;
        let shift = floor.work(&slots)?;
        let run = run(&settings, choice, &shift, (tape.grid(), &market))?;
        Ok((run, shift.faults))
    };
    let found: Result<Vec<_>, Error> = settings.paces.par_iter().map(work).collect();
    let (mut runs, faults): (Vec<Run>, Vec<_>) = found?.into_iter().unzip();
    compare(&mut runs);
    let grid = tape.grid();
    Ok(Outcome {
        qty: grid.qty(settings.size),
        tick: grid.tick(),
        least_child: grid.qty(settings.least_child()),
        length: first.end - first.start,
        reversion: settings.reversion_of(first),
        market: facts,
        runs,
        // Every replay reads the same recording, though not always to the same place.
        faults: faults.into_iter().fold(BTreeMap::new(), most),
        seen: market.seen,
        settings,
    })
}

fn most(mut all: BTreeMap<Fault, u64>, more: BTreeMap<Fault, u64>) -> BTreeMap<Fault, u64> {
    for (fault, times) in more {
        let most = all.entry(fault).or_insert(0);
        *most = times.max(*most);
    }
    all
}

fn run(
    settings: &Settings,
    choice: &PaceChoice,
    shift: &floor::Shift,
    (grid, market): (&Grid, &Market),
) -> Result<Run, Error> {
    let one = |worked: &floor::Worked| analysed(settings, choice, worked, (grid, market));
    let orders: Vec<Worked> = shift.worked.iter().map(one).collect::<Result<_, Error>>()?;
    if orders.is_empty() {
        return refuse(format!(
            "no whole book was known at the start of any of {} parents; choose another --from",
            shift.left_out.len()
        ));
    }
    let analyses: Vec<Analysis> = orders.iter().map(|order| order.analysis.clone()).collect();
    let fills = || shift.worked.iter().flat_map(|worked| &worked.fills);
    let mut fills_by_rule = BTreeMap::new();
    fills().for_each(|fill| *fills_by_rule.entry(fill.evidence.rule).or_insert(0) += 1);
    let participation = analyses.iter().filter_map(|analysis| analysis.participation);
    Ok(Run {
        name: choice.name(),
        pace: choice.clone(),
        summary: summarise(&analyses, plan()),
        rested: rested(fills()),
        most_participation: participation.reduce(f64::max),
        fills_by_rule,
        more_than_first_bps: None,
        left_out: shift.left_out.clone(),
        orders,
    })
}

fn plan() -> Plan {
    Plan::blocks(Seed::root(7).child("execute"), MEAN_BLOCK)
}

/// Part of some fills' lots that rested.
fn rested<'a>(fills: impl Iterator<Item = &'a sim::replay::DepthFill>) -> Option<f64> {
    let (mut all, mut rested) = (0, 0);
    for fill in fills {
        all += fill.size.0;
        rested += if fill.role == Role::Maker { fill.size.0 } else { 0 };
    }
    (all > 0).then(|| rested as f64 / all as f64)
}

fn analysed(
    settings: &Settings,
    choice: &PaceChoice,
    worked: &floor::Worked,
    (grid, market): (&Grid, &Market),
) -> Result<Worked, Error> {
    let slot = worked.slot;
    let fills: Vec<ChildFill> = worked
        .fills
        .iter()
        .map(|fill| ChildFill {
            at: fill.at,
            price: grid.price(fill.price),
            qty: grid.qty(fill.size),
            fee: fill.fee,
        })
        .collect();
    let arrived = slot.start + settings.rules.to_venue.of(slot.start, 0);
    let done = Done {
        id: format!("{} {}", choice.name(), slot.number),
        side: settings.side_of(slot),
        qty: grid.qty(settings.size),
        decided: slot.start,
        arrived,
        ended: ended(worked, &fills).max(arrived + Span::from_nanos(1)),
        fills,
    };
    let horizons =
        Horizons { reversion: settings.reversion_of(slot), mark_outs: MARK_OUTS.to_vec() };
    let analysis = Analysis::of(&done, &market.seen, &horizons).map_err(Error::WorkParent)?;
    Ok(Worked {
        slot,
        progress: worked.progress.clone(),
        children: worked.children,
        refused: worked.refused.clone(),
        rested: rested(worked.fills.iter()),
        done,
        analysis,
        scheduled: worked.scheduled.clone(),
    })
}

/// When work on an order ended: with its last fill where all was done, else with its time. A child
/// may still trade while its cancellation is on the way.
fn ended(worked: &floor::Worked, fills: &[ChildFill]) -> Ts {
    let last = fills.last().map(|fill| fill.at);
    match (&worked.progress, last) {
        (Progress::Filled, Some(last)) => last,
        (_, last) => last.map_or(worked.slot.end, |last| last.max(worked.slot.end)),
    }
}

/// Measures each pace against the first, order by order.
fn compare(runs: &mut [Run]) {
    let Some((first, others)) = runs.split_first_mut() else { return };
    for run in others {
        let more: Vec<f64> = run.orders.iter().filter_map(|order| more(order, first)).collect();
        let found = mean_interval(&more, plan());
        run.more_than_first_bps = Some(match more.len() < FEWEST_ORDERS {
            true => Interval { low: f64::NAN, high: f64::NAN, ..found },
            false => found,
        });
    }
}

fn more(order: &Worked, first: &Run) -> Option<f64> {
    let same = first.orders.iter().find(|other| other.slot == order.slot)?;
    Some(order.total_bps() - same.total_bps())
}

impl Worked {
    /// Its cost in basis points of its paper value.
    pub fn total_bps(&self) -> f64 {
        self.analysis.bps(self.analysis.shortfall.total)
    }

    /// Bought or sold, in a word.
    pub const fn verb(&self) -> &'static str {
        match self.done.side {
            Side::Long => "buy",
            Side::Short => "sell",
        }
    }

    /// Its pictures.
    pub fn series(&self, seen: &desk::tca::Tape) -> Series {
        Series::of(&self.done, seen, &self.analysis, self.scheduled.clone(), POINTS)
    }
}
