//! Options and combinations: which contracts are meant, and orders on them.

use base::{Day, Rounding};
use market::{OptionContract, OptionRight, Price, Qty};
use prost::Message as _;

use super::book::{Book, Ticket};
use super::contracts;
use super::hall::Desk;
use super::messages::contracts::{ComboLeg, Contract};
use super::messages::options::OrderCondition;
use super::messages::orders::{OpenOrder, Order, OrderState};
use super::messages::tell;
use super::refusals::Refusal;
use super::terms;
use super::times::read_day;
use crate::Venue;
use crate::figures::money;
use crate::venue::{
    self, Class, ComboWish, Condition, HIGHEST_PRICE, Side, Thing, Tif, root, standard,
};

/// The broker's number of every combination.
const BAG: i32 = 28_812_380;
/// The condition on a price.
const PRICE_CONDITION: i32 = 1;

fn said(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// What of a contract an option is named by; each part may be left out.
pub(super) struct Meant {
    day: Option<String>,
    strike: Option<f64>,
    right: Option<OptionRight>,
}

impl Meant {
    pub(super) fn read(contract: &Contract) -> Meant {
        let right = match contract.right.as_deref() {
            Some("C" | "CALL") => Some(OptionRight::Call),
            Some("P" | "PUT") => Some(OptionRight::Put),
            _ => None,
        };
        let strike = contract.strike.filter(|strike| *strike > 0.0 && *strike < 1e9);
        let day = said(&contract.last_trade_date_or_contract_month).map(str::to_owned);
        Meant { day, strike, right }
    }

    pub(super) fn fits(&self, contract: &OptionContract) -> bool {
        let day = contract.expiry.to_string().replace('-', "");
        self.day.as_ref().is_none_or(|start| day.starts_with(start.as_str()))
            && self.strike.is_none_or(|strike| (contract.strike.to_f64() - strike).abs() < 1e-6)
            && self.right.is_none_or(|right| right == contract.right)
    }

    fn one(&self) -> Option<(Day, Price, OptionRight)> {
        let day = read_day(self.day.as_ref()?)?;
        let strike = Price::from_f64(self.strike?, Rounding::HalfEven).ok()?;
        Some((day, strike, self.right?))
    }
}

/// True for the words of an option or a combination.
pub(super) fn is_other(contract: Option<&Contract>) -> bool {
    contract.is_some_and(|contract| {
        matches!(contract.sec_type.as_deref(), Some("BAG" | "OPT"))
            || !contract.combo_legs.is_empty()
            || contract.con_id.is_some_and(Book::is_option_number)
    })
}

/// The one option that a contract means.
pub(super) fn find(venue: &Venue, book: &Book, contract: &Contract) -> Option<OptionContract> {
    if let Some(number) = contract.con_id.filter(|number| *number > 0) {
        return book.option(number).filter(|found| venue.has_contract(found));
    }
    if let Some(name) = said(&contract.local_symbol) {
        return venue.find_contract(&name.replace(' ', ""));
    }
    let underlying = venue.tape().universe().find(said(&contract.symbol)?).ok()?;
    let found = standard(underlying, Meant::read(contract).one()?);
    venue.has_contract(&found).then_some(found)
}

/// An option as a contract.
pub(super) fn shown(venue: &Venue, book: &Book, option: &OptionContract) -> Contract {
    let share = contracts::shown(venue, option.underlying);
    let name = venue.contract_name(option);
    let class = root(venue.tape(), option);
    let local = format!("{class:<6}{}", &name[class.len()..]);
    let right = if option.right == OptionRight::Call { "C" } else { "P" };
    Contract {
        con_id: Some(book.option_number(option)),
        sec_type: Some("OPT".to_owned()),
        last_trade_date_or_contract_month: Some(option.expiry.to_string().replace('-', "")),
        strike: Some(option.strike.to_f64()),
        right: Some(right.to_owned()),
        multiplier: Some(f64::from(option.multiplier)),
        local_symbol: Some(local),
        trading_class: Some(class),
        primary_exch: None,
        ..share
    }
}

/// A share or an option as a contract.
pub(super) fn shown_thing(venue: &Venue, book: &Book, thing: &Thing) -> Contract {
    match thing {
        Thing::Share(instrument) => contracts::shown(venue, *instrument),
        Thing::Option(option) => shown(venue, book, option),
    }
}

/// What an order is on, as a contract.
pub(super) fn shown_order(venue: &Venue, book: &Book, order: &venue::Order) -> Contract {
    match order.parts() {
        [] => contracts::shown(venue, order.instrument),
        [part] => shown_thing(venue, book, &part.thing),
        parts => {
            let leg = |part: &venue::Part| ComboLeg {
                con_id: shown_thing(venue, book, &part.thing).con_id,
                ratio: i32::try_from(part.ratio.abs()).ok(),
                action: Some(if part.ratio > 0 { "BUY" } else { "SELL" }.to_owned()),
                exchange: Some("SMART".to_owned()),
            };
            Contract {
                con_id: Some(BAG),
                sec_type: Some("BAG".to_owned()),
                primary_exch: None,
                trading_class: Some("COMB".to_owned()),
                combo_legs: parts.iter().map(leg).collect(),
                ..contracts::shown(venue, order.instrument)
            }
        }
    }
}

/// What an order still waits for.
pub(super) fn shown_condition(order: &venue::Order) -> Vec<Vec<u8>> {
    let condition = order.combo.as_ref().and_then(|combo| combo.condition);
    let told = condition.map(|condition| OrderCondition {
        kind: Some(PRICE_CONDITION),
        is_conjunction: Some(true),
        is_more: Some(condition.is_more),
        con_id: Some(contracts::number(condition.instrument)),
        exchange: Some("SMART".to_owned()),
        price: Some(condition.price.to_f64()),
        trigger_method: Some(0),
    });
    told.iter().map(OrderCondition::encode_to_vec).collect()
}

impl Desk<'_> {
    /// Places an order on an option or a combination; one that is there can't be changed.
    pub(super) fn place_combo(
        &mut self,
        id: i32,
        contract: &Contract,
        order: &Order,
    ) -> Result<(), Refusal> {
        let mut wish = self.read_combo(id, contract, order)?;
        if order.what_if == Some(true) {
            return self.try_combo(id, (&wish, contract), order);
        }
        if self.book.place(self.client(), id).is_some() {
            let text = "orders on options and combinations can't be changed: cancel and send anew";
            return Err(Refusal::invalid(id, text));
        }
        let reference = order.order_ref.clone().unwrap_or_default();
        let is_free = |name: &&String| !name.is_empty() && !self.venue.knows_client_id(name);
        wish.client_id = Some(&reference).filter(is_free).cloned();
        for (thing, _) in &wish.parts {
            if let Thing::Option(option) = thing {
                self.book.know(option);
            }
        }
        let number = self.venue.place_combo(&wish).map_err(|refused| Refusal::of(id, &refused))?;
        let good_till = order.good_till_date.clone().unwrap_or_default();
        let ticket =
            Ticket { client: self.client(), order: id, reference, good_till, ..Ticket::default() };
        let place = self.book.add(ticket);
        self.book.worked_as(place, number);
        Ok(())
    }

    fn read_combo(
        &self,
        id: i32,
        contract: &Contract,
        order: &Order,
    ) -> Result<ComboWish, Refusal> {
        let refuse = |text: &str| Err(Refusal::invalid(id, text));
        let is_tied = order.parent_id.unwrap_or_default() != 0 || said(&order.oca_group).is_some();
        if is_tied {
            return refuse("options and combinations have no parents and no OCA groups here");
        }
        if order.transmit == Some(false) && order.what_if != Some(true) {
            return refuse("orders on options and combinations are transmitted at once");
        }
        terms::check_extras(id, order)?;
        let parts = self.read_parts(id, contract)?;
        let side = terms::side(id, order)?;
        let kind = match order.order_type.as_deref().unwrap_or_default() {
            "MKT" => venue::Kind::Market,
            "LMT" => venue::Kind::Limit { limit: net_price(id, order, parts.len() > 1)? },
            _ => {
                let text = "Unsupported order type for this exchange and security type.";
                return Err(Refusal::new(id, 387, text));
            }
        };
        let tif = match order.tif.as_deref().unwrap_or_default() {
            "" | "DAY" => Tif::Day,
            "GTC" | "GTD" => Tif::Gtc,
            other => {
                return Err(Refusal::new(id, 10052, format!("Invalid time in force:{other}")));
            }
        };
        Ok(ComboWish {
            class: if parts.len() > 1 { Class::Mleg } else { Class::Simple },
            parts,
            side,
            kind,
            tif,
            qty: terms::quantity(id, order)?,
            client_id: None,
            intents: Vec::new(),
            expires: terms::until(self.venue, id, order)?,
            condition: self.read_condition(id, order)?,
        })
    }

    fn read_parts(&self, id: i32, contract: &Contract) -> Result<Vec<(Thing, i64)>, Refusal> {
        let none = || Refusal::no_definition(id);
        let is_bag = contract.sec_type.as_deref() == Some("BAG") || !contract.combo_legs.is_empty();
        if !is_bag {
            let option = find(self.venue, self.book, contract).ok_or_else(none)?;
            return Ok(vec![(Thing::Option(option), 1)]);
        }
        if contract.combo_legs.len() < 2 {
            return Err(Refusal::invalid(id, "a combination has at least two legs"));
        }
        let leg = |leg: &ComboLeg| {
            let number = leg.con_id.unwrap_or_default();
            let option = self.book.option(number).map(Thing::Option);
            let share = || contracts::of_number(self.venue, number).map(Thing::Share);
            let thing = option.or_else(share).ok_or_else(none)?;
            let ratio = i64::from(leg.ratio.unwrap_or(1));
            match leg.action.as_deref() {
                Some("BUY") => Ok((thing, ratio)),
                Some("SELL") => Ok((thing, -ratio)),
                _ => Err(Refusal::invalid(id, "the action of a leg must be BUY or SELL")),
            }
        };
        contract.combo_legs.iter().map(leg).collect()
    }

    fn read_condition(&self, id: i32, order: &Order) -> Result<Option<Condition>, Refusal> {
        let no = |text: &str| Refusal::invalid(id, text);
        let condition = match order.conditions.as_slice() {
            [] => return Ok(None),
            [one] => OrderCondition::decode(one.as_slice()).map_err(|_| no("no condition"))?,
            _ => return Err(no("an order has one condition here")),
        };
        if condition.kind != Some(PRICE_CONDITION) || order.conditions_cancel_order == Some(true) {
            return Err(no("an order waits for the price of a share here, and for nothing else"));
        }
        let share = contracts::of_number(self.venue, condition.con_id.unwrap_or_default());
        let instrument = share.ok_or_else(|| Refusal::no_definition(id))?;
        let price = Price::from_f64(condition.price.unwrap_or_default(), Rounding::HalfEven);
        let price = price.ok().filter(|price| *price > Price::ZERO);
        let price = price.ok_or_else(|| no("the price of the condition can't be read"))?;
        Ok(Some(Condition { instrument, price, is_more: condition.is_more == Some(true) }))
    }

    /// Says what an order would do to the margin, and does not place it.
    fn try_combo(
        &mut self,
        id: i32,
        (wish, contract): (&ComboWish, &Contract),
        order: &Order,
    ) -> Result<(), Refusal> {
        let (initial, maintenance) =
            self.venue.combo_margins(wish).map_err(|refused| Refusal::of(id, &refused))?;
        let purse = self.venue.purse();
        let number = |amount: market::Cash| money(amount).parse::<f64>().ok();
        let state = OrderState {
            status: Some("PreSubmitted".to_owned()),
            init_margin_before: number(purse.initial),
            maint_margin_before: number(purse.maintenance),
            equity_with_loan_before: number(purse.equity),
            init_margin_change: number(initial),
            maint_margin_change: number(maintenance),
            equity_with_loan_change: Some(0.0),
            init_margin_after: number(purse.initial + initial),
            maint_margin_after: number(purse.maintenance + maintenance),
            equity_with_loan_after: number(purse.equity),
            commission_and_fees: Some(0.0),
            commission_and_fees_currency: Some("USD".to_owned()),
            margin_currency: Some("USD".to_owned()),
            ..OrderState::default()
        };
        let told = OpenOrder {
            order_id: Some(id),
            contract: Some(contract.clone()),
            order: Some(Order { order_id: Some(id), perm_id: Some(0), ..order.clone() }),
            order_state: Some(state),
        };
        self.tell(tell::OPEN_ORDER, &told);
        Ok(())
    }
}

/// A limit in whole cents; that of a combination may be nothing, or be received.
fn net_price(id: i32, order: &Order, is_net: bool) -> Result<Price, Refusal> {
    let off_grid = || {
        let text = "The price does not conform to the minimum price variation for this contract.";
        Refusal::new(id, 110, text)
    };
    let value = order.lmt_price.filter(|value| *value != f64::MAX);
    let value = value.ok_or_else(|| Refusal::invalid(id, "lmtPrice is missing"))?;
    let price = Price::from_f64(value, Rounding::HalfEven).map_err(|_| off_grid())?;
    let fits = price.raw() % (Price::SCALE / 100) == 0
        && price.raw().saturating_abs() <= HIGHEST_PRICE * Price::SCALE
        && (is_net || price > Price::ZERO);
    if fits { Ok(price) } else { Err(off_grid()) }
}

/// So many contracts as a quantity.
pub(super) fn count_qty(count: i64) -> Qty {
    Qty::whole(count.abs())
}

/// Which way a signed count was traded.
pub(super) fn side_of(count: i64) -> Side {
    if count < 0 { Side::Sell } else { Side::Buy }
}
