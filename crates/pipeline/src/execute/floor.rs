//! The loop between workers and the replay: what is heard goes to the workers, what they want
//! goes to the venue.
//!
//! At each look a worker is told the best prices first, so that whatever it then decides rests on
//! the newest; then the venue's answers, then what others traded. It hears nothing that was not
//! received by then.

use std::collections::{BTreeMap, VecDeque};

use base::Ts;
use desk::execution::{Answer, Progress, Told, Wish, Worker};
use desk::tca::Step;
use market::ClientOrderId;
use market::depth::{BookSide, Fault, Lots, Ticks};
use sim::replay::{
    DepthFill, OwnId, OwnOrder, RecordedBook, Reject, Replay, Standing, Tape, Terms,
    Wish as Sending,
};

use super::seen::{Market, best};
use super::settings::{PaceChoice, Settings, Slot};
use crate::Error;

/// Points of the schedule that are kept of a parent.
const POINTS: i64 = 200;

/// A parent that was worked.
#[derive(Debug)]
pub(super) struct Worked {
    pub(super) slot: Slot,
    pub(super) progress: Progress,
    pub(super) children: usize,
    pub(super) refused: BTreeMap<Reject, u64>,
    pub(super) fills: Vec<DepthFill>,
    pub(super) scheduled: Vec<Step>,
}

/// All parents of one pace.
#[derive(Debug)]
pub(super) struct Shift {
    pub(super) worked: Vec<Worked>,
    /// Parents that could not begin: no whole book was known at their start.
    pub(super) left_out: Vec<Slot>,
    pub(super) faults: BTreeMap<Fault, u64>,
}

/// A parent at work.
struct Desk {
    worker: Worker,
    told: Worked,
    next_point: Ts,
    /// Trades heard of before it began are none of its business.
    first_print: usize,
}

/// A child at the venue.
struct Child {
    desk: usize,
    name: ClientOrderId,
    accepted: bool,
}

pub(super) struct Floor<'a, B> {
    settings: &'a Settings,
    choice: &'a PaceChoice,
    market: &'a Market,
    whole: (Ts, Ts),
    tape: &'a Tape,
    replay: Replay<'a, B>,
    desks: Vec<Desk>,
    left_out: Vec<Slot>,
    children: BTreeMap<OwnId, Child>,
    fills_heard: usize,
    prints_heard: usize,
    sent: u64,
}

