//! An account at Interactive Brokers behind TWS or the IB Gateway, or on the paper exchange.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Day, Seed, Ts};
use brokers::Error;
use brokers::feed::Feed;
use brokers::gateway::{ClockRule, Mode, Region, Settings, Window};
use brokers::ibkr::{self, Access, Gateway, Ibkr, Inquiry, Online, Spreads as Options, Waits};
use brokers::spread::Spreads;
use desk::courier::Patience;
use desk::live::Live;
use market::remote::Wire;
use market::{Candle, Universe};
use pipeline::day::Alarm;

use super::{Account, Source, unreached};
use crate::cli::broker::{BrokerArgs, BrokerClock, RegionArg};
use crate::failure::Failure;

struct AtIbkr {
    gateway: Arc<Gateway>,
    inquiry: Inquiry,
    is_live: bool,
}

/// A session that passed all checks.
fn reach(args: &BrokerArgs, live: Option<&Live>) -> Result<Arc<Gateway>, Failure> {
    let access = Access::new(args.broker_client, settings(args, live)?, live)
        .map_err(|error| Failure::of(&error).advise("trimtab live sign, or --broker-account"))?;
    let access = match &args.broker_address {
        Some(address) => access.at(address).map_err(|error| Failure::of(&error))?,
        None => access,
    };
    Gateway::open(access).map_err(|error| match &error {
        Error::ReachGateway { advice, .. } => Failure::of(&error).advise(advice),
        _ => Failure::of(&error),
    })
}

/// The stream of prices, quotes too.
pub(super) fn prices(args: &BrokerArgs) -> Result<Box<dyn Feed + Send>, Failure> {
    let parts = ibkr::prices::Parts::BarsAndQuotes;
    let stream = ibkr::prices::start(reach(args, None)?, parts);
    Ok(Box::new(stream.map_err(|error| Failure::of(&error))?))
}

pub(super) fn open(args: &BrokerArgs, live: Option<&Live>) -> Result<Account, Failure> {
    let gateway = reach(args, live)?;
    let inquiry = Inquiry::new(Arc::clone(&gateway));
    let cash = inquiry.cash().map_err(unreached)?;
    let name = format!("ibkr {} client {}", gateway.account(), args.broker_client);
    Ok(Account::new(name, cash, AtIbkr { gateway, inquiry, is_live: live.is_some() }))
}

/// What the session with TWS is held to.
fn settings(args: &BrokerArgs, live: Option<&Live>) -> Result<Settings, Failure> {
    let region = match args.broker_region {
        RegionArg::NorthAmerica => Region::NorthAmerica,
        RegionArg::Europe => Region::Europe,
        RegionArg::AsiaPacific => Region::AsiaPacific,
    };
    let mode = if live.is_some() { Mode::Live } else { Mode::Paper };
    // Two clients of one TWS do not come back at the same moments.
    let seed = Seed::root(u64::from(args.broker_client.unsigned_abs()));
    let mut settings = Settings::of(mode, region, seed);
    settings.account.clone_from(&args.broker_account);
    settings.clock = match args.broker_clock_within {
        BrokerClock::Within(span) => ClockRule::Within(span),
        BrokerClock::Any if live.is_none() => ClockRule::Foreign,
        BrokerClock::Any => {
            return Err(Failure::new(
                "trade real money: the broker's clock must be that of the world",
            )
            .advise("leave out --broker-clock-within any"));
        }
    };
    if let Some(at) = args.broker_restart {
        settings.windows.extend(Window::restart(region.zone(), at.0));
    }
    Ok(settings)
}

impl Source for AtIbkr {
    fn wire(&mut self, universe: &Universe) -> Result<Box<dyn Wire>, String> {
        let line = Online::start(&self.gateway).map_err(|error| error.to_string())?;
        Ok(Box::new(Ibkr::new(line, universe.clone(), Waits::default())))
    }

    fn options(&self) -> Result<Box<dyn Spreads + Send>, String> {
        let options = Options::new(Arc::clone(&self.gateway));
        Ok(Box::new(options.map_err(|error| error.to_string())?))
    }

    fn patience(&self) -> Patience {
        ibkr::patience()
    }

    fn is_live(&self) -> bool {
        self.is_live
    }

    fn time(&mut self) -> Result<Ts, String> {
        self.inquiry.time()
    }

    fn prices(&mut self) -> Result<super::Ports, String> {
        let stream = ibkr::prices::start(Arc::clone(&self.gateway), ibkr::prices::Parts::Bars);
        let stream = stream.map_err(|error| error.to_string())?;
        Ok((Box::new(stream), Box::new(ibkr::prices::Past::new(Arc::clone(&self.gateway)))))
    }

    fn daily(&mut self, day: Day, symbols: &[String]) -> Result<BTreeMap<String, Candle>, String> {
        self.inquiry.daily(day, symbols)
    }

    fn alarms(&mut self) -> Vec<Alarm> {
        let alarms = self.gateway.alarms().into_iter();
        let alarm = |alarm: brokers::gateway::Alarm| Alarm {
            kind: alarm.kind.name().to_owned(),
            words: alarm.words,
            since: alarm.since,
        };
        alarms.map(alarm).collect()
    }
}
