//! The wire to Alpaca, over a line to the paper exchange in the same process. The line may lose
//! requests and answers, break the stream, and tell things twice and late, all from one seed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use base::{Seed, Span, Ts};
use brokers::alpaca::{Alpaca, Ask, Line, Method, News, Waits, patience};
use desk::courier::{Clocks, Courier};
use exchange::{Opening, Request, Tape, Turn, Venue};
use market::{
    Broker as _, BrokerEvent, Cash, ClientOrderId, Held, OrderRequest, Price, Snapshot, Universe,
};
use rand::Rng as _;
use serde_json::Value;

use crate::rig::{Prices, Rig, begin, tape};

/// The far end, and what lies between.
pub(crate) struct World {
    pub(crate) venue: Venue,
    asks: VecDeque<Ask>,
    /// On its way to us, with the second in which it arrives.
    coming: Vec<(i64, News)>,
    pub(crate) second: i64,
    faults: Option<base::seed::Rng>,
    /// Where the faults go on when they come back.
    resting: Option<base::seed::Rng>,
    /// Whether the stream is there.
    is_whole: bool,
    /// Requests that were taken, for people who look at a failure.
    pub(crate) log: Vec<String>,
}

/// Our end.
pub(crate) struct Near(pub(crate) Rc<RefCell<World>>);

impl std::fmt::Debug for Near {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Near")
    }
}

impl Line for Near {
    fn ask(&mut self, ask: Ask) {
        self.0.borrow_mut().asks.push_back(ask);
    }

    fn hear(&mut self, into: &mut Vec<News>) {
        let mut world = self.0.borrow_mut();
        let second = world.second;
        let (due, later) =
            std::mem::take(&mut world.coming).into_iter().partition(|(at, _)| *at <= second);
        world.coming = later;
        let due: Vec<(i64, News)> = due;
        for (_, news) in due {
            if let News::Update(update) = &news {
                let (event, order) = (&update["event"], &update["order"]);
                let line = format!(
                    "{second} heard {event} {} {} {} of {}",
                    order["client_order_id"], order["id"], order["filled_qty"], order["qty"]
                );
                world.log.push(line);
            }
            into.push(news);
        }
    }

    fn now(&self) -> Ts {
        Ts::from_seconds(self.0.borrow().second)
    }
}

