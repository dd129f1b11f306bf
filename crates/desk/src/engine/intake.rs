//! From intents to orders: duplicate check, approval, size, risk, launch. And what else a book or
//! a person may ask for.

use market::{Broker, InstrumentId, Kind, OrderKind, OrderRequest, Price, Qty, Side, TimeInForce};

use super::answers::Told;
use super::core::{Core, Ports};
use super::{Approval, Change, Decision, Mode};
use crate::Error;
use crate::exit::{Action, ExitReason, Keeper, Phase};
use crate::intent::{Amount, Intent};
use crate::journal::{Journal, Record};
use crate::orders::Role;
use crate::risk::{Adds, Approved, Ask, Reason, approve};
use crate::size;

impl Core {
    /// Carries out what a book decided: regime, then changes, then new intents.
    pub(super) fn carry_out<B: Broker, J: Journal>(
        &mut self,
        decision: &mut Decision,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        if let Some(regime) = decision.regime.take().filter(|new| *new != self.state.regime) {
            self.state.regime = regime;
            self.write(ports.journal, || Record::RegimeSet(regime));
        }
        for change in decision.changes.drain(..) {
            self.change(change, ports)?;
        }
        for intent in decision.intents.drain(..) {
            self.intake(intent, ports)?;
        }
        Ok(())
    }

    pub(super) fn refuse<J: Journal>(&mut self, intent: &str, reason: Reason, journal: &mut J) {
        self.state.refuse(intent, reason);
        self.write(journal, || Record::Refused { intent: intent.to_owned(), reason });
    }

    fn intake<B: Broker, J: Journal>(
        &mut self,
        intent: Intent,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        self.write(ports.journal, || Record::Wanted(Box::new(intent.clone())));
        if !self.state.seen.insert(intent.id.clone()) {
            self.refuse(&intent.id, Reason::Duplicate, ports.journal);
            return Ok(());
        }
        if let Err(reason) = self.sensible(&intent) {
            self.refuse(&intent.id, reason, ports.journal);
            return Ok(());
        }
        match self.config.approval {
            Approval::Human { expires_after } if self.config.mode != Mode::DryRun => {
                let until = self.now + expires_after;
                let name = intent.id.clone();
                self.state.waiting.insert(name.clone(), (intent, until));
                self.write(ports.journal, || Record::Waiting { intent: name, until });
                Ok(())
            }
            _ => self.admit(intent, "automatic", ports),
        }
    }

    /// What can be said without looking at limits.
    fn sensible(&self, intent: &Intent) -> Result<(), Reason> {
        let listed = self.listed.get(intent.instrument.index()).ok_or(Reason::Unknown)?;
        if listed.currency != self.config.currency {
            return Err(Reason::ForeignCurrency);
        }
        if self.state.delisted.contains(&intent.instrument) {
            return Err(Reason::Delisted);
        }
        let is_limit = matches!(intent.entry.kind, OrderKind::Limit { .. });
        if intent.entry.tif == TimeInForce::AllHours && !is_limit {
            return Err(Reason::UnlimitedOutsideSession);
        }
        let watched = intent.plan.as_ref().and_then(|plan| plan.close_on);
        if watched.is_some_and(|close| close.instrument.index() >= self.hot.len()) {
            return Err(Reason::BadPlan);
        }
        if listed.kind == Kind::Spread {
            return spread(intent);
        }
        match (&intent.plan, intent.amount) {
            (Some(plan), _) if !plan.has_stop() => Err(Reason::BadPlan),
            (None, Amount::Bet(_)) => Err(Reason::NoPlan),
            (Some(plan), _) => Ok(plan.check(intent.side)?),
            (None, Amount::Units(_)) => Ok(()),
        }
    }

    fn admit<B: Broker, J: Journal>(
        &mut self,
        intent: Intent,
        by: &str,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        match self.examine(&intent) {
            Err(reason) => {
                self.refuse(&intent.id, reason, ports.journal);
                Ok(())
            }
            Ok(passed) => {
                let approved = passed.with(intent);
                self.write(ports.journal, || Record::Approved {
                    intent: approved.what().id.clone(),
                    qty: approved.qty(),
                    by: by.to_owned(),
                });
                self.launch(&approved, ports)
            }
        }
    }

    /// Size, then risk.
    fn examine(&self, intent: &Intent) -> Result<Approved<()>, Reason> {
        let mark = self.view().mark(intent.instrument);
        let price = intent.entry.price_or(mark).filter(|price| *price > Price::ZERO);
        let price = price.ok_or(Reason::NoPrice)?;
        let qty = match (intent.amount, &intent.plan) {
            (Amount::Units(qty), _) => qty.abs(),
            (Amount::Bet(bet), Some(plan)) => {
                size::quantity(&bet, self.equity(), plan.risk(), &self.config.size)?
            }
            (Amount::Bet(_), None) => return Err(Reason::NoPlan),
        };
        if qty < self.config.limits.step {
            return Err(Reason::TooSmall);
        }
        let (instrument, side, kind) = (intent.instrument, intent.side, intent.entry.kind);
        let named = matches!(intent.amount, Amount::Units(_)).then_some(qty);
        let (gains_from, adds) = (self.gains_from(instrument, side), Adds::Opens);
        let ask = Ask { instrument, side, gains_from, qty, price, kind, adds, named };
        let world = self.world(&ask, &intent.book, intent.plan.is_some(), intent.group.as_deref());
        approve((), &ask, &world, &self.config.limits)
    }

