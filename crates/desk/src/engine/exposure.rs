//! What the rules look at: exposures, orders that may yet fill, what was sent of late, and what a
//! book has made.

use std::collections::BTreeMap;

use base::{Span, Ts};
use market::{Cash, InstrumentId, Kind, Price, Qty};

use super::Mode;
use super::core::Core;
use crate::exit::Keeper;
use crate::journal::{Line, Record};
use crate::orders::Role;
use crate::risk::{Ask, OfBook, World};

const ONE_MINUTE: Span = Span::from_minutes(1);

/// An opening order that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening {
    at: Ts,
    /// The place of its book among those with limits of their own.
    book: Option<usize>,
}

/// What all positions are worth.
#[derive(Default)]
struct HeldInAll {
    gross: Cash,
    /// Of the class that is asked about.
    class_gross: Cash,
    /// Of positions that no plan keeps, and how many they are.
    loose_gross: Cash,
    loose: usize,
}

impl Core {
    /// What the rules look at.
    pub(super) fn world(&self, ask: &Ask, book: &str, planned: bool, group: Option<&str>) -> World {
        let state = &self.state;
        let opening = || state.orders.iter().filter(|order| order.role.opens());
        let pending: Cash = opening().map(|order| self.pending_value(order)).sum();
        let class = self.kind_of(ask.instrument);
        let held = self.held(class);
        let of_class = opening().filter(|order| self.kind_of(order.request.instrument) == class);
        let class_pending: Cash = of_class.map(|order| self.pending_value(order)).sum();
        let in_instrument = self.hot(ask.instrument).map_or(Cash::ZERO, |hot| hot.value.abs());
        let mine = opening().filter(|order| order.request.instrument == ask.instrument);
        let instrument_pending: Cash = mine.map(|order| self.pending_value(order)).sum();
        let plans: usize = state.plans.values().map(Vec::len).sum();
        World {
            now: self.now,
            mode: self.config.mode,
            killed: state.killed.is_some(),
            frozen: state.is_frozen(ask.instrument),
            regime: state.regime,
            equity: self.equity(),
            day_start_equity: state.day_start_equity,
            gross: held.gross + pending,
            book: self.of_book(ask, book, &held),
            class,
            class_gross: held.class_gross + class_pending,
            instrument_gross: in_instrument + instrument_pending,
            open_positions: plans + held.loose,
            already_open: self.already_open(ask, book, planned, group),
            recent_orders: self.lately().count(),
            mark: self.view().mark(ask.instrument),
        }
    }

    pub(super) fn kind_of(&self, instrument: InstrumentId) -> Kind {
        self.listed.get(instrument.index()).map_or_else(Kind::default, |listed| listed.kind)
    }

    /// One walk over the positions, which may be many.
    fn held(&self, class: Kind) -> HeldInAll {
        let mut held = HeldInAll::default();
        for (id, _) in self.state.ledger.positions() {
            let Some(hot) = self.hot(id) else { continue };
            held.gross += hot.value.abs();
            if self.kind_of(id) == class {
                held.class_gross += hot.value.abs();
            }
            if hot.plans == 0 {
                held.loose_gross += hot.value.abs();
                held.loose += 1;
            }
        }
        held
    }

    /// What a book holds and would open, and its own limits. Positions that no plan keeps count for
    /// every book on top, which errs on the side of caution.
    fn of_book(&self, ask: &Ask, book: &str, held: &HeldInAll) -> OfBook {
        let limits = self.config.limits.of_book(book);
        let of_ask = |id: InstrumentId| id == ask.instrument;
        let loose = self.state.loose.get(&ask.instrument).map_or(Qty::ZERO, |qty| qty.abs());
        let mut of = OfBook {
            limits,
            gross: held.loose_gross,
            instrument_gross: self.last_price(ask.instrument).times(loose),
            open_positions: held.loose,
            ..OfBook::default()
        };
        for keeper in self.plans_of(book) {
            let value = self.last_price(keeper.instrument).times(keeper.open());
            of.gross += value;
            of.open_positions += 1;
            if of_ask(keeper.instrument) {
                of.instrument_gross += value;
            }
        }
        for order in self.state.orders.iter().filter(|order| order.role.opens()) {
            let keeper = self.state.keeper(order.request.instrument, &order.intent);
            if keeper.is_some_and(|keeper| keeper.book != book) {
                continue;
            }
            let value = self.pending_value(order);
            of.gross += value;
            if of_ask(order.request.instrument) {
                of.instrument_gross += value;
            }
        }
        if limits.orders_a_minute.is_some() {
            let number = self.book_number(book);
            of.recent_orders = self.lately().filter(|sent| sent.book == number).count();
        }
        if limits.daily_loss_fraction.is_some() {
            of.day_profit = self.day_profit(book);
        }
        of
    }

