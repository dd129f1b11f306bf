//! An exchange that works orders against bars, behind the [`Broker`] port.
//!
//! Each bar is worked in three moments: its open, where gaps fill; its inside, where touched
//! stops go before touched limits; its close, for closing orders. A bar may fill only orders
//! sent before it began, and only once it is known; anything else is a hard error. Where finer
//! bars of the same hours were worked, a coarser one fills nothing.
//!
//! Start reading at [`BarExchange::on_event`]; the fill rules are in `quote`.

mod account;
mod book;
mod config;
mod corporate;
mod quote;
mod submit;
mod work;

use base::{Day, Ts};
use market::{
    Bar, BarSize, Broker, BrokerEvent, Cash, ClientOrderId, CorporateAction, Event, Evidence,
    FillRule, Held, InstrumentId, OrderRequest, Price, Qty, Snapshot, What,
};
use serde::{Deserialize, Serialize};

use crate::{CostModel, Error};
use account::{Account, Known};
use book::{Book, LastBar};
pub use config::{DelistingRule, ExchangeConfig, ExchangeStats, FillCost, LimitRule, ZeroVolume};
use corporate::Applied;
use work::Worker;

/// A bar as it reaches the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BarPrint {
    /// Whose bar.
    pub instrument: InstrumentId,
    /// How long it is.
    pub size: BarSize,
    /// When it began; for a daily bar, the open of the session.
    pub start: Ts,
    /// When it ended.
    pub end: Ts,
    /// When it became known.
    pub known: Ts,
    /// Its raw prices.
    pub bar: Bar,
}

impl BarPrint {
    /// The bar as evidence for a fill.
    pub fn evidence(&self, rule: FillRule) -> Evidence {
        Evidence { bar_start: self.start, bar_known: self.known, bar_size: self.size, rule }
    }
}

/// A simulated exchange and broker for bars. Its whole state serialises, so a run can stop
/// after any event and go on later as if it never had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BarExchange {
    config: ExchangeConfig,
    costs: CostModel,
    books: Vec<Book>,
    account: Account,
}

impl BarExchange {
    /// An exchange for so many instruments, numbered from zero.
    pub fn new(
        config: ExchangeConfig,
        costs: CostModel,
        instruments: usize,
    ) -> Result<BarExchange, Error> {
        config.check()?;
        let account = Account::new(config.cash);
        Ok(BarExchange { config, costs, books: vec![Book::default(); instruments], account })
    }

    /// Takes in an event of the tape: works bars, applies corporate actions, and lets the clock
    /// run. Call it before the engine sees the event, then drain the answers.
    pub fn on_event(&mut self, event: &Event) -> Result<(), Error> {
        match &event.what {
            What::Bar { instrument, size, start, bar } => self.on_bar(&BarPrint {
                instrument: *instrument,
                size: *size,
                start: *start,
                end: event.at,
                known: event.known,
                bar: *bar,
            }),
            What::Corporate { instrument, action } => {
                let action = CorporateAction {
                    ex_day: event.at.utc_day(),
                    known: event.known,
                    action: action.clone(),
                };
                self.on_corporate(*instrument, &action)
            }
            _ => {
                self.account.clock = self.account.clock.max(event.known);
                Ok(())
            }
        }
    }

    /// Works a bar.
    pub fn on_bar(&mut self, print: &BarPrint) -> Result<(), Error> {
        let day = print.start.utc_day();
        if self.account.financed_to != Some(day) {
            self.finance(day)?;
        }
        let Some(book) = self.books.get_mut(print.instrument.index()) else {
            return Err(self.unknown(print.instrument));
        };
        if book.tape.last.is_some_and(|last| print.start < last.end) {
            self.overlap(print);
            return Ok(());
        }
        if !book.is_idle() {
            self.work(print, day)?;
        }
        let book = &mut self.books[print.instrument.index()];
        let BarPrint { size, start, end, known, bar, .. } = *print;
        book.tape.take(day, LastBar { start, end, known, size, close: bar.close }, &bar);
        self.account.stats.bars += 1;
        self.account.clock = self.account.clock.max(known);
        Ok(())
    }

