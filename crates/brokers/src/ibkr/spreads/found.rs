//! What TWS tells of an order of legs: among the open, the completed of the day, the executions.

use std::collections::BTreeMap;

use ibapi::client::blocking::Client;
use ibapi::contracts::{ComboLeg, LegAction, SecurityType};
use ibapi::orders::{
    ExecutionData, ExecutionFilter, ExecutionSide, Executions, OrderData, OrderStatusKind, Orders,
};
use market::Cash;

use super::super::gateway::{ANSWER, Gateway};
use super::super::words;
use crate::spread::{LegTrade, State};

/// Days of executions that are looked through.
const DAYS: i32 = 7;

/// What was found of an order.
#[derive(Default)]
pub(super) struct Found {
    pub(super) state: Option<State>,
    /// The legs' numbers and ratios, in the order's order; sold ones are below zero.
    pub(super) legs: Vec<(i32, i32)>,
    pub(super) id: i32,
    pub(super) client: i32,
    pub(super) units: f64,
    pub(super) spent: f64,
    /// By number: contracts, and the trades that made them.
    pub(super) filled: BTreeMap<i32, (i64, Vec<LegTrade>)>,
}

impl Found {
    /// What is found of the order of a name; `None` where TWS knows none.
    pub(super) fn find(
        gateway: &Gateway,
        client: &Client,
        name: &str,
    ) -> Result<Option<Found>, String> {
        let filter = ExecutionFilter {
            account_code: gateway.account().to_owned(),
            last_n_days: DAYS,
            ..ExecutionFilter::default()
        };
        let read = || -> Result<_, ibapi::Error> {
            let open = client.all_open_orders()?.collect_to_end_within(ANSWER)?;
            let done = client.completed_orders(false)?.collect_to_end_within(ANSWER)?;
            let trades = client.executions(filter)?.collect_to_end_within(ANSWER)?;
            Ok((open, done, trades))
        };
        let (open, done, trades) = gateway.alone(read).map_err(|error| error.to_string())?;
        let mut found: Option<Found> = None;
        for (told, is_open) in [(done, false), (open, true)] {
            for data in of_legs(told).filter(|data| data.order.order_ref == name) {
                found.get_or_insert_default().take(&data, is_open);
            }
        }
        let fees: BTreeMap<String, Cash> = trades.iter().filter_map(fee).collect();
        for one in trades {
            if let Executions::ExecutionData(data) = one
                && data.execution.order_reference == name
            {
                let fee = fees.get(&data.execution.execution_id).copied();
                found.get_or_insert_default().fill(&data, fee)?;
            }
        }
        Ok(found)
    }

    fn take(&mut self, data: &OrderData, is_open: bool) {
        let is_filled = data.order_state.status == OrderStatusKind::Filled;
        self.state = Some(match (is_filled, is_open) {
            (true, _) => State::Filled,
            (false, true) => State::Open,
            (false, false) => State::Ended,
        });
        let legs = data.contract.combo_legs.iter();
        let ratio =
            |leg: &ComboLeg| if leg.action == LegAction::Buy { leg.ratio } else { -leg.ratio };
        self.legs = legs.map(|leg| (leg.contract_id, ratio(leg))).collect();
        (self.id, self.client) = (data.order_id, data.order.client_id);
    }

    fn fill(&mut self, data: &ExecutionData, fee: Option<Cash>) -> Result<(), String> {
        let made = &data.execution;
        if data.contract.security_type == SecurityType::Spread {
            self.units += made.shares;
            self.spent += made.shares * made.price;
            return Ok(());
        }
        let at = words::moment(&made.time).ok_or("TWS tells a time that is none")?;
        let sign = if made.side == ExecutionSide::Bought { 1 } else { -1 };
        let contracts = made.shares.abs() as u32;
        let leg = self.filled.entry(data.contract.contract_id).or_default();
        leg.0 += sign * i64::from(contracts);
        leg.1.push(LegTrade { at, contracts, price: words::price(made.price), fee });
        Ok(())
    }
}

/// What an execution cost, by its name.
fn fee(one: &Executions) -> Option<(String, Cash)> {
    let Executions::CommissionReport(report) = one else { return None };
    Some((report.execution_id.clone(), words::fee(report)?))
}

/// Orders of legs among those told.
pub(super) fn of_legs(told: Vec<Orders>) -> impl Iterator<Item = OrderData> {
    told.into_iter().filter_map(|one| match one {
        Orders::OrderData(data) if data.contract.security_type == SecurityType::Spread => {
            Some(data)
        }
        _ => None,
    })
}