    fn plans_of(&self, book: &str) -> impl Iterator<Item = &Keeper> {
        self.state.plans.values().flatten().filter(move |keeper| keeper.book == book)
    }

    fn last_price(&self, instrument: InstrumentId) -> Price {
        self.hot(instrument).map_or(Price::ZERO, |hot| hot.mark)
    }

    /// What a book's plans have made since the trading day began.
    fn day_profit(&self, book: &str) -> Cash {
        let day = self.state.books.get(book).copied().unwrap_or_default();
        let made = |keeper: &Keeper| keeper.profit(self.last_price(keeper.instrument));
        self.plans_of(book).map(made).sum::<Cash>() + day.ended - day.made_before
    }

    /// What the plans at work have made so far, by book.
    pub(super) fn made_by_book(&self) -> BTreeMap<String, Cash> {
        let mut made: BTreeMap<String, Cash> = BTreeMap::new();
        for keeper in self.state.plans.values().flatten() {
            let profit = keeper.profit(self.last_price(keeper.instrument));
            match made.get_mut(&keeper.book) {
                Some(sum) => *sum += profit,
                None => drop(made.insert(keeper.book.clone(), profit)),
            }
        }
        made
    }

    /// The place of a book among those with limits of their own.
    pub(super) fn book_number(&self, book: &str) -> Option<usize> {
        self.config.limits.books.keys().position(|name| name == book)
    }

    /// An opening order of a book leaves.
    pub(super) fn count_order(&mut self, book: Option<usize>) {
        if self.config.mode == Mode::DryRun {
            return;
        }
        while self.recent.front().is_some_and(|sent| sent.at <= self.now - ONE_MINUTE) {
            self.recent.pop_front();
        }
        self.recent.push_back(Opening { at: self.now, book });
    }

    /// Opening orders of the last minute, latest first.
    fn lately(&self) -> impl Iterator<Item = &Opening> {
        self.recent.iter().rev().take_while(|sent| sent.at > self.now - ONE_MINUTE)
    }

    /// Opening orders of the last minute, as the journal tells them, each with the book whose
    /// intent it serves.
    pub(super) fn recall_orders(&mut self, lines: &[Line]) {
        let old = lines.partition_point(|line| line.at <= self.now - ONE_MINUTE);
        let opening = lines[old..].iter().filter_map(|line| match &line.record {
            Record::Sending { role, intent, .. } if role.opens() => Some((line.at, intent)),
            _ => None,
        });
        let opening: Vec<(Ts, &String)> = opening.collect();
        if self.config.limits.books.is_empty() || opening.is_empty() {
            self.recent = opening.iter().map(|(at, _)| Opening { at: *at, book: None }).collect();
            return;
        }
        // An intent may have waited for a person long before its order was sent.
        let mut wanted: BTreeMap<&str, Option<usize>> = BTreeMap::new();
        for line in lines {
            if let Record::Wanted(intent) = &line.record {
                // The first of a name is the one that trades.
                let number = || self.book_number(&intent.book);
                wanted.entry(&intent.id).or_insert_with(number);
            }
        }
        let book = |intent: &String| wanted.get(intent.as_str()).copied().flatten();
        let sent = |(at, intent): &(Ts, &String)| Opening { at: *at, book: book(intent) };
        self.recent = opening.iter().map(sent).collect();
    }

    fn already_open(&self, ask: &Ask, book: &str, planned: bool, group: Option<&str>) -> bool {
        if planned {
            let mut plans = self.state.plans.get(&ask.instrument).into_iter().flatten();
            // An alternative that has not been entered stands in nobody's way.
            let other = |keeper: &Keeper| {
                group.is_none() || keeper.group.as_deref() != group || keeper.opened_at.is_some()
            };
            return plans
                .any(|keeper| keeper.book == book && keeper.side == ask.side && other(keeper));
        }
        let sign = ask.side.signed(Qty::whole(1)).signum();
        let held = self.hot(ask.instrument).map_or(0, |hot| hot.qty.signum()) == sign;
        held || self.state.orders.iter().any(|order| {
            order.role == Role::Plain
                && order.request.instrument == ask.instrument
                && order.request.qty.signum() == sign
        })
    }
}