impl World {
    pub(crate) fn new(venue: Venue, seed: Option<u64>) -> World {
        World {
            venue,
            asks: VecDeque::new(),
            coming: vec![(0, News::Connected)],
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
        let asks: Vec<Ask> = self.asks.drain(..).collect();
        for ask in asks {
            let unanswered = |at: i64| {
                let why = "no answer".to_owned();
                (at, News::Unanswered { number: ask.number, why })
            };
            if self.once_in(10) {
                let lost = unanswered(self.second + 10);
                self.coming.push(lost);
                continue;
            }
            let turn = self.venue.ask(&request(&ask)).unwrap();
            self.log.push(format!(
                "{} {:?} {} {} -> {}",
                self.second,
                ask.method,
                ask.path,
                ask.body.clone().unwrap_or_default(),
                turn.answer.status,
            ));
            let (status, body) = (turn.answer.status, turn.answer.body.clone());
            self.tell(turn);
            let answer = match self.once_in(10) {
                true => unanswered(self.second + 10),
                false => {
                    let body = body.unwrap_or_default();
                    let way = self.way();
                    (self.second + way, News::Answer { number: ask.number, status, body })
                }
            };
            self.coming.push(answer);
        }
    }

    /// Messages of the stream come in their order, if late; some come twice.
    fn tell(&mut self, turn: Turn) {
        if !self.is_whole {
            return;
        }
        for update in turn.updates {
            let way = self.way();
            let news = News::Update(update["data"].clone());
            if self.once_in(8) {
                self.coming.push((self.second + way + 1, news.clone()));
            }
            self.coming.push((self.second + way, news));
        }
    }

    pub(crate) fn bar(&mut self) -> Turn {
        let turn = self.venue.step(1).unwrap();
        self.log.push(format!("{} bar until {}", self.second, self.venue.now()));
        self.tell(turn.clone());
        turn
    }

    /// Our end is gone: what it asked may still arrive, what is on its way to it is lost.
    pub(crate) fn hang_up(&mut self) {
        self.log.push(format!("{} killed", self.second));
        for ask in std::mem::take(&mut self.asks) {
            if !self.once_in(2) {
                let turn = self.venue.ask(&request(&ask)).unwrap();
                self.log.push(format!("{} late {:?} {}", self.second, ask.method, ask.path));
                drop(turn);
            }
        }
        self.coming.clear();
        self.is_whole = true;
        self.coming.push((self.second, News::Connected));
    }

    pub(crate) fn cut(&mut self) {
        self.is_whole = false;
        self.coming.push((self.second, News::Lost));
    }

    pub(crate) fn mend(&mut self) {
        self.is_whole = true;
        self.coming.push((self.second, News::Connected));
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

    pub(crate) fn get(&mut self, path: &str) -> Value {
        let turn = self.venue.ask(&Request::new(exchange::Method::Get, path)).unwrap();
        turn.answer.body.unwrap_or_default()
    }
}

fn request(ask: &Ask) -> Request {
    let method = match ask.method {
        Method::Get => exchange::Method::Get,
        Method::Post => exchange::Method::Post,
        Method::Patch => exchange::Method::Patch,
        Method::Delete => exchange::Method::Delete,
    };
    let request = Request::new(method, &ask.path);
    match &ask.body {
        Some(body) => request.with(body),
        None => request,
    }
}

pub(crate) fn venue(tape: std::sync::Arc<Tape>) -> Venue {
    let opening = Opening { half_spread_bps: 0.0, begin: Some(begin()), ..Opening::default() };
    Venue::open(tape, &opening).unwrap()
}

struct Far {
    world: Rc<RefCell<World>>,
    courier: Courier<Alpaca<Near>>,
    is_cut: bool,
    told: Vec<BrokerEvent>,
    universe: Universe,
}

pub(crate) fn rig(bars: &[Prices], seed: Option<u64>) -> Box<dyn Rig> {
    let tape = tape(bars);
    let universe = tape.universe().clone();
    let world = Rc::new(RefCell::new(World::new(venue(tape), seed)));
    let wire = Alpaca::new(Near(Rc::clone(&world)), universe.clone(), Waits::default());
    let clocks = Clocks { wall: world.borrow().venue.now(), steady: Ts::from_seconds(0) };
    let courier = Courier::new(wire, patience(), clocks);
    let mut far = Far { world, courier, is_cut: false, told: Vec::new(), universe };
    far.settle();
    Box::new(far)
}

/// Seconds that messages are given.
const LONG: usize = 600;
/// Seconds after a bar.
const SHORT: usize = 20;

impl Far {
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

impl Drop for Far {
    /// Whoever looks at a failure wants to know what went over the line.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.world.borrow().log.join("\n"));
        }
    }
}

impl Rig for Far {
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
        truth(&mut self.world.borrow_mut(), &self.universe)
    }
}

/// What the account holds, asked without the line.
pub(crate) fn truth(world: &mut World, universe: &Universe) -> Snapshot {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let cash: Cash = text(&world.get("/v2/account")["cash"]).parse().unwrap();
    let positions = world.get("/v2/positions");
    let held = |value: &Value| Held {
        instrument: universe.find(&text(&value["symbol"])).unwrap(),
        qty: text(&value["qty"]).parse().unwrap(),
        average_price: text(&value["avg_entry_price"]).parse().unwrap_or(Price::ZERO),
    };
    let orders = world.get("/v2/orders?status=open&limit=500");
    let name = |value: &Value| ClientOrderId::from_text(text(&value["client_order_id"]));
    Snapshot {
        cash,
        positions: positions.as_array().unwrap().iter().map(held).collect(),
        open_orders: orders.as_array().unwrap().iter().map(name).collect(),
    }
}