    /// Takes in a corporate action. It applies at once when its ex-day has begun, otherwise
    /// before the first bar on or after that day.
    pub fn on_corporate(
        &mut self,
        instrument: InstrumentId,
        action: &CorporateAction,
    ) -> Result<(), Error> {
        corporate::check(instrument, &action.action)?;
        let now = self.account.clock.max(action.known);
        let Some(book) = self.books.get_mut(instrument.index()) else {
            return Err(self.unknown(instrument));
        };
        if action.ex_day.start() > now {
            let place = book.pending.partition_point(|other| other.ex_day <= action.ex_day);
            book.pending.insert(place, action.clone());
            return Ok(());
        }
        self.account.clock = now;
        let (account, config) = (&mut self.account, &self.config);
        Applied { instrument, book, account, config }.apply(action, now)
    }

    /// Takes in instruments that were listed since, so that there are at least so many.
    pub fn list(&mut self, instruments: usize) {
        if instruments > self.books.len() {
            self.books.resize(instruments, Book::default());
        }
    }

    /// Cash on the account.
    pub fn cash(&self) -> Cash {
        self.account.cash
    }

    /// Cash and all positions at their last prices.
    pub fn equity(&self) -> Cash {
        let value = |book: &Book| {
            let last = book.tape.last.map_or(book.position.average_price, |last| last.close);
            last.times(book.position.qty)
        };
        self.account.cash + self.books.iter().map(value).sum()
    }

    /// Signed quantity held of an instrument; zero for one it does not know.
    pub fn position(&self, instrument: InstrumentId) -> Qty {
        self.books.get(instrument.index()).map_or(Qty::ZERO, |book| book.position.qty)
    }

    /// What is held of an instrument; `None` where nothing is.
    pub fn held(&self, instrument: InstrumentId) -> Option<Held> {
        let position = &self.books.get(instrument.index())?.position;
        let held = Held { instrument, qty: position.qty, average_price: position.average_price };
        (held.qty != Qty::ZERO).then_some(held)
    }

    /// Everything that is held, by instrument.
    pub fn positions(&self) -> impl Iterator<Item = Held> {
        (0..self.books.len()).filter_map(|index| self.held(InstrumentId(index as u32)))
    }

    /// Forgets the names of orders that are done, which otherwise become ever more. For who never
    /// sends a name twice, and no child of an order that is done.
    pub fn forget_done(&mut self) {
        self.account.forget_done();
    }

    /// Signed quantity that an open order may still fill in the end, awake or asleep; `None` for
    /// one that is not open.
    pub fn remaining(&self, order: &ClientOrderId) -> Option<Qty> {
        let Some(Known::Open(instrument)) = self.account.known(order) else { return None };
        // The newest is asked for most.
        let mut waiting = self.books[instrument.index()].orders.iter().rev();
        let found = waiting.find(|working| working.id() == order);
        found.map(|working| working.total - working.filled)
    }

    /// Takes in a trade that was agreed elsewhere, such as a leg of a combination: cash and
    /// position move, no order is asked and nothing is answered.
    pub fn take_trade(
        &mut self,
        (instrument, day): (InstrumentId, Day),
        qty: Qty,
        price: Price,
    ) -> Result<(), Error> {
        let Some(book) = self.books.get_mut(instrument.index()) else {
            return Err(self.unknown(instrument));
        };
        if book.position.qty >= Qty::ZERO {
            book.position.borrowed_to = day;
        }
        book.position.trade(qty, price);
        self.account.cash -= price.times(qty);
        Ok(())
    }

    /// Takes in money that moved outside of this exchange, such as a premium; out where negative.
    pub fn take_cash(&mut self, amount: Cash) {
        self.account.cash += amount;
    }

    /// What it counted.
    pub fn stats(&self) -> &ExchangeStats {
        &self.account.stats
    }

    /// How it behaves.
    pub fn config(&self) -> &ExchangeConfig {
        &self.config
    }

    /// The cost assumptions.
    pub fn costs(&self) -> &CostModel {
        &self.costs
    }

    /// Moves out the costs of the fills made since the last call, in the order of the fills.
    pub fn drain_fill_costs(&mut self, into: &mut Vec<FillCost>) {
        into.append(&mut self.account.fill_costs);
    }

