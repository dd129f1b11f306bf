//! Does what the session wants done: knocks, connects, hangs up, asks, alarms. What blocks works on
//! threads of its own, so that the session hears the time go on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use base::Ts;
use ibapi::client::blocking::{Client, NoticeStream};

use super::gateway::{ANSWER, Shared};
use super::line::Part;
use super::words;
use crate::gateway::{Act, Answer, Knock as _, LineId, News, Question, Tcp, Told};
use crate::{Error, thread};

/// Longest silence between two looks whether a line is still there.
const LOOK: Duration = Duration::from_millis(50);
/// The number of TWS's message that a client id is taken.
const TAKEN: i32 = 326;

/// Starts the thread on which the session lives.
pub(super) fn start(shared: &Arc<Shared>, news: Receiver<News>) -> Result<(), Error> {
    let shared = Arc::clone(shared);
    thread::start("ibkr session", move || drive(&shared, &news))
}

fn drive(shared: &Arc<Shared>, heard: &Receiver<News>) {
    let mut due = VecDeque::from([News::Tick]);
    while !shared.is_over() {
        let Some(news) = due.pop_front() else { continue };
        let (acts, wait) = shared.hear(news);
        for act in acts {
            due.extend(act_on(shared, act));
        }
        if due.is_empty() {
            due.push_back(match heard.recv_timeout(wait) {
                Ok(news) => news,
                Err(RecvTimeoutError::Timeout) => News::Tick,
                Err(RecvTimeoutError::Disconnected) => return,
            });
        }
    }
}

/// Does one thing; gives what is heard of it at once.
fn act_on(shared: &Arc<Shared>, act: Act) -> Option<News> {
    match act {
        Act::Knock { port } => {
            // Nothing else is under way while nobody has opened.
            let wait =
                Duration::from_nanos(shared.access.settings().waits.knock.nanos().max(1) as u64);
            let mut tcp = Tcp { host: shared.access.host().to_owned(), wait };
            return Some(News::Knocked { port, is_open: tcp.knock(port) });
        }
        Act::Connect { port, line } => {
            let there = Arc::clone(shared);
            let begun = thread::start("ibkr line", move || live(&there, port, line));
            if let Err(error) = begun {
                return Some(News::Line { line, told: Told::Lost(error.to_string()) });
            }
        }
        Act::HangUp { line } => {
            if let Some(client) = shared.leave(line) {
                client.disconnect();
            }
        }
        Act::Ask { line, number, what } => {
            let client = shared.client_of(line)?;
            let there = Arc::clone(shared);
            let begun = thread::start("ibkr question", move || {
                match answer(&there, &client, what) {
                    Ok(answer) => there.tell(line, Told::Answer { number, answer }),
                    // Without an answer the session knows what to do.
                    Err(why) => tracing::debug!(why, ?what, "ask TWS"),
                }
            });
            if let Err(error) = begun {
                tracing::warn!(%error, "ask TWS");
            }
        }
        Act::Raise(alarm) => tracing::warn!(kind = ?alarm.kind, "{}", alarm.words),
        Act::Clear(kind) => tracing::warn!(?kind, "it is well again"),
    }
    None
}

/// One line, from its opening to its end.
fn live(shared: &Arc<Shared>, port: u16, line: LineId) {
    let (client, notices) = match connect(shared, port) {
        Ok((client, notices)) => (Arc::new(client), notices),
        Err(ibapi::Error::ClientIdInUse { .. }) => {
            let text = "the client id is in use".to_owned();
            return shared.tell(line, Told::Message { code: TAKEN, text });
        }
        Err(fault) => return shared.tell(line, Told::Lost(fault.to_string())),
    };
    if !shared.keep(line, &client) {
        // It took too long: nobody waits for it any more.
        return client.disconnect();
    }
    shared.tell(line, Told::Greeted);
    while client.is_connected() && !shared.is_over() {
        if let Some(notice) = notices.next_timeout(LOOK) {
            let (code, text) = (notice.code, notice.message);
            shared.tell(line, Told::Message { code, text });
        }
    }
    shared.leave(line);
    client.disconnect();
    shared.tell(line, Told::Lost("the session ended".to_owned()));
}

fn connect(shared: &Shared, port: u16) -> Result<(Client, NoticeStream), ibapi::Error> {
    Client::builder()
        .address(format!("{}:{port}", shared.access.host()))
        .client_id(shared.access.client())
        .tcp_no_delay(true)
        // A break must be seen, not hidden: what was missed meanwhile is to be read.
        .max_reconnect_attempts(0)
        .rate_limiter(ibapi::RateLimiter::default())
        .one_shot_timeout(ANSWER)
        .connect_with_notice_stream()
}

fn answer(shared: &Shared, client: &Client, what: Question) -> Result<Answer, String> {
    match what {
        Question::Accounts => Ok(Answer::Accounts(client.handshake_managed_accounts().to_vec())),
        Question::Time => time(client).map(Answer::Time),
        // Whose they are is the reader's concern; here it counts that all were told.
        Question::Positions => shared.read(client, "", Part::Positions).map(|_| Answer::Positions),
        Question::Orders => shared.read(client, "", Part::Open).map(|_| Answer::Orders),
    }
}

/// The time there.
pub(super) fn time(client: &Client) -> Result<Ts, String> {
    let time = client.server_time().map_err(|error| format!("ask TWS the time: {error}"))?;
    words::unix(time.unix_timestamp_nanos())
        .ok_or_else(|| "TWS tells a time that is none".to_owned())
}
