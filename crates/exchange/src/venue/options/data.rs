//! Chains and their quotes on request, as the broker lists them.

use base::Day;
use market::{InstrumentId, OptionContract, OptionRight, Price};
use serde_json::{Map, Value, json};

use super::quotes::{Quoted, SIZE, Surface};
use super::{STANDARD, root};
use crate::figures::is_uuid;
use crate::venue::Venue;
use crate::{Answer, Request};

/// Most contracts and most snapshots in one answer, and how many where nobody says.
const MOST_CONTRACTS: usize = 10_000;
const MOST_SNAPSHOTS: usize = 1_000;
const USUAL: usize = 100;

/// Which contracts are asked for.
struct Sieve {
    days: (Option<Day>, Option<Day>),
    strikes: (Option<Price>, Option<Price>),
    right: Option<OptionRight>,
    root: Option<String>,
    limit: usize,
    /// The name of the last contract of the page before.
    after: Option<String>,
}

impl Sieve {
    fn read(request: &Request, most: usize) -> Result<Sieve, Answer> {
        let wrong = |name: &str| Answer::invalid(format!("invalid {name}"));
        let day = |name: &str| match request.word(name).map(str::parse::<Day>) {
            None => Ok(None),
            Some(day) => day.map(Some).map_err(|_| wrong(name)),
        };
        let price = |name: &str| match request.word(name).map(str::parse::<Price>) {
            None => Ok(None),
            Some(price) => price.map(Some).map_err(|_| wrong(name)),
        };
        let one = day("expiration_date")?;
        let right = match request.word("type") {
            None => None,
            Some("call") => Some(OptionRight::Call),
            Some("put") => Some(OptionRight::Put),
            Some(_) => return Err(wrong("type")),
        };
        let limit = match request.word("limit").map(str::parse) {
            None => USUAL,
            Some(Ok(limit)) if (1..=most).contains(&limit) => limit,
            Some(_) => return Err(Answer::invalid(format!("limit must be in 1..={most}"))),
        };
        Ok(Sieve {
            days: (one.or(day("expiration_date_gte")?), one.or(day("expiration_date_lte")?)),
            strikes: (price("strike_price_gte")?, price("strike_price_lte")?),
            right,
            root: request.word("root_symbol").map(str::to_owned),
            limit,
            after: request.word("page_token").map(str::to_owned),
        })
    }

    fn passes(&self, contract: &OptionContract) -> bool {
        let (OptionContract { expiry, strike, right, .. }, days) = (contract, self.days);
        days.0.is_none_or(|day| *expiry >= day)
            && days.1.is_none_or(|day| *expiry <= day)
            && self.strikes.0.is_none_or(|price| *strike >= price)
            && self.strikes.1.is_none_or(|price| *strike <= price)
            && self.right.is_none_or(|wanted| *right == wanted)
    }
}

impl Venue {
    /// Contracts of some shares that pass, with their names and in the order of these, and the
    /// name of the last one where there are more.
    fn sieved(
        &self,
        shares: &[InstrumentId],
        sieve: &Sieve,
    ) -> (Vec<(String, OptionContract)>, Option<String>) {
        let mut found: Vec<(String, OptionContract)> = Vec::new();
        for share in shares {
            let held = self.lots().iter().map(|lot| lot.contract);
            let held = held.filter(|contract| contract.underlying == *share);
            let all = self.chain(*share).into_iter().chain(held);
            let passing = all.filter(|contract| {
                let of_root = |wanted: &String| root(&self.tape, contract) == *wanted;
                sieve.passes(contract) && sieve.root.as_ref().is_none_or(of_root)
            });
            found.extend(passing.map(|contract| (self.contract_name(&contract), contract)));
        }
        found.sort();
        found.dedup();
        found.retain(|(name, _)| sieve.after.as_ref().is_none_or(|after| name > after));
        let more = found.len() > sieve.limit;
        found.truncate(sieve.limit);
        let last = found.last().map(|(name, _)| name.clone()).filter(|_| more);
        (found, last)
    }

    /// Answers below `/v2/options/contracts`.
    pub(crate) fn option_contracts(&self, rest: &[&str], request: &Request) -> Answer {
        match rest {
            [] => self.list_contracts(request),
            [name] => match self.contract_of(name) {
                Some(contract) => Answer::ok(self.show_contract(&contract)),
                None => Answer::missing(format!("option contract not found for {name}")),
            },
            _ => Answer::missing("endpoint not found"),
        }
    }

    fn contract_of(&self, name: &str) -> Option<OptionContract> {
        if !is_uuid(name) {
            return self.find_contract(name);
        }
        let is_it =
            |contract: &OptionContract| self.contract_id(contract).eq_ignore_ascii_case(name);
        let held = self.lots().iter().map(|lot| lot.contract);
        let listed = self.tape.universe().iter().flat_map(|(share, _)| self.chain(share));
        held.chain(listed).find(is_it)
    }

