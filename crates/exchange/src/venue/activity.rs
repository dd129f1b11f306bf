//! What moved money or shares, and how it is listed.

use std::ops::Range;

use base::{Day, Ts};
use market::{Cash, Fill};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Venue;
use super::options::LegTraded;
use super::order::{Order, Side, Status};
use crate::figures::{money, uuid, value_of, wall_day};
use crate::{Answer, Request};

/// Something that moved money or shares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Activity {
    pub id: String,
    /// `FILL`, `DIV`, `INT`, `FEE`, `REORG`, or of options `OPEXP`, `OPCSH` or `OPCA`.
    pub kind: String,
    pub at: Ts,
    /// Shown beside id, kind and account; kept as text, which takes a sixth of the room.
    #[serde(with = "text")]
    fields: Box<str>,
}

impl Activity {
    fn new(number: usize, kind: &str, at: Ts, fields: Value) -> Activity {
        let stamp: String = at.to_string().chars().filter(char::is_ascii_digit).collect();
        let name = uuid(&["activity", &number.to_string(), &stamp]);
        let id = format!("{:0<17}::{name}", &stamp[..stamp.len().min(17)]);
        Activity { id, kind: kind.to_owned(), at, fields: fields.to_string().into() }
    }

    /// A fill of an order.
    pub(super) fn fill(number: usize, order: &Order, fill: &Fill) -> Activity {
        let whole = order.status == Status::Filled;
        let side = match (order.side, order.intent.as_str()) {
            (Side::Sell, "sell_to_open") => "sell_short",
            (side, _) => side.word(),
        };
        let fields = json!({
            "transaction_time": fill.at.to_string(),
            "type": if whole { "fill" } else { "partial_fill" },
            "price": fill.price.to_string(),
            "qty": fill.qty.abs().to_string(),
            "side": side,
            "symbol": order.symbol,
            "leaves_qty": order.open_qty().to_string(),
            "order_id": order.id,
            "cum_qty": order.filled.to_string(),
            "order_status": order.status.word(),
        });
        Activity::new(number, "FILL", fill.at, fields)
    }

    /// A fill of one part of an order.
    pub(super) fn leg(
        number: usize,
        order: &Order,
        (name, side, leg): (&str, Side, &LegTraded),
        at: Ts,
    ) -> Activity {
        let whole = order.status == Status::Filled;
        let fields = json!({
            "transaction_time": at.to_string(),
            "type": if whole { "fill" } else { "partial_fill" },
            "price": leg.price.to_string(),
            "qty": leg.count.abs().to_string(),
            "side": side.word(),
            "symbol": name,
            "leaves_qty": order.open_qty().to_string(),
            "order_id": order.id,
            "cum_qty": order.filled.to_string(),
            "order_status": order.status.word(),
        });
        Activity::new(number, "FILL", at, fields)
    }

    /// Contracts that ended: paid in cash, or worth nothing.
    pub(super) fn settled(
        number: usize,
        at: Ts,
        (name, count, amount): (&str, i64, Cash),
        why: &str,
    ) -> Activity {
        let kind = if amount == Cash::ZERO { "OPEXP" } else { "OPCSH" };
        let fields = json!({
            "date": wall_day(at).to_string(),
            "net_amount": money(amount),
            "description": format!("the contracts {why}"),
            "symbol": name,
            "qty": (-count).to_string(),
            "status": "executed",
        });
        Activity::new(number, kind, at, fields)
    }

    /// Contracts that a split made others of; so many are there after it.
    pub(super) fn adjusted(number: usize, at: Ts, names: &[String; 2], count: i64) -> Activity {
        let fields = json!({
            "date": wall_day(at).to_string(),
            "net_amount": "0",
            "description": format!("{} became {} by a split", names[0], names[1]),
            "symbol": names[1],
            "qty": count.to_string(),
            "status": "executed",
        });
        Activity::new(number, "OPCA", at, fields)
    }

    /// A position that was paid out without an order.
    pub(super) fn closing(number: usize, fill: &Fill) -> Activity {
        let fields = json!({
            "date": wall_day(fill.at).to_string(),
            "net_amount": money(-value_of(fill.price, fill.qty)),
            "description": "the instrument was delisted",
            "qty": fill.qty.to_string(),
            "price": fill.price.to_string(),
        });
        Activity::new(number, "REORG", fill.at, fields)
    }

