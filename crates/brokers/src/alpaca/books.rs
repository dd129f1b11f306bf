//! The account as a whole: read in several requests, told as one.

use std::collections::BTreeMap;

use base::Ts;
use market::remote::{Books, Execution, Heard, Payment, Report};
use market::{ClientOrderId, Held, InstrumentId, OrderState, Qty};
use serde::Deserialize;
use serde_json::Value;

use super::line::{Line, Method};
use super::packs::{self, Leg, Pack, Phase, Task};
use super::words::{self, Activity, Seen};
use super::{Alpaca, Purpose};

/// Orders in one answer, at most.
const ORDERS: usize = 500;
/// Lines of history in one answer, at most.
const ACTIVITIES: usize = 100;

/// The part that is asked for.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    Open,
    /// Ended ones, submitted after that time.
    Closed(String),
    /// What follows that line of history; from the beginning when empty.
    Activities(String),
    Positions,
    Account,
}

/// A question for the books that is under way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Round {
    /// Of the desk's question.
    number: u64,
    since: Ts,
    /// Of the request that is out.
    asked: u64,
    part: Part,
    orders: Vec<Seen>,
    activities: Vec<Activity>,
    positions: Vec<Held>,
}

#[derive(Deserialize)]
struct PositionSeen {
    symbol: String,
    qty: String,
    side: String,
    avg_entry_price: Option<String>,
}

impl<L: Line> Alpaca<L> {
    /// Begins to read the account; a question that is under way is dropped for it.
    pub(super) fn begin_books(&mut self, number: u64, since: Ts) {
        self.round = Some(Round {
            number,
            since,
            asked: 0,
            part: Part::Open,
            orders: Vec::new(),
            activities: Vec::new(),
            positions: Vec::new(),
        });
        self.meanwhile.clear();
        self.ask_part(Part::Open);
    }

    fn ask_part(&mut self, part: Part) {
        let Some(round) = &self.round else { return };
        let path = match &part {
            Part::Account => "/v2/account".to_owned(),
            Part::Positions => "/v2/positions".to_owned(),
            Part::Open => {
                format!("/v2/orders?status=open&nested=true&direction=asc&limit={ORDERS}")
            }
            Part::Closed(after) => format!(
                "/v2/orders?status=closed&nested=true&direction=asc&limit={ORDERS}&after={after}"
            ),
            Part::Activities(token) => {
                let after = round.since;
                let page = match token.is_empty() {
                    true => String::new(),
                    false => format!("&page_token={token}"),
                };
                format!(
                    "/v2/account/activities?direction=asc&page_size={ACTIVITIES}&after={after}{page}"
                )
            }
        };
        let number = self.next + 1;
        if let Some(round) = &mut self.round {
            round.asked = number;
            round.part = part;
        }
        self.ask(Method::Get, path, None, Purpose::Books);
    }

    /// Asks once more for a part that was not answered.
    pub(super) fn ask_again(&mut self, number: u64) {
        let round = self.round.as_ref().filter(|round| round.asked == number);
        if let Some(part) = round.map(|round| round.part.clone()) {
            self.ask_part(part);
        }
    }

    /// Takes in an answer and asks for the next part. Activities come after the orders, so that the
    /// orders behind trades are known, and positions after both.
    pub(super) fn read_part(&mut self, number: u64, body: &Value) {
        let Some(mut round) = self.round.take_if(|round| round.asked == number) else { return };
        let next = match round.part.clone() {
            Part::Open => {
                let Some(open) = list::<Seen>(body) else { return };
                round.orders.extend(open);
                let reach = if self.is_loaded { base::Span::ZERO } else { self.waits.deep };
                Some(Part::Closed((round.since - reach).to_string()))
            }
            Part::Closed(_) => {
                let Some(closed) = list::<Seen>(body) else { return };
                let last = closed.last().and_then(|seen| seen.submitted_at.clone());
                let next = match last.filter(|_| closed.len() == ORDERS) {
                    Some(last) => Part::Closed(last),
                    None => Part::Activities(String::new()),
                };
                // What was open a moment ago may have ended since.
                round.orders.retain(|open| closed.iter().all(|seen| seen.id != open.id));
                round.orders.extend(closed);
                Some(next)
            }
            Part::Activities(_) => {
                let Some(some) = list::<Activity>(body) else { return };
                let last = some.last().map(|line| line.id.clone());
                let next = match last.filter(|_| some.len() == ACTIVITIES) {
                    Some(last) => Part::Activities(last),
                    None => Part::Positions,
                };
                round.activities.extend(some);
                Some(next)
            }
            Part::Positions => {
                let Some(seen) = list::<PositionSeen>(body) else { return };
                round.positions = seen.iter().filter_map(|it| self.position(it)).collect();
                Some(Part::Account)
            }
            Part::Account => None,
        };
        match next {
            Some(part) => {
                self.round = Some(round);
                self.ask_part(part);
            }
            None => self.tell_books(round, body),
        }
    }

