//! Who carries questions about spreads to the broker: each is waited for, so it has a thread.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use market::ClientOrderId;

use crate::Error;
use crate::spread::{Order, Placed, Series, Spreads, Standing};
use crate::thread::start;

/// Between two looks, for each order that stands: brokers answer some two hundred questions a
/// minute, and most of them belong to shares.
const PAUSE: Duration = Duration::from_secs(1);

/// What a clerk is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Errand {
    /// Place an order, or find it.
    Place(Box<Order>),
    /// Take one back, and look where it stands then.
    Cancel(ClientOrderId),
    /// Look where these stand.
    Look(Vec<ClientOrderId>),
    /// Look at the options on the account, at these orders and at whichever else may still fill.
    Read(Vec<ClientOrderId>),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Of placing the order of that name.
    Placed(ClientOrderId, Placed),
    /// Where orders stand; `None` where the broker knows none of that name.
    Stand(Vec<(ClientOrderId, Option<Standing>)>),
    /// The account.
    Account {
        /// Where the orders stand.
        orders: Vec<(ClientOrderId, Option<Standing>)>,
        /// Options held.
        held: Vec<(Series, i64)>,
    },
    /// No answer came, in words.
    Failed(Errand, String),
}

/// Carries one errand at a time.
pub trait Clerk {
    /// Begins an errand. The one before has been answered.
    fn send(&mut self, errand: Errand);

    /// The answer, once it is there.
    fn answer(&mut self) -> Option<Reply>;

    /// Whether so many orders may be looked at once more: brokers bound how often they are asked.
    fn is_rested(&self, _orders: usize) -> bool {
        true
    }
}

/// Does an errand.
pub(super) fn run(broker: &mut dyn Spreads, errand: Errand) -> Reply {
    let done = match &errand {
        Errand::Place(order) => {
            return Reply::Placed(order.name.clone(), broker.place(order));
        }
        Errand::Cancel(name) => {
            broker.cancel(name).and_then(|()| look(broker, std::slice::from_ref(name)))
        }
        Errand::Look(names) => look(broker, names),
        Errand::Read(names) => {
            return read(broker, names).unwrap_or_else(|why| Reply::Failed(errand, why));
        }
    };
    done.map_or_else(|why| Reply::Failed(errand, why), Reply::Stand)
}

type Seen = Vec<(ClientOrderId, Option<Standing>)>;

fn look(broker: &mut dyn Spreads, names: &[ClientOrderId]) -> Result<Seen, String> {
    names.iter().map(|name| Ok((name.clone(), broker.look(name)?))).collect()
}

/// Positions come after the orders that made them.
fn read(broker: &mut dyn Spreads, names: &[ClientOrderId]) -> Result<Reply, String> {
    let mut all = names.to_vec();
    let open = broker.open()?;
    all.extend(open.into_iter().filter(|name| !names.contains(name)));
    let orders = look(broker, &all)?;
    Ok(Reply::Account { orders, held: broker.held()? })
}

/// A clerk with a thread of its own.
#[derive(Debug)]
pub struct Runner {
    errands: Sender<Errand>,
    replies: Receiver<Reply>,
    /// When it last came back.
    answered: Option<Instant>,
}

impl Runner {
    /// Starts one; its thread ends with it.
    ///
    /// # Errors
    /// [`Error::StartThread`].
    pub fn start(mut broker: Box<dyn Spreads + Send>) -> Result<Runner, Error> {
        let (errands, asked) = channel::<Errand>();
        let (answer, replies) = channel();
        start("spreads", move || {
            for errand in asked {
                if answer.send(run(&mut *broker, errand)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Runner { errands, replies, answered: None })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how often a broker is asked hangs on the wall's time"
)]
fn now() -> Instant {
    Instant::now()
}

impl Clerk for Runner {
    fn send(&mut self, errand: Errand) {
        // A thread that is gone answers nothing more; the account's books stay away with it.
        let _ = self.errands.send(errand);
    }

    fn answer(&mut self) -> Option<Reply> {
        let reply = self.replies.try_recv().ok()?;
        self.answered = Some(now());
        Some(reply)
    }

    fn is_rested(&self, orders: usize) -> bool {
        let pause = PAUSE * u32::try_from(orders).unwrap_or(u32::MAX).min(60);
        self.answered.is_none_or(|answered| now().duration_since(answered) >= pause)
    }
}

/// A clerk who is there and back at once.
#[derive(Debug)]
pub struct AtOnce<S> {
    broker: S,
    reply: Option<Reply>,
}

impl<S: Spreads> AtOnce<S> {
    /// For a broker that answers at once.
    pub fn new(broker: S) -> AtOnce<S> {
        AtOnce { broker, reply: None }
    }
}

impl<S: Spreads> Clerk for AtOnce<S> {
    fn send(&mut self, errand: Errand) {
        self.reply = Some(run(&mut self.broker, errand));
    }

    fn answer(&mut self) -> Option<Reply> {
        self.reply.take()
    }
}
