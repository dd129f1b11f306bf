//! A broker outside, as the day reaches it: an account that is asked and traded over a wire, and
//! its clock.

mod alpaca;
mod ibkr;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base::{Day, Span, Ts};
use brokers::both::Both;
use brokers::both::clerk::Runner;
use brokers::feed::{self, Feed, History};
use brokers::spread::Spreads;
use desk::courier::{Clocks, Patience};
use desk::live::Live;
use market::remote::Wire;
use market::{Bar, Candle, Cash, ChainPart, Kind, Price, SeriesQuote, Session, Universe, Vertical};
use pipeline::day::{Alarm, Outside};

use crate::cli::broker::{BrokerArg, BrokerArgs};
use crate::failure::Failure;

/// Between two turns.
const TURN: Duration = Duration::from_millis(200);
/// Between two looks at the broker's clock: Alpaca answers two hundred requests a minute, and most
/// of them belong to orders.
const LOOK: Duration = Duration::from_secs(2);
/// A broker that has not answered for so long is an alarm.
const SILENT: Duration = Duration::from_secs(10);
/// Longest that an opening order may have waited for its way to the broker, on paper and with real
/// money: a paper exchange may run many times as fast as the clock on the wall.
const OPENING: (Span, Span) = (Span::from_hours(2), Span::from_minutes(10));

/// Where prices come from as they are made, and from the past.
type Ports = (Box<dyn Feed + Send>, Box<dyn History + Send>);
type Prices = feed::Session<Box<dyn Feed + Send>, Box<dyn History + Send>>;

/// What one broker is asked in its own way.
trait Source: Send {
    fn wire(&mut self, universe: &Universe) -> Result<Box<dyn Wire>, String>;
    fn patience(&self) -> Patience;
    fn is_live(&self) -> bool {
        false
    }
    fn time(&mut self) -> Result<Ts, String>;
    fn prices(&mut self) -> Result<Ports, String>;
    fn daily(&mut self, day: Day, symbols: &[String]) -> Result<BTreeMap<String, Candle>, String>;
    fn options(&self) -> Result<Box<dyn Spreads + Send>, String>;
    fn alarms(&mut self) -> Vec<Alarm> {
        Vec::new()
    }
}

/// An account that was found.
pub(crate) struct Account {
    /// Its cash when it was first asked.
    pub(crate) cash: Cash,
    pub(crate) outside: Box<Mutex<dyn Outside>>,
}

impl Account {
    fn new(name: String, cash: Cash, source: impl Source + 'static) -> Account {
        let (time, silent, prices) = (None, None, None);
        let remote = Remote { name, source, began: now(), time, silent, prices };
        Account { cash, outside: Box::new(Mutex::new(remote)) }
    }
}

/// The broker that was asked for; none is the simulated one.
pub(crate) fn outside(args: &BrokerArgs, live: Option<&Live>) -> Result<Option<Account>, Failure> {
    match (args.broker, live) {
        (BrokerArg::Simulated, None) => Ok(None),
        (BrokerArg::Simulated, Some(_)) => {
            Err(Failure::new("trade real money: the simulated broker has none")
                .advise("name the broker of the terms with --broker"))
        }
        (BrokerArg::Alpaca, live) => alpaca::open(args, live).map(Some),
        (BrokerArg::Ibkr, live) => ibkr::open(args, live).map(Some),
    }
}

/// The broker's stream of prices.
pub(crate) fn prices(args: &BrokerArgs) -> Result<Box<dyn Feed + Send>, Failure> {
    match args.broker {
        BrokerArg::Simulated => Err(Failure::new("watch prices: the simulated broker has none")
            .advise("name another with --broker")),
        BrokerArg::Alpaca => alpaca::prices(args),
        BrokerArg::Ibkr => ibkr::prices(args),
    }
}

/// Leaves time for something to come.
pub(crate) fn wait_a_turn() {
    rest(TURN);
}

/// A bar at one price.
fn flat(day: Day, price: f64) -> Candle {
    Candle { day, open: price, high: price, low: price, close: price, volume: 0.0 }
}

fn unreached(what: String) -> Failure {
    Failure::new(format!("reach the broker: {what}"))
}

/// An account, and the broker's clock beside ours.
struct Remote<S> {
    name: String,
    source: S,
    began: Instant,
    /// The broker's time, and when it was asked for.
    time: Option<(Instant, Ts)>,
    /// Since when it has not answered, and what is wrong.
    silent: Option<(Instant, Alarm)>,
    /// Bars of a session, while it runs.
    prices: Option<(Day, u16, Prices)>,
}

