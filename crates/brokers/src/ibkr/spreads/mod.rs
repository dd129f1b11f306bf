//! Orders of option legs at Interactive Brokers: one combination each, named by its `orderRef`.
//!
//! TWS does not hold names unique. So an order is looked for before it is sent, among the open,
//! the completed of the day and the executions; and one that is sent again in the same session
//! goes out under the same order id, which TWS takes for the same order.

mod found;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Day;
use ibapi::accounts::PositionUpdate;
use ibapi::client::blocking::Client;
use ibapi::contracts::{
    ComboLeg, Contract, LegAction, OptionRight as Right, SecurityType, tick_types::TickType,
};
use ibapi::market_data::realtime::TickTypes;
use ibapi::orders::conditions::PriceCondition;
use ibapi::orders::order_builder::{limit_order, market_order};
use ibapi::orders::{Action, Order as Asked, OrderCondition, PlaceOrder, TimeInForce};
use ibapi::subscriptions::SubscriptionItem;
use market::{ChainPart, ClientOrderId, OptionRight, Price};

use super::gateway::{ANSWER, Gateway};
use super::words;
use crate::Error;
use crate::spread::{self, LegFilled, LegTrade, Order, Placed, Quote, Series, Standing, State};
use found::Found;

/// Notices that refuse nothing: warnings, and that an order is held until the market opens.
const MILD: [i32; 2] = [399, 2109];
/// That an order has this id already: it came before.
const DUPLICATE: [i32; 3] = [103, 105, 321];

/// What an order would do to the account, as TWS reckons it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reckoned {
    /// What it changes of the margin to open positions; `None` where TWS tells none.
    pub initial: Option<f64>,
    /// What it changes of the margin to keep them.
    pub maintenance: Option<f64>,
    /// Commission and fees; `None` where TWS knows them only after the trade.
    pub commission: Option<f64>,
}

/// A price of the share that an order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// The price.
    pub price: Price,
    /// How it is touched.
    pub way: Way,
}

/// How a price is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The share costs so much or more.
    Rises,
    /// The share costs so much or less.
    Falls,
}

/// Orders of option legs.
#[derive(Debug)]
pub struct Spreads {
    gateway: Arc<Gateway>,
    /// TWS's numbers of options, and back.
    numbers: BTreeMap<Series, i32>,
    series: BTreeMap<i32, Series>,
    /// The ids under which names were sent in this session.
    sent: BTreeMap<String, i32>,
}

impl Spreads {
    /// Over a session, which passed what its account is held to.
    ///
    /// # Errors
    /// [`Error::AdmitAccount`] where it is one with real money, whose terms allow no options.
    pub fn new(gateway: Arc<Gateway>) -> Result<Spreads, Error> {
        gateway.covers_options()?;
        let (numbers, series, sent) = Default::default();
        Ok(Spreads { gateway, numbers, series, sent })
    }