    fn list_contracts(&self, request: &Request) -> Answer {
        let mut sieve = match Sieve::read(request, MOST_CONTRACTS) {
            Ok(sieve) => sieve,
            Err(refusal) => return refusal,
        };
        // Without a day the broker lists what ends by the coming weekend.
        if sieve.days == (None, None) {
            let today = self.today();
            sieve.days.1 = Some(today.plus(6 - today.weekday() as i32));
        }
        if request.word("status") == Some("inactive") {
            return Answer::ok(json!({ "option_contracts": [], "next_page_token": null }));
        }
        let named = request.list("underlying_symbols");
        let shares: Vec<InstrumentId> = match named.is_empty() {
            true => self.tape.universe().iter().map(|(share, _)| share).collect(),
            false => named.iter().filter_map(|symbol| self.find(symbol)).collect(),
        };
        let (found, last) = self.sieved(&shares, &sieve);
        let shown: Vec<Value> =
            found.iter().map(|(_, contract)| self.show_contract(contract)).collect();
        Answer::ok(json!({ "option_contracts": shown, "next_page_token": last }))
    }

    fn show_contract(&self, contract: &OptionContract) -> Value {
        let name = self.contract_name(contract);
        let symbol = &self.tape.universe().get(contract.underlying).symbol;
        let right = if contract.right == OptionRight::Call { "call" } else { "put" };
        json!({
            "id": self.contract_id(contract),
            "symbol": name,
            "name": format!("{symbol} {} {} {right}", contract.expiry, contract.strike),
            "status": "active",
            "tradable": !self.state.halted.contains(&contract.underlying),
            "expiration_date": contract.expiry.to_string(),
            "root_symbol": root(&self.tape, contract),
            "underlying_symbol": symbol,
            "underlying_asset_id": self.asset_id(symbol),
            "type": right,
            "style": "american",
            "strike_price": contract.strike.to_string(),
            "multiplier": STANDARD.to_string(),
            "size": contract.shares.to_string(),
            "open_interest": null,
            "open_interest_date": null,
            "close_price": null,
            "close_price_date": null,
        })
    }

    /// Answers below `/v1beta1/options`.
    pub(crate) fn option_data(&self, rest: &[&str], request: &Request) -> Answer {
        match rest {
            ["snapshots", symbol] => self.chain_snapshots(symbol, request),
            ["snapshots"] => {
                let shown = self.of_contracts(request, show_snapshot);
                shown.map_or_else(
                    |refusal| refusal,
                    |shown| Answer::ok(json!({ "snapshots": shown, "next_page_token": null })),
                )
            }
            ["quotes", "latest"] => {
                let shown = self.of_contracts(request, show_quote);
                shown.map_or_else(|refusal| refusal, |shown| Answer::ok(json!({ "quotes": shown })))
            }
            _ => Answer::missing("endpoint not found"),
        }
    }

    fn of_contracts(
        &self,
        request: &Request,
        show: impl Fn(&Quoted) -> Value,
    ) -> Result<Map<String, Value>, Answer> {
        let names = request.list("symbols");
        if names.is_empty() {
            return Err(Answer {
                status: 400,
                body: Some(json!({ "message": "symbols is required" })),
            });
        }
        let mut shown = Map::new();
        for name in names {
            let quoted =
                self.find_contract(&name).and_then(|contract| self.option_quote(&contract));
            if let Some(quoted) = quoted {
                shown.insert(name, show(&quoted));
            }
        }
        Ok(shown)
    }

    fn chain_snapshots(&self, symbol: &str, request: &Request) -> Answer {
        let wrong = |text: String| Answer { status: 400, body: Some(json!({ "message": text })) };
        let Some(share) = self.find(symbol) else {
            return wrong(format!("invalid symbol: {symbol}"));
        };
        let sieve = match Sieve::read(request, MOST_SNAPSHOTS) {
            Ok(sieve) => sieve,
            Err(refusal) => return refusal,
        };
        let surface: Option<Surface> = self.surface(share);
        let (found, last) = self.sieved(&[share], &sieve);
        let mut shown = Map::new();
        for (name, contract) in found {
            if let Some(quoted) = surface.as_ref().and_then(|surface| surface.quote(&contract)) {
                shown.insert(name, show_snapshot(&quoted));
            }
        }
        Answer::ok(json!({ "snapshots": shown, "next_page_token": last }))
    }
}

fn show_quote(quoted: &Quoted) -> Value {
    let bid = quoted.bid.unwrap_or(Price::ZERO);
    json!({
        "t": quoted.at.to_string(),
        "ax": "V",
        "ap": quoted.ask.to_f64(),
        "as": SIZE,
        "bx": "V",
        "bp": bid.to_f64(),
        "bs": if quoted.bid.is_some() { SIZE } else { 0 },
        "c": " ",
    })
}

/// Theta is a day's, vega and rho are those of one percentage point.
fn show_snapshot(quoted: &Quoted) -> Value {
    let greeks = quoted.greeks.map(|greeks| {
        json!({
            "delta": greeks.delta,
            "gamma": greeks.gamma,
            "rho": greeks.rho / 100.0,
            "theta": greeks.theta / 365.0,
            "vega": greeks.vega / 100.0,
        })
    });
    json!({
        "greeks": greeks,
        "impliedVolatility": quoted.volatility,
        "latestQuote": show_quote(quoted),
    })
}