    pub(super) fn approve_add_on(
        &self,
        keeper: &Keeper,
        qty: Qty,
        (price, kind): (Price, OrderKind),
    ) -> Result<Approved<()>, Reason> {
        let adds = Adds::Enlarges;
        let (instrument, side) = (keeper.instrument, keeper.side);
        let gains_from = self.gains_from(instrument, side);
        let ask = Ask { instrument, side, gains_from, qty, price, kind, adds, named: None };
        approve((), &ask, &self.world(&ask, &keeper.book, true, None), &self.config.limits)
    }

    fn gains_from(&self, instrument: InstrumentId, side: Side) -> Side {
        match self.listed.get(instrument.index()) {
            Some(listed) if listed.gains_from_fall => side.opposite(),
            _ => side,
        }
    }

    /// Sends what was approved: the entry and, asleep behind it, stops and targets.
    fn launch<B: Broker, J: Journal>(
        &mut self,
        approved: &Approved<Intent>,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        let (intent, qty) = (approved.what(), approved.qty());
        self.count_order(self.book_number(&intent.book));
        let Some(plan) = intent.plan.clone() else {
            let request = OrderRequest {
                id: market::ClientOrderId::derive(&intent.id, "entry"),
                instrument: intent.instrument,
                qty: intent.side.signed(qty),
                kind: intent.entry.kind,
                tif: intent.entry.tif,
                oco_group: None,
                parent: None,
                reduce_only: false,
            };
            self.submit((request, Role::Plain), &intent.id, ports);
            return Ok(());
        };
        let mut keeper = Keeper::new(intent, plan, qty, self.config.limits.step);
        let mut out = std::mem::take(&mut self.actions);
        out.push(Action::Submit(keeper.entry_request(), Role::Entry));
        keeper.settle(&mut out);
        if self.config.mode != Mode::DryRun {
            self.write(ports.journal, || Record::Planned(Box::new(keeper.clone())));
            let watched = keeper.watched();
            self.state.plan(keeper);
            self.hot[intent.instrument.index()].plans += 1;
            self.count_watched(watched);
        }
        self.actions = self.perform(out, &intent.id, ports);
        Ok(())
    }

    pub(super) fn expire_waiting<J: Journal>(&mut self, journal: &mut J) {
        let now = self.now;
        let waiting = self.state.waiting.iter().filter(|(_, (_, until))| *until <= now);
        let over: Vec<String> = waiting.map(|(name, _)| name.clone()).collect();
        for name in over {
            self.refuse(&name, Reason::ApprovalExpired, journal);
        }
    }

    pub(super) fn approve_waiting<B: Broker, J: Journal>(
        &mut self,
        intent: &str,
        who: &str,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        match self.state.waiting.remove(intent) {
            Some((intent, _)) => self.admit(intent, who, ports),
            None => {
                self.refuse(intent, Reason::Unknown, ports.journal);
                Ok(())
            }
        }
    }

    /// Lets a waiting intent go, for that reason.
    pub(super) fn turn_down<J: Journal>(&mut self, intent: &str, why: Reason, journal: &mut J) {
        let known = self.state.waiting.contains_key(intent);
        self.refuse(intent, if known { why } else { Reason::Unknown }, journal);
    }

    fn change<B: Broker, J: Journal>(
        &mut self,
        change: Change,
        ports: &mut Ports<'_, B, J>,
    ) -> Result<(), Error> {
        match change {
            Change::CloseInstrument(instrument) => self.close(instrument, ExitReason::Book, ports),
            Change::ClosePlan(instrument, intent) => {
                self.with_plan(instrument, &intent, ports, |keeper, _| {
                    keeper.leave(ExitReason::Book);
                    Ok(())
                })
            }
            Change::CancelEntry(instrument, intent) => {
                self.with_plan(instrument, &intent, ports, |keeper, out| {
                    if !keeper.first.done {
                        out.push(Action::Cancel(keeper.first.id.clone()));
                    }
                    Ok(())
                })
            }
            Change::TightenStop(instrument, intent, stop) => {
                self.with_plan(instrument, &intent, ports, |keeper, _| {
                    if keeper.tighten(stop, ExitReason::Trail) {
                        Ok(())
                    } else {
                        Err(Reason::LooserStop)
                    }
                })
            }
        }
    }

    fn with_plan<B: Broker, J: Journal>(
        &mut self,
        instrument: InstrumentId,
        intent: &str,
        ports: &mut Ports<'_, B, J>,
        with: impl Fn(&mut Keeper, &mut Vec<Action>) -> Result<(), Reason>,
    ) -> Result<(), Error> {
        let mut refused = Some(Reason::Unknown);
        self.with_plans(instrument, ports, |keeper, out| {
            if keeper.intent == intent && keeper.phase == Phase::Open {
                refused = with(keeper, out).err();
            }
            Told::IfChanged
        })?;
        if let Some(reason) = refused {
            self.refuse(intent, reason, ports.journal);
        }
        Ok(())
    }
}

/// Spreads are bought at a limit and ended by a plan without a stop: they can lose no more than
/// they cost, and no broker keeps a stop for them. They have no alternatives, since no broker holds
/// shares and options in one group.
fn spread(intent: &Intent) -> Result<(), Reason> {
    let Some(plan) = &intent.plan else { return Err(Reason::NoPlan) };
    let is_limit = matches!(intent.entry.kind, OrderKind::Limit { .. });
    let is_plain = intent.entry.tif == TimeInForce::Day && intent.group.is_none();
    if plan.has_stop() || !is_limit || !is_plain {
        return Err(Reason::BadPlan);
    }
    Ok(plan.check(intent.side)?)
}
