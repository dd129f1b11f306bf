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

/// Reads one.
pub(super) fn read(client: &Client, account: &str, part: Part) -> Result<Answer, String> {
    let read = match part {
        Part::Open => client.all_open_orders().and_then(|told| told.collect_to_end_within(ANSWER)),
        Part::Completed => {
            client.completed_orders(false).and_then(|told| told.collect_to_end_within(ANSWER))
        }
        Part::Trades => return trades(client, account).map_err(|error| error.to_string()),
        Part::Positions => return positions(client, account).map_err(|error| error.to_string()),
        Part::Cash => return cash(client, account),
    };
    let told = read.map_err(|error| error.to_string())?;
    Ok(Answer::Orders(orders(&told, client.client_id(), account)))
}

/// Orders with how far each has come. One that is told twice stands as it was told last.
fn orders(told: &[Orders], client: i32, account: &str) -> Vec<Seen> {
    let mut seen: BTreeMap<(i64, i32), Seen> = BTreeMap::new();
    let mut moved: Vec<Progress> = Vec::new();
    for one in told {
        match one {
            Orders::OrderData(data) => {
                let of = &data.order.account;
                if of.is_empty() || of == account {
                    let order = words::seen(data, client);
                    seen.insert((order.permanent, order.id), order);
                }
            }
            Orders::OrderStatus(status) => moved.push(words::progress(status)),
        }
    }
    for progress in moved {
        if let Some(order) = seen.get_mut(&(progress.permanent, progress.id)) {
            order.status = progress.status;
            order.filled = progress.filled;
            order.left = Some(progress.left);
        }
    }
    seen.into_values().collect()
}

fn trades(client: &Client, account: &str) -> Result<Answer, ibapi::Error> {
    let filter = ExecutionFilter {
        account_code: account.to_owned(),
        last_n_days: DAYS,
        ..ExecutionFilter::default()
    };
    let told = client.executions(filter)?.collect_to_end_within(ANSWER)?;
    let mut made: Vec<(Trade, Option<Cash>)> = Vec::new();
    let mut fees: BTreeMap<String, Cash> = BTreeMap::new();
    for one in told {
        match one {
            Executions::ExecutionData(data) => {
                if data.execution.account_number == account {
                    made.push((words::trade(&data, client.client_id()), None));
                }
            }
            Executions::CommissionReport(report) => {
                fees.extend(words::cash(report.commission).map(|fee| (report.execution_id, fee)));
            }
        }
    }
    for (trade, fee) in &mut made {
        *fee = fees.get(&trade.id).copied();
    }
    Ok(Answer::Trades(made))
}

fn positions(client: &Client, account: &str) -> Result<Answer, ibapi::Error> {
    let told = client.positions()?;
    let mut held = Vec::new();
    loop {
        match told.next_timeout(ANSWER) {
            Some(Ok(SubscriptionItem::Data(PositionUpdate::Position(position)))) => {
                if position.account == account {
                    held.push(Position {
                        symbol: words::symbol(&position.contract),
                        qty: words::qty(position.position),
                        average_price: words::price(position.average_cost),
                    });
                }
            }
            Some(Ok(SubscriptionItem::Data(PositionUpdate::PositionEnd))) => {
                return Ok(Answer::Positions(held));
            }
            Some(Ok(SubscriptionItem::Notice(_))) => {}
            Some(Err(error)) => return Err(error),
            None => return Err(ibapi::Error::Timeout),
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
                    let value = row.value.parse().ok();
                    found = value.or_else(|| words::cash(row.value.parse().ok()?));
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
