//! What a line subscribed to.

use std::collections::BTreeMap;

use base::Ts;
use market::{InstrumentId, OptionContract};

use super::messages::ask;
use super::messages::session::OfRequest;
use super::refusals::{NO_REQUEST, Refusal};
use crate::venue::Frame;

/// Which stream of single ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TickKind {
    Last,
    AllLast,
    BidAsk,
    MidPoint,
}

/// Which price a bar is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Trades,
    Bid,
    Ask,
    Midpoint,
}

/// Bars of the past that go on as new ones come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub(super) instrument: InstrumentId,
    pub(super) frame: Frame,
    pub(super) shown: Shown,
    /// Start of the last bar that was told.
    pub(super) from: Ts,
}

/// Subscriptions by the number of their request.
#[derive(Debug, Default)]
pub(super) struct Wants {
    pub(super) account: bool,
    pub(super) positions: bool,
    pub(super) summaries: BTreeMap<i32, Vec<String>>,
    pub(super) positions_multi: BTreeMap<i32, ()>,
    pub(super) updates_multi: BTreeMap<i32, ()>,
    pub(super) pnl: BTreeMap<i32, ()>,
    pub(super) pnl_single: BTreeMap<i32, InstrumentId>,
    pub(super) quotes: BTreeMap<i32, InstrumentId>,
    pub(super) options: BTreeMap<i32, OptionContract>,
    pub(super) bars: BTreeMap<i32, (InstrumentId, Shown)>,
    pub(super) ticks: BTreeMap<i32, (InstrumentId, TickKind)>,
    pub(super) kept: BTreeMap<i32, Kept>,
    /// What was told last of each order: words and quantities, so that nothing is told twice.
    pub(super) told: BTreeMap<usize, String>,
    /// Positions that were told last, as those that end are told once more.
    pub(super) held: Vec<InstrumentId>,
    pub(super) lots: Vec<OptionContract>,
}

/// Most subscriptions of one kind on a line.
const MOST: usize = 100;

impl Wants {
    /// Room for one more subscription under a number that is free.
    pub(super) fn check_room<T>(of: &BTreeMap<i32, T>, id: i32) -> Result<(), Refusal> {
        if of.contains_key(&id) {
            return Err(Refusal::new(id, 322, "Error processing request.-Duplicate ticker ID"));
        }
        match of.len() < MOST {
            true => Ok(()),
            false => Err(Refusal::new(id, 101, "Max number of tickers has been reached.")),
        }
    }

    /// Ends a subscription.
    pub(super) fn cancel(&mut self, kind: u32, ask: &OfRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or(NO_REQUEST);
        let was_there = match kind {
            ask::CANCEL_MARKET_DATA => {
                self.quotes.remove(&id).is_some() | self.options.remove(&id).is_some()
            }
            ask::CANCEL_REAL_TIME_BARS => self.bars.remove(&id).is_some(),
            ask::CANCEL_TICK_BY_TICK => self.ticks.remove(&id).is_some(),
            ask::CANCEL_PNL => self.pnl.remove(&id).is_some(),
            ask::CANCEL_PNL_SINGLE => self.pnl_single.remove(&id).is_some(),
            ask::CANCEL_HISTORICAL_DATA => {
                let text = format!("No historical data query found for ticker id:{id}");
                return match self.kept.remove(&id) {
                    Some(_) => Ok(()),
                    None => Err(Refusal::new(id, 366, text)),
                };
            }
            // The broker says nothing where these are not there.
            ask::CANCEL_ACCOUNT_SUMMARY => {
                self.summaries.remove(&id);
                true
            }
            _ => {
                self.positions_multi.remove(&id);
                self.updates_multi.remove(&id);
                true
            }
        };
        if was_there { Ok(()) } else { Err(Refusal::no_subscription(id)) }
    }
}
