//! Contracts: which listing one means, and how a listing is told.

use market::{InstrumentId, Kind};

use super::hall::Desk;
use super::messages::contracts::{
    Contract, ContractData, ContractDataRequest, ContractDescription, ContractDetails, MarketRule,
    MarketRuleRequest, MatchingSymbolsRequest, PriceIncrement, SymbolSamples,
};
use super::messages::session::OfRequest;
use super::messages::tell;
use super::refusals::Refusal;
use super::times::{ZONE, day_text};
use crate::Venue;

/// The broker's numbers of contracts begin here.
const FIRST_CONTRACT: i32 = 10_001;
/// The one rule of price steps: a cent from a dollar on, a hundredth of one below.
const PRICE_RULE: i32 = 26;
/// Most symbols that a search tells.
const MOST_FOUND: usize = 16;
const ORDER_TYPES: &str = "LMT,LOC,MKT,MOC,STP,STPLMT,TRAIL,DAY,GTC,GTD,IOC,FOK,OPG,OCA,WHATIF";

/// The broker's number of a listing.
pub(super) fn number(instrument: InstrumentId) -> i32 {
    FIRST_CONTRACT + instrument.0 as i32
}

/// The listing of a broker's number.
pub(super) fn of_number(venue: &Venue, number: i32) -> Option<InstrumentId> {
    let index = u32::try_from(number.checked_sub(FIRST_CONTRACT)?).ok()?;
    ((index as usize) < venue.tape().universe().len()).then_some(InstrumentId(index))
}

/// The listing that a contract means; the broker's number counts more than words.
pub(super) fn find(venue: &Venue, contract: &Contract) -> Option<InstrumentId> {
    let found = match contract.con_id {
        Some(number) if number > 0 => of_number(venue, number)?,
        _ => {
            let symbol = contract.symbol.as_deref().filter(|symbol| !symbol.is_empty());
            let symbol = symbol.or(contract.local_symbol.as_deref())?;
            venue.tape().universe().find(symbol).ok()?
        }
    };
    let kind = kind_word(venue, found);
    let fits = |said: &Option<String>, own: &str| {
        said.as_deref().is_none_or(|said| said.is_empty() || said == own)
    };
    let fitting = fits(&contract.sec_type, kind) && fits(&contract.currency, "USD");
    (fitting && venue.tape().is_active(found, venue.today())).then_some(found)
}

/// The listing of a request's contract, or the refusal.
pub(super) fn wanted(
    venue: &Venue,
    id: i32,
    contract: Option<&Contract>,
) -> Result<InstrumentId, Refusal> {
    contract.and_then(|contract| find(venue, contract)).ok_or_else(|| Refusal::no_definition(id))
}

fn kind_word(venue: &Venue, instrument: InstrumentId) -> &'static str {
    match venue.tape().listing(instrument).instrument.kind {
        Kind::Stock | Kind::Etf => "STK",
        _ => "IND",
    }
}

/// A listing as a contract.
pub(super) fn shown(venue: &Venue, instrument: InstrumentId) -> Contract {
    let symbol = venue.tape().universe().get(instrument).symbol.clone();
    Contract {
        con_id: Some(number(instrument)),
        sec_type: Some(kind_word(venue, instrument).to_owned()),
        exchange: Some("SMART".to_owned()),
        primary_exch: Some("NYSE".to_owned()),
        currency: Some("USD".to_owned()),
        local_symbol: Some(symbol.clone()),
        trading_class: Some(symbol.clone()),
        symbol: Some(symbol),
        ..Contract::default()
    }
}

