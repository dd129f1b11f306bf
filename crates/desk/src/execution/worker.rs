//! A parent order at work: a machine without a clock that turns what it is told into children.

use std::collections::BTreeMap;

use base::Ts;
use market::ClientOrderId;
use market::Side;
use market::depth::{BookSide, Lots, Ticks};
use serde::{Deserialize, Serialize};

use super::parent::{Pace, Parent, Style, TapeOf, ours_of};
use crate::Error;

/// Something that the worker is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// Best prices of both sides. Where they lock or cross no child is sent.
    Quote {
        /// Best bid.
        bid: Ticks,
        /// Best ask.
        ask: Ticks,
    },
    /// The market traded.
    Trade {
        /// How much.
        size: Lots,
    },
    /// Time went on.
    Clock,
    /// The broker answered.
    Child {
        /// About which child.
        child: ClientOrderId,
        /// What.
        answer: Answer,
    },
}

/// A broker's answer about a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It works.
    Accepted,
    /// It was refused; nothing of it traded.
    Rejected,
    /// Part of it traded.
    Filled {
        /// How much, this time.
        size: Lots,
    },
    /// It was taken back, by us or by the broker.
    Cancelled {
        /// All that it has traded, by the broker's count. Fills of it may still come in late: they
        /// are counted here and not again. More than was counted stops the parent: the shares are
        /// ours and are counted, but nothing more is sent on such a word.
        filled: Lots,
    },
}

/// Something that the worker wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Send a child.
    Send(ChildOrder),
    /// Take a child back.
    Cancel {
        /// Which.
        child: ClientOrderId,
    },
}

/// A limit order on the way to the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildOrder {
    /// Its name.
    pub id: ClientOrderId,
    /// Buys or sells.
    pub side: Side,
    /// How much.
    pub size: Lots,
    /// Worst price.
    pub limit: Ticks,
    /// Which side's price the limit was.
    pub posture: Posture,
}

/// Whether a child waits or takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Posture {
    /// At our side's best price.
    Passive,
    /// At the other side's best price.
    Aggressive,
}

/// Where a parent stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// It is, or will be, worked.
    Working,
    /// All of it is done.
    Filled,
    /// Its time is over; what was left is left.
    Ended,
    /// It stopped itself.
    Stopped {
        /// Why.
        reason: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Child {
    size: Lots,
    /// Sum of the fills that came.
    seen: Lots,
    /// All fills by the broker's count when it was cancelled.
    cancelled: Option<Lots>,
    sent: Ts,
    posture: Posture,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Open,
    Cancelling,
    Done,
}

impl Child {
    fn filled(&self) -> Lots {
        self.seen.max(self.cancelled.unwrap_or(Lots::ZERO))
    }

    fn open(&self) -> Lots {
        match self.stage {
            Stage::Done => Lots::ZERO,
            Stage::Open | Stage::Cancelling => self.size - self.filled(),
        }
    }
}

/// A parent order at work. All of its state is in it: written out and read back at any moment, it
/// goes on as if nothing had been.
///
/// One child is open at a time, and a child that is being taken back counts as open until the
/// broker has said how much of it traded: so what is done and what is open never exceed the parent,
/// whatever the broker does and however late it answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worker {
    parent: Parent,
    now: Ts,
    best: Option<(Ticks, Ticks)>,
    /// Lots on the tape since the start.
    volume: Lots,
    /// What others had traded when the last child was sent.
    others_at_send: Lots,
    filled: Lots,
    children: BTreeMap<ClientOrderId, Child>,
    open: Option<ClientOrderId>,
    posture: Posture,
    rejected_in_row: u32,
    stopped: Option<String>,
}

impl Worker {
    /// A worker for a parent that can be worked.
    pub fn new(parent: Parent) -> Result<Worker, Error> {
        parent.check()?;
        Ok(Worker {
            posture: Worker::first_posture(&parent),
            parent,
            now: Ts::MIN,
            best: None,
            volume: Lots::ZERO,
            others_at_send: Lots::ZERO,
            filled: Lots::ZERO,
            children: BTreeMap::new(),
            open: None,
            rejected_in_row: 0,
            stopped: None,
        })
    }