#[expect(clippy::disallowed_methods, reason = "the composition root asks what time it is")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a broker is asked five times a second, not more")]
fn rest(time: Duration) {
    std::thread::sleep(time);
}

fn since(then: Instant, now: Instant) -> Span {
    let nanos = now.duration_since(then).as_nanos();
    Span::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

impl<S> Remote<S> {
    /// The broker told its time.
    fn heard(&mut self, here: Instant, wall: Ts) -> Ts {
        self.silent = None;
        self.time = Some((here, wall));
        wall
    }

    /// It did not: its clock goes on as ours does, so that the kill switch and the session's end
    /// are seen all the same.
    fn unheard(&mut self, (here, wall): (Instant, Ts), why: &str) -> Ts {
        let words = || {
            format!(
                "the broker does not answer: {why}. It is asked again and again; orders that stand \
                 there stand. Look at its own page or program, and at the keys in use"
            )
        };
        let alarm = || Alarm { kind: "silent".to_owned(), words: words(), since: wall };
        self.silent.get_or_insert_with(|| (here, alarm()));
        self.time = Some((here, wall));
        wall
    }
}

impl<S: Source> Outside for Remote<S> {
    fn account(&self) -> &str {
        &self.name
    }

    fn wire(&mut self, universe: &Universe) -> Result<Box<dyn Wire>, String> {
        let shares = self.source.wire(universe)?;
        if universe.iter().all(|(_, instrument)| instrument.kind != Kind::Spread) {
            return Ok(shares);
        }
        let clerk = Runner::start(self.source.options()?).map_err(|error| error.to_string())?;
        Ok(Box::new(Both::new(shares, clerk, universe)))
    }

    fn patience(&self) -> Patience {
        let (paper, live) = OPENING;
        let opening = if self.source.is_live() { live } else { paper };
        Patience { opening, ..self.source.patience() }
    }

    fn clocks(&mut self) -> Result<Clocks, String> {
        let here = now();
        let wall = match self.time {
            Some((asked, wall)) if here.duration_since(asked) < LOOK => wall,
            Some((asked, wall)) => match self.source.time() {
                Ok(wall) => self.heard(here, wall),
                Err(why) => self.unheard((here, wall + since(asked, here)), &why),
            },
            None => {
                let wall = self.source.time()?;
                self.heard(here, wall)
            }
        };
        Ok(Clocks { wall, steady: Ts::from_nanos(0) + since(self.began, here) })
    }

    fn bars(
        &mut self,
        session: &Session,
        minutes: u16,
        symbols: &BTreeSet<String>,
    ) -> Result<Vec<(String, Ts, Bar)>, String> {
        let now = self.clocks()?.wall;
        let is_it =
            |(day, length, _): &(Day, u16, Prices)| (*day, *length) == (session.day, minutes);
        if !self.prices.as_ref().is_some_and(is_it) {
            let ports = self.source.prices()?;
            let prices = feed::Session::new(ports, (session.open, session.close), minutes);
            self.prices = Some((session.day, minutes, prices));
        }
        match &mut self.prices {
            Some((_, _, prices)) => prices.bars(now, symbols),
            None => Ok(Vec::new()),
        }
    }

    fn daily(&mut self, day: Day, symbols: &[String]) -> Result<BTreeMap<String, Candle>, String> {
        let spread = |symbol: &String| symbol.parse::<Vertical>().ok();
        let (spreads, shares): (Vec<String>, Vec<String>) =
            symbols.iter().cloned().partition(|symbol| spread(symbol).is_some());
        let mut bars = match shares.is_empty() {
            true => BTreeMap::new(),
            false => self.source.daily(day, &shares)?,
        };
        for spread in spreads.iter().filter_map(spread) {
            let chain = self.chain(&spread.underlying, &ChainPart::of(&spread))?;
            let middle = spread.middle(&chain).filter(|middle| *middle > Price::ZERO);
            let bar = middle.map(|middle| flat(day, middle.to_f64()));
            bars.extend(bar.map(|bar| (spread.to_string(), bar)));
        }
        Ok(bars)
    }

    fn chain(&mut self, share: &str, part: &ChainPart) -> Result<Vec<SeriesQuote>, String> {
        self.source.options()?.chain(share, part)
    }

    fn alarms(&mut self) -> Vec<Alarm> {
        let mut alarms = self.source.alarms();
        if let Some((since, alarm)) = &self.silent
            && alarms.is_empty()
            && now().duration_since(*since) >= SILENT
        {
            alarms.push(alarm.clone());
        }
        alarms
    }

    fn wait(&mut self) {
        rest(TURN);
    }
}
