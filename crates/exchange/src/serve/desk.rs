//! The one thread that holds the account. Requests come one after the other; what changed is kept
//! before anybody hears of it.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use base::{Span, Ts};
use serde_json::Value;
use sim::BarPrint;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::Clock;
use crate::tws::{Hall, LineId, Out};
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
    pub(super) hall: Hall,
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
        Worker { desk, updates, prints, outs: BTreeMap::new() }.work(&inbox)
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
    /// Where lines of the socket protocol are answered.
    outs: BTreeMap<LineId, LineOut>,
}

impl Worker {
    fn work(&mut self, inbox: &Receiver<Job>) -> Result<(), Error> {
        let begun = (self.desk.clock)();
        let from = self.desk.venue.now();
        self.keep()?;
        loop {
            match inbox.recv_timeout(self.wait(begun, from)) {
                Ok(job) => {
                    self.run(begun, from)?;
                    match job {
                        Job::Ask { request, reply } => {
                            let answer = self.ask(&request)?;
                            // Whoever asked may have gone; the state is the same.
                            let _ = reply.send(answer);
                        }
                        Job::Line { id, event } => self.hear(id, event)?,
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.run(begun, from)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn ask(&mut self, request: &Request) -> Result<Answer, Error> {
        match self.refuses(request) {
            Some(refusal) => Ok(refusal),
            None => {
                let turn = self.desk.venue.ask(request)?;
                self.settle(turn)
            }
        }
    }

    /// Takes in what happened on a line.
    fn hear(&mut self, id: LineId, event: LineEvent) -> Result<(), Error> {
        let Desk { venue, hall, .. } = &mut self.desk;
        match event {
            LineEvent::Opened { version, out } => {
                self.outs.insert(id, out);
                hall.open(id, version, venue.now());
                self.send();
            }
            LineEvent::Said { message, body, done } => {
                let turn = hall.hear(venue, id, (message, &body));
                self.settle(turn)?;
                // The line may have gone; the state is the same.
                let _ = done.send(());
            }
            LineEvent::Closed => self.drop_line(id),
        }
        Ok(())
    }

    fn drop_line(&mut self, id: LineId) {
        self.outs.remove(&id);
        self.desk.hall.close(id);
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

    fn keep(&mut self) -> Result<(), Error> {
        let state = self.desk.venue.write()?;
        self.desk.keep.keep(&state).map_err(Error::KeepState)
    }

    /// Keeps what changed, then tells it.
    fn settle(&mut self, turn: Turn) -> Result<Answer, Error> {
        self.desk.hall.news(&mut self.desk.venue, &turn);
        if turn.is_changed {
            self.keep()?;
        }
        for update in turn.updates {
            // Nobody listens: then nobody is told.
            let _ = self.updates.send(Arc::new(update));
        }
        if !turn.prints.is_empty() {
            let _ = self.prints.send(Arc::new(turn.prints));
        }
        self.send();
        Ok(turn.answer)
    }

    /// Sends what the hall has to say. A line that takes nothing more is cut: a client that lost
    /// messages must begin anew rather than believe it has all.
    fn send(&mut self) {
        for (id, out) in self.desk.hall.take() {
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
