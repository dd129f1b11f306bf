//! Alpaca's JSON: orders, activities, positions, as read; orders, as written.

use base::Ts;
use market::remote::Payment;
use market::{
    BrokerRef, Cash, ClientOrderId, OrderKind, OrderRequest, OrderState, Price, Qty, TimeInForce,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::packs::{Pack, Task};

/// An order as Alpaca shows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Seen {
    pub id: String,
    pub client_order_id: String,
    pub symbol: String,
    pub side: String,
    pub status: String,
    #[serde(default)]
    qty: Option<String>,
    #[serde(default)]
    filled_qty: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    pub submitted_at: Option<String>,
    #[serde(default)]
    pub replaced_by: Option<String>,
    #[serde(default)]
    pub legs: Option<Vec<Seen>>,
}

/// A line of the account's history as Alpaca shows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Activity {
    pub id: String,
    pub activity_type: String,
    #[serde(default)]
    pub order_id: Option<String>,
    #[serde(default)]
    cum_qty: Option<String>,
    #[serde(default)]
    qty: Option<String>,
    #[serde(default)]
    price: Option<String>,
    #[serde(default)]
    side: Option<String>,
    #[serde(default)]
    pub symbol: Option<String>,
    #[serde(default)]
    transaction_time: Option<String>,
    #[serde(default)]
    net_amount: Option<String>,
    #[serde(default)]
    description: Option<String>,
}

/// A trade as Alpaca tells it, in the stream or in the history.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trade {
    /// Its name. The stream and the history give one trade different names; the order and what it
    /// had filled after the trade are the same in both.
    pub id: BrokerRef,
    pub order_id: String,
    pub at: Ts,
    /// Signed.
    pub qty: Qty,
    pub price: Price,
}

/// A number that may be longer than ours.
fn figure<T: std::str::FromStr>(text: Option<&String>, longer: fn(f64) -> Option<T>) -> Option<T> {
    let text = text?;
    text.parse().ok().or_else(|| longer(text.parse().ok()?))
}

/// The currency of all figures here.
const DOLLARS: &str = "USD";

/// Shares beyond these are no account's: a hundred million. So what a server tells can be added up.
const MOST_SHARES: Qty = Qty::whole(100_000_000);

pub(super) fn qty(text: Option<&String>) -> Option<Qty> {
    let read = figure(text, |value| Qty::from_f64(value, base::Rounding::HalfEven).ok());
    read.filter(|qty| qty.abs() <= MOST_SHARES)
}

pub(super) fn price(text: Option<&String>) -> Option<Price> {
    figure(text, |value| Price::from_f64(value, base::Rounding::HalfEven).ok())
}

pub(super) fn cash(text: Option<&String>) -> Option<Cash> {
    figure(text, |value| Cash::from_f64(value, base::Rounding::HalfEven).ok())
}

/// The number of an account and its cash in dollars.
///
/// # Errors
/// In words; of an account that is not kept in dollars too.
pub(super) fn account(body: &Value) -> Result<(String, Cash), String> {
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let number = text("account_number").ok_or("the account tells no number")?;
    let currency = text("currency").unwrap_or_default();
    if currency != DOLLARS {
        return Err(format!(
            "the account {number} is kept in {currency:?}, and everything here counts in US \
             dollars: use the keys of an account in USD"
        ));
    }
    let cash = cash(text("cash").as_ref()).ok_or("the account tells no cash")?;
    Ok((number, cash))
}

/// A time in RFC 3339.
pub(super) fn moment(text: Option<&str>) -> Option<Ts> {
    let stamp: jiff::Timestamp = text?.parse().ok()?;
    i64::try_from(stamp.as_nanosecond()).ok().map(Ts::from_nanos)
}

fn trade_name(order_id: &str, filled: Qty) -> BrokerRef {
    BrokerRef(format!("{order_id}/{filled}"))
}

fn buys(side: &str) -> bool {
    side.starts_with("buy")
}

impl Seen {
    /// Quantity ordered; zero for an order by value that is not worth its shares yet.
    pub(super) fn qty(&self) -> Qty {
        qty(self.qty.as_ref()).unwrap_or_default().max(Qty::ZERO)
    }

    /// Quantity filled, without a sign.
    pub(super) fn filled(&self) -> Qty {
        qty(self.filled_qty.as_ref()).unwrap_or_default().max(Qty::ZERO)
    }

    pub(super) fn signed(&self, qty: Qty) -> Qty {
        if buys(&self.side) { qty.abs() } else { -qty.abs() }
    }

