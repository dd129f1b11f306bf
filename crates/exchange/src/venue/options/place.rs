//! A wish for an order of parts is held against the market and the account, and becomes an order.

use base::Ts;
use market::{Cash, Price, Qty};

use super::Thing;
use super::order::{Combo, Condition, Part};
use super::quotes::Quoted;
use crate::Answer;
use crate::figures::{money, times, value_of};
use crate::venue::Venue;
use crate::venue::order::{Class, Kind, Order, Side, Status, Tif};
use crate::venue::read::Wish;

/// Most parts of an order.
const MOST_PARTS: usize = 4;
/// Most of one thing in a unit of an order.
const MOST_IN_UNIT: i64 = 1_000;
/// Most units of an order.
const MOST_UNITS: i64 = 10_000;
/// The highest value of the shares under an order; above it money may not fit its type.
const MOST_UNDER: f64 = 1e9;

/// A wish for an order of parts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ComboWish {
    /// What, and how many in one unit; below nothing where an order that buys sells them.
    pub(crate) parts: Vec<(Thing, i64)>,
    pub(crate) side: Side,
    pub(crate) kind: Kind,
    pub(crate) tif: Tif,
    pub(crate) qty: Qty,
    pub(crate) class: Class,
    pub(crate) client_id: Option<String>,
    /// What the client takes each part to mean for its position, where it says so.
    pub(crate) intents: Vec<Option<String>>,
    /// When it ends, if not by its time in force.
    pub(crate) expires: Option<Ts>,
    pub(crate) condition: Option<Condition>,
}

fn refuse<T>(text: impl Into<String>) -> Result<T, Answer> {
    Err(Answer::unprocessable(text))
}

impl Venue {
    /// Takes an order of parts; nothing changed where it is refused.
    pub(crate) fn place_combo(&mut self, wish: &ComboWish) -> Result<usize, Answer> {
        self.reckon();
        let combo = self.check_combo(wish)?;
        let mut order = self.draft_combo(wish, combo);
        let live = if self.is_open() { Status::New } else { Status::Accepted };
        order.status = live;
        order.expires = wish.expires.unwrap_or(order.expires);
        let (number, now) = (self.add(order), self.state.now);
        match live {
            Status::New => {
                self.tell("pending_new", number, now);
                self.tell("new", number, now);
            }
            _ => self.tell("accepted", number, now),
        }
        Ok(number)
    }

    fn draft_combo(&self, wish: &ComboWish, combo: Combo) -> Order {
        let single = combo.single().map(|part| part.thing).filter(|_| wish.class == Class::Simple);
        let first = combo.parts[0].thing.instrument();
        let plain = Wish {
            symbol: String::new(),
            side: wish.side,
            kind: wish.kind,
            tif: wish.tif,
            qty: Some(wish.qty),
            notional: None,
            class: wish.class,
            extended: false,
            client_id: wish.client_id.clone(),
            legs: Vec::new(),
        };
        let mut order = self.draft(&plain, first);
        if let Some(thing) = single {
            order.symbol = self.name_of(&thing);
            order.asset_id = self.asset_id(&order.symbol);
            order.intent.clone_from(&combo.parts[0].intent);
        }
        order.combo = Some(Box::new(combo));
        order
    }

