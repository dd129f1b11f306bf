//! A recorded order book with our orders in it.
//!
//! There are two sides with two clocks. The *venue* sees each message when it happened (`at`) and
//! each of our orders when it arrives; *we* see messages when they were received (`known`) and
//! answers when they come back. What we decide rests on our side alone, so a price can't be
//! traded before it was known; what trades is decided at the venue, so a stale quote fills
//! nobody. Every fill carries the recorded message that allowed it.
//!
//! ```text
//! tape --(at)--> venue: recorded book, our resting orders, footprint --answers--> line --+
//! tape --(known)--> our side: book, orders, account  <----------------------------------+
//! wishes --> line --> venue
//! ```
//!
//! What is assumed stands in [`Rules`]: latencies, the queue model, how much may trade, how the
//! book heals. The recording itself does not react to us: our orders take what it shows and leave
//! a footprint that fades, but nobody in it changes a mind. That is what a replay can't know.
//!
//! Start reading at [`Replay`], then `venue`.

mod book;
mod contract;
mod impact;
mod latency;
mod local;
mod order;
mod own;
mod queue;
mod rules;
mod tape;
mod venue;

pub use book::RecordedBook;
pub use contract::{Contract, PARTS_OF_A_COIN};
pub use impact::{Footprint, Impact};
pub use latency::{Latency, Line};
pub use local::{DepthAccount, OwnOrder};
pub use order::{
    Answer, DepthEvidence, DepthFill, DepthRule, OwnId, Reject, Role, Standing, Terms, Wish,
};
pub use queue::{Place, QueueModel, Weight};
pub use rules::{Fees, Liquidity, OwnOrders, Rules};
pub use tape::{Clock, Tape};

use base::{Span, Ts};
use market::depth::{DepthMessage, FaultCounts};

use crate::Error;
use local::Local;
use venue::Venue;

/// Whether there is more to replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// There is.
    Going,
    /// The recording is over, and nothing is under way.
    Ended,
}

#[derive(Debug, Clone, Copy)]
enum Request {
    Place(Wish),
    Cancel(OwnId),
}

/// A replay under way. `B` is the kind of book that the feed shows.
#[derive(Debug)]
pub struct Replay<'a, B> {
    tape: &'a Tape,
    venue: Venue<B>,
    local: Local<B>,
    to_venue: Line<Request>,
    to_us: Line<Answer>,
    venue_next: usize,
    local_next: usize,
    now: Ts,
}

impl<'a, B: RecordedBook> Replay<'a, B> {
    /// A replay from the beginning of a tape. Refuses rules that no venue has.
    pub fn new(tape: &'a Tape, rules: Rules) -> Result<Replay<'a, B>, Error> {
        rules.check()?;
        let (to_venue, to_us) = (rules.to_venue.clone(), rules.to_us.clone());
        let contract = rules.contract;
        Ok(Replay {
            tape,
            venue: Venue::new(*tape.grid(), rules),
            local: Local::new(*tape.grid(), contract),
            to_venue: Line::new(to_venue),
            to_us: Line::new(to_us),
            venue_next: 0,
            local_next: 0,
            now: tape.start().unwrap_or(Ts::MIN),
        })
    }

    /// The time on our clock.
    pub const fn now(&self) -> Ts {
        self.now
    }

    /// The book as we have heard it.
    pub const fn book(&self) -> &B {
        &self.local.book
    }

    /// Our orders, those that are done too until [`Replay::forget_done`].
    pub fn orders(&self) -> &[OwnOrder] {
        &self.local.orders
    }

    /// One of our orders.
    pub fn order(&self, id: OwnId) -> Option<&OwnOrder> {
        self.local.order(id)
    }

    /// Our account from the fills that we have heard of.
    pub const fn account(&self) -> &DepthAccount {
        &self.local.account
    }

    /// All fills that we have heard of, in the order in which we did.
    pub fn fills(&self) -> &[DepthFill] {
        &self.local.fills
    }

    /// All that the feed has said to us so far, trades among it, the latest at the end.
    pub fn heard(&self) -> &'a [DepthMessage] {
        &self.tape.messages()[..self.local_next]
    }

    /// What was wrong with the recording so far.
    pub const fn faults(&self) -> &FaultCounts {
        self.venue.faults()
    }

    /// The book at the venue, which nobody who trades can see: for measuring what a delay cost.
    pub const fn venue_book(&self) -> &B {
        self.venue.book()
    }

