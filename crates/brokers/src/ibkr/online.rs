//! The line over the socket, by the client `ibapi`.
//!
//! That client blocks, so it works on threads: one writes orders in the order in which they came,
//! one waits for answers to questions, one listens to what becomes of orders. The line itself is the
//! session's ([`Gateway`]): while that says that no order may be sent, whatever the reason, the line
//! is lost for whoever trades over it, and an order that was asked for before is not sent after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use base::Ts;
use ibapi::Notice;
use ibapi::orders::OrderUpdate;
use ibapi::subscriptions::SubscriptionItem;

use super::gateway::{Gateway, Standing};
use super::line::{Ask, Line, News, Part};
use super::words;
use crate::clock::{Clock, rest};
use crate::gateway::{Told, Way, way};
use crate::{Error, thread};

/// Longest silence between two looks at what else has come.
const LOOK: Duration = Duration::from_millis(50);
/// After a failure, before the same is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// The number of no life. Each time that orders may be sent again, a new life of the line begins.
const NONE: u64 = 0;

/// The line over the socket.
#[derive(Debug)]
pub struct Online {
    asks: Sender<(u64, Ask)>,
    news: Receiver<News>,
    clock: Clock,
    is_over: Arc<AtomicBool>,
    /// Lives of the line that were heard of, and the one in which it is.
    lives: u64,
    life: u64,
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
        let writer = Worker { gateway: Arc::clone(gateway), out, life: Arc::default() };
        let (reader, listener) = (writer.clone(), writer.clone());
        let over = Arc::clone(&is_over);
        thread::start("ibkr orders", move || writer.write(&waiting, &questions))?;
        thread::start("ibkr questions", move || reader.read(&asked))?;
        thread::start("ibkr news", move || listener.listen(&over))?;
        let clock = Clock::start();
        Ok(Online { asks, news, clock, is_over, lives: NONE, life: NONE })
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
        let _ = self.asks.send((self.life, ask));
    }

    fn hear(&mut self, into: &mut Vec<News>) {
        for news in self.news.try_iter() {
            match news {
                News::Connected(_) => {
                    self.lives += 1;
                    self.life = self.lives;
                }
                News::Lost(_) => self.life = NONE,
                _ => {}
            }
            into.push(news);
        }
    }

    fn now(&self) -> Ts {
        self.clock.now()
    }
}

/// One thread's part of the work.
#[derive(Clone)]
struct Worker {
    gateway: Arc<Gateway>,
    out: Sender<News>,
    /// The life in which the line is, or [`NONE`].
    life: Arc<AtomicU64>,
}