    /// Money that moved without a trade.
    pub(super) fn cash(number: usize, at: Ts, amount: Cash, reason: &str) -> Activity {
        let kind = match reason {
            reason if reason.starts_with("dividend") => "DIV",
            reason if reason.starts_with("interest") => "INT",
            _ => "FEE",
        };
        let fields = json!({
            "date": wall_day(at).to_string(),
            "net_amount": money(amount),
            "description": reason,
            "status": "executed",
        });
        Activity::new(number, kind, at, fields)
    }
}

/// Fields as they are written down.
mod text {
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use serde_json::Value;

    pub(super) fn serialize<S: Serializer>(fields: &str, to: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<Value>(fields).map_err(S::Error::custom)?.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Box<str>, D::Error> {
        let fields = Value::deserialize(from)?;
        fields
            .is_object()
            .then(|| fields.to_string().into())
            .ok_or_else(|| D::Error::custom("the fields of an activity are no object"))
    }
}

impl Venue {
    /// Places of the activities of some days: they stand in the order of their sessions.
    fn activities_of(&self, first: Option<Day>, last: Option<Day>) -> Range<usize> {
        let all = &self.state.activities;
        let before = |day: Day| all.partition_point(|activity| wall_day(activity.at) < day);
        let from = first.map_or(0, before);
        let to = last.map_or(all.len(), |last| before(last.plus(1)));
        from..to.max(from)
    }

    /// What moved money or shares, newest first unless asked otherwise.
    pub(super) fn show_activities(&self, request: &Request, kind: Option<&str>) -> Answer {
        let mut kinds = request.list("activity_types");
        kinds.extend(kind.map(str::to_owned));
        let moment = |name: &str| request.word(name).map(crate::figures::moment);
        let bounds = [moment("after"), moment("until"), moment("date")];
        if bounds.contains(&Some(None)) {
            return Answer::invalid("after, until and date must be dates or RFC 3339 times");
        }
        let [after, until, date] = bounds.map(Option::flatten);
        let within = |activity: &&Activity| {
            (kinds.is_empty() || kinds.contains(&activity.kind))
                && after.is_none_or(|after| activity.at > after)
                && until.is_none_or(|until| activity.at < until)
                && date.is_none_or(|date| wall_day(date) == wall_day(activity.at))
        };
        let size: usize = match request.word("page_size").map(str::parse) {
            None => 100,
            Some(Ok(size @ 1..=100)) => size,
            Some(_) => return Answer::invalid("page_size must be in 1..=100"),
        };
        let is_rising = request.word("direction") == Some("asc");
        let token = request.word("page_token");
        // A page begins on the day of the last activity of the page before.
        let begins = token.map(day_of);
        if begins == Some(None) {
            return Answer::invalid("page_token is of no activity");
        }
        let begins = begins.flatten();
        let first = [after.or(date).map(wall_day), begins.filter(|_| is_rising)];
        let last = [until.or(date).map(wall_day), begins.filter(|_| !is_rising)];
        let places =
            self.activities_of(first.into_iter().flatten().max(), last.into_iter().flatten().min());
        let of = |place: usize| &self.state.activities[place];
        let mut found: Box<dyn Iterator<Item = &Activity>> = match is_rising {
            true => Box::new(places.map(of).filter(within)),
            false => Box::new(places.rev().map(of).filter(within)),
        };
        if token.is_some_and(|token| !found.any(|activity| activity.id == token)) {
            return Answer::invalid("page_token is of no activity");
        }
        Answer::ok(found.take(size).map(|one| self.show_activity(one)).collect::<Vec<Value>>())
    }

    fn show_activity(&self, activity: &Activity) -> Value {
        let mut fields: Value = serde_json::from_str(&activity.fields).unwrap_or_default();
        fields["id"] = activity.id.clone().into();
        fields["account_id"] = self.account_id().into();
        fields["activity_type"] = activity.kind.clone().into();
        fields
    }
}

/// The day in an activity's id.
fn day_of(id: &str) -> Option<Day> {
    let digits = id.get(..8).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]).parse().ok()
}
