//! A faulty world (EXE-8): an engine, a journal, a wire and a broker, and all that can go wrong
//! between them, from one seed.
//!
//! Messages are late, lost, doubled and out of order; the wire breaks; the broker refuses, forgets,
//! restarts and puts prices right; someone trades by hand; the clock jumps; the journal fails; the
//! process is killed between any two steps. The `oracle` looks after every step; whenever all is
//! still, and once a day after it was made so, ours and the broker's must be the same to the cent.
//!
//! Start reading at [`run`], then `world`, then `oracle`.

mod book;
mod far;
mod oracle;
mod people;
mod pipe;
mod quiet;
mod tale;
mod wide;
mod world;
mod wrong;

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use base::Seed;
use rayon::prelude::*;
use serde::Serialize;

/// Trading days of one world: its seed is one of so many.
pub const DAYS_OF_A_WORLD: u32 = 20;

/// What a book may ask for and what may happen to it, beyond messages that go wrong. Both kinds of
/// world draw what they share alike, so that a seed of a narrow one means what it always meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Breadth {
    /// Brackets, trails by a fraction of the risk, breakeven.
    Narrow,
    /// Also add-ons, trails by two bars, alternatives, closing on another instrument's price,
    /// people who approve, limits of the book, splits and dividends.
    #[default]
    Wide,
}

/// Which world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Which {
    /// All that is drawn follows from it.
    pub seed: u64,
    /// What is drawn.
    pub breadth: Breadth,
}

/// What went wrong, on purpose or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A message did not arrive.
    Lost,
    /// A message arrived twice.
    Doubled,
    /// A message was overtaken.
    Late,
    /// The wire broke.
    Disconnect,
    /// The broker restarted, and what was on its way was lost.
    BrokerRestart,
    /// The broker forgot an order.
    Forgotten,
    /// The broker refused an order for no reason.
    Refused,
    /// A price was put right.
    Corrected,
    /// Someone traded by hand.
    ByHand,
    /// The clock jumped.
    ClockJump,
    /// The journal could not keep a turn.
    JournalFailed,
    /// The process was killed before it wrote a turn down.
    KilledBeforeCommit,
    /// It was killed after that, before anything was sent.
    KilledAfterCommit,
    /// It was killed with half of it sent.
    KilledInFlush,
    /// It was killed with all of it sent.
    KilledAfterFlush,
    /// The kill switch was thrown.
    KillSwitch,
    /// A share was split, and the broker took back what stood.
    Split,
    /// A dividend was paid.
    Dividend,
    /// A person said no to an intent.
    SaidNo,
    /// A person said nothing about an intent.
    SaidNothing,
}

/// What worlds have shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Shown {
    /// Trading days.
    pub days: u64,
    /// Faults by kind.
    pub faults: BTreeMap<Fault, u64>,
    /// Orders that the broker took.
    pub orders: u64,
    /// Executions.
    pub executions: u64,
    /// Restarts of the process.
    pub restarts: u64,
    /// Incidents on record.
    pub incidents: u64,
    /// Days whose end was compared to the cent.
    pub compared: u64,
    /// Comparisons to the cent within days, at moments at which nothing was on its way.
    pub compared_within: u64,
    /// Orders that enlarged a position.
    pub add_ons: u64,
    /// Alternatives that ended because another of their group was entered.
    pub alternatives: u64,
    /// Positions closed on the price of another instrument.
    pub touched: u64,
    /// Intents that a person approved.
    pub approved: u64,
}

impl Shown {
    fn add(&mut self, other: &Shown) {
        self.days += other.days;
        for (fault, count) in &other.faults {
            *self.faults.entry(fault.clone()).or_default() += count;
        }
        self.orders += other.orders;
        self.executions += other.executions;
        self.restarts += other.restarts;
        self.incidents += other.incidents;
        self.compared += other.compared;
        self.compared_within += other.compared_within;
        self.add_ons += other.add_ons;
        self.alternatives += other.alternatives;
        self.touched += other.touched;
        self.approved += other.approved;
    }
}