    /// Takes what it is told and answers with what it wants done, in that order. An error leaves
    /// the worker as it was, except where the broker broke its own order: then it is stopped too.
    pub fn on(&mut self, at: Ts, told: &Told) -> Result<Vec<Wish>, Error> {
        if at < self.now {
            return Err(self.parent.refuse("time went backwards"));
        }
        match told {
            Told::Quote { bid, ask } => self.best = (bid.0 < ask.0).then_some((*bid, *ask)),
            Told::Trade { size } if size.0 <= 0 => {
                return Err(self.parent.refuse("a trade without size"));
            }
            Told::Trade { size } => {
                if at >= self.parent.start && at < self.parent.end {
                    self.volume += *size;
                }
            }
            Told::Clock => {}
            Told::Child { child, answer } => self.answer(child, *answer)?,
        }
        self.now = at;
        self.decide()
    }

    /// The parent.
    pub fn parent(&self) -> &Parent {
        &self.parent
    }

    /// Lots done, those that the broker counted and whose fills are still on their way included.
    pub fn filled(&self) -> Lots {
        self.filled
    }

    /// Lots that may still trade without another order.
    pub fn open(&self) -> Lots {
        self.child().map_or(Lots::ZERO, |(_, child)| child.open())
    }

    /// Lots that shall be done by now.
    pub fn target(&self) -> Result<Lots, Error> {
        self.parent.target(self.now, self.others())
    }

    /// Children sent so far.
    pub fn sent(&self) -> usize {
        self.children.len()
    }

    /// Where it stands. A parent that ended or stopped is so only once no child is open.
    pub fn progress(&self) -> Progress {
        match &self.stopped {
            _ if self.open.is_some() => Progress::Working,
            Some(reason) => Progress::Stopped { reason: reason.clone() },
            None if self.filled == self.parent.size => Progress::Filled,
            None if self.now >= self.parent.end => Progress::Ended,
            None => Progress::Working,
        }
    }

    fn child(&self) -> Option<(&ClientOrderId, &Child)> {
        self.open.as_ref().and_then(|id| self.children.get_key_value(id))
    }

    fn others(&self) -> Lots {
        match self.parent.bounds.tape {
            TapeOf::All => Lots((self.volume - self.filled).0.max(0)),
            TapeOf::Others => self.volume,
        }
    }

    fn first_posture(parent: &Parent) -> Posture {
        match parent.style {
            Style::Aggressive { .. } => Posture::Aggressive,
            Style::PassiveFirst { .. } => Posture::Passive,
        }
    }

    fn answer(&mut self, id: &ClientOrderId, answer: Answer) -> Result<(), Error> {
        let Some(child) = self.children.get_mut(id) else {
            return Err(self.parent.refuse("an answer about a child that it never sent"));
        };
        let before = child.filled();
        let fault = match answer {
            Answer::Accepted => None,
            Answer::Filled { size } if size.0 <= 0 => Some("a fill without size"),
            Answer::Filled { size } if child.seen + size > child.size => {
                Some("a child filled beyond its size")
            }
            Answer::Cancelled { filled } if filled > child.size || filled.0 < 0 => {
                Some("a child cancelled with more filled than it had")
            }
            Answer::Rejected if before.0 > 0 => Some("a child rejected after it had filled"),
            _ => None,
        };
        if let Some(fault) = fault {
            self.stopped = Some(fault.to_owned());
            return Err(self.parent.refuse(fault));
        }
        match answer {
            Answer::Accepted => {}
            Answer::Filled { size } => child.seen += size,
            Answer::Rejected => child.stage = Stage::Done,
            Answer::Cancelled { filled } => {
                child.cancelled = Some(filled);
                child.stage = Stage::Done;
            }
        }
        if child.filled() == child.size {
            child.stage = Stage::Done;
        }
        let counted = child.cancelled.unwrap_or(child.size);
        if child.seen > counted {
            let reason = "a child filled beyond what the broker counted when it was cancelled";
            self.stopped = Some(reason.to_owned());
        }
        let (after, posture, done) = (child.filled(), child.posture, child.stage == Stage::Done);
        self.filled += after - before;
        if done && self.open.as_ref() == Some(id) {
            self.open = None;
            self.follow(answer, posture);
        }
        Ok(())
    }