    /// Says what an order of parts would take, or refuses it; changes nothing.
    pub(crate) fn check_combo(&self, wish: &ComboWish) -> Result<Combo, Answer> {
        if let Some(id) = &wish.client_id
            && self.by_client.find(id).is_some()
        {
            return Err(Answer::invalid("client_order_id must be unique"));
        }
        if self.state.configuration.suspend_trade {
            return Err(Answer::forbidden("new orders are rejected by user request"));
        }
        check_form(wish)?;
        for (thing, _) in &wish.parts {
            self.tradable(&self.tape.universe().get(thing.instrument()).symbol)?;
            if let Thing::Option(contract) = thing
                && !self.has_contract(contract)
            {
                return refuse(format!("asset {} is not listed", self.contract_name(contract)));
            }
        }
        self.check_size(wish)?;
        let mut parts = Vec::new();
        for (place, (thing, ratio)) in wish.parts.iter().enumerate() {
            let intent = self.intent_of(thing, *ratio * sign(wish.side));
            let said = wish.intents.get(place).cloned().flatten();
            if let Some(said) = said.filter(|said| said != intent) {
                return refuse(format!(
                    "position intent mismatch, inferred: {intent}, specified: {said}"
                ));
            }
            let (intent, thing, ratio) = (intent.to_owned(), *thing, *ratio);
            parts.push(Part { thing, ratio, intent, filled: 0, value: Cash::ZERO });
        }
        let mut combo = Combo { parts, need: Cash::ZERO, condition: wish.condition };
        let count = wish.qty.raw() / Qty::SCALE;
        let need = self.means_of(&combo, (wish.side, count), wish.kind.limit())?;
        let power = self.buying_power();
        if need > power {
            return Err(Answer::forbidden("insufficient options buying power")
                .saying("buying_power", money(power))
                .saying("cost_basis", money(need)));
        }
        combo.need = need;
        Ok(combo)
    }

    fn check_size(&self, wish: &ComboWish) -> Result<(), Answer> {
        let count = wish.qty.to_f64();
        let under = wish.parts.iter().map(|(thing, ratio)| {
            let mark = self.mark(thing.instrument()).map_or(0.0, Price::to_f64);
            mark * thing.times(ratio.abs()).to_f64() * count
        });
        match under.fold(0.0, f64::max) > MOST_UNDER {
            true => refuse("the order is too large"),
            false => Ok(()),
        }
    }

    fn intent_of(&self, thing: &Thing, count: i64) -> &'static str {
        let closes = self.count_of(thing).signum() * count.signum() < 0;
        match (count > 0, closes) {
            (true, true) => "buy_to_close",
            (true, false) => "buy_to_open",
            (false, true) => "sell_to_close",
            (false, false) => "sell_to_open",
        }
    }

    /// What so many units of an order take, at a net price or at what is quoted now. Premiums are
    /// paid out of own money; what must lie in the account for options is own money too.
    pub(crate) fn means_of(
        &self,
        combo: &Combo,
        (side, count): (Side, i64),
        limit: Option<Price>,
    ) -> Result<Cash, Answer> {
        let mut trades = Vec::new();
        let (mut paid, mut shares) = (Cash::ZERO, Cash::ZERO);
        for part in &combo.parts {
            let all = part.ratio * count * sign(side);
            let price = self.taken_at(&part.thing, all);
            let Some(price) = price else {
                return refuse(format!("asset {} has no price yet", self.name_of(&part.thing)));
            };
            let value = value_of(price, part.thing.times(all));
            match part.thing {
                Thing::Share(_) => shares += self.share_need(&part.thing, all, price)?,
                Thing::Option(contract) => trades.push((contract, all)),
            }
            paid += value;
        }
        let options: Cash = combo
            .parts
            .iter()
            .filter(|part| part.thing.is_option())
            .filter_map(|part| {
                let all = part.ratio * count * sign(side);
                Some(value_of(self.taken_at(&part.thing, all)?, part.thing.times(all)))
            })
            .sum();
        // What a limit is above the quotes is premium too.
        let over = limit.map_or(Cash::ZERO, |limit| {
            let most = value_of(limit, Qty::whole(combo.units() * count * sign(side)));
            if trades.is_empty() { Cash::ZERO } else { most - paid }
        });
        let underlying = combo.parts[0].thing.instrument();
        let none = || Answer::forbidden("account not eligible to trade uncovered option contracts");
        let before = self.margin_with(underlying, &[]).ok_or_else(none)?;
        let after = self.margin_with(underlying, &trades).ok_or_else(none)?;
        let own = (options + over + after - before).max(Cash::ZERO);
        Ok(times(own, f64::from(self.state.multiplier)) + shares)
    }

    /// What a share's part takes: what goes beyond closing a position must be affordable, and
    /// allowed where it sells.
    fn share_need(&self, thing: &Thing, all: i64, price: Price) -> Result<Cash, Answer> {
        let held = self.count_of(thing);
        let closes = if held.signum() * all.signum() < 0 { held.abs().min(all.abs()) } else { 0 };
        let opened = all.abs() - closes;
        if opened > 0 && all < 0 && !self.may_short() {
            return Err(Answer::forbidden("account is not allowed to short"));
        }
        Ok(value_of(price, Qty::whole(opened)))
    }

    /// Whether an order has that name at a client.
    pub(crate) fn knows_client_id(&self, name: &str) -> bool {
        self.by_client.find(name).is_some()
    }

    /// What an order would change of the margins to open and to keep, were it taken and filled.
    pub(crate) fn combo_margins(&self, wish: &ComboWish) -> Result<(Cash, Cash), Answer> {
        let combo = self.check_combo(wish)?;
        let count = wish.qty.raw() / Qty::SCALE * sign(wish.side);
        let mut options = Vec::new();
        let (mut initial, mut maintenance) = (Cash::ZERO, Cash::ZERO);
        let purse = self.purse();
        for part in &combo.parts {
            match part.thing {
                Thing::Option(contract) => options.push((contract, part.ratio * count)),
                Thing::Share(instrument) => {
                    let with = self.margins_with(instrument, Qty::whole(part.ratio * count));
                    initial += with.0 - purse.initial;
                    maintenance += with.1 - purse.maintenance;
                }
            }
        }
        let underlying = combo.parts[0].thing.instrument();
        let margin = |trades: &[_]| self.margin_with(underlying, trades).unwrap_or(Cash::ZERO);
        let change = margin(&options) - margin(&[]);
        Ok((initial + change, maintenance + change))
    }

    /// The price at which so many of a thing are taken now: bought at the ask, sold at the bid.
    /// What nobody bids for is worth nothing to a seller.
    pub(super) fn taken_at(&self, thing: &Thing, count: i64) -> Option<Price> {
        match thing {
            Thing::Share(instrument) => {
                let (bid, ask) = self.quote(self.mark(*instrument)?);
                let price = if count > 0 { ask } else { bid };
                Price::from_f64(price, base::Rounding::HalfEven).ok()
            }
            Thing::Option(contract) => {
                let Quoted { bid, ask, .. } = self.option_quote(contract)?;
                Some(if count > 0 { ask } else { bid.unwrap_or(Price::ZERO) })
            }
        }
    }
}