    /// What an order would do to the margin, and what it would cost. Nothing is placed.
    ///
    /// # Errors
    /// In words: also where TWS would refuse it.
    pub fn reckon(&mut self, order: &Order) -> Result<Reckoned, String> {
        let client = self.client()?;
        let contract = self.combination(&client, order)?;
        let asked = Asked { what_if: true, ..words_of(order) };
        let told = client
            .place_order(client.next_order_id(), &contract, &asked)
            .map_err(|error| error.to_string())?;
        let number = |value: Option<f64>| value.filter(|value| value.abs() < 1e300);
        loop {
            match told.next_timeout(ANSWER) {
                Some(Ok(SubscriptionItem::Data(PlaceOrder::OpenOrder(data)))) => {
                    let state = &data.order_state;
                    return Ok(Reckoned {
                        initial: number(state.initial_margin_change),
                        maintenance: number(state.maintenance_margin_change),
                        commission: number(state.commission),
                    });
                }
                Some(Ok(SubscriptionItem::Notice(notice)) | Err(ibapi::Error::Notice(notice)))
                    if is_refusal(notice.code) =>
                {
                    return Err(format!("{} {}", notice.code, notice.message));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("TWS does not say what the order would do".to_owned()),
            }
        }
    }

    /// Places an order at the market that waits, until it is taken back, for a price of the share;
    /// its net price does not count.
    pub fn place_at(&mut self, order: &Order, touch: Touch) -> Placed {
        let ready = self.client().and_then(|client| {
            let share = words::stock(&order.legs[0].series.underlying);
            let found = client.contract_details(&share).map_err(|error| error.to_string())?;
            let first = found.first().ok_or_else(|| "TWS knows no such share".to_owned())?;
            Ok(PriceCondition {
                contract_id: first.contract.contract_id,
                exchange: "SMART".to_owned(),
                price: touch.price.to_f64(),
                is_more: touch.way == Way::Rises,
                ..PriceCondition::default()
            })
        });
        let condition = match ready {
            Ok(condition) => condition,
            Err(why) => return Placed::Unknown(why),
        };
        let asked = Asked {
            tif: TimeInForce::GoodTillCanceled,
            order_ref: order.name.as_str().to_owned(),
            conditions: vec![OrderCondition::Price(condition)],
            ..market_order(Action::Buy, f64::from(order.units))
        };
        self.send(order, &asked)
    }

    fn client(&self) -> Result<Arc<Client>, String> {
        self.gateway.standing().map(|standing| standing.client)
    }

    /// Options on the account.
    fn options(&self, client: &Client) -> Result<Vec<(Contract, i64)>, String> {
        let told = client.positions().map_err(|error| error.to_string())?;
        let mut held = Vec::new();
        loop {
            match told.next_timeout(ANSWER) {
                Some(Ok(SubscriptionItem::Data(PositionUpdate::Position(one)))) => {
                    let is_option = one.contract.security_type == SecurityType::Option;
                    if one.account == self.gateway.account() && is_option && one.position != 0.0 {
                        held.push((one.contract, one.position as i64));
                    }
                }
                Some(Ok(SubscriptionItem::Data(PositionUpdate::PositionEnd))) => return Ok(held),
                Some(Ok(SubscriptionItem::Notice(_))) => {}
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("no positions are told".to_owned()),
            }
        }
    }

    fn learn(&mut self, contract: &Contract) -> Option<Series> {
        let day = &contract.last_trade_date_or_contract_month;
        let day = format!("{}-{}-{}", day.get(..4)?, day.get(4..6)?, day.get(6..8)?);
        let right = match contract.right? {
            Right::Call => OptionRight::Call,
            Right::Put => OptionRight::Put,
        };
        let series = Series {
            underlying: words::symbol(contract),
            expiry: day.parse().ok()?,
            right,
            strike: words::price(contract.strike),
        };
        self.numbers.insert(series.clone(), contract.contract_id);
        self.series.insert(contract.contract_id, series.clone());
        Some(series)
    }

    /// TWS's number of an option.
    fn number(&mut self, client: &Client, series: &Series) -> Result<i32, String> {
        if let Some(number) = self.numbers.get(series) {
            return Ok(*number);
        }
        let right = match series.right {
            OptionRight::Call => Right::Call,
            OptionRight::Put => Right::Put,
        };
        let asked = Contract {
            security_type: SecurityType::Option,
            last_trade_date_or_contract_month: series.expiry.to_string().replace('-', ""),
            strike: series.strike.to_f64(),
            right: Some(right),
            multiplier: "100".to_owned(),
            ..words::stock(&series.underlying)
        };
        let found = client.contract_details(&asked).map_err(|error| error.to_string())?;
        for one in &found {
            self.learn(&one.contract);
        }
        self.numbers.get(series).copied().ok_or_else(|| "TWS knows no such option".to_owned())
    }

    fn series_of(&mut self, client: &Client, number: i32) -> Option<Series> {
        if let Some(series) = self.series.get(&number) {
            return Some(series.clone());
        }
        let asked = Contract { contract_id: number, ..Contract::default() };
        let found = client.contract_details(&asked).ok()?;
        found.first().and_then(|one| self.learn(&one.contract))
    }

    fn combination(&mut self, client: &Client, order: &Order) -> Result<Contract, String> {
        let mut combo_legs = Vec::new();
        for leg in &order.legs {
            combo_legs.push(ComboLeg {
                contract_id: self.number(client, &leg.series)?,
                ratio: leg.ratio.abs(),
                action: if leg.ratio < 0 { LegAction::Sell } else { LegAction::Buy },
                exchange: "SMART".to_owned(),
                ..ComboLeg::default()
            });
        }
        let underlying = &order.legs.first().ok_or("an order without legs")?.series.underlying;
        let security_type = SecurityType::Spread;
        Ok(Contract { security_type, combo_legs, ..words::stock(underlying) })
    }

    fn send(&mut self, order: &Order, asked: &Asked) -> Placed {
        match spread::Spreads::look(self, &order.name) {
            Ok(Some(standing)) => return Placed::Known(standing),
            Ok(None) => {}
            Err(why) => return Placed::Unknown(why),
        }
        let ready =
            self.client().and_then(|client| Ok((self.combination(&client, order)?, client)));
        let (contract, client) = match ready {
            Ok(ready) => ready,
            Err(why) => return Placed::Unknown(why),
        };
        let name = order.name.as_str().to_owned();
        let id = *self.sent.entry(name.clone()).or_insert_with(|| client.next_order_id());
        let told = match client.place_order(id, &contract, asked) {
            Ok(told) => told,
            Err(error) => return Placed::Unknown(error.to_string()),
        };
        loop {
            match told.next_timeout(ANSWER) {
                Some(Ok(SubscriptionItem::Data(
                    PlaceOrder::OpenOrder(_) | PlaceOrder::OrderStatus(_),
                ))) => break,
                Some(Ok(SubscriptionItem::Notice(notice)) | Err(ibapi::Error::Notice(notice)))
                    if DUPLICATE.contains(&notice.code) =>
                {
                    match spread::Spreads::look(self, &order.name) {
                        Ok(Some(standing)) => return Placed::Known(standing),
                        Ok(None) => return self.refused(&name, notice.code, &notice.message),
                        Err(why) => return Placed::Unknown(why),
                    }
                }
                Some(Ok(SubscriptionItem::Notice(notice)) | Err(ibapi::Error::Notice(notice)))
                    if is_refusal(notice.code) =>
                {
                    return self.refused(&name, notice.code, &notice.message);
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Placed::Unknown(error.to_string()),
                None => return Placed::Unknown("TWS does not say that it has it".to_owned()),
            }
        }
        match spread::Spreads::look(self, &order.name) {
            Ok(Some(standing)) => Placed::Known(standing),
            Ok(None) => Placed::Unknown("TWS does not show it yet".to_owned()),
            Err(why) => Placed::Unknown(why),
        }
    }

    fn refused(&mut self, name: &str, code: i32, message: &str) -> Placed {
        // Under another id it may be sent again.
        self.sent.remove(name);
        Placed::Refused(format!("{code} {message}"))
    }
}

fn words_of(order: &Order) -> Asked {
    let units = f64::from(order.units);
    Asked {
        tif: TimeInForce::Day,
        order_ref: order.name.as_str().to_owned(),
        ..match order.net {
            Some(net) => limit_order(Action::Buy, units, net.to_f64()),
            None => market_order(Action::Buy, units),
        }
    }
}

/// Notices from 2100 on and a few others are warnings.
fn is_refusal(code: i32) -> bool {
    !MILD.contains(&code) && !(2100..3000).contains(&code)
}

impl spread::Spreads for Spreads {
    /// Each quote is asked for by itself, which TWS takes its time for: ask for few.
    fn chain(&mut self, underlying: &str, part: &ChainPart) -> Result<Vec<Quote>, String> {
        let (from, to) = part.days;
        let words = |error: ibapi::Error| error.to_string();
        let client = self.client()?;
        let share = words::stock(underlying);
        let found = client.contract_details(&share).map_err(words)?;
        let number = found.first().ok_or("TWS knows no such share")?.contract.contract_id;
        let symbol = share.symbol.to_string();
        let asked = client.option_chain(&symbol, SecurityType::Stock, number);
        let chains = asked.subscribe().map_err(words)?;
        let chains = chains.collect_to_end_within(ANSWER).map_err(words)?;
        let text = |day: Day| day.to_string().replace('-', "");
        let chain = chains.iter().find(|chain| chain.exchange == "SMART");
        let days = chain.map_or(&[][..], |chain| &chain.expirations[..]);
        let days = days.iter().filter(|day| **day >= text(from) && **day <= text(to));
        let mut days: Vec<&String> = days.collect();
        days.sort_unstable_by(|a, b| b.cmp(a));
        let mut quotes = Vec::new();
        for day in days {
            if part.latest && !quotes.is_empty() {
                break;
            }
            let asked = Contract {
                security_type: SecurityType::Option,
                last_trade_date_or_contract_month: day.clone(),
                multiplier: "100".to_owned(),
                ..share.clone()
            };
            for one in client.contract_details(&asked).map_err(words)? {
                let series = self.learn(&one.contract).filter(|series| part.holds(series));
                let Some(series) = series else { continue };
                let (bid, ask) = quoted(&client, &one.contract)?;
                quotes.push(Quote { series, bid, ask });
            }
        }
        Ok(quotes)
    }

    fn place(&mut self, order: &Order) -> Placed {
        self.send(order, &words_of(order))
    }

    fn look(&mut self, name: &ClientOrderId) -> Result<Option<Standing>, String> {
        let client = self.client()?;
        let found = Found::find(&self.gateway, &client, name.as_str())?;
        let Some(mut found) = found else { return Ok(None) };
        let mut legs = Vec::new();
        if found.legs.is_empty() {
            // An order of an earlier day is known by its executions alone.
            let units = (found.units as i64).max(1);
            let ratio = |(number, (count, _)): (&i32, &(i64, _))| (*number, (count / units) as i32);
            found.legs = found.filled.iter().map(ratio).collect();
        }
        for (number, ratio) in found.legs {
            let series = self.series_of(&client, number);
            let series = series.ok_or_else(|| format!("TWS tells no leg {number}"))?;
            let (contracts, trades) = found.filled.remove(&number).unwrap_or_default();
            let spent: f64 = trades.iter().map(spent).sum();
            let price = words::price(spent / contracts.unsigned_abs().max(1) as f64);
            let price = (contracts != 0).then_some(price);
            legs.push(LegFilled { series, ratio, contracts, price, trades });
        }
        Ok(Some(Standing {
            state: found.state.unwrap_or(State::Ended),
            filled: found.units as u32,
            net: (found.units > 0.0).then(|| words::price(found.spent / found.units)),
            legs,
        }))
    }

    fn cancel(&mut self, name: &ClientOrderId) -> Result<(), String> {
        let client = self.client()?;
        let found = Found::find(&self.gateway, &client, name.as_str())?;
        let Some(found) = found.filter(|found| found.state == Some(State::Open)) else {
            return Ok(());
        };
        if found.client != client.client_id() {
            return Err(format!("the order belongs to client {}", found.client));
        }
        let told = client.cancel_order(found.id, "").map_err(|error| error.to_string())?;
        // Whether it went is seen by looking.
        let _ = told.next_timeout(ANSWER);
        Ok(())
    }

    fn open(&mut self) -> Result<Vec<ClientOrderId>, String> {
        let client = self.client()?;
        let read = || client.all_open_orders()?.collect_to_end_within(ANSWER);
        let told = self.gateway.alone(read).map_err(|error| error.to_string())?;
        let ours = found::of_legs(told).filter(|one| one.order.account == self.gateway.account());
        Ok(ours.map(|one| ClientOrderId::from_text(one.order.order_ref)).collect())
    }

    fn held(&mut self) -> Result<Vec<(Series, i64)>, String> {
        let client = self.client()?;
        let mut held = Vec::new();
        for (contract, count) in self.options(&client)? {
            let series = self.learn(&contract).ok_or("TWS tells an option that can't be read")?;
            held.push((series, count));
        }
        Ok(held)
    }
}

fn spent(trade: &LegTrade) -> f64 {
    f64::from(trade.contracts) * trade.price.to_f64()
}

fn quoted(client: &Client, contract: &Contract) -> Result<(Option<Price>, Option<Price>), String> {
    let ticks = client.market_data(contract).snapshot_once(ANSWER);
    let ticks = ticks.map_err(|error| error.to_string())?;
    let find = |wanted: TickType| {
        let price = ticks.iter().rev().find_map(|tick| match tick {
            TickTypes::Price(tick) if tick.tick_type == wanted => Some(tick.price),
            TickTypes::PriceSize(tick) if tick.price_tick_type == wanted => Some(tick.price),
            _ => None,
        });
        price.filter(|price| *price > 0.0).map(words::price)
    };
    Ok((find(TickType::Bid), find(TickType::Ask)))
}
