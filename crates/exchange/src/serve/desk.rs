//! The one thread that holds the account. Requests come one after the other; what changed is kept
//! before anybody hears of it. All that waits is worked in one go and kept at once: what bringing
//! a change to the disk takes is shared by those who wait for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use base::{Span, Ts};
use serde_json::Value;
use sim::BarPrint;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::Clock;
use crate::journal::Clerk;
use crate::tws::{LineId, Out};
use crate::{Answer, Error, Keep, Request, Turn, Venue};

/// How the market's time runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many times as fast as the wall clock.
    Times(f64),
    /// Only when a request says so.
    Stepped,
}

/// Longest time without a look at the clock.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// Messages that a slow listener may fall behind.
const BACKLOG: usize = 4_096;

/// Most jobs that are worked before what changed is kept.
const MOST_JOBS: usize = 1_024;
/// A journal is not begun anew before it weighs so many bytes, nor before it weighs that part of
/// the state: so states are kept the more seldom the larger they are, and what that takes of an
/// order does not grow.
const LEAST_WEIGHT: u64 = 4 << 20;
const PART_OF_STATE: u64 = 8;

/// Something to do, and where the answer goes.
enum Job {
    Ask { request: Request, reply: oneshot::Sender<Answer> },
    Line { id: LineId, event: LineEvent },
}

/// What happens on a line of the socket protocol.
pub(super) enum LineEvent {
    /// A client greeted; `out` is where it is answered.
    Opened { version: i32, out: LineOut },
    /// It said something; `done` once that is answered, and not before it was kept.
    Said { message: u32, body: Vec<u8>, done: oneshot::Sender<()> },
    /// It is gone.
    Closed,
}

/// Bytes that may wait for a slow client.
const MOST_WAITING: usize = 16 << 20;

/// Where a line is answered, and how many bytes wait there.
pub(super) struct LineOut {
    pub(super) sender: mpsc::UnboundedSender<Vec<u8>>,
    pub(super) waiting: Arc<AtomicUsize>,
    /// Goes with this, so that the line knows that nothing more will come.
    pub(super) _alive: oneshot::Sender<()>,
}

impl LineOut {
    /// False where the client has fallen too far behind, or is gone.
    fn send(&self, bytes: Vec<u8>) -> bool {
        let count = bytes.len();
        let waiting = self.waiting.fetch_add(count, Ordering::Relaxed);
        waiting.saturating_add(count) <= MOST_WAITING && self.sender.send(bytes).is_ok()
    }
}

/// The door to the thread.
#[derive(Clone)]
pub(super) struct Door {
    jobs: Sender<Job>,
    /// Messages of the account.
    pub(super) updates: broadcast::Sender<Arc<Value>>,
    /// Bars that became known.
    pub(super) prints: broadcast::Sender<Arc<Vec<BarPrint>>>,
}

impl Door {
    /// Asks and waits; `None` where the thread has ended.
    pub(super) async fn ask(&self, request: Request) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job::Ask { request, reply }).ok()?;
        answer.await.ok()
    }

    /// Says what happened on a line; false where the thread has ended.
    pub(super) fn tell(&self, id: LineId, event: LineEvent) -> bool {
        self.jobs.send(Job::Line { id, event }).is_ok()
    }
}

/// What the thread holds.
pub(super) struct Desk {
    pub(super) venue: Venue,
    pub(super) keep: Box<dyn Keep>,
    pub(super) pace: Pace,
    pub(super) clock: Clock,
}

/// Starts the thread. It ends when all doors are gone, or with an error; `ended` then says so.
pub(super) fn open(
    desk: Desk,
    ended: watch::Sender<bool>,
) -> (Door, std::thread::JoinHandle<Result<(), Error>>) {
    let (jobs, inbox) = channel();
    let (updates, prints) = (broadcast::channel(BACKLOG).0, broadcast::channel(BACKLOG).0);
    let door = Door { jobs, updates: updates.clone(), prints: prints.clone() };
    let thread = std::thread::spawn(move || {
        let _guard = Guard(ended);
        Worker::new(desk, updates, prints).work(&inbox)
    });
    (door, thread)
}

