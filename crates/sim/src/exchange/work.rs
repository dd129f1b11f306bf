//! Working one instrument's orders against one bar: the open, then the inside, then the close.

use base::Day;
use market::{BrokerEvent, ClientOrderId, Evidence, Fill, FillRule, OrderState, Qty};

use super::account::Account;
use super::book::{Book, Stage, Working};
use super::quote::{self, Answer, Motion, Quote};
use super::{BarPrint, ExchangeConfig, FillCost};
use crate::Error;
use crate::costs::{CostModel, Execution};

/// The three moments of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Open,
    Inside,
    Close,
}

/// One instrument's book while one bar is worked against it.
pub(super) struct Worker<'a> {
    pub(super) book: &'a mut Book,
    pub(super) account: &'a mut Account,
    pub(super) config: &'a ExchangeConfig,
    pub(super) costs: &'a CostModel,
    pub(super) print: &'a BarPrint,
    pub(super) day: Day,
    /// Units that our orders may still take from this bar; `None` is no bound.
    pub(super) budget: Option<Qty>,
}

impl Worker<'_> {
    /// Works the bar.
    pub(super) fn work(&mut self) -> Result<(), Error> {
        let bar = &self.print.bar;
        let waits = |order: &Working| {
            order.open_qty() == Qty::ZERO || quote::is_out_of_reach(&order.ask(), bar)
        };
        if self.book.orders.iter().all(waits) {
            return Ok(());
        }
        for moment in [Moment::Open, Moment::Inside, Moment::Close] {
            while let Some((index, answer)) = self.next(moment) {
                match answer {
                    Answer::Fill(quote) => self.fill(index, &quote)?,
                    Answer::Trigger(price, motion) => {
                        let start = self.print.start;
                        let order = &mut self.book.orders[index];
                        order.stage = Stage::Triggered;
                        order.woken = Some((start, price, motion));
                    }
                    Answer::Wait => break,
                }
            }
        }
        Ok(())
    }

    /// The next order with an answer at this moment: stops before others, then as they came.
    fn next(&self, moment: Moment) -> Option<(usize, Answer)> {
        if self.budget == Some(Qty::ZERO) {
            return None;
        }
        let mut found = None;
        for (index, order) in self.book.orders.iter().enumerate() {
            if order.open_qty() == Qty::ZERO || order.sent > self.print.start {
                continue;
            }
            let answer = self.answer(index, moment);
            if answer == Answer::Wait {
                continue;
            }
            if order.is_stop() {
                return Some((index, answer));
            }
            found = found.or(Some((index, answer)));
        }
        found
    }

    fn answer(&self, index: usize, moment: Moment) -> Answer {
        let order = &self.book.orders[index];
        let (ask, bar, rule) = (order.ask(), &self.print.bar, self.config.limit_rule);
        let woken = order.woken.filter(|(start, _, _)| *start == self.print.start);
        match (moment, woken) {
            (Moment::Open, None | Some((_, _, Motion::AtOpen))) => {
                quote::at_price(&ask, bar.open, Motion::AtOpen)
            }
            (Moment::Inside, None | Some((_, _, Motion::AtOpen))) => quote::inside(&ask, bar, rule),
            (Moment::Inside, Some((_, price, motion))) => {
                quote::after(&ask, bar, (price, motion), rule)
            }
            (Moment::Close, _) if self.closes(index) => quote::at_close(&ask, bar),
            (Moment::Open | Moment::Close, _) => Answer::Wait,
        }
    }

    /// True when this bar ends with the closing auction that the order waits for.
    fn closes(&self, index: usize) -> bool {
        self.book.orders[index].expires <= self.print.end
    }

    fn fill(&mut self, index: usize, quote: &Quote) -> Result<(), Error> {
        let rule = self.rule_of(index, quote);
        let evidence = self.print.evidence(rule);
        self.check_evidence(index, &evidence)?;
        let order = &self.book.orders[index];
        let wanted = order.open_qty();
        let qty = self.affordable(wanted);
        let at = if quote.motion == Motion::AtOpen { self.print.start } else { self.print.end };
        let priced = self.costs.price(&Execution {
            day: self.day,
            time_of_day: Some(at.time_of_day()),
            qty,
            reference: quote.price,
            liquidity: quote.liquidity,
            worst: order.worst(),
            range: self.book.tape.range(),
            daily_volume: self.book.tape.daily_volume(),
            bar_volume: self.print.bar.volume as f64,
            before: order.executed,
        })?;
        let fill = Fill {
            order: order.id().clone(),
            instrument: self.print.instrument,
            at,
            qty,
            price: priced.price,
            fee: priced.fee,
            evidence: Some(evidence),
            execution: None,
        };
        let id = fill.order.clone();
        let cost =
            FillCost { order: id.clone(), reference: quote.price, breakdown: priced.breakdown };
        self.settle(index, &fill, &cost);
        self.count(rule, qty != wanted);
        self.account.answers.push(BrokerEvent::Filled(fill));
        self.account.fill_costs.push(cost);
        self.awaken_children(&id, quote);
        self.reduce_siblings(index, qty);
        self.finish(index, quote);
        Ok(())
    }

    /// A stop that fills inside a bar which also holds its group's target is named so.
    fn rule_of(&self, index: usize, quote: &Quote) -> FillRule {
        let order = &self.book.orders[index];
        let doubtful = quote.rule == FillRule::StopTouched;
        let target_reached = doubtful
            && self.book.orders.iter().any(|other| {
                other.is_sibling_of(&order.request)
                    && other.open_qty() != Qty::ZERO
                    && other.sent <= self.print.start
                    && quote::range_reaches_limit(
                        &other.ask(),
                        &self.print.bar,
                        self.config.limit_rule,
                    )
            });
        if target_reached { FillRule::StopBeforeTarget } else { quote.rule }
    }

    fn check_evidence(&self, index: usize, evidence: &Evidence) -> Result<(), Error> {
        let order = &self.book.orders[index];
        let print = self.print;
        let fault = if order.sent > evidence.bar_start {
            "the bar began before the order was sent"
        } else if evidence.bar_known < print.end {
            "the bar was known before it ended"
        } else if evidence.bar_known < self.account.clock {
            "the bar became known before the exchange's clock"
        } else if evidence.bar_known - print.end > self.config.oldest_evidence {
            "the bar became known too long after it ended"
        } else {
            return Ok(());
        };
        Err(Error::FillOrder {
            order: order.id().clone(),
            instrument: print.instrument,
            sent: order.sent,
            evidence: Box::new(*evidence),
            fault,
        })
    }

    /// As much of a quantity as the budget allows.
    fn affordable(&self, wanted: Qty) -> Qty {
        match self.budget {
            Some(budget) if wanted.abs() > budget && wanted.is_negative() => -budget,
            Some(budget) if wanted.abs() > budget => budget,
            _ => wanted,
        }
    }

    fn settle(&mut self, index: usize, fill: &Fill, cost: &FillCost) {
        let value = fill.price.times(fill.qty);
        self.account.cash += -value - fill.fee;
        let position = &mut self.book.position;
        if position.qty >= Qty::ZERO {
            position.borrowed_to = self.day;
        }
        position.trade(fill.qty, fill.price);
        let order = &mut self.book.orders[index];
        order.filled += fill.qty;
        order.executed.qty += fill.qty.abs();
        order.executed.value += value.abs();
        order.executed.commission += cost.breakdown.commission;
        if let Some(budget) = &mut self.budget {
            *budget -= fill.qty.abs();
        }
        self.account.stats.costs.add(&cost.breakdown);
    }

    fn count(&mut self, rule: FillRule, partial: bool) {
        let stats = &mut self.account.stats;
        stats.fills += 1;
        stats.partial_fills += u64::from(partial);
        stats.stop_before_target += u64::from(rule == FillRule::StopBeforeTarget);
        stats.stop_gaps += u64::from(rule == FillRule::StopGap);
    }

    fn awaken_children(&mut self, parent: &ClientOrderId, quote: &Quote) {
        let Some(order) = self.book.orders.iter().find(|order| order.id() == parent) else {
            return;
        };
        let (filled, of) = (order.filled, order.whole());
        let woken = Some((self.print.start, quote.price, quote.motion));
        for child in self.book.orders.iter_mut().filter(|order| order.is_child_of(parent)) {
            let asleep = child.stage == Stage::Asleep;
            child.allow(filled, of, self.config.lot);
            if asleep && child.stage != Stage::Asleep {
                child.woken = woken;
            }
        }
    }

    /// One cancels the other: a fill takes as much off its siblings.
    fn reduce_siblings(&mut self, index: usize, qty: Qty) {
        let request = self.book.orders[index].request.clone();
        if request.oco_group.is_none() {
            return;
        }
        for order in self.book.orders.iter_mut().filter(|order| order.is_sibling_of(&request)) {
            order.reduce(qty.abs());
        }
    }

    /// Writes off the order when full, its siblings when nothing is left of them, and their
    /// sleeping children. An order stopped half-way through becomes a market order.
    fn finish(&mut self, index: usize, quote: &Quote) {
        let order = &mut self.book.orders[index];
        let stopped = matches!(
            quote.rule,
            FillRule::StopTouched | FillRule::StopGap | FillRule::StopBeforeTarget
        );
        if stopped {
            order.stage = Stage::Triggered;
        }
        if order.filled == order.total {
            let order = self.book.orders.remove(index);
            self.account.close(&order, OrderState::Filled, "");
            if order.reduced != Qty::ZERO {
                // Its children were sent for more than it has filled.
                self.book.orphan(self.account, &order);
            }
        }
        self.book.cancel_where(
            self.account,
            |order| order.total == order.filled,
            "another order of its group filled",
        );
    }
}