    pub(super) fn is_stop(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.contains("stop"))
    }

    pub(super) fn is_market(&self) -> bool {
        self.kind.as_deref() == Some("market")
    }

    /// Where it stands; one that was replaced lives on in another.
    pub(super) fn state(&self) -> OrderState {
        match self.status.as_str() {
            "filled" => OrderState::Filled,
            "canceled" | "replaced" => OrderState::Cancelled,
            "expired" => OrderState::Expired,
            "rejected" => OrderState::Rejected,
            _ => OrderState::Working,
        }
    }

    pub(super) fn is_replaced(&self) -> bool {
        self.status == "replaced"
    }

    pub(super) fn legs(&self) -> &[Seen] {
        self.legs.as_deref().unwrap_or_default()
    }

    /// Our order that this one itself stands for, by its name.
    pub(super) fn own_order(&self) -> ClientOrderId {
        let name = self.client_order_id.split(['~', '.']).next().unwrap_or_default();
        ClientOrderId::from_text(name)
    }

    /// Our orders that this one and its legs stand for, in the order in which a pack names them:
    /// itself, the target, the stop. A leg that replaced another bears its own name.
    pub(super) fn served(&self) -> Vec<(ClientOrderId, &Seen)> {
        let name = self.client_order_id.split('~').next().unwrap_or_default();
        let mut legs: Vec<&Seen> = self.legs().iter().filter(|leg| !leg.is_replaced()).collect();
        legs.sort_by_key(|leg| leg.is_stop());
        let all: Vec<&Seen> = std::iter::once(self).chain(legs).collect();
        let names: Vec<&str> = name.split('.').collect();
        let own = |seen: &Seen| ClientOrderId::from_text(seen.client_order_id.clone());
        if names.len() != all.len() {
            return all.into_iter().map(|seen| (own(seen), seen)).collect();
        }
        let named = all.into_iter().zip(names).enumerate().map(|(at, (seen, name))| {
            let leg = seen.client_order_id.split('~').next().unwrap_or_default();
            let name = if at > 0 && leg.starts_with("tt-") { leg } else { name };
            (ClientOrderId::from_text(name), seen)
        });
        named.collect()
    }
}

impl Activity {
    /// The trade that it tells of, where it does.
    pub(super) fn trade(&self) -> Option<Trade> {
        if self.activity_type != "FILL" {
            return None;
        }
        let order_id = self.order_id.clone()?;
        let size = qty(self.qty.as_ref())?.abs();
        let sold = !buys(self.side.as_deref()?);
        Some(Trade {
            id: trade_name(&order_id, qty(self.cum_qty.as_ref())?),
            order_id,
            at: moment(self.transaction_time.as_deref())?,
            qty: if sold { -size } else { size },
            price: price(self.price.as_ref())?,
        })
    }

    /// The payment that it tells of, where it does.
    pub(super) fn payment(&self) -> Option<Payment> {
        if self.activity_type == "FILL" {
            return None;
        }
        let amount = cash(self.net_amount.as_ref()).filter(|amount| *amount != Cash::ZERO)?;
        let words = self.description.as_deref().unwrap_or_default();
        let reason = format!("{} {words}", self.activity_type).trim_end().to_owned();
        Some(Payment { id: BrokerRef(self.id.clone()), amount, reason })
    }
}

/// The trade of a message of the stream, where it tells of one.
pub(super) fn trade_of(update: &Value, seen: &Seen) -> Option<Trade> {
    if !matches!(update["event"].as_str(), Some("fill" | "partial_fill")) {
        return None;
    }
    let text = |name: &str| update[name].as_str().map(str::to_owned);
    Some(Trade {
        id: trade_name(&seen.id, seen.filled()),
        order_id: seen.id.clone(),
        at: moment(update["timestamp"].as_str())?,
        qty: seen.signed(qty(text("qty").as_ref())?),
        price: price(text("price").as_ref())?,
    })
}

/// Whether a message of the stream takes back or puts right what was told before.
pub(super) fn undoes(update: &Value) -> bool {
    matches!(update["event"].as_str(), Some("trade_bust" | "trade_correct"))
}

