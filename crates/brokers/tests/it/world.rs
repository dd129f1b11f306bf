//! A far end in the same process, and what lies between: a line that may lose what is asked and
//! answered, break, and tell things twice and late, all from one seed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::rc::Rc;
use std::sync::Arc;

use base::{Seed, Span, Ts};
use desk::courier::{Clocks, Courier, Patience};
use exchange::{Opening, Request, Tape, Turn, Venue};
use market::remote::Wire;
use market::{
    Broker as _, BrokerEvent, Cash, ClientOrderId, Held, OrderRequest, Price, Qty, Snapshot,
    Universe,
};
use rand::Rng as _;
use serde_json::Value;

use crate::rig::{Prices, Rig, begin, tape};

/// A broker's door of the paper exchange, and the wire that goes through it.
pub(crate) trait Door: Sized + Default + 'static {
    type Ask;
    type News: Clone;
    type Wire: Wire + Debug;

    /// True where requests go over the line that breaks.
    const ONE_LINE: bool;

    /// The line is there: what is heard first.
    fn begin(&mut self, venue: &mut Venue) -> Vec<Self::News>;
    /// It is not.
    fn lost(&mut self) -> Self::News;
    /// What comes of a request: its answer, where it has one, and what the line tells besides.
    fn ask(&mut self, venue: &mut Venue, ask: &Self::Ask) -> (Option<Self::News>, Vec<Self::News>);
    /// What is heard in place of an answer that was lost.
    fn unanswered(ask: &Self::Ask) -> Option<Self::News>;
    /// What the line tells after a bar.
    fn tell(&mut self, venue: &mut Venue, turn: &Turn) -> Vec<Self::News>;
    /// For people who look at a failure.
    fn words(ask: &Self::Ask) -> String;
    fn told_words(news: &Self::News) -> String;

    /// Shares that stops and closing market orders stand for, on one side of a symbol; of a group
    /// whose orders reduce each other, one counts.
    fn covered(&mut self, venue: &mut Venue, symbol: &str, side: &str) -> Qty;

    fn wire(near: Near<Self>, universe: Universe) -> Self::Wire;

    /// What is traded: what the exchange lists, unless said otherwise.
    fn universe(listed: &Universe) -> Universe {
        listed.clone()
    }

    fn patience() -> Patience;
}

/// The far end, and what lies between.
pub(crate) struct World<D: Door> {
    pub(crate) venue: Venue,
    door: D,
    asks: VecDeque<D::Ask>,
    /// On its way to us, with the second in which it arrives.
    coming: Vec<(i64, D::News)>,
    pub(crate) second: i64,
    faults: Option<base::seed::Rng>,
    /// Where the faults go on when they come back.
    resting: Option<base::seed::Rng>,
    /// Whether the stream is there.
    is_whole: bool,
    /// Requests that were taken, for people who look at a failure.
    pub(crate) log: Vec<String>,
}

impl<D: Door> World<D> {
    /// A question that is waited for, beside the line. The question or its answer may be lost.
    pub(crate) fn wait_for(&mut self, request: &Request) -> Result<(u16, Value), String> {
        let is_lost = self.once_in(10);
        self.log.push(format!("{} waits for {} lost {is_lost}", self.second, request.path));
        if is_lost {
            return Err("nobody answers".to_owned());
        }
        let turn = self.venue.ask(request).unwrap();
        let told = self.door.tell(&mut self.venue, &turn);
        self.tell(told);
        let answer = (turn.answer.status, turn.answer.body.clone().unwrap_or_default());
        self.log.push(format!("{} {answer:?}", self.second));
        if self.once_in(10) { Err("the line broke".to_owned()) } else { Ok(answer) }
    }
}

/// Our end.
pub(crate) struct Near<D: Door>(pub(crate) Rc<RefCell<World<D>>>);

impl<D: Door> Debug for Near<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Near")
    }
}

impl<D: Door> Near<D> {
    pub(crate) fn ask(&mut self, ask: D::Ask) {
        self.0.borrow_mut().asks.push_back(ask);
    }

    pub(crate) fn hear(&mut self, into: &mut Vec<D::News>) {
        let mut world = self.0.borrow_mut();
        let second = world.second;
        let (due, later) =
            std::mem::take(&mut world.coming).into_iter().partition(|(at, _)| *at <= second);
        world.coming = later;
        let due: Vec<(i64, D::News)> = due;
        for (_, news) in due {
            world.log.push(format!("{second} heard {}", D::told_words(&news)));
            into.push(news);
        }
    }

    pub(crate) fn now(&self) -> Ts {
        Ts::from_seconds(self.0.borrow().second)
    }
}

