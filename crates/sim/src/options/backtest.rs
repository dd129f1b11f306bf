//! A plan over recorded or made chains, moment by moment.
//!
//! Moments come in one by one and are forgotten: memory does not grow with their number, but for
//! the record of trades and fills and one line a day. A moment may hold only what was known by then, which
//! is checked. Within a moment: corporate actions and opening prices, then quotes, then orders
//! that wait, then decisions, then closing prices.

use base::{Day, Ts};
use market::{Cash, InstrumentId};

use super::exchange::{OptionExchange, Outcome};
use super::life::{Happened, OptionAction, SettledBy};
use super::order::{Asset, Combo, ComboId, Leg};
pub use super::plan::{Ended, Exit, Moment, Plan, Report, Trade};
use super::select::Choice;
use crate::Error;

/// A trade that is on.
#[derive(Debug, Clone)]
struct Open {
    opened: Ts,
    day: Day,
    legs: Vec<Leg>,
    entry: Cash,
    equity_before: Cash,
    fees_before: Cash,
    why: Option<Ended>,
}

/// A plan at work.
#[derive(Debug, Clone)]
pub struct Runner {
    plan: Plan,
    exchange: OptionExchange,
    units: u32,
    open: Option<Open>,
    pending: Option<(ComboId, Open)>,
    closing: Option<ComboId>,
    waited: u32,
    next: u64,
    highest: Cash,
    report: Report,
    today: Day,
    now: Ts,
}

/// Runs a plan over moments, oldest first.
pub fn backtest(plan: &Plan, moments: impl IntoIterator<Item = Moment>) -> Result<Report, Error> {
    let mut runner = Runner::new(plan)?;
    for moment in moments {
        runner.step(&moment)?;
    }
    Ok(runner.finish())
}

impl Runner {
    /// A plan before its first moment.
    pub fn new(plan: &Plan) -> Result<Runner, Error> {
        Ok(Runner {
            plan: *plan,
            exchange: OptionExchange::new(plan.exchange)?,
            units: plan.units,
            open: None,
            pending: None,
            closing: None,
            waited: 0,
            next: 0,
            highest: plan.exchange.cash,
            report: Report::default(),
            today: Day::MIN,
            now: Ts::MIN,
        })
    }

    /// The exchange, to look at.
    pub fn exchange(&self) -> &OptionExchange {
        &self.exchange
    }

    /// Takes the next moment.
    pub fn step(&mut self, moment: &Moment) -> Result<(), Error> {
        check(moment)?;
        let now = moment.now;
        self.now = now;
        self.report.moments += 1;
        if moment.day > self.today {
            self.today = moment.day;
            self.exchange.forget_before(moment.day);
        }
        for (underlying, action) in &moment.actions {
            let told = self.exchange.corporate(now, *underlying, *action)?;
            self.adjusted(*underlying, action);
            self.count(&told);
        }
        self.settle(moment, SettledBy::Open)?;
        for spot in &moment.spots {
            self.exchange.on_spot(*spot);
        }
        for quote in &moment.quotes {
            self.exchange.on_quote(quote);
        }
        for (id, outcome) in self.exchange.advance(now)? {
            self.hear(id, outcome);
        }
        self.withdraw();
        self.decide(moment)?;
        self.settle(moment, SettledBy::Close)?;
        if let (Some(rule), false) = (self.plan.early, moment.closes.is_empty()) {
            let told = self.exchange.assign_early(now, moment.day, &rule, &moment.dividends)?;
            self.count(&told);
        }
        self.end_if_gone(now);
        self.close_day(moment.day);
        Ok(())
    }

    /// What the plan did. A trade that is still on is valued at what closing would bring.
    pub fn finish(mut self) -> Report {
        self.end(self.now, Ended::StillOpen);
        self.report.equity = self.exchange.account().equity();
        let trades: Cash = self.report.trades.iter().map(|trade| trade.profit).sum();
        self.report.between = self.report.equity - self.plan.exchange.cash - trades;
        self.report.fees = self.exchange.account().fees;
        self.report.tally = self.exchange.tally().clone();
        self.report
    }

    fn settle(&mut self, moment: &Moment, settled: SettledBy) -> Result<(), Error> {
        let prices = match settled {
            SettledBy::Open => &moment.opens,
            SettledBy::Close => &moment.closes,
        };
        for price in prices {
            let told = self.exchange.settle(moment.now, moment.day, settled, *price)?;
            self.count(&told);
        }
        Ok(())
    }

