//! What the client of TWS says, in the words of the port, and the other way.

use base::{Rounding, Ts};
use ibapi::accounts::AccountSummary;
use ibapi::contracts::{Contract, SecurityType};
use ibapi::orders::{
    Action, CommissionReport, ExecutionData, OcaType, Order, OrderData, OrderStatus,
    OrderStatusKind, TimeInForce as Tif,
};
use market::{Cash, LocalClock, OrderKind, Price, Qty, TimeInForce};

use super::line::{Progress, Seen, Status, Terms, Trade};

/// The currency of all figures here.
const DOLLARS: &str = "USD";

/// Shares beyond these are no account's: a hundred million. So what TWS tells can be added up.
const MOST_SHARES: Qty = Qty::whole(100_000_000);

/// Shares; `None` in what is no number of them. A zero in its place would say that nothing is held,
/// or nothing is left of an order.
pub(super) fn qty(value: f64) -> Option<Qty> {
    let read = Qty::from_f64(value, Rounding::HalfEven).ok();
    read.filter(|qty| qty.abs() <= MOST_SHARES)
}

/// Shares without a sign.
fn size(value: f64) -> Option<Qty> {
    qty(value).filter(|qty| !qty.is_negative())
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

/// What a contract is called here: a stock in dollars by its symbol, anything else by a name that
/// no instrument of ours has. So an option on a stock, or the same symbol in another currency, is
/// never taken for the stock.
pub(super) fn name(contract: &Contract) -> String {
    match is_share(contract) {
        true => symbol(contract),
        false => {
            let (kind, currency) = (&contract.security_type, &contract.currency);
            format!("{} {kind} {currency}", symbol(contract))
        }
    }
}

/// Whether it is a stock in dollars.
pub(super) fn is_share(contract: &Contract) -> bool {
    let is_stock = contract.security_type == SecurityType::Stock;
    is_stock && matches!(contract.currency.as_str(), "" | DOLLARS)
}

/// What an execution cost; `None` where it is not told, or not in dollars.
pub(super) fn fee(report: &CommissionReport) -> Option<Cash> {
    match report.currency.as_str() {
        "" | DOLLARS => cash(report.commission),
        currency => {
            tracing::warn!(currency, "a cost in another currency than dollars is left out");
            None
        }
    }
}

/// Cash of the account in dollars, from the line of its summary.
pub(super) fn dollars(row: &AccountSummary) -> Result<Cash, String> {
    if row.currency != DOLLARS {
        return Err(format!(
            "the account {} is kept in {:?}, and everything here counts in US dollars: set its \
             base currency to USD in the broker's account settings, or trade an account in USD",
            row.account, row.currency
        ));
    }
    let read = row.value.parse().ok().or_else(|| cash(row.value.parse().ok()?));
    read.ok_or_else(|| "the account tells no cash".to_owned())
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

/// An order as TWS shows it; `None` where its figures are none.
pub(super) fn seen(data: &OrderData, client: i32) -> Option<Seen> {
    let order = &data.order;
    Some(Seen {
        id: data.order_id,
        is_own: order.client_id == client,
        permanent: order.perm_id,
        symbol: name(&data.contract),
        reference: order.order_ref.clone(),
        buys: order.action == Action::Buy,
        parent: order.parent_id,
        group: order.oca_group.clone(),
        status: status(&data.order_state.status),
        // TWS writes the largest number where it tells none.
        filled: match order.filled_quantity {
            f64::MAX => Qty::ZERO,
            filled => size(filled)?,
        },
        left: None,
    })
}

/// How far an order has come; `None` where that is no number.
pub(super) fn progress(told: &OrderStatus) -> Option<Progress> {
    Some(Progress {
        id: told.order_id,
        permanent: told.perm_id,
        status: status(&told.status),
        filled: size(told.filled)?,
        left: size(told.remaining)?,
    })
}

/// An execution; `None` where its size or price is none: one of nothing, or for nothing, would be
/// booked as it was told.
pub(super) fn trade(data: &ExecutionData, client: i32) -> Option<Trade> {
    let made = &data.execution;
    let size = size(made.shares).filter(|size| *size > Qty::ZERO)?;
    let price = Price::from_f64(made.price, Rounding::HalfEven).ok()?;
    let sold = made.side == ibapi::orders::ExecutionSide::Sold;
    let at = moment(&made.time);
    if at.is_none() {
        tracing::warn!(made.time, "read the time of a trade");
    }
    Some(Trade {
        id: made.execution_id.clone(),
        order: made.order_id,
        is_own: made.client_id == client,
        permanent: made.perm_id,
        reference: made.order_reference.clone(),
        symbol: name(&data.contract),
        at: at.unwrap_or_default(),
        qty: if sold { -size } else { size },
        price,
    })
}

/// A time in nanoseconds since 1970; `None` beyond the years that we know.
pub(super) fn unix(nanos: i128) -> Option<Ts> {
    i64::try_from(nanos).ok().map(Ts::from_nanos)
}

/// A time as TWS writes it: with a dash in UTC, or on the wall of a zone that is named behind.
pub(super) fn moment(text: &str) -> Option<Ts> {
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
    fn what_is_no_stock_in_dollars_is_never_taken_for_one() {
        let mut contract = stock("AAA");
        assert_eq!(name(&contract), "AAA");
        contract.currency = "EUR".into();
        assert_eq!(name(&contract), "AAA STK EUR");
        let option = Contract { security_type: SecurityType::Option, ..stock("AAA") };
        assert_eq!(name(&option), "AAA OPT USD");
    }

    #[test]
    fn a_cost_in_another_currency_is_left_out() {
        let report = |currency: &str| CommissionReport {
            commission: 1.25,
            currency: currency.to_owned(),
            ..CommissionReport::default()
        };
        assert_eq!(fee(&report("USD")), "1.25".parse().ok());
        assert_eq!(fee(&report("EUR")), None);
    }

    #[test]
    fn cash_in_another_currency_is_refused_in_words() {
        let row = |value: &str, currency: &str| AccountSummary {
            account: "DU1".to_owned(),
            tag: "TotalCashValue".to_owned(),
            value: value.to_owned(),
            currency: currency.to_owned(),
        };
        assert_eq!(dollars(&row("100000.25", "USD")), Ok("100000.25".parse().unwrap()));
        for currency in ["EUR", "", "BASE"] {
            let refused = dollars(&row("100000.25", currency)).unwrap_err();
            assert!(refused.contains("account DU1 is kept in"), "{refused}");
            assert!(refused.contains("base currency to USD"), "{refused}");
        }
        assert!(dollars(&row("much", "USD")).is_err());
    }

    #[test]
    fn what_is_no_number_of_shares_is_none_and_not_zero() {
        for wrong in [f64::NAN, f64::INFINITY, f64::MAX, 1e9, -1e9] {
            assert_eq!(qty(wrong), None, "{wrong}");
        }
        assert_eq!(qty(-5.0), Some(Qty::whole(-5)));
        let told = |filled, remaining| OrderStatus { filled, remaining, ..OrderStatus::default() };
        assert!(progress(&told(1.0, 2.0)).is_some());
        for (filled, left) in [(f64::NAN, 2.0), (1.0, f64::NAN), (-1.0, 2.0), (1.0, 1e300)] {
            assert_eq!(progress(&told(filled, left)), None, "{filled} {left}");
        }
    }

    #[test]
    fn an_execution_of_nothing_or_for_no_price_is_none() {
        let made = |shares, price| {
            let mut data = ExecutionData::default();
            (data.execution.shares, data.execution.price) = (shares, price);
            trade(&data, 1)
        };
        assert!(made(5.0, 9.5).is_some());
        for (shares, price) in
            [(0.0, 9.5), (-5.0, 9.5), (f64::NAN, 9.5), (5.0, f64::NAN), (5.0, f64::MAX)]
        {
            assert_eq!(made(shares, price), None, "{shares} {price}");
        }
    }

    #[test]
    fn an_amount_that_is_not_there_is_none() {
        assert_eq!(cash(f64::MAX), None);
        assert_eq!(cash(1.25).map(|cash| cash.to_string()).as_deref(), Some("1.25"));
    }
}
