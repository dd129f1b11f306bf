//! A statement against what was booked here: what is missing on either side, and what differs.
//!
//! Executions are paired by the broker's name for them, where both sides have it; the last group of
//! that name counts corrections (interactivebrokers.github.io/tws-api, "Executions and
//! Commissions"), of which the newest holds. What is left is summed by order and paired by our name
//! for the order: a book that keeps no names of executions is compared by order alone.

use std::collections::{BTreeMap, BTreeSet};

use base::Ts;
use base::fixed::{Rounding, divide};
use market::remote::Execution;
use market::{BrokerRef, Cash, ClientOrderId, Fill, Price, Qty, Universe};
use serde::Serialize;

use super::records::{Asset, Level, Side, Trade};

/// What one side has: an execution, or all of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// The broker's name for it, where it was kept.
    pub execution: Option<BrokerRef>,
    /// The execution whose price this one puts right.
    pub corrects: Option<BrokerRef>,
    /// Our name for the order.
    pub order: ClientOrderId,
    /// The symbol.
    pub symbol: String,
    /// When.
    pub at: Ts,
    /// Signed quantity.
    pub qty: Qty,
    /// Price.
    pub price: Price,
    /// Commission and fees; positive costs money.
    pub fee: Cash,
}

impl Booked {
    /// From what a wire told.
    pub fn of(execution: &Execution, universe: &Universe) -> Booked {
        Booked {
            execution: Some(execution.id.clone()),
            corrects: execution.corrects.clone(),
            order: execution.order.clone(),
            symbol: universe.get(execution.instrument).symbol.clone(),
            at: execution.at,
            qty: execution.qty,
            price: execution.price,
            fee: execution.fee,
        }
    }

    /// From a fill of the desk's.
    pub fn of_fill(fill: &Fill, symbol: &str) -> Booked {
        Booked {
            execution: fill.execution.clone(),
            corrects: None,
            order: fill.order.clone(),
            symbol: symbol.to_owned(),
            at: fill.at,
            qty: fill.qty,
            price: fill.price,
            fee: fill.fee,
        }
    }
}

/// What two numbers may differ by and be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// Of a price, or of the average price of an order.
    pub price: Price,
    /// Of the fees of an execution or of an order.
    pub fee: Cash,
}

impl Default for Tolerance {
    /// A hundredth of a cent, and a cent.
    fn default() -> Tolerance {
        Tolerance { price: Price::from_raw(10_000), fee: Cash::from_raw(10_000) }
    }
}

/// In what two sides differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Differs {
    /// The broker has it, the books here have not.
    MissingHere,
    /// The books here have it, the broker has not.
    MissingThere,
    /// The broker took the trade back, the books here have it.
    TakenBack,
    /// The symbol.
    Symbol,
    /// The quantity.
    Quantity,
    /// The price.
    Price,
    /// The fee.
    Fee,
    /// What is held at the end.
    Position,
    /// The cash at the end.
    Cash,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// In what.
    pub differs: Differs,
    /// Our name for the order; empty where the trade has none.
    pub order: String,
    /// The broker's name for the execution; `None` where all of an order is meant.
    pub execution: Option<String>,
    /// The symbol.
    pub symbol: String,
    /// As booked here.
    pub here: String,
    /// As the statement has it.
    pub there: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Comparison {
    /// Executions that both sides have by name.
    pub executions: usize,
    /// Orders that both sides have, beyond these.
    pub orders: usize,
    /// All differences, by order.
    pub differences: Vec<Difference>,
}

/// The name of an execution without the group that counts its corrections, and that group.
fn parted(name: &BrokerRef) -> (&str, u64) {
    let name = name.0.as_str();
    match name.rsplit_once('.') {
        Some((stem, count)) if stem.matches('.').count() >= 2 => match count.parse() {
            Ok(count) => (stem, count),
            Err(_) => (name, 0),
        },
        _ => (name, 0),
    }
}

/// Quantity, value and fees in their smallest units, and what they are of.
#[derive(Debug, Clone, Default)]
struct Sum {
    order: String,
    execution: Option<String>,
    symbol: String,
    /// Whether both sides write its symbol alike.
    is_share: bool,
    qty: i128,
    value: i128,
    /// `None` where it was told in another currency, or not at all.
    fee: Option<i128>,
}