    fn position(&self, seen: &PositionSeen) -> Option<Held> {
        let qty = words::qty(Some(&seen.qty))?;
        let short = seen.side == "short";
        Some(Held {
            instrument: self.universe.find(&seen.symbol).ok()?,
            qty: if short { -qty.abs() } else { qty },
            average_price: words::price(seen.avg_entry_price.as_ref()).unwrap_or_default(),
        })
    }

    fn tell_books(&mut self, round: Round, account: &Value) {
        let cash = match words::account(account) {
            Ok((_, cash)) => cash,
            Err(fault) => {
                // Nothing is placed before an account was read.
                tracing::warn!(fault, "read the account at Alpaca");
                return;
            }
        };
        self.learn(&round);
        let (executions, payments) = self.history(&round);
        let orders = self.reports(&round);
        self.shelf.heard.push(Heard::Books(Books {
            number: round.number,
            cash,
            positions: round.positions,
            orders,
            executions,
            payments,
        }));
    }

    /// Brings what is kept here in line with what was read.
    fn learn(&mut self, round: &Round) {
        for (order, part) in round.orders.iter().flat_map(Seen::served) {
            let (base, attempt) = packs::attempt(&part.client_order_id);
            let last = self.attempts.entry(base.to_owned()).or_insert(attempt);
            *last = (*last).max(attempt);
            self.names.entry(part.id.clone()).or_insert(order);
        }
        for seen in &round.orders {
            self.follow(seen);
            match self.packs.values_mut().any(|pack| pack.leg_of(&seen.id).is_some()) {
                true => self.see_all(seen),
                false if !self.is_loaded => self.adopt(seen),
                false => {}
            }
        }
        let mut held: BTreeMap<InstrumentId, Qty> =
            round.positions.iter().map(|held| (held.instrument, held.qty)).collect();
        // Whether the positions hold what traded while they were read, nobody can say.
        for instrument in &self.meanwhile {
            held.insert(*instrument, self.held.get(instrument).copied().unwrap_or_default());
        }
        self.held = held;
        self.trades.extend(round.activities.iter().filter_map(|line| Some(line.trade()?.id)));
        if !self.is_loaded {
            self.is_loaded = true;
            self.sort_recalled(round);
        }
    }

    /// Orders that took the place of others while nobody heard of it: the legs of a pack are found
    /// again by what they are for.
    fn follow(&mut self, seen: &Seen) {
        let known = self.packs.values_mut().find(|pack| {
            let has = |leg: &Leg| leg.id.as_ref() == Some(&seen.id);
            pack.legs.iter().any(has) || pack.names.contains(&seen.client_order_id)
        });
        let Some(pack) = known else { return };
        for (at, (_, part)) in seen.served().into_iter().enumerate() {
            // What was read may be older than what was heard since.
            let is_old = part.is_replaced() || self.superseded.contains(&part.id);
            if is_old || pack.leg_of(&part.id).is_some() {
                continue;
            }
            let leg = match at {
                0 => pack.legs.first_mut(),
                _ => {
                    let wanted = if part.is_stop() { Task::Stop } else { Task::Target };
                    pack.legs.iter_mut().skip(1).find(|leg| leg.task == wanted)
                }
            };
            if let Some(leg) = leg {
                leg.id = Some(part.id.clone());
                leg.filled = Qty::ZERO;
            }
        }
    }

