//! What the client of TWS says, in the words of the port, and the other way.

use base::{Rounding, Ts};
use ibapi::contracts::Contract;
use ibapi::orders::{
    Action, ExecutionData, OcaType, Order, OrderData, OrderStatus, OrderStatusKind,
    TimeInForce as Tif,
};
use market::{Cash, LocalClock, OrderKind, Price, Qty, TimeInForce};

use super::line::{Progress, Seen, Status, Terms, Trade};

pub(super) fn qty(value: f64) -> Qty {
    Qty::from_f64(value, Rounding::HalfEven).unwrap_or_default()
}

pub(super) fn price(value: f64) -> Price {
    Price::from_f64(value, Rounding::HalfEven).unwrap_or_default()
}

/// An amount; TWS writes the largest number where it has none.
pub(super) fn cash(value: f64) -> Option<Cash> {
    Cash::from_f64(value, Rounding::HalfEven).ok()
}

/// A stock; TWS writes classes of shares with a blank.
pub(super) fn stock(symbol: &str) -> Contract {
    Contract::stock(symbol.replace('.', " ")).build()
}

/// A stock's symbol as we write it.
pub(super) fn symbol(contract: &Contract) -> String {
    contract.symbol.to_string().replace(' ', ".")
}

fn status(kind: &OrderStatusKind) -> Status {
    match kind {
        OrderStatusKind::ApiPending => Status::Draft,
        OrderStatusKind::PendingSubmit | OrderStatusKind::Unknown(_) => Status::Sent,
        OrderStatusKind::Filled => Status::Filled,
        OrderStatusKind::Cancelled | OrderStatusKind::ApiCancelled => Status::Cancelled,
        OrderStatusKind::Inactive => Status::Inactive,
        OrderStatusKind::PreSubmitted
        | OrderStatusKind::Submitted
        | OrderStatusKind::PendingCancel => Status::Working,
    }
}

/// An order as TWS shows it.
pub(super) fn seen(data: &OrderData, client: i32) -> Seen {
    let order = &data.order;
    Seen {
        id: data.order_id,
        is_own: order.client_id == client,
        permanent: order.perm_id,
        symbol: symbol(&data.contract),
        reference: order.order_ref.clone(),
        buys: order.action == Action::Buy,
        parent: order.parent_id,
        group: order.oca_group.clone(),
        status: status(&data.order_state.status),
        filled: qty(order.filled_quantity),
        left: None,
    }
}

pub(super) fn progress(told: &OrderStatus) -> Progress {
    Progress {
        id: told.order_id,
        permanent: told.perm_id,
        status: status(&told.status),
        filled: qty(told.filled),
        left: qty(told.remaining),
    }
}

pub(super) fn trade(data: &ExecutionData, client: i32) -> Trade {
    let made = &data.execution;
    let size = qty(made.shares);
    let sold = made.side == ibapi::orders::ExecutionSide::Sold;
    let at = moment(&made.time);
    if at.is_none() {
        tracing::warn!(made.time, "read the time of a trade");
    }
    Trade {
        id: made.execution_id.clone(),
        order: made.order_id,
        is_own: made.client_id == client,
        permanent: made.perm_id,
        reference: made.order_reference.clone(),
        symbol: symbol(&data.contract),
        at: at.unwrap_or_default(),
        qty: if sold { -size } else { size },
        price: price(made.price),
    }
}

/// A time in nanoseconds since 1970; `None` beyond the years that we know.
pub(super) fn unix(nanos: i128) -> Option<Ts> {
    i64::try_from(nanos).ok().map(Ts::from_nanos)
}