/// Alpaca's own name of the trade that a message tells of.
pub(super) fn execution_name(update: &Value) -> Option<String> {
    let name = update["execution_id"].as_str()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// Another price for the same shares: Alpaca's name of the correction, our name of the trade that
/// it corrects, and the trade as it is right; `told` gives a trade behind a name of Alpaca's.
pub(super) fn correction_of(
    update: &Value,
    told: impl Fn(&str) -> Option<Trade>,
) -> Option<(String, BrokerRef, Trade)> {
    if update["event"] != "trade_correct" {
        return None;
    }
    let text = |name: &str| update[name].as_str().map(str::to_owned);
    let trade = told(update["previous_execution_id"].as_str()?)?;
    let shares = qty(text("qty").as_ref())?.abs();
    let price = price(text("price").as_ref()).filter(|price| *price > Price::ZERO)?;
    let right = (shares == trade.qty.abs()).then_some(trade)?;
    Some((execution_name(update)?, right.id.clone(), Trade { price, ..right }))
}

fn tif(tif: TimeInForce, kind: OrderKind, qty: Qty) -> &'static str {
    let whole = qty.raw() % Qty::SCALE == 0;
    match (kind, tif) {
        (OrderKind::MarketOnClose, _) => "cls",
        // Alpaca keeps fractions for the day only; what is still wanted is placed again.
        _ if !whole => "day",
        (_, TimeInForce::Day | TimeInForce::AllHours) => "day",
        (_, TimeInForce::Gtc) => "gtc",
    }
}

fn kind_words(kind: OrderKind) -> Value {
    match kind {
        OrderKind::Market | OrderKind::MarketOnClose => json!({"type": "market"}),
        OrderKind::Limit { limit } => json!({"type": "limit", "limit_price": limit.to_string()}),
        OrderKind::Stop { stop } => json!({"type": "stop", "stop_price": stop.to_string()}),
        OrderKind::StopLimit { stop, limit } => json!({
            "type": "stop_limit",
            "stop_price": stop.to_string(),
            "limit_price": limit.to_string(),
        }),
    }
}

fn leg_words(kind: OrderKind) -> Value {
    let mut words = kind_words(kind);
    if let Some(fields) = words.as_object_mut() {
        fields.remove("type");
    }
    words
}

/// The body that places a pack; `request` gives the order behind a name.
pub(super) fn placing(
    pack: &Pack,
    symbol: &str,
    request: impl Fn(&ClientOrderId) -> Option<OrderRequest>,
) -> Option<Value> {
    let first = request(&pack.legs.first()?.order)?;
    let has = |task: Task| pack.legs.iter().any(|leg| leg.task == task);
    let kind = if has(Task::Remnant) { OrderKind::Market } else { first.kind };
    let mut body = kind_words(kind);
    body["symbol"] = symbol.into();
    body["side"] = if first.qty > Qty::ZERO { "buy" } else { "sell" }.into();
    let qty = pack.open_qty();
    body["qty"] = qty.to_string().into();
    body["time_in_force"] = tif(first.tif, kind, qty).into();
    body["client_order_id"] = pack.name.clone().into();
    if first.tif == TimeInForce::AllHours {
        body["extended_hours"] = true.into();
    }
    let class = match (has(Task::Entry), has(Task::Target), has(Task::Stop)) {
        (true, true, true) => "bracket",
        (true, ..) => "oto",
        (false, true, true) => "oco",
        _ => return Some(body),
    };
    body["order_class"] = class.into();
    for leg in pack.legs.iter().filter(|leg| leg.task != Task::Entry) {
        let name = if leg.task == Task::Target { "take_profit" } else { "stop_loss" };
        body[name] = leg_words(request(&leg.order)?.kind);
    }
    Some(body)
}

/// The body that moves a leg to another price, under another name.
pub(super) fn moving(kind: OrderKind, name: &str) -> Value {
    let mut body = leg_words(kind);
    body["client_order_id"] = name.into();
    body
}

/// The broker's own words in an answer, for people.
pub(super) fn message(status: u16, body: &Value) -> String {
    let words = body["message"].as_str().unwrap_or_default();
    format!("{status} {words}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use market::InstrumentId;

    use super::super::packs::Leg;
    use super::*;

    #[test]
    fn an_order_for_all_hours_says_so_and_any_other_does_not() {
        let order = ClientOrderId::from_text("tt-1");
        let qty = Qty::whole(5);
        let said = |tif| {
            let request = OrderRequest {
                id: order.clone(),
                instrument: InstrumentId(0),
                qty,
                kind: OrderKind::Limit { limit: "9.5".parse().unwrap() },
                tif,
                oco_group: None,
                parent: None,
                reduce_only: false,
            };
            let legs = vec![Leg::new(&order, Task::Only, qty)];
            let pack = Pack {
                name: "tt-1".to_owned(),
                names: Vec::new(),
                instrument: InstrumentId(0),
                legs,
                phase: super::super::packs::Phase::Asking,
                moving_to: None,
                is_adopted: false,
                partial_since: None,
                is_ours_to_end: false,
            };
            let body = placing(&pack, "AAA", |_| Some(request.clone())).unwrap();
            (body["time_in_force"].clone(), body["extended_hours"].clone())
        };
        assert_eq!(said(TimeInForce::AllHours), ("day".into(), true.into()));
        assert_eq!(said(TimeInForce::Day), ("day".into(), Value::Null));
    }
}
