//! Orders of parts meet quotes at the end of each bar; contracts end with their last session.

use std::collections::BTreeMap;

use base::{Day, Ts};
use market::{Cash, Corporate, InstrumentId, OptionContract, Price, Qty};
use sim::BarPrint;

use super::order::{Combo, LegTraded};
use super::place::sign;
use super::quotes::SIZE;
use super::{STANDARD, Thing, margin};
use crate::Error;
use crate::figures::{price_each, value_of};
use crate::venue::Venue;
use crate::venue::activity::Activity;
use crate::venue::order::{Kind, Side, Status};

/// Splits whose ratio is no fraction of two small numbers are taken to a thousandth.
const LARGEST_SPLIT: u32 = 40;

impl Venue {
    /// Tries the open orders of parts against what is quoted at the end of a bar.
    pub(in crate::venue) fn work_combos(
        &mut self,
        start: Ts,
        printed: &BTreeMap<InstrumentId, BarPrint>,
    ) -> Result<(), Error> {
        for number in self.open_combos() {
            let order = &self.state.orders[number];
            let all_traded =
                order.parts().iter().all(|part| printed.contains_key(&part.thing.instrument()));
            if order.submitted_at <= start && all_traded {
                self.work_combo(number, printed)?;
            }
        }
        Ok(())
    }

    fn work_combo(
        &mut self,
        number: usize,
        printed: &BTreeMap<InstrumentId, BarPrint>,
    ) -> Result<(), Error> {
        self.reckon();
        let order = &self.state.orders[number];
        let Some(combo) = order.combo.clone() else { return Ok(()) };
        if let Some(condition) = &combo.condition {
            let bar = printed.get(&condition.instrument).map(|print| print.bar);
            if bar.is_some_and(|bar| condition.is_met(&bar)) {
                let combo = Combo { condition: None, ..*combo };
                self.state.orders[number].combo = Some(Box::new(combo));
                self.changed();
            }
            return Ok(());
        }
        let (side, at) = (order.side, self.quoted_at());
        let mut room = order.open_qty().raw() / Qty::SCALE;
        let mut legs = Vec::new();
        for part in &combo.parts {
            let count = part.ratio * sign(side);
            room = room.min(self.room_of(&part.thing, printed) / count.abs());
            let Some(price) = self.taken_at(&part.thing, count) else { return Ok(()) };
            let sells_to_nobody = price == Price::ZERO && count < 0;
            if sells_to_nobody {
                return Ok(());
            }
            legs.push(LegTraded { thing: part.thing, count, price, earned: None });
        }
        let one: Cash =
            legs.iter().map(|leg| value_of(leg.price, leg.thing.times(leg.count))).sum();
        let fits = match (order.kind, side) {
            (Kind::Limit { limit }, _) => {
                one <= value_of(limit, Qty::whole(combo.units() * sign(side)))
            }
            _ => true,
        };
        if room <= 0 || !fits {
            return Ok(());
        }
        // What was there when it was sent may be gone.
        let each = price_each(one, combo.units());
        let net = if side == Side::Buy { each } else { -each };
        let means = self.means_of(&combo, (side, room), Some(net));
        let own = self.cost_of(number);
        let power = self.power_without(own);
        if means.as_ref().map_or(true, |need| *need > power) {
            self.take_back(number, Status::Canceled, at);
            return Ok(());
        }
        for leg in &mut legs {
            leg.count *= room;
        }
        self.fill_combo(number, (net, room), legs)
    }

    /// How many of a thing one order takes at the end of a bar.
    fn room_of(&self, thing: &Thing, printed: &BTreeMap<InstrumentId, BarPrint>) -> i64 {
        match thing {
            Thing::Option(_) => SIZE,
            Thing::Share(instrument) => {
                let volume = printed.get(instrument).map_or(0, |print| print.bar.volume);
                let part = self.state.exchange.config().participation.unwrap_or(1.0);
                (volume as f64 * part) as i64
            }
        }
    }

    fn fill_combo(
        &mut self,
        number: usize,
        (net, units): (Price, i64),
        mut legs: Vec<LegTraded>,
    ) -> Result<(), Error> {
        let at = self.quoted_at();
        let day = self.today();
        for (place, leg) in legs.iter_mut().enumerate() {
            leg.earned = self.trade_leg(leg, day)?;
            let value = value_of(leg.price, leg.thing.times(leg.count.abs()));
            if let Some(combo) = &mut self.state.orders[number].combo {
                combo.parts[place].filled += leg.count.abs();
                combo.parts[place].value += value;
            }
        }
        let order = &mut self.state.orders[number];
        order.fill(Qty::whole(units), net, at);
        let done = order.status == Status::Filled;
        for (place, leg) in legs.iter().enumerate() {
            let order = &self.state.orders[number];
            let name = self.name_of(&leg.thing);
            let side = order.parts()[place].side(order.side);
            let activity =
                Activity::leg(self.state.activities.len(), order, (&name, side, leg), at);
            self.state.activities.push(activity);
        }
        if done {
            self.close_order(number);
        }
        self.tell_combo(if done { "fill" } else { "partial_fill" }, number, (net, units), legs);
        Ok(())
    }