impl Worker {
    /// Writes orders, and hands questions on once all orders before them are written. An order is
    /// written only while the session says that it may be, and on the line on which it was asked
    /// for; else it is lost, and will be missed.
    fn write(&self, waiting: &Receiver<(u64, Ask)>, questions: &Sender<(u64, Part)>) {
        for (on, ask) in waiting {
            let standing = || match on != NONE && on == self.life.load(Ordering::SeqCst) {
                true => self.gateway.standing(),
                false => Err("it was asked for on a line that is gone".to_owned()),
            };
            let sent = match ask {
                Ask::Read(number, part) => {
                    let _ = questions.send((number, part));
                    continue;
                }
                Ask::Place(id, terms) => standing().map(|Standing { client, .. }| {
                    let order = words::order(&terms, self.gateway.account());
                    let sent = client.submit_order(id, &words::stock(&terms.symbol), &order);
                    self.refused_here(Some(id), sent);
                }),
                Ask::Cancel(id) => standing().map(|Standing { client, .. }| {
                    self.refused_here(None, client.cancel_order(id, "").map(drop));
                }),
            };
            if let Err(why) = sent {
                tracing::info!(why, "nothing is sent to TWS");
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
            let read = self.gateway.standing();
            let read = read.and_then(|standing| self.gateway.read(&standing.client, part));
            let news = match read {
                Ok(answer) => News::Answer(number, answer),
                Err(why) => {
                    // Not in a circle with who asks again.
                    rest(AGAIN);
                    News::Unanswered(number, why)
                }
            };
            if self.out.send(news).is_err() {
                return;
            }
        }
    }

    /// Listens to one line after another, until nobody wants to hear any more.
    fn listen(&self, is_over: &AtomicBool) {
        let mut lives = NONE;
        while !is_over.load(Ordering::SeqCst) {
            let Ok(standing) = self.gateway.standing() else {
                rest(LOOK);
                continue;
            };
            let heard = self.follow(&standing, is_over, &mut lives);
            self.lose(heard.clone());
            if !is_over.load(Ordering::SeqCst) {
                tracing::debug!(why = heard, "listen to TWS");
                rest(AGAIN);
            }
        }
    }

    /// The line is lost, where it was there.
    fn lose(&self, why: String) {
        if self.life.swap(NONE, Ordering::SeqCst) != NONE {
            let _ = self.out.send(News::Lost(why));
        }
    }

    /// One line, until it ends: why it did. It counts as there while orders may be sent.
    fn follow(&self, standing: &Standing, is_over: &AtomicBool, lives: &mut u64) -> String {
        let client = &*standing.client;
        let streams =
            client.order_update_stream().and_then(|updates| Ok((updates, client.notice_stream()?)));
        let (updates, notices) = match streams {
            Ok(streams) => streams,
            Err(error) => return error.to_string(),
        };
        let mut told = None;
        while !is_over.load(Ordering::SeqCst) {
            match (self.gateway.standing(), told) {
                (Ok(now), _) if now.line != standing.line => {
                    return "there is another one".to_owned();
                }
                (Ok(now), None) => match client.next_valid_order_id() {
                    Ok(next) => {
                        *lives += 1;
                        self.life.store(*lives, Ordering::SeqCst);
                        let _ = self.out.send(News::Connected(next));
                        told = Some(now.breaks);
                    }
                    Err(error) => return error.to_string(),
                },
                (Ok(now), Some(breaks)) if now.breaks != breaks => {
                    self.lose("it was away for a moment".to_owned());
                    told = None;
                }
                (Err(why), Some(_)) => {
                    self.lose(why);
                    told = None;
                }
                (Ok(_), Some(_)) | (Err(_), None) => {}
            }
            let update = match updates.next_timeout(LOOK) {
                Some(Ok(item)) => Some(item),
                Some(Err(error)) => return error.to_string(),
                None if !client.is_connected() => return "the session ended".to_owned(),
                None => None,
            };
            let news = update.and_then(|update| self.heard(update, standing));
            let notices = std::iter::from_fn(|| notices.try_next());
            // What they say of the way, the session hears for itself.
            let notices = notices.filter(|it| way(it.code, &it.message).is_none()).map(noticed);
            for news in news.into_iter().chain(notices) {
                let _ = self.out.send(news);
            }
        }
        "it is over".to_owned()
    }

    /// What the stream of orders tells, where it is of our account. What it says of the way is the
    /// session's to hear; an order that was refused for it was refused all the same.
    fn heard(&self, item: SubscriptionItem<OrderUpdate>, standing: &Standing) -> Option<News> {
        let notice = match item {
            SubscriptionItem::Notice(notice) => notice,
            SubscriptionItem::Data(update) => {
                return updated(update, standing.client.client_id(), self.gateway.account());
            }
        };
        let of_way = way(notice.code, &notice.message);
        if of_way.is_some() {
            let (code, text) = (notice.code, notice.message.clone());
            self.gateway.tell(standing.line, Told::Message { code, text });
        }
        matches!(of_way, None | Some(Way::ReadOnly)).then(|| noticed(notice))
    }
}

/// A notice that concerns no order, or one of ours.
fn noticed(notice: Notice) -> News {
    News::Error { order: notice.request_id, code: notice.code, text: notice.message }
}

fn updated(update: OrderUpdate, client: i32, account: &str) -> Option<News> {
    let is_ours = |of: &str| of.is_empty() || of == account;
    match update {
        OrderUpdate::OpenOrder(data) if is_ours(&data.order.account) => {
            words::seen(&data, client).map(News::Order)
        }
        OrderUpdate::OrderStatus(told) if told.client_id == client => {
            words::progress(&told).map(News::Progress)
        }
        OrderUpdate::ExecutionData(data) if is_ours(&data.execution.account_number) => {
            words::trade(&data, client).map(News::Traded)
        }
        OrderUpdate::CommissionReport(report) => {
            let fee = words::fee(&report)?;
            Some(News::Fee { trade: report.execution_id, fee })
        }
        _ => None,
    }
}
