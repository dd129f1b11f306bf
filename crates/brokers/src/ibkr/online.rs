//! The line over the socket, by the client `ibapi`.
//!
//! That client blocks, so it works on threads: one writes orders in the order in which they came,
//! one waits for answers to questions, one listens to what becomes of orders. The client would open
//! a broken session again by itself and say so late; here that is turned off, a break is told at
//! once, and a new session is opened after a wait, longer each time, at most half a minute.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use base::Ts;
use ibapi::Notice;
use ibapi::client::blocking::Client;
use ibapi::orders::OrderUpdate;
use ibapi::subscriptions::SubscriptionItem;

use super::gateway::Gateway;
use super::line::{Ask, Line, News, Part};
use super::{reading, words};
use crate::Error;
use crate::clock::{Clock, rest};

/// Longest silence between two looks at what else has come.
const LOOK: Duration = Duration::from_millis(50);
/// First and longest wait before a session is opened again.
const WAITS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// The line over the socket.
#[derive(Debug)]
pub struct Online {
    asks: Sender<Ask>,
    news: Receiver<News>,
    clock: Clock,
    is_over: Arc<AtomicBool>,
}

impl Online {
    /// Starts the threads. They end when the line is dropped.
    ///
    /// # Errors
    /// [`Error::StartThread`].
    pub fn start(gateway: &Arc<Gateway>) -> Result<Online, Error> {
        let (asks, waiting) = channel();
        let (questions, asked) = channel();
        let (out, news) = channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let start = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
            thread.map(drop).map_err(Error::StartThread)
        };
        let writer = Worker { gateway: Arc::clone(gateway), out: out.clone() };
        let reader = Worker { gateway: Arc::clone(gateway), out: out.clone() };
        let listener = Worker { gateway: Arc::clone(gateway), out };
        let over = Arc::clone(&is_over);
        start("ibkr orders", Box::new(move || writer.write(&waiting, &questions)))?;
        start("ibkr questions", Box::new(move || reader.read(&asked)))?;
        start("ibkr news", Box::new(move || listener.listen(&over)))?;
        Ok(Online { asks, news, clock: Clock::start(), is_over })
    }
}

impl Drop for Online {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
    }
}

impl Line for Online {
    fn ask(&mut self, ask: Ask) {
        // Threads that are gone answer nothing, which the desk takes for a lost message.
        let _ = self.asks.send(ask);
    }

    fn hear(&mut self, into: &mut Vec<News>) {
        into.extend(self.news.try_iter());
    }

    fn now(&self) -> Ts {
        self.clock.now()
    }
}

/// One thread's part of the work.
struct Worker {
    gateway: Arc<Gateway>,
    out: Sender<News>,
}

impl Worker {
    /// Writes orders, and hands questions on once all orders before them are written.
    fn write(&self, waiting: &Receiver<Ask>, questions: &Sender<(u64, Part)>) {
        for ask in waiting {
            let client = self.gateway.standing();
            match (ask, client) {
                (Ask::Read(number, part), _) => {
                    let _ = questions.send((number, part));
                }
                (Ask::Place(id, terms), Some(client)) => {
                    let order = words::order(&terms, self.gateway.account());
                    let sent = client.submit_order(id, &words::stock(&terms.symbol), &order);
                    self.refused_here(Some(id), sent);
                }
                (Ask::Cancel(id), Some(client)) => {
                    self.refused_here(None, client.cancel_order(id, "").map(drop));
                }
                // It is lost, and will be missed.
                (Ask::Place(..) | Ask::Cancel(_), None) => {}
            }
        }
    }

    /// What the client itself refuses never left, unless the line broke.
    fn refused_here(&self, order: Option<i32>, sent: Result<(), ibapi::Error>) {
        let Err(fault) = sent else { return };
        tracing::warn!(%fault, "write to TWS");
        let is_unfit =
            matches!(fault, ibapi::Error::InvalidArgument(_) | ibapi::Error::ServerVersion(..));
        if let Some(id) = order.filter(|_| is_unfit) {
            let text = fault.to_string();
            let _ = self.out.send(News::Error { order: Some(id), code: 321, text });
        }
    }

