//! An account at Alpaca, or on the paper exchange.

use std::collections::BTreeMap;

use base::{Day, Ts};
use brokers::Error;
use brokers::alpaca::{
    self, Access, Account as At, Alpaca, Direct, Inquiry, Online, Servers, Source as Feed,
    Spreads as Options, Waits, prices,
};
use brokers::feed::Feed as PriceFeed;
use brokers::spread::Spreads;
use desk::courier::Patience;
use desk::live::Live;
use market::remote::Wire;
use market::{Candle, Universe};

use super::{Account, Ports, Source};
use crate::cli::broker::BrokerArgs;
use crate::failure::Failure;

/// What to do about an account that can't be asked for.
const ASK: &str = "see that the keys and --broker-address belong together, and that it answers";

struct AtAlpaca {
    account: At,
    servers: Servers,
    access: Access,
    inquiry: Inquiry,
    feed: Feed,
    is_live: bool,
}

/// Where the servers are, and who asks.
fn reach(args: &BrokerArgs, live: Option<&Live>) -> Result<(Servers, Access, Feed), Failure> {
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
    Ok((servers, access, if args.broker_sip { Feed::Sip } else { Feed::Iex }))
}

/// The stream of prices; no account is looked at.
pub(super) fn prices(args: &BrokerArgs) -> Result<Box<dyn PriceFeed + Send>, Failure> {
    let (servers, access, feed) = reach(args, None)?;
    let stream = prices::start(&servers, feed, access).map_err(|error| Failure::of(&error))?;
    Ok(Box::new(stream))
}

pub(super) fn open(args: &BrokerArgs, live: Option<&Live>) -> Result<Account, Failure> {
    let (servers, access, feed) = reach(args, live)?;
    let account = At::open(servers.clone(), access.clone(), live);
    let account = account.map_err(|error| match &error {
        Error::AskAccount { .. } => Failure::of(&error).advise(ASK),
        _ => Failure::of(&error),
    })?;
    let inquiry = Inquiry::new(servers.clone(), feed, access.clone());
    let (name, cash) = (format!("alpaca {}", account.number()), account.cash());
    let source = AtAlpaca { account, servers, access, inquiry, feed, is_live: live.is_some() };
    Ok(Account::new(name, cash, source))
}

impl Source for AtAlpaca {
    fn wire(&mut self, universe: &Universe) -> Result<Box<dyn Wire>, String> {
        let line = Online::start(&self.account);
        let line = line.map_err(|error| error.to_string())?;
        Ok(Box::new(Alpaca::new(line, universe.clone(), Waits::default())))
    }

    fn options(&self) -> Result<Box<dyn Spreads + Send>, String> {
        let way = Direct::to(&self.account).map_err(|error| error.to_string())?;
        Ok(Box::new(Options::new(way)))
    }

    fn patience(&self) -> Patience {
        alpaca::patience()
    }

    fn is_live(&self) -> bool {
        self.is_live
    }

    fn time(&mut self) -> Result<Ts, String> {
        self.inquiry.time()
    }

    fn prices(&mut self) -> Result<Ports, String> {
        let stream = prices::start(&self.servers, self.feed, self.access.clone());
        let stream = stream.map_err(|error| error.to_string())?;
        Ok((Box::new(stream), Box::new(self.inquiry.clone())))
    }

    fn daily(&mut self, day: Day, symbols: &[String]) -> Result<BTreeMap<String, Candle>, String> {
        self.inquiry.daily(day, symbols)
    }
}