impl Sum {
    fn of_booked(booked: &Booked) -> Sum {
        Sum {
            order: booked.order.as_str().to_owned(),
            execution: booked.execution.as_ref().map(|name| name.0.clone()),
            symbol: booked.symbol.clone(),
            is_share: true,
            qty: i128::from(booked.qty.raw()),
            value: i128::from(booked.qty.raw()) * i128::from(booked.price.raw()),
            fee: Some(i128::from(booked.fee.raw())),
        }
    }

    fn of_trade(trade: &Trade) -> Sum {
        let currency = trade.commission_currency.as_str();
        let is_own = currency.is_empty() || currency == trade.currency;
        let fee = trade.commission.filter(|_| is_own);
        let taxes = trade.taxes.unwrap_or_default();
        Sum {
            order: trade.order_reference.clone().unwrap_or_default(),
            execution: trade.execution.as_ref().map(|name| name.0.clone()),
            symbol: trade.symbol.clone(),
            is_share: trade.asset == Asset::Stock,
            qty: i128::from(trade.qty.raw()),
            value: i128::from(trade.qty.raw()) * i128::from(trade.price.raw()),
            fee: fee.map(|fee| -i128::from(fee.raw()) - i128::from(taxes.raw())),
        }
    }

    fn add(&mut self, other: &Sum) {
        self.qty = self.qty.saturating_add(other.qty);
        self.value = self.value.saturating_add(other.value);
        let both = self.fee.zip(other.fee);
        self.fee = both.map(|(one, two)| one.saturating_add(two));
        self.is_share &= other.is_share;
    }

    /// The average price in its smallest units; `None` where nothing is left of the quantity.
    fn price(&self) -> Option<i128> {
        let sign = self.qty.signum();
        (sign != 0)
            .then(|| divide(self.value.saturating_mul(sign), self.qty.abs(), Rounding::HalfEven))
    }

    /// Quantity and price in words.
    fn shown(&self) -> String {
        match self.price() {
            Some(price) => format!("{} at {}", qty(self.qty), shown_price(price)),
            None => qty(self.qty),
        }
    }
}

fn clipped(raw: i128) -> i64 {
    i64::try_from(raw).unwrap_or(if raw < 0 { i64::MIN } else { i64::MAX })
}

fn qty(raw: i128) -> String {
    Qty::from_raw(clipped(raw)).to_string()
}

fn shown_price(raw: i128) -> String {
    Price::from_raw(clipped(raw)).to_string()
}

fn money(raw: i128) -> String {
    Cash::from_raw(clipped(raw)).to_string()
}

/// Holds the executions of statements against what was booked. Sums among the trades are passed
/// over.
pub fn compare(trades: &[Trade], booked: &[Booked], tolerance: &Tolerance) -> Comparison {
    let mut found = Comparison::default();
    let (mut there, cancelled) = newest(trades);
    let mut here = standing(booked);
    // By the broker's name.
    let mut left = Vec::new();
    for (sum, name) in here.drain(..) {
        let stem = name.as_ref().map(|name| parted(name).0.to_owned());
        let pair = stem.as_ref().and_then(|stem| there.remove(stem));
        match (pair, stem) {
            (Some(pair), _) => {
                found.executions += 1;
                differ(&sum, &pair, tolerance, &mut found.differences);
            }
            (None, Some(stem)) if cancelled.contains(&stem) => {
                found.differences.push(only(&sum, Differs::TakenBack));
            }
            (None, _) => left.push(sum),
        }
    }
    // By order.
    let mut here = by_order(left);
    for (order, sum) in by_order(there.into_values()) {
        match here.remove(&order).filter(|_| !order.is_empty()) {
            Some(own) => {
                found.orders += 1;
                let (own, sum) = (whole(own), whole(sum));
                differ(&own, &sum, tolerance, &mut found.differences);
            }
            None => {
                found.differences.extend(sum.iter().map(|sum| only(sum, Differs::MissingHere)));
            }
        }
    }
    let missing = here.values().flatten().map(|sum| only(sum, Differs::MissingThere));
    found.differences.extend(missing);
    found.differences.sort_by(|a, b| {
        (&a.order, &a.execution, a.differs).cmp(&(&b.order, &b.execution, b.differs))
    });
    found
}