    fn count(&mut self, told: &[Happened]) {
        for happened in told {
            *self.report.events.entry(happened.event).or_default() += 1;
        }
        self.report.happened.extend_from_slice(told);
    }

    /// A split changes the size of a unit, and cancels the orders that wait.
    fn adjusted(&mut self, underlying: InstrumentId, action: &OptionAction) {
        if underlying != self.plan.underlying {
            return;
        }
        if !matches!(action, OptionAction::Dividend(_)) {
            (self.pending, self.closing) = (None, None);
        }
        if let OptionAction::Split { new, old } = action
            && new.is_multiple_of(*old)
        {
            self.units *= new / old;
            self.plan.structure = self.plan.structure.after_split(new / old);
        }
    }

    fn hear(&mut self, id: ComboId, outcome: Outcome) {
        if let Outcome::Filled(fills) = &outcome {
            self.report.fills.extend_from_slice(fills);
        }
        if self.closing == Some(id) {
            self.closing = None;
        }
        let Some((_, mut open)) = self.pending.take_if(|(waits, _)| *waits == id) else { return };
        if let Outcome::Filled(fills) = outcome {
            let leg = |asset, ratio| Leg { asset, ratio };
            open.legs = fills.iter().map(|fill| leg(fill.asset, fill.qty)).collect();
            let options = fills.iter().filter(|fill| fill.asset.contract().is_some());
            open.entry = options.map(|fill| fill.asset.amount(fill.price, fill.qty)).sum();
            if let Some(first) = fills.first() {
                open.opened = first.at;
            }
            self.open = Some(open);
        }
    }

    /// Takes back an order that waited for a whole moment and found no quote it may fill on.
    fn withdraw(&mut self) {
        let waits = self.closing.or(self.pending.as_ref().map(|(id, _)| *id));
        let Some(id) = waits else {
            self.waited = 0;
            return;
        };
        self.waited += 1;
        if self.waited > 1 {
            self.exchange.cancel(id);
            (self.pending, self.closing, self.waited) = (None, None, 0);
            self.report.withdrawn += 1;
        }
    }

    fn decide(&mut self, moment: &Moment) -> Result<(), Error> {
        if self.pending.is_some() || self.closing.is_some() {
            return Ok(());
        }
        let why = self.open.as_ref().and_then(|open| open.why.or(self.exit(open, moment)));
        if let (Some(open), Some(_)) = (&mut self.open, why) {
            open.why = why;
            self.close(moment.now)?;
        }
        self.end_if_gone(moment.now);
        if self.open.is_none() && self.closing.is_none() {
            self.enter(moment)?;
        }
        Ok(())
    }

    /// The rule by which a trade is to be closed now.
    fn exit(&self, open: &Open, moment: &Moment) -> Option<Ended> {
        let options = || {
            self.exchange
                .account()
                .holdings()
                .filter_map(|(a, h)| a.contract().map(|contract| (contract, h)))
        };
        let first = options().map(|(contract, _)| contract.expiry).min()?;
        let exit = &self.plan.exit;
        if exit.held_days.is_some_and(|days| moment.day - open.day >= days) {
            return Some(Ended::HeldDays);
        }
        if exit.days_left.is_some_and(|days| first - moment.day <= days) {
            return Some(Ended::DaysLeft);
        }
        let value: Cash =
            options().map(|(contract, h)| Asset::Option(*contract).amount(h.mark, h.qty)).sum();
        let (profit, size) = ((value - open.entry).to_f64(), open.entry.abs().to_f64());
        if exit.profit.is_some_and(|part| profit >= part * size) {
            return Some(Ended::Profit);
        }
        exit.stop.is_some_and(|part| profit <= -part * size).then_some(Ended::Stop)
    }

    /// Sends an order that closes the options held, and the shares where the plan keeps none.
    fn close(&mut self, now: Ts) -> Result<(), Error> {
        let keeps = self.plan.structure.holds_shares();
        let held: Vec<Leg> = self
            .exchange
            .account()
            .holdings()
            .filter(|(asset, _)| asset.contract().is_some() || !keeps)
            .map(|(asset, held)| Leg { asset: *asset, ratio: -held.qty })
            .collect();
        if held.is_empty() {
            return Ok(());
        }
        let units = held.iter().fold(0, |whole, leg| divisor(whole, leg.ratio.unsigned_abs()));
        let part = |leg: &Leg| Leg { asset: leg.asset, ratio: leg.ratio / units as i64 };
        let legs = held.iter().map(part).collect();
        let id = self.number();
        let combo = Combo::market(id, legs, u32::try_from(units).unwrap_or(u32::MAX));
        match self.exchange.submit(now, combo)? {
            Outcome::Working => self.closing = Some(id),
            outcome => self.hear(id, outcome),
        }
        Ok(())
    }

