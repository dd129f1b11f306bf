//! Contracts that are held, as the broker shows them.

use market::{Cash, Price, Qty};
use serde_json::{Value, json};

use super::{Lot, STANDARD};
use crate::figures::{money, ratio, value_of};
use crate::venue::Venue;
use crate::{Answer, Request};

impl Venue {
    /// What a lot is worth less what it cost.
    pub(crate) fn lot_gain(&self, lot: &Lot) -> Cash {
        self.lot_value(lot) - value_of(lot.price, Qty::whole(lot.count * STANDARD))
    }

    pub(crate) fn show_lot(&self, lot: &Lot) -> Value {
        let units = |count: i64| Qty::whole(count * STANDARD);
        let price = self.lot_price(lot);
        let last = lot.close.unwrap_or(lot.price);
        let value = value_of(price, units(lot.count));
        let cost = value_of(lot.price, units(lot.count));
        let gain = value - cost;
        // A position that was there this morning is measured from last night's price.
        let (today, base) = match lot.overnight == 0 {
            true => (gain, cost),
            false => {
                let before = value_of(last, units(lot.count));
                (value - before, before)
            }
        };
        let one = |price: Price| value_of(price, Qty::whole(1));
        json!({
            "asset_id": self.contract_id(&lot.contract),
            "symbol": self.contract_name(&lot.contract),
            "exchange": "",
            "asset_class": "us_option",
            "asset_marginable": false,
            "qty": lot.count.to_string(),
            "qty_available": self.free_of(lot).to_string(),
            "avg_entry_price": lot.price.to_string(),
            "side": if lot.count < 0 { "short" } else { "long" },
            "market_value": money(value),
            "cost_basis": money(cost),
            "unrealized_pl": money(gain),
            "unrealized_plpc": ratio(gain, cost.abs()),
            "unrealized_intraday_pl": money(today),
            "unrealized_intraday_plpc": ratio(today, base.abs()),
            "current_price": price.to_string(),
            "lastday_price": last.to_string(),
            "change_today": ratio(one(price) - one(last), one(last)),
        })
    }

    /// How many of a lot no open order is about to close.
    fn free_of(&self, lot: &Lot) -> i64 {
        let mut bound = 0;
        for number in self.open_combos() {
            let Some(order) = self.order(number) else { continue };
            for part in order.parts() {
                let count = part.ratio * order.sign() * (order.open_qty().raw() / Qty::SCALE);
                let is_it = part.thing == super::Thing::Option(lot.contract);
                if is_it && count.signum() != lot.count.signum() {
                    bound += count.abs();
                }
            }
        }
        (lot.count.abs() - bound).max(0) * lot.count.signum()
    }

    /// The lot of a contract's name or id.
    pub(crate) fn lot_of(&self, name: &str) -> Option<&Lot> {
        let is_it = |lot: &&Lot| {
            self.contract_name(&lot.contract) == name
                || self.contract_id(&lot.contract).eq_ignore_ascii_case(name)
        };
        self.lots().iter().find(is_it)
    }

    /// Whether a text is the name of a contract, or the id of one that is held.
    pub(crate) fn names_contract(&self, name: &str) -> bool {
        self.lot_of(name).is_some() || super::names::read(&self.tape, name).is_some()
    }

    pub(crate) fn one_lot(&self, name: &str) -> Answer {
        match self.lot_of(name) {
            Some(lot) => Answer::ok(self.show_lot(lot)),
            None => Answer::missing("position does not exist"),
        }
    }

    /// Closes a lot, or a part of it, at the market.
    pub(crate) fn close_lot(&mut self, name: &str, request: &Request) -> Answer {
        let Some(lot) = self.lot_of(name).cloned() else {
            return Answer::missing("position does not exist");
        };
        let all = lot.count.abs();
        let part = match (request.word("qty"), request.word("percentage")) {
            (None, None) => Some(all),
            (Some(qty), None) => qty.parse::<i64>().ok().filter(|qty| *qty <= all),
            (None, Some(percent)) => percent
                .parse::<f64>()
                .ok()
                .filter(|percent| *percent > 0.0 && *percent <= 100.0)
                .map(|percent| (all as f64 * percent / 100.0) as i64),
            (Some(_), Some(_)) => None,
        };
        let Some(count) = part.filter(|count| *count > 0) else {
            return Answer::invalid("one of qty and percentage must be of whole contracts held");
        };
        match self.place_combo(&self.closing_wish(&lot, count)) {
            Ok(number) => Answer::ok(self.shown_as_taken(number)),
            Err(refusal) => refusal,
        }
    }
}
