//! Chains: days and strikes, the details of contracts, and what they are quoted at.

use market::OptionContract;
use sim::BarPrint;

use super::combos::{Meant, find, shown};
use super::contracts;
use super::hall::Desk;
use super::messages::contracts::Contract;
use super::messages::data::MarketDataRequest;
use super::messages::options::{ChainRequest, ChainTold, TickOptionComputation};
use super::messages::session::OfRequest;
use super::messages::tell;
use super::refusals::Refusal;
use super::stream::{ASK, BID};
use crate::venue::{SIZE, root};

/// The tick of a model's value.
const MODEL: i32 = 13;
/// Where nobody bids the broker tells this price.
const NO_PRICE: f64 = -1.0;

impl Desk<'_> {
    /// Tells the days and strikes of a share's chain.
    pub(super) fn option_chain(&mut self, ask: &ChainRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or_default();
        let contract = Contract {
            con_id: ask.underlying_con_id,
            symbol: ask.underlying_symbol.clone(),
            sec_type: ask.underlying_sec_type.clone(),
            ..Contract::default()
        };
        let share = contracts::wanted(self.venue, id, Some(&contract))?;
        let chain = self.venue.chain(share);
        if let Some(first) = chain.first() {
            let day = |day: &base::Day| day.to_string().replace('-', "");
            let told = ChainTold {
                req_id: Some(id),
                exchange: Some("SMART".to_owned()),
                underlying_con_id: Some(contracts::number(share)),
                trading_class: Some(root(self.venue.tape(), first)),
                multiplier: Some("100".to_owned()),
                expirations: self.venue.expiries().iter().map(day).collect(),
                strikes: self.venue.strikes(share).iter().map(|price| price.to_f64()).collect(),
            };
            self.tell(tell::CHAIN, &told);
        }
        self.tell(tell::CHAIN_END, &OfRequest { req_id: Some(id) });
        Ok(())
    }

    /// Tells the details of every option that a contract may mean.
    pub(super) fn option_details(&mut self, id: i32, asked: &Contract) -> Result<(), Refusal> {
        let found = match find(self.venue, self.book, asked) {
            Some(one) => vec![one],
            None => self.meant(asked),
        };
        if found.is_empty() {
            return Err(Refusal::no_definition(id));
        }
        for option in found {
            self.book.know(&option);
            let contract = shown(self.venue, self.book, &option);
            let mut details = self.details(option.underlying);
            let share = contracts::shown(self.venue, option.underlying);
            let day = contract.last_trade_date_or_contract_month.clone();
            details.order_types = Some("LMT,MKT,DAY,GTC,GTD,WHATIF,COND".to_owned());
            details.stock_type = None;
            details.valid_exchanges = Some("SMART".to_owned());
            details.suggested_size_increment = Some("1".to_owned());
            details.under_con_id = share.con_id;
            details.under_symbol = share.symbol;
            details.under_sec_type = share.sec_type;
            details.contract_month = day.as_ref().map(|day| day[..6].to_owned());
            details.real_expiration_date = day;
            self.tell_contract(id, contract, details);
        }
        self.tell(tell::CONTRACT_DATA_END, &OfRequest { req_id: Some(id) });
        Ok(())
    }

    /// The listed contracts that some words leave open.
    fn meant(&self, asked: &Contract) -> Vec<OptionContract> {
        let symbol = asked.symbol.as_deref().unwrap_or_default();
        let Ok(share) = self.venue.tape().universe().find(symbol) else { return Vec::new() };
        if asked.con_id.is_some_and(|number| number > 0) {
            return Vec::new();
        }
        let meant = Meant::read(asked);
        self.venue.chain(share).into_iter().filter(|option| meant.fits(option)).collect()
    }

    /// Tells what an option is quoted at, now or from now on.
    pub(super) fn option_quotes(&mut self, ask: &MarketDataRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or_default();
        let contract = ask.contract.clone().unwrap_or_default();
        if contract.sec_type.as_deref() == Some("BAG") {
            let text = "combinations are not quoted here: ask for their legs";
            return Err(Refusal::invalid(id, text));
        }
        let option = find(self.venue, self.book, &contract);
        let option = option.ok_or_else(|| Refusal::no_definition(id))?;
        self.begin_quotes(id, "SMART")?;
        self.tell_option(id, &option);
        match ask.snapshot == Some(true) {
            true => self.tell(tell::SNAPSHOT_END, &OfRequest { req_id: Some(id) }),
            false => {
                self.line.wants.options.insert(id, option);
            }
        }
        Ok(())
    }

    fn tell_option(&mut self, id: i32, option: &OptionContract) {
        let Some(quoted) = self.venue.option_quote(option) else { return };
        let bid = quoted.bid.map_or(NO_PRICE, market::Price::to_f64);
        let size = SIZE.unsigned_abs();
        self.tell_price(id, BID, bid, Some(if quoted.bid.is_some() { size } else { 0 }));
        self.tell_price(id, ASK, quoted.ask.to_f64(), Some(size));
        let greeks = quoted.greeks.unwrap_or_default();
        let told = TickOptionComputation {
            req_id: Some(id),
            tick_type: Some(MODEL),
            tick_attrib: Some(0),
            implied_vol: Some(quoted.volatility),
            delta: Some(greeks.delta),
            opt_price: Some(quoted.value),
            pv_dividend: Some(0.0),
            gamma: Some(greeks.gamma),
            vega: Some(greeks.vega / 100.0),
            theta: Some(greeks.theta / 365.0),
            und_price: self.venue.mark(option.underlying).map(market::Price::to_f64),
        };
        self.tell(tell::TICK_OPTION, &told);
    }

    /// Tells the options whose share has a new bar to who listens.
    pub(super) fn tell_options(&mut self, print: &BarPrint) {
        let wanted = self.line.wants.options.iter();
        let wanted = wanted.filter(|(_, option)| option.underlying == print.instrument);
        let wanted: Vec<(i32, OptionContract)> =
            wanted.map(|(id, option)| (*id, *option)).collect();
        for (id, option) in wanted {
            self.tell_option(id, &option);
        }
    }
}