impl<D: Door> World<D> {
    pub(crate) fn new(mut venue: Venue, seed: Option<u64>) -> World<D> {
        let mut door = D::default();
        let coming = door.begin(&mut venue).into_iter().map(|news| (0, news)).collect();
        World {
            venue,
            door,
            asks: VecDeque::new(),
            coming,
            second: 0,
            faults: seed.map(|seed| Seed::root(seed).rng()),
            resting: None,
            is_whole: true,
            log: Vec::new(),
        }
    }

    /// True once in so many times, where the line has faults.
    fn once_in(&mut self, times: u64) -> bool {
        self.faults.as_mut().is_some_and(|rng| rng.next_u64() % times == 0)
    }

    /// Seconds on the way.
    fn way(&mut self) -> i64 {
        if self.once_in(3) { 2 } else { 0 }
    }

    /// A second passes: what was asked arrives.
    pub(crate) fn second(&mut self) {
        self.second += 1;
        if self.is_whole && self.once_in(40) {
            self.cut();
        } else if !self.is_whole && self.once_in(4) {
            self.mend();
        }
        let asks: Vec<D::Ask> = self.asks.drain(..).collect();
        for ask in asks {
            let unanswered = D::unanswered(&ask);
            if self.once_in(10) || (D::ONE_LINE && !self.is_whole) {
                self.log.push(format!("{} lost {}", self.second, D::words(&ask)));
                self.coming.extend(unanswered.map(|news| (self.second + 10, news)));
                continue;
            }
            let (answer, told) = self.door.ask(&mut self.venue, &ask);
            self.log.push(format!("{} {}", self.second, D::words(&ask)));
            self.tell(told);
            let Some(answer) = answer else { continue };
            match (self.once_in(10), unanswered) {
                (true, Some(lost)) => self.coming.push((self.second + 10, lost)),
                _ => {
                    let way = self.way();
                    self.coming.push((self.second + way, answer));
                }
            }
        }
    }

    /// Messages of the stream come in their order, if late; some come twice.
    fn tell(&mut self, told: Vec<D::News>) {
        if !self.is_whole {
            return;
        }
        for news in told {
            let way = self.way();
            if self.once_in(8) {
                self.coming.push((self.second + way + 1, news.clone()));
            }
            self.coming.push((self.second + way, news));
        }
    }

    pub(crate) fn bar(&mut self) -> Turn {
        let turn = self.venue.step(1).unwrap();
        self.log.push(format!("{} bar until {}", self.second, self.venue.now()));
        let told = self.door.tell(&mut self.venue, &turn);
        self.tell(told);
        turn
    }

    /// Our end is gone: what it asked may still arrive, what is on its way to it is lost.
    pub(crate) fn hang_up(&mut self) {
        self.log.push(format!("{} killed", self.second));
        for ask in std::mem::take(&mut self.asks) {
            if !self.once_in(2) && (self.is_whole || !D::ONE_LINE) {
                drop(self.door.ask(&mut self.venue, &ask));
                self.log.push(format!("{} late {}", self.second, D::words(&ask)));
            }
        }
        self.coming.clear();
        let _ = self.door.lost();
        self.mend();
    }

    pub(crate) fn cut(&mut self) {
        self.is_whole = false;
        let lost = self.door.lost();
        if D::ONE_LINE {
            // What was on its way is gone with the line.
            self.coming.clear();
        }
        self.coming.push((self.second, lost));
    }

    pub(crate) fn mend(&mut self) {
        self.is_whole = true;
        let told = self.door.begin(&mut self.venue);
        self.coming.extend(told.into_iter().map(|news| (self.second, news)));
    }

    /// Shares that are covered, on one side of a symbol.
    pub(crate) fn covered(&mut self, symbol: &str, side: &str) -> Qty {
        self.door.covered(&mut self.venue, symbol, side)
    }

    /// From here on the line has faults again.
    pub(crate) fn rage(&mut self) {
        self.faults = self.resting.take();
    }

    /// From here on the line is whole.
    pub(crate) fn calm(&mut self) {
        self.resting = self.faults.take();
        if !self.is_whole {
            self.mend();
        }
    }
}

pub(crate) fn venue(tape: Arc<Tape>) -> Venue {
    let opening = Opening {
        half_spread_bps: 0.0,
        begin: Some(begin()),
        price_collar_percent: Some(20.0),
        ..Opening::default()
    };
    Venue::open(tape, &opening).unwrap()
}

pub(crate) struct Far<D: Door> {
    pub(crate) world: Rc<RefCell<World<D>>>,
    courier: Courier<D::Wire>,
    is_cut: bool,
    told: Vec<BrokerEvent>,
    universe: Universe,
}

