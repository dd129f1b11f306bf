//! The session with TWS or the IB Gateway, which all that asks it anything shares: one client id
//! has one session. Whether it is the right one and well is [`Session`]'s to say; here its answers
//! are put before whoever wants to ask.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::{Span, Ts};
use desk::courier::Clocks;
use ibapi::client::blocking::Client;

use super::access::Access;
use super::driving;
use super::line::{Answer, Part};
use super::reading;
use crate::Error;
use crate::clock::Clock;
use crate::gateway::{Act, Alarm, LineId, News, Session, Told, WhyNot};

/// How long one answer is waited for.
pub(super) const ANSWER: Duration = Duration::from_secs(10);
/// How long is waited at the start for a session that may be traded on.
const START: Span = Span::from_minutes(2);
/// Longest wait between two looks at a session that is being opened.
const LOOK: Duration = Duration::from_millis(100);

/// A line that was opened.
#[derive(Clone)]
pub(super) struct Standing {
    pub line: LineId,
    pub client: Arc<Client>,
    /// How often orders might not be sent so far. Whoever looks now and then sees by it what lay
    /// between two looks.
    pub breaks: u64,
}

/// What is known of the session.
pub(super) struct State {
    session: Session,
    standing: Option<Standing>,
    breaks: u64,
}

/// What the threads share.
pub(super) struct Shared {
    pub access: Access,
    clock: Clock,
    state: Mutex<State>,
    changed: Condvar,
    is_over: AtomicBool,
    heard: Sender<News>,
    /// Held while orders or positions are read: their answers bear no number, so that of two
    /// readers one would take the end of the other's.
    reading: Mutex<()>,
}

