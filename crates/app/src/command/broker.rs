//! A broker outside, as the day reaches it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base::{Day, Span, Ts};
use brokers::alpaca::{self, Access, Alpaca, Inquiry, Online, Servers, Waits};
use desk::courier::{Clocks, Patience};
use desk::live::Live;
use market::remote::Wire;
use market::{Candle, Cash, Universe};
use pipeline::day::Outside;

use crate::cli::{BrokerArg, BrokerArgs};
use crate::failure::Failure;

/// Between two turns.
const TURN: Duration = Duration::from_millis(200);
/// Between two looks at the broker's clock: Alpaca answers two hundred requests a minute, and most
/// of them belong to orders.
const LOOK: Duration = Duration::from_secs(2);
/// Longest that an opening order may have waited for its way to the broker: a paper exchange may
/// run many times as fast as the clock on the wall.
const OPENING: Span = Span::from_hours(2);

/// An account at Alpaca, or on the paper exchange.
pub(crate) struct AlpacaAccount {
    servers: Servers,
    access: Access,
    inquiry: Inquiry,
    account: String,
    /// Its cash when it was first asked.
    pub(crate) cash: Cash,
    began: Instant,
    /// The broker's time, and when it was asked for.
    time: Option<(Instant, Ts)>,
}

/// The broker that was asked for; none is the simulated one.
pub(crate) fn outside(
    args: &BrokerArgs,
    live: Option<&Live>,
) -> Result<Option<AlpacaAccount>, Failure> {
    match (args.broker, live) {
        (BrokerArg::Simulated, None) => Ok(None),
        (BrokerArg::Simulated, Some(_)) => {
            Err(Failure::new("trade real money: the simulated broker has none")
                .advise("name the broker of the terms with --broker"))
        }
        (BrokerArg::Alpaca, live) => AlpacaAccount::open(args, live).map(Some),
    }
}

impl AlpacaAccount {
    fn open(args: &BrokerArgs, live: Option<&Live>) -> Result<AlpacaAccount, Failure> {
        let servers = match (&args.broker_address, live) {
            (Some(address), _) => Servers::at(address)
                .map_err(|error| Failure::new(error.to_string()).advise("--broker-address"))?,
            (None, Some(live)) => Servers::live(live)?,
            (None, None) => Servers::paper(),
        };
        let (Some(key), Some(secret)) = (&args.broker_key, &args.broker_secret) else {
            return Err(Failure::new("open the account: no keys were given")
                .advise("set APCA_API_KEY_ID and APCA_API_SECRET_KEY"));
        };
        let access = Access { key: key.clone(), secret: secret.clone() };
        let inquiry = Inquiry::new(servers.clone(), access.clone());
        let reach = |what: String| Failure::new(format!("reach the broker: {what}"));
        let (number, cash) = inquiry.account().map_err(reach)?;
        alpaca::admit(&number, live).map_err(|error| Failure::of(&error))?;
        let account = format!("alpaca {number}");
        let began = now();
        Ok(AlpacaAccount { servers, access, inquiry, account, cash, began, time: None })
    }
}

#[expect(clippy::disallowed_methods, reason = "the composition root asks what time it is")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a broker is asked five times a second, not more")]
fn rest(time: Duration) {
    std::thread::sleep(time);
}

impl Outside for AlpacaAccount {
    fn account(&self) -> &str {
        &self.account
    }

    fn wire(&mut self, universe: &Universe) -> Result<Box<dyn Wire>, String> {
        let line = Online::start(self.servers.clone(), self.access.clone());
        let line = line.map_err(|error| error.to_string())?;
        Ok(Box::new(Alpaca::new(line, universe.clone(), Waits::default())))
    }

    fn patience(&self) -> Patience {
        Patience { opening: OPENING, ..alpaca::patience() }
    }

    fn clocks(&mut self) -> Result<Clocks, String> {
        let here = now();
        let wall = match self.time {
            Some((asked, wall)) if here.duration_since(asked) < LOOK => wall,
            _ => {
                let wall = self.inquiry.time()?;
                self.time = Some((here, wall));
                wall
            }
        };
        let nanos = here.duration_since(self.began).as_nanos();
        Ok(Clocks { wall, steady: Ts::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX)) })
    }

    fn daily(&mut self, day: Day, symbols: &[String]) -> Result<BTreeMap<String, Candle>, String> {
        self.inquiry.daily(day, symbols)
    }

    fn wait(&mut self) {
        rest(TURN);
    }
}