    /// What the end of a child means for the next one.
    fn follow(&mut self, answer: Answer, posture: Posture) {
        let first = Worker::first_posture(&self.parent);
        match answer {
            Answer::Rejected => {
                self.rejected_in_row += 1;
                if self.rejected_in_row >= self.parent.bounds.rejects.max(1) {
                    let reason = format!("{} children refused in a row", self.rejected_in_row);
                    self.stopped = Some(reason);
                }
            }
            // Patience is over: the rest of this slice takes.
            Answer::Cancelled { .. } if posture == Posture::Passive => {
                self.rejected_in_row = 0;
                self.posture = Posture::Aggressive;
            }
            Answer::Cancelled { .. } => self.rejected_in_row = 0,
            Answer::Filled { .. } | Answer::Accepted => {
                self.rejected_in_row = 0;
                self.posture = first;
            }
        }
    }

    fn decide(&mut self) -> Result<Vec<Wish>, Error> {
        let over = self.stopped.is_some() || self.now >= self.parent.end;
        if let Some(id) = self.open.clone() {
            return Ok(self.take_back(&id, over).into_iter().collect());
        }
        if over || self.now < self.parent.start || self.filled >= self.parent.size {
            return Ok(Vec::new());
        }
        let Some((bid, ask)) = self.best else { return Ok(Vec::new()) };
        let size = self.wanted()?;
        if size.0 <= 0 {
            return Ok(Vec::new());
        }
        let posture = match self.finishing() {
            true => Posture::Aggressive,
            false => self.posture,
        };
        let limit = self.limit(bid, ask, posture);
        let leg = format!("child-{}", self.children.len());
        let id = ClientOrderId::derive(&self.parent.id, &leg);
        let stage = Stage::Open;
        let (seen, cancelled, sent) = (Lots::ZERO, None, self.now);
        self.children.insert(id.clone(), Child { size, seen, cancelled, sent, posture, stage });
        self.open = Some(id.clone());
        self.others_at_send = self.others();
        Ok(vec![Wish::Send(ChildOrder { id, side: self.parent.side, size, limit, posture })])
    }

    /// Takes an open child back once: at the end, when its patience is over, or when a waiting one
    /// is in the way of finishing.
    fn take_back(&mut self, id: &ClientOrderId, over: bool) -> Option<Wish> {
        let finishing = self.finishing();
        let patience = self.parent.style.patience();
        let child = self.children.get_mut(id)?;
        let waited = self.now - child.sent >= patience;
        let in_the_way = finishing && child.posture == Posture::Passive;
        if child.stage != Stage::Open || !(over || waited || in_the_way) {
            return None;
        }
        child.stage = Stage::Cancelling;
        Some(Wish::Cancel { child: id.clone() })
    }

    fn finishing(&self) -> bool {
        self.parent.bounds.finish.is_some_and(|finish| self.now >= self.parent.end - finish)
    }

    /// Size of the next child; zero or less where it has to wait.
    fn wanted(&self) -> Result<Lots, Error> {
        let left = self.parent.size - self.filled;
        let target = match self.finishing() {
            true => self.parent.size,
            false => self.target()?,
        };
        let mut size = (target - self.filled).min(self.room());
        if let (Pace::Pov { catch_up, .. }, false) = (&self.parent.pace, self.finishing()) {
            let since = (self.others() - self.others_at_send).max(Lots::ZERO);
            size = size.min(Lots(ours_of(*catch_up, since)));
        }
        if let Some(largest) = self.parent.bounds.largest_child {
            size = size.min(largest);
        }
        let small = size < self.parent.bounds.least_child;
        Ok(if small && size != left { Lots::ZERO } else { size })
    }

    /// Lots that participation still allows.
    fn room(&self) -> Lots {
        match self.parent.bounds.participation {
            None => self.parent.size - self.filled,
            Some(most) => Lots(ours_of(most, self.others())) - self.filled,
        }
    }

    fn limit(&self, bid: Ticks, ask: Ticks, posture: Posture) -> Ticks {
        let side = BookSide::from(self.parent.side);
        let touch = match (side, posture) {
            (BookSide::Bid, Posture::Passive) | (BookSide::Ask, Posture::Aggressive) => bid,
            (BookSide::Ask, Posture::Passive) | (BookSide::Bid, Posture::Aggressive) => ask,
        };
        match self.parent.bounds.limit {
            Some(worst) if !side.accepts(worst, touch) => worst,
            _ => touch,
        }
    }
}