/// A session that is opened again where it broke.
pub struct Gateway {
    shared: Arc<Shared>,
    account: String,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Gateway {
    /// Opens the session, and waits until orders may be sent.
    ///
    /// # Errors
    /// [`Error::ReachGateway`] with what to do: where nothing listens or greets, where only a
    /// session of the other mode or of another account is there, where it takes no orders, where
    /// the clock of this machine is off. [`Error::StartThread`].
    pub fn open(access: Access) -> Result<Arc<Gateway>, Error> {
        let (heard, news) = channel();
        let clock = Clock::start();
        let session = Session::new(access.settings().clone(), clock.both());
        let shared = Arc::new(Shared {
            access,
            clock,
            state: Mutex::new(State { session, standing: None, breaks: 0 }),
            changed: Condvar::new(),
            is_over: AtomicBool::new(false),
            heard,
            reading: Mutex::new(()),
        });
        // From here on the threads end with it, however this goes on.
        let mut gateway = Gateway { shared: Arc::clone(&shared), account: String::new() };
        driving::start(&shared, news)?;
        gateway.account = shared.wait_until_well()?;
        Ok(Arc::new(gateway))
    }

    /// The account's name. It stays the same, whoever logs in.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Whether options may be traded on it.
    pub(super) fn covers_options(&self) -> Result<(), Error> {
        self.shared.access.covers_options()
    }

    /// The alarms that are raised.
    pub fn alarms(&self) -> Vec<Alarm> {
        self.shared.state().session.alarms().cloned().collect()
    }

    /// The session, while orders may be sent.
    pub(super) fn standing(&self) -> Result<Standing, String> {
        self.shared.well()
    }

    /// Reads a part of the account.
    pub(super) fn read(&self, client: &Client, part: Part) -> Result<Answer, String> {
        self.shared.read(client, &self.account, part)
    }

    /// Reads orders or executions while nobody else does.
    pub(super) fn alone<T>(&self, read: impl FnOnce() -> T) -> T {
        let reading = &self.shared.reading;
        let _one_by_one = reading.lock().unwrap_or_else(PoisonError::into_inner);
        read()
    }

    /// Something was heard on a line that may concern the session.
    pub(super) fn tell(&self, line: LineId, told: Told) {
        self.shared.tell(line, told);
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Whoever waits for news looks up.
        let _ = self.shared.heard.send(News::Tick);
        let standing = self.shared.state().standing.take();
        if let Some(standing) = standing {
            standing.client.disconnect();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked with it left a whole session behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Tells the session what happened. Gives what is to be done, and how long it may rest.
    pub(super) fn hear(&self, news: News) -> (Vec<Act>, Duration) {
        let mut acts = Vec::new();
        let now = self.clock.both();
        let mut state = self.state();
        state.session.hear(now, news, &mut acts);
        state.breaks += u64::from(!state.session.why_not(now).is_empty());
        let wait = state.session.wake_at() - now.steady;
        drop(state);
        self.changed.notify_all();
        (acts, Duration::from_nanos(wait.nanos().unsigned_abs()))
    }

    /// Puts news where the session hears them.
    pub(super) fn tell(&self, line: LineId, told: Told) {
        let _ = self.heard.send(News::Line { line, told });
    }

    /// Keeps a client whose line the session still wants; false where it does not.
    pub(super) fn keep(&self, line: LineId, client: &Arc<Client>) -> bool {
        let mut state = self.state();
        let is_wanted = state.session.line().is_some_and(|(wanted, _)| wanted == line);
        if is_wanted && !self.is_over() {
            let breaks = state.breaks;
            state.standing = Some(Standing { line, client: Arc::clone(client), breaks });
            return true;
        }
        false
    }

    /// Takes the client of a line away from all that would ask it.
    pub(super) fn leave(&self, line: LineId) -> Option<Arc<Client>> {
        let mut state = self.state();
        let standing = state.standing.take_if(|standing| standing.line == line);
        standing.map(|standing| standing.client)
    }

    /// The client of a line, whether or not orders may be sent.
    pub(super) fn client_of(&self, line: LineId) -> Option<Arc<Client>> {
        let state = self.state();
        let standing = state.standing.as_ref().filter(|standing| standing.line == line);
        standing.map(|standing| Arc::clone(&standing.client))
    }

    fn well(&self) -> Result<Standing, String> {
        let state = self.state();
        let why = state.session.why_not(self.clock.both());
        match (why.is_empty(), &state.standing) {
            (true, Some(standing)) if standing.client.is_connected() => {
                Ok(Standing { breaks: state.breaks, ..standing.clone() })
            }
            (true, _) => Err(WhyNot::NoLine.to_string()),
            (false, _) => Err(words(&why)),
        }
    }

    pub(super) fn read(&self, client: &Client, of: &str, part: Part) -> Result<Answer, String> {
        let _one_by_one = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading::read(client, of, part)
    }

    /// Waits for a session that may be traded on: its account.
    fn wait_until_well(&self) -> Result<String, Error> {
        let began = self.clock.now();
        let mut state = self.state();
        loop {
            if let Some(outcome) = self.outcome(&state.session, self.clock.both(), began) {
                return outcome.map_err(|(fault, advice)| Error::ReachGateway {
                    address: self.access.address(),
                    fault,
                    advice,
                });
            }
            let waited = self.changed.wait_timeout(state, LOOK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What the first tries came to: an account, or what is wrong and what to do; `None` while
    /// nothing is decided.
    fn outcome(
        &self,
        session: &Session,
        now: Clocks,
        began: Ts,
    ) -> Option<Result<String, (String, String)>> {
        if let Some(cause) = session.cause() {
            let advice = cause.advice(self.access.settings().mode);
            return Some(Err((cause.to_string(), advice)));
        }
        let why = session.why_not(now);
        let Some(first) = why.first() else {
            return session.account().map(|account| Ok(account.to_owned()));
        };
        match first {
            WhyNot::ClockOff(_) => {
                let advice = "set the clock of this machine by a time server; of the paper \
                              exchange, whose time is made, say --broker-clock-within any";
                Some(Err((words(&why), advice.to_owned())))
            }
            _ if now.steady > began + START => {
                let advice = "see the broker's system status and this machine's network";
                Some(Err((words(&why), advice.to_owned())))
            }
            _ => None,
        }
    }
}

fn words(why: &[WhyNot]) -> String {
    why.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
