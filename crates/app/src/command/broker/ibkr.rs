//! An account at Interactive Brokers behind TWS or the IB Gateway, or on the paper exchange.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Day, Ts};
use brokers::ibkr::{self, Access, Gateway, Ibkr, Inquiry, Online, Waits};
use desk::courier::Patience;
use market::remote::Wire;
use market::{Candle, Universe};

use super::{Account, Source, unreached};
use crate::cli::BrokerArgs;
use crate::failure::Failure;

struct AtIbkr {
    gateway: Arc<Gateway>,
    inquiry: Inquiry,
}

pub(super) fn open(args: &BrokerArgs) -> Result<Account, Failure> {
    let usual = Access::paper();
    let access = Access {
        address: args.broker_address.clone().unwrap_or(usual.address),
        client: args.broker_client,
        account: args.broker_account.clone(),
    };
    let gateway = Gateway::open(access).map_err(|error| {
        Failure::new(error.to_string()).advise(match error {
            brokers::Error::OpenAccount { .. } => "--broker-account",
            _ => "start TWS or the IB Gateway, let it take clients, and check --broker-address",
        })
    })?;
    let inquiry = Inquiry::new(Arc::clone(&gateway));
    let cash = inquiry.cash().map_err(unreached)?;
    let name = format!("ibkr {} client {}", gateway.account(), args.broker_client);
    Ok(Account::new(name, cash, AtIbkr { gateway, inquiry }))
}

impl Source for AtIbkr {
    fn wire(&mut self, universe: &Universe) -> Result<Box<dyn Wire>, String> {
        let line = Online::start(&self.gateway).map_err(|error| error.to_string())?;
        Ok(Box::new(Ibkr::new(line, universe.clone(), Waits::default())))
    }

    fn patience(&self) -> Patience {
        ibkr::patience()
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
}