    fn trade_leg(&mut self, leg: &LegTraded, day: Day) -> Result<Option<Cash>, Error> {
        let qty = leg.thing.times(leg.count);
        match leg.thing {
            Thing::Option(contract) => {
                self.state.exchange.take_cash(-value_of(leg.price, qty));
                Ok(self.state.options.trade(&contract, leg.count, leg.price))
            }
            Thing::Share(instrument) => {
                let earned = self.basis_before(instrument, Qty::ZERO).trade(qty, leg.price);
                self.state
                    .exchange
                    .take_trade((instrument, day), qty, leg.price)
                    .map_err(Error::ReplayBar)?;
                self.remember_cost(instrument);
                Ok(earned)
            }
        }
    }

    /// Ends what expires with a session: in the money it is paid in cash by the close.
    pub(in crate::venue) fn expire_contracts(&mut self, day: Day, at: Ts) {
        for number in self.open_combos() {
            let expires =
                |thing: &Thing| matches!(thing, Thing::Option(contract) if contract.expiry <= day);
            if self.state.orders[number].parts().iter().any(|part| expires(&part.thing)) {
                self.take_back(number, Status::Expired, at);
            }
        }
        let due = |contract: &OptionContract| contract.expiry <= day;
        self.settle(due, at, "expired");
    }

    /// Pays out contracts at what exercise brings at the last price.
    fn settle(&mut self, is_due: impl Fn(&OptionContract) -> bool, at: Ts, why: &str) {
        let lots: Vec<_> =
            self.lots().iter().filter(|lot| is_due(&lot.contract)).cloned().collect();
        for lot in lots {
            let spot = self.mark(lot.contract.underlying).unwrap_or(Price::ZERO);
            let amount = margin::many(lot.contract.intrinsic(spot), lot.count);
            let unit = price_each(lot.contract.intrinsic(spot), STANDARD);
            self.state.exchange.take_cash(amount);
            self.state.options.trade(&lot.contract, -lot.count, unit);
            let name = self.contract_name(&lot.contract);
            let number = self.state.activities.len();
            let activity = Activity::settled(number, at, (&name, lot.count, amount), why);
            self.state.activities.push(activity);
            self.changed();
        }
    }

    /// What a corporate action does to contracts, before shares move.
    pub(in crate::venue) fn adjust_contracts(
        &mut self,
        instrument: InstrumentId,
        action: &Corporate,
        at: Ts,
    ) {
        let concerns = |thing: &Thing| thing.instrument() == instrument;
        let moves = matches!(action, Corporate::Split { .. } | Corporate::Delisted { .. });
        for number in self.open_combos() {
            let parts = self.state.orders[number].parts();
            if moves && parts.iter().any(|part| concerns(&part.thing)) {
                self.take_back(number, Status::Canceled, at);
            }
        }
        match action {
            Corporate::Split { ratio } => self.split_contracts(instrument, *ratio, at),
            Corporate::Delisted { .. } => {
                self.settle(|contract| contract.underlying == instrument, at, "delisted");
            }
            _ => {}
        }
    }

    fn split_contracts(&mut self, instrument: InstrumentId, ratio: f64, at: Ts) {
        let (new, old) = fraction(ratio);
        let lots: Vec<_> = self
            .lots()
            .iter()
            .filter(|lot| lot.contract.underlying == instrument)
            .cloned()
            .collect();
        self.state.options.lots.retain(|lot| lot.contract.underlying != instrument);
        for lot in lots {
            let Some((contract, times)) = lot.contract.after_split(new, old) else { continue };
            let times = i64::from(times);
            let by = |price: Price| Price::from_raw(price.raw() / times);
            self.state.options.trade(&contract, lot.count * times, by(lot.price));
            if let Ok(place) = self.state.options.place(&contract) {
                let made = &mut self.state.options.lots[place];
                made.overnight += lot.overnight * times;
                made.close = lot.close.map(by);
            }
            let names = [self.contract_name(&lot.contract), self.contract_name(&contract)];
            let number = self.state.activities.len();
            self.state.activities.push(Activity::adjusted(number, at, &names, lot.count * times));
        }
    }

    /// What positions are when a session begins.
    pub(in crate::venue) fn remember_lots(&mut self) {
        let prices: Vec<Price> = self.lots().iter().map(|lot| self.lot_price(lot)).collect();
        for (lot, price) in self.state.options.lots.iter_mut().zip(prices) {
            lot.overnight = lot.count;
            lot.close = Some(price);
        }
    }
}

/// A split's ratio as two whole numbers.
fn fraction(ratio: f64) -> (u32, u32) {
    let fits = |old: u32| {
        let new = (ratio * f64::from(old)).round();
        (new >= 1.0 && (new / f64::from(old) / ratio - 1.0).abs() < 1e-9)
            .then_some((new as u32, old))
    };
    (1..=LARGEST_SPLIT)
        .find_map(fits)
        .unwrap_or_else(|| (((ratio * 1_000.0).round() as u32).max(1), 1_000))
}