    fn unknown(&self, instrument: InstrumentId) -> Error {
        Error::FindInstrument { instrument, count: self.books.len() }
    }

    /// Charges interest on negative cash for the calendar days since the last bar's day.
    fn finance(&mut self, day: Day) -> Result<(), Error> {
        let account = &mut self.account;
        let since = account.financed_to.unwrap_or(day);
        if day < since {
            return Ok(());
        }
        account.financed_to = Some(day);
        if account.cash < Cash::ZERO && day > since {
            let interest = self.costs.financing(account.cash, day - since)?;
            account.move_cash(-interest, "interest on negative cash".to_owned());
        }
        Ok(())
    }

    /// A bar over hours that finer bars, or the same bar, have covered: it fills nothing.
    fn overlap(&mut self, print: &BarPrint) {
        let book = &mut self.books[print.instrument.index()];
        let account = &mut self.account;
        account.stats.overlapping_bars += 1;
        let inside = |close: Price| close >= print.bar.low && close <= print.bar.high;
        if book.tape.last.is_some_and(|last| last.end <= print.end && !inside(last.close)) {
            account.stats.inconsistent_bars += 1;
        }
        book.expire(account, print.end);
        account.clock = account.clock.max(print.known);
    }

    fn work(&mut self, print: &BarPrint, day: Day) -> Result<(), Error> {
        let BarExchange { config, costs, books, account } = self;
        let book = &mut books[print.instrument.index()];
        while book.pending.first().is_some_and(|action| action.ex_day <= day) {
            let action = book.pending.remove(0);
            let instrument = print.instrument;
            Applied { instrument, book, account, config }.apply(&action, print.start)?;
        }
        charge_borrow(book, account, costs, day)?;
        book.expire(account, print.start);
        if book.orders.is_empty() {
            return Ok(());
        }
        if print.bar.volume == 0 && config.zero_volume == ZeroVolume::Refuse {
            account.stats.empty_bars += 1;
        } else {
            let budget = budget(config, print.bar.volume);
            Worker { book, account, config, costs, print, day, budget }.work()?;
        }
        book.expire(account, print.end);
        Ok(())
    }
}

/// Charges the borrow fee of a short position for the nights since it was last charged.
fn charge_borrow(
    book: &mut Book,
    account: &mut Account,
    costs: &CostModel,
    day: Day,
) -> Result<(), Error> {
    let position = &mut book.position;
    if !position.qty.is_negative() || day <= position.borrowed_to {
        return Ok(());
    }
    let days = day - position.borrowed_to;
    position.borrowed_to = day;
    let price = book.tape.last.map_or(position.average_price, |last| last.close);
    let fee = costs.borrow_fee(price, position.qty, days)?;
    account.move_cash(-fee, "borrow fee".to_owned());
    Ok(())
}

/// Units that our orders may take from a bar of that volume, in whole lots.
fn budget(config: &ExchangeConfig, volume: u64) -> Option<Qty> {
    let fraction = config.participation.filter(|_| volume > 0)?;
    let units = (volume as f64 * fraction).min(volume as f64).min(9e10);
    let raw = (units * Qty::SCALE as f64) as i64;
    Some(Qty::from_raw(raw / config.lot.raw() * config.lot.raw()))
}

impl Broker for BarExchange {
    fn submit(&mut self, at: Ts, order: &OrderRequest) {
        self.accept(at, order);
    }

    fn cancel(&mut self, at: Ts, order: &ClientOrderId) {
        self.account.clock = self.account.clock.max(at);
        if let Some(Known::Open(instrument)) = self.account.known(order) {
            let book = &mut self.books[instrument.index()];
            book.cancel(&mut self.account, order);
        }
    }

    /// Asked at every bar, mostly in vain.
    #[inline]
    fn drain(&mut self, into: &mut Vec<BrokerEvent>) {
        if !self.account.answers.is_empty() {
            into.append(&mut self.account.answers);
        }
    }

    fn snapshot(&self) -> Snapshot {
        let open = self.books.iter().flat_map(|book| &book.orders);
        let mut open_orders: Vec<ClientOrderId> = open.map(|order| order.id().clone()).collect();
        open_orders.sort();
        Snapshot { cash: self.account.cash, positions: self.positions().collect(), open_orders }
    }
}