/// A time as TWS writes it: with a dash in UTC, or on the wall of a zone that is named behind.
fn moment(text: &str) -> Option<Ts> {
    let (stamp, zone) = match text.trim().split_once(' ') {
        None => (text.trim().replacen('-', " ", 1), "UTC"),
        Some((day, rest)) => {
            let (clock, zone) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
            (format!("{day} {clock}"), zone.trim())
        }
    };
    let shown = jiff::civil::DateTime::strptime("%Y%m%d %H:%M:%S", &stamp).ok()?;
    let seconds = shown.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    let shown_at = Ts::from_seconds(seconds);
    match zone {
        "UTC" | "GMT" | "Etc/UTC" => Some(shown_at),
        "" | "US/Eastern" | "America/New_York" | "EST" | "EDT" | "EST5EDT" => {
            LocalClock::NewYork.to_utc(shown_at)
        }
        other => {
            let zone = jiff::tz::TimeZone::get(other).ok()?;
            let at = shown.to_zoned(zone).ok()?.timestamp();
            Some(Ts::from_seconds(at.as_second()))
        }
    }
}

/// An order as TWS takes it.
pub(super) fn order(terms: &Terms, account: &str) -> Order {
    let (word, limit, stop) = match terms.kind {
        OrderKind::Market => ("MKT", None, None),
        OrderKind::MarketOnClose => ("MOC", None, None),
        OrderKind::Limit { limit } => ("LMT", Some(limit), None),
        OrderKind::Stop { stop } => ("STP", None, Some(stop)),
        OrderKind::StopLimit { stop, limit } => ("STP LMT", Some(limit), Some(stop)),
    };
    Order {
        action: if terms.qty > Qty::ZERO { Action::Buy } else { Action::Sell },
        total_quantity: terms.qty.abs().to_f64(),
        order_type: word.to_owned(),
        limit_price: limit.map(Price::to_f64),
        aux_price: stop.map(Price::to_f64),
        tif: match terms.tif {
            TimeInForce::Day | TimeInForce::AllHours => Tif::Day,
            TimeInForce::Gtc => Tif::GoodTillCanceled,
        },
        outside_rth: terms.tif == TimeInForce::AllHours,
        oca_group: terms.group.clone().unwrap_or_default(),
        oca_type: match terms.group {
            Some(_) => OcaType::ReduceWithBlock,
            None => OcaType::None,
        },
        order_ref: terms.reference.clone(),
        transmit: terms.is_last,
        parent_id: terms.parent.unwrap_or_default(),
        account: account.to_owned(),
        ..Order::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_each_form_that_tws_is_set_up_to_write() {
        let wanted = Some("2024-01-03T14:31:07Z".to_owned());
        for text in [
            "20240103 09:31:07 US/Eastern",
            "20240103  09:31:07",
            "20240103-14:31:07",
            "20240103 14:31:07 UTC",
        ] {
            assert_eq!(moment(text).map(|at| at.to_string()), wanted, "{text}");
        }
        assert_eq!(moment("yesterday"), None);
    }

    #[test]
    fn an_order_for_all_hours_stands_outside_the_session_for_the_day() {
        let terms = |tif| Terms {
            symbol: "AAA".to_owned(),
            reference: "tt-1".to_owned(),
            qty: Qty::whole(5),
            kind: OrderKind::Limit { limit: "9.5".parse().unwrap() },
            tif,
            parent: None,
            group: None,
            is_last: true,
        };
        let said = |tif| {
            let order = order(&terms(tif), "DU1");
            (order.tif, order.outside_rth)
        };
        assert_eq!(said(TimeInForce::AllHours), (Tif::Day, true));
        assert_eq!(said(TimeInForce::Gtc), (Tif::GoodTillCanceled, false));
    }

    #[test]
    fn a_class_of_shares_is_written_with_a_blank_there() {
        let contract = stock("BRK.B");
        assert_eq!(contract.symbol.to_string(), "BRK B");
        assert_eq!(symbol(&contract), "BRK.B");
    }

    #[test]
    fn an_amount_that_is_not_there_is_none() {
        assert_eq!(cash(f64::MAX), None);
        assert_eq!(cash(1.25).map(|cash| cash.to_string()).as_deref(), Some("1.25"));
    }
}