pub(super) fn sign(side: Side) -> i64 {
    if side == Side::Buy { 1 } else { -1 }
}

/// What no market has to be asked for.
fn check_form(wish: &ComboWish) -> Result<(), Answer> {
    let count = wish.parts.len();
    if !(1..=MOST_PARTS).contains(&count) {
        return refuse(format!("an order has 1 to {MOST_PARTS} legs"));
    }
    let mut things: Vec<Thing> = wish.parts.iter().map(|(thing, _)| *thing).collect();
    things.sort_unstable();
    things.dedup();
    if things.len() != count {
        return refuse("the legs of an order must be of different contracts");
    }
    let has_options = things.iter().any(Thing::is_option);
    let first = things[0].instrument();
    if has_options && things.iter().any(|thing| thing.instrument() != first) {
        return refuse("the legs of an order with options must be on one underlying");
    }
    let ratios: Vec<i64> = wish.parts.iter().map(|(_, ratio)| ratio.abs()).collect();
    if ratios.iter().any(|ratio| !(1..=MOST_IN_UNIT).contains(ratio)) {
        return refuse(format!("the ratio of a leg must be in 1..={MOST_IN_UNIT}"));
    }
    if ratios.iter().copied().fold(0, common) != 1 {
        return refuse("the ratios of the legs must have no common divisor");
    }
    if !matches!(wish.kind, Kind::Market | Kind::Limit { .. }) {
        return refuse("orders with legs and orders on options must be market or limit orders");
    }
    if !matches!(wish.tif, Tif::Day | Tif::Gtc) {
        return refuse("orders with legs and orders on options must be DAY or GTC orders");
    }
    let units = wish.qty.raw() / Qty::SCALE;
    if wish.qty.raw() % Qty::SCALE != 0 || !(1..=MOST_UNITS).contains(&units) {
        return refuse(format!("qty must be a whole number in 1..={MOST_UNITS}"));
    }
    Ok(())
}

fn common(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common(b, a % b) }
}