/// Of each execution in the statements its newest form, by name; and the names of those that were
/// taken back.
fn newest(trades: &[Trade]) -> (BTreeMap<String, Sum>, BTreeSet<String>) {
    let mut newest: BTreeMap<String, (u64, Sum)> = BTreeMap::new();
    let mut cancelled = BTreeSet::new();
    let executions = trades.iter().filter(|trade| trade.level == Level::Execution);
    for (at, trade) in executions.enumerate() {
        let (stem, count) = match &trade.execution {
            Some(name) => parted(name),
            None => ("", 0),
        };
        // One without a name is known by its place; no name begins with a blank.
        let stem = if stem.is_empty() { format!(" {at}") } else { stem.to_owned() };
        if matches!(trade.side, Side::BuyCancelled | Side::SellCancelled) {
            cancelled.insert(stem);
            continue;
        }
        if newest.get(&stem).is_none_or(|(known, _)| count >= *known) {
            newest.insert(stem, (count, Sum::of_trade(trade)));
        }
    }
    newest.retain(|stem, _| !cancelled.contains(stem));
    (newest.into_iter().map(|(stem, (_, sum))| (stem, sum)).collect(), cancelled)
}

/// What is booked, without what was put right and what was heard twice.
fn standing(booked: &[Booked]) -> Vec<(Sum, Option<BrokerRef>)> {
    let corrected: BTreeSet<&BrokerRef> =
        booked.iter().filter_map(|booked| booked.corrects.as_ref()).collect();
    let mut known = BTreeSet::new();
    let mut standing = Vec::new();
    for one in booked {
        let stands = match &one.execution {
            Some(name) => !corrected.contains(name) && known.insert(name),
            None => true,
        };
        if stands {
            standing.push((Sum::of_booked(one), one.execution.clone()));
        }
    }
    standing
}

fn by_order(sums: impl IntoIterator<Item = Sum>) -> BTreeMap<String, Vec<Sum>> {
    let mut orders: BTreeMap<String, Vec<Sum>> = BTreeMap::new();
    for sum in sums {
        orders.entry(sum.order.clone()).or_default().push(sum);
    }
    orders
}

/// All of an order as one.
fn whole(sums: Vec<Sum>) -> Sum {
    let mut sums = sums.into_iter();
    let mut whole = sums.next().unwrap_or_default();
    for sum in sums {
        whole.add(&sum);
    }
    whole.execution = None;
    whole
}

fn only(sum: &Sum, differs: Differs) -> Difference {
    let (here, there) = match differs {
        Differs::MissingHere => (String::new(), sum.shown()),
        _ => (sum.shown(), String::new()),
    };
    difference(sum, differs, here, there)
}

fn difference(sum: &Sum, differs: Differs, here: String, there: String) -> Difference {
    let (order, symbol) = (sum.order.clone(), sum.symbol.clone());
    Difference { differs, order, execution: sum.execution.clone(), symbol, here, there }
}

/// A symbol as both sides write it: statements write classes of shares with a blank.
pub(super) fn plain(symbol: &str) -> String {
    symbol.replace([' ', '.', '/', '-'], "")
}

fn differ(here: &Sum, there: &Sum, tolerance: &Tolerance, into: &mut Vec<Difference>) {
    let mut tell = |differs: Differs, own: String, theirs: String| {
        into.push(difference(here, differs, own, theirs));
    };
    if there.is_share && plain(&here.symbol) != plain(&there.symbol) {
        tell(Differs::Symbol, here.symbol.clone(), there.symbol.clone());
    }
    if here.qty != there.qty {
        tell(Differs::Quantity, qty(here.qty), qty(there.qty));
    }
    let far = |one: i128, two: i128, most: i64| (one - two).abs() > i128::from(most);
    match (here.price(), there.price()) {
        (Some(own), Some(theirs)) if far(own, theirs, tolerance.price.raw()) => {
            tell(Differs::Price, shown_price(own), shown_price(theirs));
        }
        _ => {}
    }
    match (here.fee, there.fee) {
        (Some(own), Some(theirs)) if far(own, theirs, tolerance.fee.raw()) => {
            tell(Differs::Fee, money(own), money(theirs));
        }
        (Some(own), None) if own != 0 => {
            let theirs = "not told in the trade's currency".to_owned();
            tell(Differs::Fee, money(own), theirs);
        }
        _ => {}
    }
}