pub(crate) fn rig<D: Door>(bars: &[Prices], seed: Option<u64>) -> Box<dyn Rig> {
    let tape = tape(bars);
    let universe = tape.universe().clone();
    Box::new(far::<D>(tape, universe, seed))
}

/// A broker in whose market not all is listed that we take to be there.
pub(crate) fn far<D: Door>(tape: Arc<Tape>, universe: Universe, seed: Option<u64>) -> Far<D> {
    let world = Rc::new(RefCell::new(World::<D>::new(venue(tape), seed)));
    let wire = D::wire(Near(Rc::clone(&world)), universe.clone());
    let clocks = Clocks { wall: world.borrow().venue.now(), steady: Ts::from_seconds(0) };
    let courier = Courier::new(wire, D::patience(), clocks);
    let mut far = Far { world, courier, is_cut: false, told: Vec::new(), universe };
    far.settle();
    far
}

/// Seconds that messages are given.
const LONG: usize = 600;
/// Seconds after a bar.
const SHORT: usize = 20;

impl<D: Door> Far<D> {
    fn second(&mut self) {
        let clocks = {
            let mut world = self.world.borrow_mut();
            world.second();
            Clocks {
                wall: world.venue.now() + Span::from_seconds(1),
                steady: Ts::from_seconds(world.second),
            }
        };
        self.courier.turn(clocks);
        let before = self.told.len();
        self.courier.drain(&mut self.told);
        let mut world = self.world.borrow_mut();
        for event in &self.told[before..] {
            let line = format!("{} told {event:?}", world.second);
            world.log.push(line);
        }
        drop(world);
        self.courier.flush();
    }

    fn is_quiet(&self) -> bool {
        let world = self.world.borrow();
        world.asks.is_empty() && world.coming.is_empty()
    }
}

impl<D: Door> Drop for Far<D> {
    /// Whoever looks at a failure wants to know what went over the line.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.world.borrow().log.join("\n"));
        }
    }
}

impl<D: Door> Rig for Far<D> {
    fn submit(&mut self, order: &OrderRequest) {
        self.courier.submit(Ts::from_seconds(0), order);
    }

    fn cancel(&mut self, order: &ClientOrderId) {
        self.courier.cancel(Ts::from_seconds(0), order);
    }

    fn settle(&mut self) {
        let seconds = if self.is_cut { SHORT } else { LONG };
        for _ in 0..seconds {
            self.second();
            if self.courier.is_settled() && self.is_quiet() && !self.is_cut {
                // What waits for time has had it too.
                (0..8).for_each(|_| self.second());
                if self.courier.is_settled() && self.is_quiet() {
                    return;
                }
            }
        }
        assert!(self.is_cut, "nothing settles: {:#?}", self.courier);
    }

    fn bar(&mut self) {
        self.world.borrow_mut().bar();
        (0..SHORT).for_each(|_| self.second());
    }

    fn cut(&mut self) {
        self.is_cut = true;
        self.world.borrow_mut().cut();
    }

    fn mend(&mut self) {
        self.is_cut = false;
        self.world.borrow_mut().mend();
    }

    fn drain(&mut self, into: &mut Vec<BrokerEvent>) {
        self.courier.drain(&mut self.told);
        into.append(&mut self.told);
    }

    fn truth(&self) -> Snapshot {
        truth(&mut self.world.borrow_mut().venue, &self.universe)
    }
}

/// What the exchange says to a question of its own.
pub(crate) fn get(venue: &mut Venue, path: &str) -> Value {
    let turn = venue.ask(&Request::new(exchange::Method::Get, path)).unwrap();
    turn.answer.body.unwrap_or_default()
}

/// What the account holds, asked without the line.
pub(crate) fn truth(venue: &mut Venue, universe: &Universe) -> Snapshot {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let cash: Cash = text(&get(venue, "/v2/account")["cash"]).parse().unwrap();
    let positions = get(venue, "/v2/positions");
    let held = |value: &Value| {
        let is_share = value["asset_class"] == "us_equity";
        is_share.then(|| Held {
            instrument: universe.find(&text(&value["symbol"])).unwrap(),
            qty: text(&value["qty"]).parse().unwrap(),
            average_price: text(&value["avg_entry_price"]).parse().unwrap_or(Price::ZERO),
        })
    };
    let orders = get(venue, "/v2/orders?status=open&limit=500");
    let name = |value: &Value| ClientOrderId::from_text(text(&value["client_order_id"]));
    Snapshot {
        cash,
        positions: positions.as_array().unwrap().iter().filter_map(held).collect(),
        open_orders: orders.as_array().unwrap().iter().map(name).collect(),
    }
}