/// One world of so many days.
///
/// # Errors
/// What was violated, and the command that shows it again.
pub fn one(which: Which, days: u32) -> Result<Shown> {
    let Which { seed, breadth } = which;
    let mut world = world::World::new(Seed::root(seed), breadth)?;
    match world.live(days) {
        Ok(()) => Ok(world.shown()),
        Err(violation) => {
            let narrow = if breadth == Breadth::Narrow { " --narrow" } else { "" };
            let again = format!("cargo xtask world --days {days} --seed {seed}{narrow} --trace");
            bail!("{violation:#}\nagain: {again}")
        }
    }
}

/// One world, with all that happened in it for the eye, whether it ended well or not.
///
/// # Errors
/// Where it can't begin.
pub fn told(which: Which, days: u32) -> Result<(Vec<String>, Result<Shown>)> {
    let mut world = world::World::new(Seed::root(which.seed), which.breadth)?;
    world.speak();
    let ended = world.live(days);
    let tale = world.tale();
    Ok((tale, ended.map(|()| world.shown())))
}

/// So many days, in worlds of [`DAYS_OF_A_WORLD`] with seeds from the first one's on, on all cores. A
/// violation ends its world alone: what else a long run finds is worth its hours. `portion` hears
/// what all worlds so far have shown, and the violations of the last ones, again and again.
///
/// # Errors
/// How many violations there were, and the first by seed.
pub fn run(
    first: Which,
    days: u64,
    mut portion: impl FnMut(&Shown, &[anyhow::Error]),
) -> Result<Shown> {
    let worlds = days.div_ceil(u64::from(DAYS_OF_A_WORLD));
    let mut all = Shown::default();
    let (mut violations, mut example) = (0, None);
    // In portions, so that memory stays flat whatever the days.
    let mut from = 0;
    while from < worlds {
        let to = (from + 256).min(worlds);
        let found: Vec<Result<Shown>> = (from..to)
            .into_par_iter()
            .map(|world| one(Which { seed: first.seed + world, ..first }, DAYS_OF_A_WORLD))
            .collect();
        let mut broken = Vec::new();
        for shown in found {
            match shown {
                Ok(shown) => all.add(&shown),
                Err(violation) => broken.push(violation),
            }
        }
        portion(&all, &broken);
        violations += broken.len();
        example = example.or(broken.into_iter().next());
        from = to;
    }
    match example {
        Some(example) => Err(example.context(format!("{violations} of {worlds} worlds broke"))),
        None => Ok(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn which(seed: u64, breadth: Breadth) -> Which {
        Which { seed, breadth }
    }

    #[test]
    fn two_hundred_narrow_days_break_nothing_and_every_fault_of_theirs_is_among_them() {
        let shown = run(which(1, Breadth::Narrow), 200, |_, _| {}).unwrap();
        assert_eq!(shown.compared, 200);
        assert_eq!(shown.faults.len(), 16, "{:?}", shown.faults);
        assert!(shown.executions > 500, "{shown:?}");
    }

    #[test]
    fn four_hundred_wide_days_break_nothing_and_all_that_may_happen_is_among_them() {
        let shown = run(which(1, Breadth::Wide), 400, |_, _| {}).unwrap();
        assert_eq!(shown.compared, 400);
        assert_eq!(shown.faults.len(), 20, "{:?}", shown.faults);
        let counts = [shown.add_ons, shown.alternatives, shown.touched, shown.approved];
        assert!(counts.iter().all(|count| *count > 20), "{shown:?}");
        assert!(shown.compared_within > 400, "{shown:?}");
    }

    #[test]
    fn one_seed_is_one_world() {
        for breadth in [Breadth::Narrow, Breadth::Wide] {
            let which = which(5, breadth);
            assert_eq!(one(which, 5).unwrap(), one(which, 5).unwrap());
        }
    }
}
