//! The one thread that holds the account. Requests come one after the other; what changed is kept
//! before anybody hears of it.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use base::{Span, Ts};
use serde_json::Value;
use sim::BarPrint;
use tokio::sync::{broadcast, oneshot, watch};

use super::Clock;
use crate::{Answer, Error, Request, Turn, Venue};

/// Where states are kept. It returns only once the state would survive the machine.
pub trait Keep: Send {
    /// Keeps a state in the place of the one before, whole or not at all.
    fn keep(&mut self, state: &[u8]) -> io::Result<()>;
}

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

/// A request and where its answer goes.
struct Job {
    request: Request,
    reply: oneshot::Sender<Answer>,
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
        self.jobs.send(Job { request, reply }).ok()?;
        answer.await.ok()
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
        Worker { desk, updates, prints }.work(&inbox)
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

struct Worker {
    desk: Desk,
    updates: broadcast::Sender<Arc<Value>>,
    prints: broadcast::Sender<Arc<Vec<BarPrint>>>,
}

impl Worker {
    fn work(&mut self, inbox: &Receiver<Job>) -> Result<(), Error> {
        let begun = (self.desk.clock)();
        let from = self.desk.venue.now();
        let state = self.desk.venue.write()?;
        self.desk.keep.keep(&state).map_err(Error::KeepState)?;
        loop {
            match inbox.recv_timeout(self.wait(begun, from)) {
                Ok(job) => {
                    self.run(begun, from)?;
                    let turn = match self.refuses(&job.request) {
                        Some(refusal) => {
                            let _ = job.reply.send(refusal);
                            continue;
                        }
                        None => self.desk.venue.ask(&job.request)?,
                    };
                    let answer = self.settle(turn)?;
                    // Whoever asked may have gone; the state is the same.
                    let _ = job.reply.send(answer);
                }
                Err(RecvTimeoutError::Timeout) => self.run(begun, from)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// A clock that runs by itself is in nobody's hand.
    fn refuses(&self, request: &Request) -> Option<Answer> {
        let moves = matches!(request.path.as_str(), "/control/step" | "/control/advance");
        let is_running = matches!(self.desk.pace, Pace::Times(_));
        (moves && is_running)
            .then(|| Answer::refuse(409, 40_910_000, "the market's clock runs by itself"))
    }

    /// The time in the market by the wall clock; `None` where it is stepped.
    fn due(&self, begun: Duration, from: Ts) -> Option<Ts> {
        let Pace::Times(factor) = self.desk.pace else { return None };
        let passed = (self.desk.clock)().saturating_sub(begun).as_secs_f64() * factor;
        // A replay ends long before this bound; it keeps the sum within its type.
        Some(from + Span::from_nanos((passed.min(4e9) * 1e9) as i64))
    }

    fn wait(&self, begun: Duration, from: Ts) -> Duration {
        let (Pace::Times(factor), Some(due)) = (self.desk.pace, self.due(begun, from)) else {
            return Duration::from_secs(3_600);
        };
        let next = self.desk.venue.next_end().unwrap_or(Ts::MAX);
        let left = next.nanos().saturating_sub(due.nanos()).max(0) as f64 * 1e-9 / factor;
        Duration::from_secs_f64(left.min(LONGEST_WAIT.as_secs_f64())).max(Duration::from_millis(1))
    }

    fn run(&mut self, begun: Duration, from: Ts) -> Result<(), Error> {
        if let Some(due) = self.due(begun, from) {
            let turn = self.desk.venue.advance(due)?;
            self.settle(turn)?;
        }
        Ok(())
    }

    /// Keeps what changed, then tells it.
    fn settle(&mut self, turn: Turn) -> Result<Answer, Error> {
        if turn.is_changed {
            let state = self.desk.venue.write()?;
            self.desk.keep.keep(&state).map_err(Error::KeepState)?;
        }
        for update in turn.updates {
            // Nobody listens: then nobody is told.
            let _ = self.updates.send(Arc::new(update));
        }
        if !turn.prints.is_empty() {
            let _ = self.prints.send(Arc::new(turn.prints));
        }
        Ok(turn.answer)
    }
}