    fn read(&self, asked: &Receiver<(u64, Part)>) {
        for (number, part) in asked {
            let news = match self.gateway.standing() {
                None => {
                    // Not in a circle with who asks again.
                    rest(WAITS.0);
                    News::Unanswered(number, "there is no session".to_owned())
                }
                Some(client) => match reading::read(&client, self.gateway.account(), part) {
                    Ok(answer) => News::Answer(number, answer),
                    Err(why) => {
                        rest(WAITS.0);
                        News::Unanswered(number, why)
                    }
                },
            };
            if self.out.send(news).is_err() {
                return;
            }
        }
    }

    /// Keeps the session open and listens, until nobody wants to hear any more.
    fn listen(&self, is_over: &AtomicBool) {
        let mut wait = Duration::ZERO;
        while !is_over.load(Ordering::SeqCst) {
            let why = match self.gateway.client() {
                Ok(client) => {
                    let mut has_begun = false;
                    let why = self.session(&client, is_over, &mut has_begun);
                    if has_begun {
                        wait = Duration::ZERO;
                        let _ = self.out.send(News::Lost(why.clone()));
                    }
                    if !is_over.load(Ordering::SeqCst) {
                        client.disconnect();
                    }
                    why
                }
                Err(error) => error.to_string(),
            };
            if is_over.load(Ordering::SeqCst) {
                return;
            }
            tracing::warn!(why, "listen to TWS");
            wait = (wait * 2).clamp(WAITS.0, WAITS.1);
            rest(wait);
        }
    }

    /// One session, until it ends: why it did.
    fn session(&self, client: &Client, is_over: &AtomicBool, has_begun: &mut bool) -> String {
        let begun = client
            .order_update_stream()
            .and_then(|updates| Ok((updates, client.notice_stream()?)))
            .and_then(|streams| Ok((streams, client.next_valid_order_id()?)));
        let ((updates, notices), next) = match begun {
            Ok(begun) => begun,
            Err(error) => return error.to_string(),
        };
        *has_begun = true;
        if self.out.send(News::Connected(next)).is_err() {
            return "nobody listens".to_owned();
        }
        while !is_over.load(Ordering::SeqCst) {
            let news = match updates.next_timeout(LOOK) {
                Some(Ok(item)) => heard(item, client.client_id(), self.gateway.account()),
                Some(Err(error)) => return error.to_string(),
                None if !client.is_connected() => return "the session ended".to_owned(),
                None => None,
            };
            let notices = std::iter::from_fn(|| notices.try_next()).map(noticed);
            for news in news.into_iter().chain(notices) {
                if self.out.send(news).is_err() {
                    return "nobody listens".to_owned();
                }
            }
        }
        "it is over".to_owned()
    }
}

/// A notice that concerns no order, or one of ours.
fn noticed(notice: Notice) -> News {
    News::Error { order: notice.request_id, code: notice.code, text: notice.message }
}

/// What the stream of orders tells, where it is of our account.
fn heard(item: SubscriptionItem<OrderUpdate>, client: i32, account: &str) -> Option<News> {
    let is_ours = |of: &str| of.is_empty() || of == account;
    let update = match item {
        SubscriptionItem::Notice(notice) => return Some(noticed(notice)),
        SubscriptionItem::Data(update) => update,
    };
    match update {
        OrderUpdate::OpenOrder(data) if is_ours(&data.order.account) => {
            Some(News::Order(words::seen(&data, client)))
        }
        OrderUpdate::OrderStatus(told) if told.client_id == client => {
            Some(News::Progress(words::progress(&told)))
        }
        OrderUpdate::ExecutionData(data) if is_ours(&data.execution.account_number) => {
            Some(News::Traded(words::trade(&data, client)))
        }
        OrderUpdate::CommissionReport(report) => {
            let fee = words::cash(report.commission)?;
            Some(News::Fee { trade: report.execution_id, fee })
        }
        _ => None,
    }
}