impl Desk<'_> {
    pub(super) fn contract_data(&mut self, ask: &ContractDataRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or_default();
        if let Some(contract) =
            ask.contract.as_ref().filter(|one| super::combos::is_other(Some(one)))
        {
            return self.option_details(id, contract);
        }
        let instrument = wanted(self.venue, id, ask.contract.as_ref())?;
        let contract = shown(self.venue, instrument);
        let details = self.details(instrument);
        self.tell_contract(id, contract, details);
        self.tell(tell::CONTRACT_DATA_END, &OfRequest { req_id: Some(id) });
        Ok(())
    }

    /// One contract that a request meant.
    pub(super) fn tell_contract(&mut self, id: i32, contract: Contract, details: ContractDetails) {
        let told = ContractData {
            req_id: Some(id),
            contract: Some(contract),
            contract_details: Some(details),
        };
        self.tell(tell::CONTRACT_DATA, &told);
    }

    pub(super) fn details(&self, instrument: InstrumentId) -> ContractDetails {
        let listed = &self.venue.tape().listing(instrument).instrument;
        let sort = if listed.kind == Kind::Etf { "ETF" } else { "COMMON" };
        let hours = self.hours();
        let text = |text: &str| Some(text.to_owned());
        ContractDetails {
            market_name: Some(listed.symbol.clone()),
            min_tick: text("0.01"),
            order_types: text(ORDER_TYPES),
            valid_exchanges: text("SMART,NYSE"),
            price_magnifier: Some(1),
            long_name: Some(listed.symbol.clone()),
            time_zone_id: text(ZONE),
            trading_hours: Some(hours.clone()),
            liquid_hours: Some(hours),
            market_rule_ids: Some(format!("{PRICE_RULE},{PRICE_RULE}")),
            stock_type: text(sort),
            min_size: text("1"),
            size_increment: text("1"),
            suggested_size_increment: text("100"),
            ..ContractDetails::default()
        }
    }

    /// The session of today and the next ones, as `20160202:0930-20160202:1600;...`.
    fn hours(&self) -> String {
        let Ok(calendar) = market::Calendar::of("XNYS") else { return String::new() };
        let today = self.venue.today();
        let wall = |at| {
            let text = super::times::stamp(at);
            format!("{}:{}{}", &text[..8], &text[9..11], &text[12..14])
        };
        let sessions = calendar.between(today, today.plus(6));
        let mut parts = Vec::new();
        for back in 0..7 {
            let day = today.plus(back);
            parts.push(match sessions.iter().find(|session| session.day == day) {
                Some(session) => format!("{}-{}", wall(session.open), wall(session.close)),
                None => format!("{}:CLOSED", day_text(day)),
            });
        }
        parts.join(";")
    }

    pub(super) fn matching_symbols(&mut self, ask: &MatchingSymbolsRequest) {
        let pattern = ask.pattern.clone().unwrap_or_default().to_uppercase();
        let universe = self.venue.tape().universe();
        let fits = universe.iter().filter(|(_, listed)| listed.symbol.contains(&pattern));
        let found = fits.take(MOST_FOUND).map(|(instrument, _)| ContractDescription {
            contract: Some(shown(self.venue, instrument)),
            derivative_sec_types: match self.venue.has_options(instrument) {
                true => vec!["OPT".to_owned()],
                false => Vec::new(),
            },
        });
        let told = SymbolSamples { req_id: ask.req_id, contract_descriptions: found.collect() };
        self.tell(tell::SYMBOL_SAMPLES, &told);
    }

    pub(super) fn market_rule(&mut self, ask: &MarketRuleRequest) -> Result<(), Refusal> {
        if ask.market_rule_id != Some(PRICE_RULE) {
            return Err(Refusal::invalid(super::refusals::NO_REQUEST, "there is no such rule"));
        }
        let step = |low_edge: f64, increment: f64| PriceIncrement {
            low_edge: Some(low_edge),
            increment: Some(increment),
        };
        let told = MarketRule {
            market_rule_id: Some(PRICE_RULE),
            price_increments: vec![step(0.0, 0.0001), step(1.0, 0.01)],
        };
        self.tell(tell::MARKET_RULE, &told);
        Ok(())
    }
}
