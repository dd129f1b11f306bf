//! Parts of the account, each read whole over the session.

use std::collections::BTreeMap;

use ibapi::accounts::types::AccountGroup;
use ibapi::accounts::{AccountSummaryResult, PositionUpdate};
use ibapi::client::blocking::Client;
use ibapi::orders::{ExecutionFilter, Executions, Orders};
use ibapi::subscriptions::SubscriptionItem;
use market::Cash;

use super::gateway::ANSWER;
use super::line::{Answer, Part, Position, Progress, Seen, Trade};
use super::words;

/// Days of executions that are asked for; TWS tells as many of them as it was set up to keep.
const DAYS: i32 = 7;
/// The tag of cash, in the account's currency.
const CASH: &str = "TotalCashValue";

/// What is said of a part with a figure that is none. It is asked for once more: one that is read
/// in part only would be told as an account that differs.
const UNREADABLE: &str = "TWS tells a figure that is none";

/// Reads one.
pub(super) fn read(client: &Client, account: &str, part: Part) -> Result<Answer, String> {
    let read = match part {
        Part::Open => client.all_open_orders().and_then(|told| told.collect_to_end_within(ANSWER)),
        Part::Completed => {
            client.completed_orders(false).and_then(|told| told.collect_to_end_within(ANSWER))
        }
        Part::Trades => return trades(client, account),
        Part::Positions => return positions(client, account),
        Part::Cash => return cash(client, account),
    };
    let told = read.map_err(|error| error.to_string())?;
    let orders = orders(&told, client.client_id(), account);
    orders.map(Answer::Orders).ok_or_else(|| UNREADABLE.to_owned())
}

/// Orders with how far each has come. One that is told twice stands as it was told last.
fn orders(told: &[Orders], client: i32, account: &str) -> Option<Vec<Seen>> {
    let mut seen: BTreeMap<(i64, i32), Seen> = BTreeMap::new();
    let mut moved: Vec<Progress> = Vec::new();
    for one in told {
        match one {
            Orders::OrderData(data) => {
                let of = &data.order.account;
                if of.is_empty() || of == account {
                    match words::seen(data, client) {
                        Some(order) => drop(seen.insert((order.permanent, order.id), order)),
                        None if words::is_share(&data.contract) => return None,
                        None => {}
                    }
                }
            }
            Orders::OrderStatus(status) => moved.extend(words::progress(status)),
        }
    }
    for progress in moved {
        if let Some(order) = seen.get_mut(&(progress.permanent, progress.id)) {
            order.status = progress.status;
            order.filled = progress.filled;
            order.left = Some(progress.left);
        }
    }
    Some(seen.into_values().collect())
}

fn trades(client: &Client, account: &str) -> Result<Answer, String> {
    let filter = ExecutionFilter {
        account_code: account.to_owned(),
        last_n_days: DAYS,
        ..ExecutionFilter::default()
    };
    let told = client.executions(filter).and_then(|told| told.collect_to_end_within(ANSWER));
    let told = told.map_err(|error| error.to_string())?;
    let mut made: Vec<(Trade, Option<Cash>)> = Vec::new();
    let mut fees: BTreeMap<String, Cash> = BTreeMap::new();
    for one in told {
        match one {
            Executions::ExecutionData(data) => {
                if data.execution.account_number == account {
                    match words::trade(&data, client.client_id()) {
                        Some(trade) => made.push((trade, None)),
                        None if words::is_share(&data.contract) => {
                            return Err(UNREADABLE.to_owned());
                        }
                        None => {}
                    }
                }
            }
            Executions::CommissionReport(report) => {
                fees.extend(words::fee(&report).map(|fee| (report.execution_id, fee)));
            }
        }
    }
    for (trade, fee) in &mut made {
        *fee = fees.get(&trade.id).copied();
    }
    Ok(Answer::Trades(made))
}

fn positions(client: &Client, account: &str) -> Result<Answer, String> {
    let told = client.positions().map_err(|error| error.to_string())?;
    let mut held = Vec::new();
    loop {
        match told.next_timeout(ANSWER) {
            Some(Ok(SubscriptionItem::Data(PositionUpdate::Position(position)))) => {
                if position.account == account {
                    let symbol = words::name(&position.contract);
                    let average_price = words::price(position.average_cost);
                    match words::qty(position.position) {
                        Some(qty) => held.push(Position { symbol, qty, average_price }),
                        None if words::is_share(&position.contract) => {
                            return Err(UNREADABLE.to_owned());
                        }
                        None => {}
                    }
                }
            }
            Some(Ok(SubscriptionItem::Data(PositionUpdate::PositionEnd))) => {
                return Ok(Answer::Positions(held));
            }
            Some(Ok(SubscriptionItem::Notice(_))) => {}
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("no positions are told".to_owned()),
        }
    }
}

fn cash(client: &Client, account: &str) -> Result<Answer, String> {
    let told = client.account_summary(&AccountGroup("All".to_owned()), &[CASH]);
    let told = told.map_err(|error| error.to_string())?;
    let mut found = None;
    loop {
        match told.next_timeout(ANSWER) {
            Some(Ok(SubscriptionItem::Data(AccountSummaryResult::Summary(row)))) => {
                if row.account == account && row.tag == CASH {
                    found = Some(words::dollars(&row)?);
                }
            }
            Some(Ok(SubscriptionItem::Data(AccountSummaryResult::End))) => {
                let cash = found.ok_or_else(|| "the account tells no cash".to_owned());
                return cash.map(Answer::Cash);
            }
            Some(Ok(SubscriptionItem::Notice(_))) => {}
            Some(Err(error)) => return Err(error.to_string()),
            None => return Err("no cash is told".to_owned()),
        }
    }
}