    /// A pack that stands from before the process began.
    fn adopt(&mut self, seen: &Seen) {
        if seen.state().is_done() && seen.legs().iter().all(|leg| leg.state().is_done()) {
            return;
        }
        let Ok(instrument) = self.universe.find(&seen.symbol) else { return };
        let served = seen.served();
        let is_entry = served.len() > 1 && seen.legs().iter().any(|leg| leg.side != seen.side);
        let legs = served.iter().enumerate().map(|(at, (order, part))| {
            let limit = |order: &ClientOrderId| {
                self.shelf.kept.get(order).is_some_and(|kept| !kept.is_market())
            };
            let task = match (served.len(), at, part.is_stop()) {
                (1, ..) if part.is_market() && limit(order) => Task::Remnant,
                (1, ..) => Task::Only,
                (_, 0, _) if is_entry => Task::Entry,
                (_, _, true) => Task::Stop,
                (_, _, false) => Task::Target,
            };
            Leg {
                id: Some(part.id.clone()),
                filled: part.filled(),
                is_open: !part.state().is_done(),
                ..Leg::new(order, task, part.qty())
            }
        });
        let legs: Vec<Leg> = legs.collect();
        let pack = Pack {
            name: seen.client_order_id.clone(),
            names: vec![seen.client_order_id.clone()],
            instrument,
            legs,
            phase: Phase::Standing,
            moving_to: None,
            is_adopted: true,
            partial_since: None,
            is_ours_to_end: false,
        };
        let number = self.number();
        self.packs.insert(number, pack);
    }

    /// Orders of an earlier life: those that stand go on, exits that do not are placed again, and
    /// what opens and does not stand is left to the desk.
    fn sort_recalled(&mut self, round: &Round) {
        let mut lives: BTreeMap<ClientOrderId, (Qty, bool)> = BTreeMap::new();
        for (order, part) in round.orders.iter().flat_map(Seen::served) {
            let (filled, is_open) = lives.entry(order).or_default();
            *filled += part.filled();
            self.counted.insert(part.id.clone(), part.filled());
            *is_open |= !part.state().is_done();
        }
        for (order, (filled, is_open)) in lives {
            self.shelf.count_recalled(&order, filled, is_open);
        }
        let recalled: Vec<ClientOrderId> = self
            .shelf
            .kept
            .values()
            .filter(|kept| kept.is_recalled)
            .map(|kept| kept.request.id.clone())
            .collect();
        for order in recalled {
            let stands = self.pack_of(&order).is_some();
            let Some(kept) = self.shelf.kept.get(&order) else { continue };
            let closes = kept.request.reduce_only;
            if !stands && !closes {
                self.shelf.kept.remove(&order);
            } else if let Some(kept) = self.shelf.kept.get_mut(&order) {
                kept.is_recalled = false;
                kept.is_told = true;
                let of_it = self.packs.values_mut().filter(|pack| pack.serves(&order));
                of_it.for_each(|pack| pack.is_adopted = false);
            }
        }
    }

    /// Trades and payments in the order in which they were done.
    fn history(&self, round: &Round) -> (Vec<Execution>, Vec<Payment>) {
        let symbol = |line: &Activity| line.symbol.clone().unwrap_or_default();
        let executions = round.activities.iter().filter_map(|line| {
            let trade = line.trade()?;
            self.execution(&trade, &symbol(line))
        });
        let payments = round.activities.iter().filter_map(Activity::payment);
        (executions.collect(), payments.collect())
    }

    /// How each order stands: those kept here by what is known here, others by what was read.
    fn reports(&self, round: &Round) -> Vec<Report> {
        let mut reports: BTreeMap<ClientOrderId, Report> = BTreeMap::new();
        for seen in &round.orders {
            for (order, part) in seen.served() {
                let Ok(instrument) = self.universe.find(&part.symbol) else { continue };
                if part.is_replaced() {
                    continue;
                }
                let state = part.state();
                let report = Report {
                    order: order.clone(),
                    instrument,
                    state,
                    filled: part.signed(part.filled()),
                    reason: String::new(),
                };
                // One order may have stood in several packs, one after another.
                let told = reports
                    .entry(order)
                    .or_insert_with(|| Report { filled: Qty::ZERO, ..report.clone() });
                told.filled += report.filled;
                if state == OrderState::Filled || !state.is_done() || told.state.is_done() {
                    told.state = state;
                }
            }
        }
        for kept in self.shelf.kept.values() {
            let report = kept.standing();
            reports.insert(report.order.clone(), report);
        }
        reports.into_values().collect()
    }
}

fn list<T: serde::de::DeserializeOwned>(body: &Value) -> Option<Vec<T>> {
    let read = serde_json::from_value(body.clone());
    // An account that is read in part only would be told as one that differs.
    read.inspect_err(|fault| tracing::warn!(%fault, "read the account at Alpaca")).ok()
}