    fn enter(&mut self, moment: &Moment) -> Result<(), Error> {
        let choice = Choice {
            board: self.exchange.board(),
            underlying: self.plan.underlying,
            now: moment.now,
            day: moment.day,
            days: self.plan.days,
            rules: &self.plan.exchange.rules.quotes,
            assumed: &self.plan.assumed,
        };
        let legs = match choice.legs(&self.plan.structure, &mut self.report.passed) {
            Ok(legs) => legs,
            Err(reason) => {
                *self.report.no_choice.entry(reason).or_default() += 1;
                return Ok(());
            }
        };
        let (legs, units) = self.with_shares_held(legs);
        let id = self.number();
        let account = self.exchange.account();
        let open = Open {
            opened: moment.now,
            day: moment.day,
            legs: Vec::new(),
            entry: Cash::ZERO,
            equity_before: account.equity(),
            fees_before: account.fees,
            why: None,
        };
        self.pending = Some((id, open));
        match self.exchange.submit(moment.now, Combo::market(id, legs, units))? {
            Outcome::Working => {}
            outcome => self.hear(id, outcome),
        }
        Ok(())
    }

    /// Of a structure with shares, those that are held already are not bought again.
    fn with_shares_held(&self, legs: Vec<Leg>) -> (Vec<Leg>, u32) {
        if !self.plan.structure.holds_shares() {
            return (legs, self.units);
        }
        let account = self.exchange.account();
        let all = legs.into_iter().map(|leg| {
            let wanted = leg.ratio * i64::from(self.units);
            let held = if leg.asset.contract().is_none() { account.held(&leg.asset) } else { 0 };
            Leg { asset: leg.asset, ratio: wanted - held }
        });
        (all.filter(|leg| leg.ratio != 0).collect(), 1)
    }

    /// A trade is over when its options are gone; shares that the plan does not keep are sold.
    fn end_if_gone(&mut self, now: Ts) {
        let keeps = self.plan.structure.holds_shares();
        let holds = |(asset, _): (&Asset, _)| asset.contract().is_some() || !keeps;
        if self.exchange.account().holdings().any(holds) {
            let options = |(asset, _): (&Asset, _)| asset.contract().is_some();
            let delivered = !self.exchange.account().holdings().any(options);
            if let Some(open) = self.open.as_mut().filter(|_| delivered) {
                open.why = open.why.or(Some(Ended::Expiry));
            }
            return;
        }
        let why = self.open.as_ref().map(|open| open.why.unwrap_or(Ended::Expiry));
        if let Some(why) = why {
            self.end(now, why);
        }
    }

    fn end(&mut self, closed: Ts, ended: Ended) {
        let Some(open) = self.open.take() else { return };
        let account = self.exchange.account();
        self.report.trades.push(Trade {
            opened: open.opened,
            closed,
            legs: open.legs,
            entry: open.entry,
            profit: account.equity() - open.equity_before,
            fees: account.fees - open.fees_before,
            ended,
        });
    }

    fn close_day(&mut self, day: Day) {
        let equity = self.exchange.account().equity();
        match self.report.daily.last_mut() {
            Some(last) if last.0 == day => last.1 = equity,
            _ => self.report.daily.push((day, equity)),
        }
        self.highest = self.highest.max(equity);
        self.report.drawdown = self.report.drawdown.max(self.highest - equity);
    }

    fn number(&mut self) -> ComboId {
        self.next += 1;
        ComboId(self.next)
    }
}

/// A moment holds nothing of a later one.
fn check(moment: &Moment) -> Result<(), Error> {
    let quotes = moment.quotes.iter().map(|quote| (quote.contract.underlying, quote.known));
    let spots = moment.spots.iter().map(|spot| (spot.instrument, spot.known));
    let late = quotes.chain(spots).find(|(_, known)| *known > moment.now);
    late.map_or(Ok(()), |(instrument, known)| {
        Err(Error::LookAhead { instrument, known, now: moment.now })
    })
}

/// The greatest common divisor.
fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}