impl<'a, B: RecordedBook> Floor<'a, B> {
    pub(super) fn new(
        settings: &'a Settings,
        choice: &'a PaceChoice,
        market: &'a Market,
        tape: &'a Tape,
        slots: &[Slot],
    ) -> Result<Floor<'a, B>, Error> {
        let replay = Replay::new(tape, settings.rules.clone()).map_err(Error::ReplayDepth)?;
        let now = replay.now();
        let ends = |slots: &[Slot]| Some((slots.first()?.start, slots.last()?.end));
        Ok(Floor {
            settings,
            choice,
            market,
            whole: ends(slots).unwrap_or((now, now)),
            tape,
            replay,
            desks: Vec::new(),
            left_out: Vec::new(),
            children: BTreeMap::new(),
            fills_heard: 0,
            prints_heard: 0,
            sent: 0,
        })
    }

    /// Works all parents, one stretch after the other, and the end of each to its last answer.
    pub(super) fn work(mut self, slots: &[Slot]) -> Result<Shift, Error> {
        let mut waiting: VecDeque<Slot> = slots.iter().copied().collect();
        while let Some(now) = self.next_look(waiting.front()) {
            self.replay.advance_to(now).map_err(Error::ReplayDepth)?;
            self.hear_prints();
            while let Some(slot) = waiting.pop_front_if(|slot| slot.start <= now) {
                self.begin(slot)?;
            }
            self.look()?;
        }
        let faults = self.replay.faults().iter().map(|(fault, seen)| (fault, seen.times));
        Ok(Shift {
            faults: faults.collect(),
            worked: self.desks.into_iter().map(|desk| desk.told).collect(),
            left_out: self.left_out,
        })
    }

    /// The next pause of the workers, or the start or end of a parent where that is sooner.
    fn next_look(&self, waiting: Option<&Slot>) -> Option<Ts> {
        let now = self.replay.now();
        let start = waiting.map(|slot| slot.start);
        let busy = self.desks.iter().filter(|desk| desk.told.progress == Progress::Working);
        let ends = busy.map(|desk| desk.told.slot.end);
        let soon = ends.map(|end| {
            let pause = now + self.settings.every;
            if end > now { pause.min(end) } else { pause }
        });
        soon.chain(start).min()
    }

    fn hear_prints(&mut self) {
        let now = self.replay.now();
        self.prints_heard = self.market.prints.partition_point(|print| print.0 <= now);
    }

    fn begin(&mut self, slot: Slot) -> Result<(), Error> {
        let Some(best) = best(self.replay.book()) else {
            self.left_out.push(slot);
            return Ok(());
        };
        let parent = self.settings.parent(self.choice, slot, self.whole, best)?;
        let told = Worked {
            slot,
            progress: Progress::Working,
            children: 0,
            refused: BTreeMap::new(),
            fills: Vec::new(),
            scheduled: Vec::new(),
        };
        let worker = Worker::new(parent).map_err(Error::WorkParent)?;
        let first_print = self.prints_heard;
        self.desks.push(Desk { worker, told, next_point: slot.start, first_print });
        Ok(())
    }

    /// All workers hear what has come, and what they want is done.
    fn look(&mut self) -> Result<(), Error> {
        let (bid, ask) = best(self.replay.book()).unwrap_or((Ticks(0), Ticks(0)));
        for desk in self.at_work() {
            // Equal prices say that there is no book to act on.
            self.tell(desk, &Told::Quote { bid, ask })?;
        }
        self.answer()?;
        for desk in self.at_work() {
            let heard = self.desks[desk].first_print..self.prints_heard;
            let size: Lots = self.market.prints[heard].iter().map(|print| print.1).sum();
            self.desks[desk].first_print = self.prints_heard;
            if size > Lots::ZERO {
                self.tell(desk, &Told::Trade { size })?;
            }
        }
        for desk in self.at_work() {
            self.note(desk)?;
        }
        Ok(())
    }

    fn at_work(&self) -> Vec<usize> {
        let busy = |desk: &usize| self.desks[*desk].told.progress == Progress::Working;
        (0..self.desks.len()).filter(busy).collect()
    }

    /// The venue's answers that have come.
    fn answer(&mut self) -> Result<(), Error> {
        let fills: Vec<DepthFill> = self.replay.fills()[self.fills_heard..].to_vec();
        self.fills_heard += fills.len();
        for fill in fills {
            let Some(child) = self.children.get(&fill.order) else { continue };
            let (desk, name) = (child.desk, child.name.clone());
            self.desks[desk].told.fills.push(fill);
            self.tell_answer(desk, name, Answer::Filled { size: fill.size })?;
        }
        let orders: Vec<OwnOrder> = self.replay.orders().to_vec();
        for order in orders {
            self.stand(&order)?;
        }
        self.replay.forget_done();
        Ok(())
    }

    /// Where one of our orders stands now.
    fn stand(&mut self, order: &OwnOrder) -> Result<(), Error> {
        let id = order.wish.id;
        let Some(child) = self.children.get_mut(&id) else { return Ok(()) };
        let (desk, name) = (child.desk, child.name.clone());
        let answer = match order.standing {
            Standing::Working if !child.accepted => {
                child.accepted = true;
                Some(Answer::Accepted)
            }
            Standing::Sent | Standing::Working | Standing::Filled => None,
            Standing::Cancelled => Some(Answer::Cancelled { filled: order.filled }),
            Standing::Rejected(reject) => {
                *self.desks[desk].told.refused.entry(reject).or_insert(0) += 1;
                Some(Answer::Rejected)
            }
        };
        if order.standing.is_done() {
            self.children.remove(&id);
        }
        match answer {
            Some(answer) => self.tell_answer(desk, name, answer),
            None => Ok(()),
        }
    }

    fn tell_answer(
        &mut self,
        desk: usize,
        child: ClientOrderId,
        answer: Answer,
    ) -> Result<(), Error> {
        self.tell(desk, &Told::Child { child, answer })
    }

    /// Tells a worker something and does what it then wants.
    fn tell(&mut self, desk: usize, told: &Told) -> Result<(), Error> {
        let now = self.replay.now();
        let wishes = self.desks[desk].worker.on(now, told).map_err(Error::WorkParent)?;
        for wish in wishes {
            match wish {
                Wish::Send(child) => {
                    let id = OwnId(self.sent);
                    self.sent += 1;
                    let terms = Terms::Limit { price: child.limit };
                    let side = BookSide::from(child.side);
                    let sending = Sending { id, side, size: child.size, terms };
                    self.children.insert(id, Child { desk, name: child.id, accepted: false });
                    self.replay.place(sending).map_err(|reject| Error::SetExecution {
                        what: format!("a child was not sent: {reject:?}"),
                    })?;
                }
                Wish::Cancel { child } => self.take_back(&child),
            }
        }
        Ok(())
    }

    fn take_back(&mut self, name: &ClientOrderId) {
        let at = self.children.iter().find(|(_, child)| child.name == *name);
        if let Some((id, _)) = at {
            // Refused where it is done: the answer that says so is told at this very look.
            let _refused_where_done = self.replay.cancel(*id);
        }
    }

    /// Writes down how far the schedule is, and whether the work is over.
    fn note(&mut self, desk: usize) -> Result<(), Error> {
        let (now, grid) = (self.replay.now(), self.tape.grid());
        let desk = &mut self.desks[desk];
        let slot = desk.told.slot;
        if now >= desk.next_point && now <= slot.end {
            let target = desk.worker.target().map_err(Error::WorkParent)?;
            let qty = grid.qty(target).to_f64();
            desk.told.scheduled.push(Step { at: now, qty });
            desk.next_point =
                now + base::Span::from_nanos((slot.end - slot.start).nanos() / POINTS);
        }
        desk.told.progress = desk.worker.progress();
        desk.told.children = desk.worker.sent();
        Ok(())
    }
}