/// Says that the thread ended, whichever way.
struct Guard(watch::Sender<bool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

/// What is told once all that changed is kept, in its order.
enum Told {
    Answer(oneshot::Sender<Answer>, Answer),
    Done(oneshot::Sender<()>),
    Updates(Vec<Value>),
    Prints(Vec<BarPrint>),
}

struct Worker {
    clerk: Clerk,
    keep: Box<dyn Keep>,
    pace: Pace,
    clock: Clock,
    updates: broadcast::Sender<Arc<Value>>,
    prints: broadcast::Sender<Arc<Vec<BarPrint>>>,
    /// Where lines of the socket protocol are answered.
    outs: BTreeMap<LineId, LineOut>,
    /// What is told once that is kept which changed.
    told: Vec<Told>,
}

impl Worker {
    fn new(
        desk: Desk,
        updates: broadcast::Sender<Arc<Value>>,
        prints: broadcast::Sender<Arc<Vec<BarPrint>>>,
    ) -> Worker {
        let Desk { venue, keep, pace, clock } = desk;
        let (clerk, told, outs) = (Clerk::new(venue), Vec::new(), BTreeMap::new());
        Worker { clerk, keep, pace, clock, updates, prints, outs, told }
    }

    fn work(&mut self, inbox: &Receiver<Job>) -> Result<(), Error> {
        let begun = (self.clock)();
        let from = self.clerk.venue.now();
        self.renew()?;
        self.keep.wait().map_err(Error::KeepState)?;
        loop {
            match inbox.recv_timeout(self.wait(begun, from)) {
                Ok(job) => {
                    self.run(begun, from)?;
                    self.take(job)?;
                    for job in inbox.try_iter().take(MOST_JOBS - 1) {
                        self.take(job)?;
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.run(begun, from)?,
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            }
            self.settle()?;
        }
    }

    /// Leaves a state and no journal behind: another version of the program goes on from that.
    fn end(&mut self) -> Result<(), Error> {
        if self.clerk.weight > 0 {
            self.renew()?;
        }
        self.keep.wait().map_err(Error::KeepState)
    }

    fn take(&mut self, job: Job) -> Result<(), Error> {
        match job {
            Job::Ask { request, reply } => {
                let answer = match self.refuses(&request) {
                    Some(refusal) => refusal,
                    None => {
                        let turn = self.clerk.ask(request)?;
                        self.gather(turn)
                    }
                };
                self.told.push(Told::Answer(reply, answer));
            }
            Job::Line { id, event } => self.hear(id, event),
        }
        Ok(())
    }

    /// Takes in what happened on a line.
    fn hear(&mut self, id: LineId, event: LineEvent) {
        match event {
            LineEvent::Opened { version, out } => {
                self.outs.insert(id, out);
                let now = self.clerk.venue.now();
                self.clerk.hall.open(id, version, now);
            }
            LineEvent::Said { message, body, done } => {
                let turn = self.clerk.hear(id, (message, body));
                self.gather(turn);
                self.told.push(Told::Done(done));
            }
            LineEvent::Closed => self.drop_line(id),
        }
    }

    fn drop_line(&mut self, id: LineId) {
        self.outs.remove(&id);
        self.clerk.hall.close(id);
    }

    /// A clock that runs by itself is in nobody's hand.
    fn refuses(&self, request: &Request) -> Option<Answer> {
        let moves = matches!(request.path.as_str(), "/control/step" | "/control/advance");
        let is_running = matches!(self.pace, Pace::Times(_));
        (moves && is_running)
            .then(|| Answer::refuse(409, 40_910_000, "the market's clock runs by itself"))
    }

    /// The time in the market by the wall clock; `None` where it is stepped.
    fn due(&self, begun: Duration, from: Ts) -> Option<Ts> {
        let Pace::Times(factor) = self.pace else { return None };
        let passed = (self.clock)().saturating_sub(begun).as_secs_f64() * factor;
        // A replay ends long before this bound; it keeps the sum within its type.
        Some(from + Span::from_nanos((passed.min(4e9) * 1e9) as i64))
    }

    fn wait(&self, begun: Duration, from: Ts) -> Duration {
        let (Pace::Times(factor), Some(due)) = (self.pace, self.due(begun, from)) else {
            return Duration::from_secs(3_600);
        };
        let next = self.clerk.venue.next_end().unwrap_or(Ts::MAX);
        let left = next.nanos().saturating_sub(due.nanos()).max(0) as f64 * 1e-9 / factor;
        Duration::from_secs_f64(left.min(LONGEST_WAIT.as_secs_f64())).max(Duration::from_millis(1))
    }

    fn run(&mut self, begun: Duration, from: Ts) -> Result<(), Error> {
        if let Some(due) = self.due(begun, from) {
            let turn = self.clerk.advance(due)?;
            self.gather(turn);
        }
        Ok(())
    }

    /// Gathers what is to be told; gives the answer.
    fn gather(&mut self, turn: Turn) -> Answer {
        if !turn.updates.is_empty() {
            self.told.push(Told::Updates(turn.updates));
        }
        if !turn.prints.is_empty() {
            self.told.push(Told::Prints(turn.prints));
        }
        turn.answer
    }

    /// Keeps what changed, then tells it.
    fn settle(&mut self) -> Result<(), Error> {
        if !self.clerk.page.is_empty() {
            let page = self.clerk.page.sealed();
            self.clerk.weight += page.len() as u64;
            self.keep.append(page).map_err(Error::KeepState)?;
            self.clerk.page.clear();
        }
        self.send();
        for told in self.told.drain(..) {
            // Nobody listens, or whoever asked has gone: then nobody is told.
            match told {
                Told::Answer(reply, answer) => drop(reply.send(answer)),
                Told::Done(done) => drop(done.send(())),
                Told::Updates(updates) => {
                    for update in updates {
                        drop(self.updates.send(Arc::new(update)));
                    }
                }
                Told::Prints(prints) => drop(self.prints.send(Arc::new(prints))),
            }
        }
        if self.clerk.weight >= LEAST_WEIGHT
            && let Some(size) = self.keep.kept().map_err(Error::KeepState)?
            && self.clerk.weight >= size / PART_OF_STATE
        {
            self.renew()?;
        }
        Ok(())
    }

    /// Begins to keep the state as it is now, and a journal of what comes after it.
    fn renew(&mut self) -> Result<(), Error> {
        self.clerk.weight = 0;
        self.keep.renew(self.clerk.venue.frozen()).map_err(Error::KeepState)
    }

    /// Sends what the hall has to say. A line that takes nothing more is cut: a client that lost
    /// messages must begin anew rather than believe it has all.
    fn send(&mut self) {
        for (id, out) in self.clerk.hall.take() {
            let is_sent = match (out, self.outs.get(&id)) {
                (Out::Bytes(bytes), Some(line)) => line.send(bytes),
                (Out::Cut, _) => false,
                (Out::Bytes(_), None) => continue,
            };
            if !is_sent {
                self.drop_line(id);
            }
        }
    }
}