    /// Sends an order. Refused at once, and not sent, where the name is in use or the size is not
    /// positive.
    pub fn place(&mut self, wish: Wish) -> Result<(), Reject> {
        if wish.size.0 <= 0 {
            return Err(Reject::SizeNotPositive);
        }
        if self.order(wish.id).is_some() {
            return Err(Reject::DuplicateId);
        }
        let filled = market::depth::Lots::ZERO;
        let order = OwnOrder { wish, standing: Standing::Sent, filled, cancelling: false };
        self.local.orders.push(order);
        self.to_venue.send(Request::Place(wish), self.now);
        Ok(())
    }

    /// Asks to cancel an order. Refused at once where it is done or being cancelled already.
    pub fn cancel(&mut self, id: OwnId) -> Result<(), Reject> {
        let order = self.local.order_mut(id).ok_or(Reject::NoSuchOrder)?;
        if order.standing.is_done() || order.cancelling {
            return Err(Reject::NoSuchOrder);
        }
        order.cancelling = true;
        self.to_venue.send(Request::Cancel(id), self.now);
        Ok(())
    }

    /// Forgets orders that are done, so that their names can be used again.
    pub fn forget_done(&mut self) {
        self.local.orders.retain(|order| !order.standing.is_done());
    }

    /// Lets time pass on our clock.
    pub fn advance(&mut self, span: Span) -> Result<Course, Error> {
        self.advance_to(self.now + span)
    }

    /// Lets time pass until then.
    pub fn advance_to(&mut self, until: Ts) -> Result<Course, Error> {
        let until = until.max(self.now);
        self.run_venue(until)?;
        self.run_local(until)?;
        self.now = until;
        Ok(self.course())
    }

    /// Lets time pass until we hear the next message of the feed; to the end where there is none.
    pub fn advance_to_next_message(&mut self) -> Result<Course, Error> {
        match self.tape.messages().get(self.local_next).map(|message| message.known) {
            Some(known) => self.advance_to(known),
            None => self.advance_to_end(),
        }
    }

    /// Lets time pass until all has been heard, answers under way too.
    pub fn advance_to_end(&mut self) -> Result<Course, Error> {
        while let Some(until) = self.last_known() {
            self.advance_to(until)?;
        }
        Ok(Course::Ended)
    }

    fn last_known(&self) -> Option<Ts> {
        if self.course() == Course::Ended {
            return None;
        }
        let under_way = self.to_venue.next_arrival().max(self.to_us.next_arrival());
        self.tape.end().max(under_way)
    }

    fn course(&self) -> Course {
        let messages = self.tape.messages().len();
        let heard = self.venue_next == messages && self.local_next == messages;
        let quiet = self.to_venue.next_arrival().is_none() && self.to_us.next_arrival().is_none();
        match heard && quiet {
            true => Course::Ended,
            false => Course::Going,
        }
    }

    /// The venue lives until then. At one moment what happens in the market comes before what we
    /// send: a tie is decided against us.
    fn run_venue(&mut self, until: Ts) -> Result<(), Error> {
        loop {
            let arrival = self.to_venue.next_arrival().filter(|arrival| *arrival <= until);
            self.publish(arrival.unwrap_or(until))?;
            let Some((at, request)) = self.to_venue.receive(until) else {
                return Ok(());
            };
            match request {
                Request::Place(wish) => self.venue.on_wish(&wish, at)?,
                Request::Cancel(id) => self.venue.on_cancel(id),
            }
            self.send_answers(at);
        }
    }

    fn publish(&mut self, until: Ts) -> Result<(), Error> {
        while let Some((number, message)) = self.tape.venue(self.venue_next) {
            if message.at > until {
                break;
            }
            self.venue_next += 1;
            self.venue.on_message(number, message)?;
            if !self.venue.answers.is_empty() {
                self.send_answers(message.at);
            }
        }
        Ok(())
    }

    fn send_answers(&mut self, at: Ts) {
        for answer in self.venue.answers.drain(..) {
            self.to_us.send(answer, at);
        }
    }

    /// We hear all that has come until then.
    fn run_local(&mut self, until: Ts) -> Result<(), Error> {
        let messages = self.tape.messages();
        let rest = &messages[self.local_next..];
        let heard = rest.iter().take_while(|message| message.known <= until);
        for message in heard {
            self.local.on_message(message);
            self.local_next += 1;
        }
        while let Some((_, answer)) = self.to_us.receive(until) {
            self.local.on_answer(&answer)?;
        }
        Ok(())
    }
}
