//! One exit plan at work: what was asked, what filled, which orders protect it.

use base::Ts;
use market::{
    Cash, ClientOrderId, Fill, InstrumentId, OrderKind, OrderRequest, OrderState, Price, Qty, Side,
};
use serde::{Deserialize, Serialize};

use super::parts::{Leg, Live, Tranche};
use super::plan::{ExitPlan, RiskBasis, TargetAt, scaled, toward};
use super::share::{average, spread};
use super::watch::Watch;
use crate::intent::{Entry, Intent};
use crate::orders::Role;
use crate::usual::is_usual;

/// The state of one plan. All quantities are magnitudes; the side is the plan's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Keeper {
    /// The intent it serves.
    pub intent: String,
    /// The book that wanted it.
    pub book: String,
    /// What is traded.
    pub instrument: InstrumentId,
    /// Long or short.
    pub side: Side,
    /// How the position is entered.
    pub entry: Entry,
    /// The alternatives that its entry is one of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// How it ends; a split adjusts its prices.
    pub plan: ExitPlan,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub phase: Phase,
    /// The entry order.
    pub first: Leg,
    /// The add-on order, once sent.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub add: Option<Leg>,
    /// True once the add-on was decided, either way.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub add_decided: bool,
    /// Parts of the position, each behind its own bracket.
    pub tranches: Vec<Tranche>,
    /// Where the stop should stand.
    pub stop: Price,
    /// What put it there.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub stop_by: ExitReason,
    /// R in price.
    pub risk: Price,
    /// Original risk in money: first leg's filled quantity × R.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub risk_cash: Cash,
    /// What bars have shown since the entry.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub watch: Watch,
    /// Number of the next order leg.
    pub next_leg: u32,
    /// Stop price a broker refused; not asked for again.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub refused_stop: Option<Price>,
    /// Quantity closed so far.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub closed: Qty,
    /// Money received for it (paid, for a short), before fees.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub closed_value: Cash,
    /// Fees of all fills.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub fees: Cash,
    /// When the first fill was done.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub opened_at: Option<Ts>,
    /// Smallest quantity traded; what fills is shared out in whole steps.
    #[serde(default = "smallest")]
    pub step: Qty,
}

/// The step of plans written down before they knew theirs.
const fn smallest() -> Qty {
    Qty::from_raw(1)
}

/// Where a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Orders are out; what fills is held.
    #[default]
    Open,
    /// Everything is being closed, for that reason.
    Leaving(ExitReason),
    /// Nothing is held and nothing is out.
    Done,
}

/// Why a position ended, or where its stop came from.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// The first stop.
    #[default]
    Stop,
    /// The stop at breakeven.
    Breakeven,
    /// The trailed stop.
    Trail,
    /// A take-profit.
    Target,
    /// Its sessions ran out.
    Expired,
    /// The book closed it.
    Book,
    /// The kill switch, set to flatten.
    Killed,
    /// A broker refused its protection.
    Unprotected,
    /// The instrument left the exchange.
    Delisted,
    /// Someone closed it beside us.
    ByHand,
    /// The price of another instrument was touched.
    Touched,
    /// The entry never filled.
    NeverFilled,
}

/// What the keeper wants done, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Send an order.
    Submit(OrderRequest, Role),
    /// Take an order back.
    Cancel(ClientOrderId),
    /// Ask risk for an add-on of that size, by that kind of order.
    AskAddOn(Qty, OrderKind),
    /// Write down that something went wrong.
    Incident(String),
}

impl ExitReason {
    /// True for the three kinds of stop.
    pub const fn is_stop(self) -> bool {
        matches!(self, ExitReason::Stop | ExitReason::Breakeven | ExitReason::Trail)
    }
}

impl Leg {
    /// A leg that has not filled.
    pub const fn new(id: ClientOrderId, asked: Qty) -> Leg {
        Leg { id, asked, filled: Qty::ZERO, value: Cash::ZERO, done: false }
    }
}

impl Tranche {
    /// A part of a leg that nothing protects yet.
    pub fn new(asked: Qty, target: Option<TargetAt>, group: String) -> Tranche {
        Tranche {
            added: false,
            asked,
            open: Qty::ZERO,
            entered: Qty::ZERO,
            target,
            group,
            stop: None,
            next_stop: None,
            target_order: None,
            exit_order: None,
        }
    }

    /// Its orders, whichever there are.
    pub fn slots(&mut self) -> [&mut Option<Live>; 4] {
        [&mut self.stop, &mut self.next_stop, &mut self.target_order, &mut self.exit_order]
    }
}

impl Keeper {
    /// A keeper for an approved intent; `step` is the smallest quantity traded.
    pub fn new(intent: &Intent, plan: ExitPlan, qty: Qty, step: Qty) -> Keeper {
        let id = ClientOrderId::derive(&intent.id, "entry");
        let mut keeper = Keeper {
            intent: intent.id.clone(),
            book: intent.book.clone(),
            instrument: intent.instrument,
            side: intent.side,
            entry: intent.entry,
            group: intent.group.clone(),
            phase: Phase::Open,
            first: Leg::new(id, qty.abs()),
            add: None,
            add_decided: plan.add_on.is_none(),
            tranches: Vec::with_capacity(plan.targets.len() + 1),
            stop: plan.stop,
            stop_by: ExitReason::Stop,
            risk: plan.risk(),
            risk_cash: Cash::ZERO,
            watch: Watch::default(),
            next_leg: 0,
            refused_stop: None,
            closed: Qty::ZERO,
            closed_value: Cash::ZERO,
            fees: Cash::ZERO,
            opened_at: None,
            step,
            plan,
        };
        keeper.cut_tranches(step);
        keeper
    }

    /// Cuts the entry into one tranche a target, and one for what targets leave.
    fn cut_tranches(&mut self, step: Qty) {
        let whole = self.first.asked;
        let mut rest = whole;
        for (index, target) in self.plan.targets.iter().enumerate() {
            let part = (whole.raw() as f64 * target.fraction).round() as i64;
            let part = Qty::from_raw(part / step.raw() * step.raw()).min(rest);
            let last = index + 1 == self.plan.targets.len();
            let total: f64 = self.plan.targets.iter().map(|target| target.fraction).sum();
            let part = if last && total > 1.0 - 1e-9 { rest } else { part };
            if part > Qty::ZERO {
                rest -= part;
                let group = format!("{}/{index}", self.intent);
                self.tranches.push(Tranche::new(part, Some(target.at), group));
            }
        }
        if rest > Qty::ZERO {
            let group = format!("{}/{}", self.intent, self.plan.targets.len());
            self.tranches.push(Tranche::new(rest, None, group));
        }
    }

    /// Quantity held.
    pub fn open(&self) -> Qty {
        self.tranches.iter().map(|tranche| tranche.open).sum()
    }

    /// Average price of all entry fills; the plan's entry before the first.
    pub fn average_entry(&self) -> Price {
        let add = self.add.as_ref();
        let qty = self.first.filled + add.map_or(Qty::ZERO, |leg| leg.filled);
        let value = self.first.value + add.map_or(Cash::ZERO, |leg| leg.value);
        average(value, qty).unwrap_or(self.plan.entry)
    }

    /// What R and targets in R are measured from.
    pub fn basis(&self) -> Price {
        match self.plan.basis {
            RiskBasis::Signal => self.plan.entry,
            RiskBasis::Fill => {
                average(self.first.value, self.first.filled).unwrap_or(self.plan.entry)
            }
        }
    }

    /// The price of a target.
    pub fn target_price(&self, at: TargetAt) -> Price {
        match at {
            TargetAt::Price(price) => price,
            TargetAt::R(multiple) => toward(self.side, self.basis(), scaled(self.risk, multiple)),
        }
    }

    /// True once neither a position nor an opening order is left.
    pub fn is_over(&self) -> bool {
        let added = self.add.as_ref().is_none_or(|leg| leg.done);
        self.first.done && added && self.open() == Qty::ZERO
    }

    /// What decides whether orders have to change: equal marks need no settling.
    pub fn mark(&self) -> (Price, Phase, bool, u32) {
        (self.stop, self.phase, self.add_decided, self.next_leg)
    }

    /// The entry order.
    pub fn entry_request(&self) -> OrderRequest {
        let entry = self.opening(&self.first, self.entry.kind, self.entry.tif);
        OrderRequest { oco_group: self.group.clone(), ..entry }
    }

    /// An order that opens or enlarges.
    pub fn opening(&self, leg: &Leg, kind: OrderKind, tif: market::TimeInForce) -> OrderRequest {
        OrderRequest {
            id: leg.id.clone(),
            instrument: self.instrument,
            qty: self.side.signed(leg.asked),
            kind,
            tif,
            oco_group: None,
            parent: None,
            reduce_only: false,
        }
    }

    /// A name for the next order.
    pub fn next_id(&mut self, role: &str) -> ClientOrderId {
        self.next_leg += 1;
        let number = self.next_leg.to_string();
        ClientOrderId::derive(&self.intent, &[role, "/", &number].concat())
    }

    /// Why it ended, or would if it ended now.
    pub fn reason(&self) -> ExitReason {
        match self.phase {
            Phase::Leaving(reason) => reason,
            Phase::Open | Phase::Done if self.first.filled == Qty::ZERO => ExitReason::NeverFilled,
            Phase::Open | Phase::Done => ExitReason::Target,
        }
    }

    /// Takes in a fill of one of its orders.
    pub fn on_fill(&mut self, fill: &Fill, role: Role, out: &mut Vec<Action>) {
        self.fees += fill.fee;
        let qty = fill.qty.abs();
        match role {
            Role::Entry => self.entered(fill, Part::First),
            Role::AddOn => self.entered(fill, Part::Added),
            Role::Stop(index) => self.left((index, self.stop_by), fill, out),
            Role::Target(index) => self.left((index, ExitReason::Target), fill, out),
            Role::Exit(index) => {
                let reason = match self.phase {
                    Phase::Leaving(reason) => reason,
                    Phase::Open | Phase::Done => ExitReason::Book,
                };
                self.left((index, reason), fill, out);
            }
            Role::Plain | Role::Close => self.leave_anyhow(qty, fill),
        }
    }

    /// The instrument left the exchange: the broker closed everything in one fill.
    pub fn on_delisting_fill(&mut self, fill: &Fill, qty: Qty) {
        self.phase = Phase::Leaving(ExitReason::Delisted);
        self.first.done = true;
        if let Some(leg) = &mut self.add {
            leg.done = true;
        }
        self.leave_anyhow(qty, fill);
    }

    /// Someone closed a part by hand: its orders shrink to what is left.
    pub fn on_hand_fill(&mut self, fill: &Fill) {
        self.fees += fill.fee;
        self.watch.note(self.side, fill.price);
        self.leave_anyhow(fill.qty.abs(), fill);
        if self.open() == Qty::ZERO {
            self.leave(ExitReason::ByHand);
        }
    }

    fn entered(&mut self, fill: &Fill, part: Part) {
        let qty = fill.qty.abs();
        let leg = match part {
            Part::First => Some(&mut self.first),
            Part::Added => self.add.as_mut(),
        };
        let Some(leg) = leg else { return };
        leg.filled += qty;
        leg.value += fill.price.times(qty);
        leg.done |= leg.filled >= leg.asked;
        let leg = leg.clone();
        let added = part == Part::Added;
        spread(&mut self.tranches, &leg, added, self.step);
        if added {
            self.retarget_after_add(fill.price);
            return;
        }
        if self.plan.basis == RiskBasis::Fill {
            self.risk = (self.basis() - self.plan.stop).abs();
        }
        self.risk_cash = self.risk.times(self.first.filled);
        if self.opened_at.is_none() {
            self.opened_at = Some(fill.at);
            self.watch = Watch::begin(fill);
        }
    }

    /// After the add-on the take-profits move to so many R beyond its price.
    fn retarget_after_add(&mut self, price: Price) {
        let Some(multiple) = self.plan.add_on.and_then(|add| add.target_r) else { return };
        let target = toward(self.side, price, scaled(self.risk, multiple));
        for tranche in &mut self.tranches {
            tranche.target = tranche.target.map(|_| TargetAt::Price(target));
        }
    }

    fn left(&mut self, (index, reason): (u16, ExitReason), fill: &Fill, out: &mut Vec<Action>) {
        let qty = fill.qty.abs();
        self.closed += qty;
        self.closed_value += fill.price.times(qty);
        self.watch.note(self.side, fill.price);
        let Some(tranche) = self.tranches.get_mut(usize::from(index)) else { return };
        tranche.open = (tranche.open - qty).max(Qty::ZERO);
        // A fill of an order that was replaced meanwhile: whether its successor was there in time
        // to be reduced, nobody can tell from here.
        let known = tranche.slots().iter().any(|slot| holds(slot, &fill.order));
        for slot in tranche.slots() {
            // One OCO group: a fill of one takes its quantity off every other that stood beside
            // it. One that may not have is left as large as it was sent, and is settled anew.
            if let Some(live) = slot
                && (live.id == fill.order || (known && live.stood_at(fill.at)))
            {
                live.qty -= qty;
            }
            if let Some(live) = slot.take_if(|live| live.qty <= Qty::ZERO)
                && live.id != fill.order
            {
                // The broker has done so by itself, unless the order reached it after the fill.
                out.push(Action::Cancel(live.id));
            }
        }
        if reason != ExitReason::Target && self.phase == Phase::Open {
            self.phase = Phase::Leaving(reason);
        }
    }

    /// Takes a quantity off the tranches in order, whichever order it came from.
    fn leave_anyhow(&mut self, qty: Qty, fill: &Fill) {
        let mut rest = qty;
        self.closed += qty;
        self.closed_value += fill.price.times(qty);
        for tranche in &mut self.tranches {
            let part = tranche.open.min(rest);
            tranche.open -= part;
            rest -= part;
        }
    }

    /// Takes in the move of one of its orders to another state, heard at that time.
    pub fn on_moved(
        &mut self,
        (order, state): (&ClientOrderId, OrderState),
        role: Role,
        heard: Ts,
        out: &mut Vec<Action>,
    ) {
        if let (Role::Stop(index) | Role::Target(index) | Role::Exit(index), OrderState::Working) =
            (role, state)
            && let Some(tranche) = self.tranches.get_mut(usize::from(index))
        {
            let slots = tranche.slots().into_iter().flatten();
            for live in slots.filter(|live| live.id == *order && !live.confirmed) {
                (live.confirmed, live.confirmed_at) = (true, Some(heard));
            }
        }
        match (role, state) {
            (Role::Stop(index), OrderState::Working) => self.confirm_stop(index, order, out),
            (Role::Stop(index), state) if state.is_done() => {
                self.stop_ended(index, order, state, out);
            }
            (Role::Target(index), state) if state.is_done() => {
                let refused = state == OrderState::Rejected;
                let Some(tranche) = self.tranches.get_mut(usize::from(index)) else { return };
                if take_if(&mut tranche.target_order, order) && refused {
                    tranche.target = None;
                    let text = format!("take-profit {order} refused; the stop stands");
                    out.push(Action::Incident(text));
                }
            }
            (Role::Exit(index), state) if state.is_done() => {
                let Some(tranche) = self.tranches.get_mut(usize::from(index)) else { return };
                if take_if(&mut tranche.exit_order, order) {
                    out.push(Action::Incident(format!("closing order {order} ended: {state:?}")));
                    // Tried again after a while, not in a circle with the broker's answer. One
                    // whose session ended goes out for the next at once.
                    self.watch.exit_refused = state != OrderState::Expired;
                }
            }
            (Role::Entry, state) if state.is_done() => self.first.done = true,
            (Role::AddOn, state) if state.is_done() => {
                if let Some(leg) = &mut self.add {
                    leg.done = true;
                }
            }
            _ => {}
        }
    }

    /// The replacement works: only now is the old stop taken back.
    fn confirm_stop(&mut self, index: u16, order: &ClientOrderId, out: &mut Vec<Action>) {
        let Some(tranche) = self.tranches.get_mut(usize::from(index)) else { return };
        if tranche.next_stop.as_ref().is_some_and(|live| live.id == *order) {
            let old = std::mem::replace(&mut tranche.stop, tranche.next_stop.take());
            if let Some(old) = old {
                out.push(Action::Cancel(old.id));
            }
        }
    }

    fn stop_ended(
        &mut self,
        index: u16,
        order: &ClientOrderId,
        state: OrderState,
        out: &mut Vec<Action>,
    ) {
        let index = usize::from(index);
        if index >= self.tranches.len() {
            return;
        }
        let leg_done = self.leg_done(index);
        let tranche = &mut self.tranches[index];
        let refused = state == OrderState::Rejected;
        let replacement = tranche.next_stop.as_ref().map(|live| live.price);
        if take_if(&mut tranche.next_stop, order) {
            let too_large = |live: &mut Live| refused && leg_done && live.qty > tranche.open;
            if let Some(old) = tranche.stop.take_if(too_large) {
                // It would turn the position round.
                let text = format!("smaller stop {order} refused; the position is closed");
                out.extend([Action::Incident(text), Action::Cancel(old.id)]);
                return self.leave(ExitReason::Unprotected);
            }
            let covers = |live: &Live| live.qty >= tranche.open;
            if refused && !tranche.stop.as_ref().is_some_and(covers) {
                // Asked for again it would be refused again: the price is beyond it.
                let text = format!("larger stop {order} refused; the position is closed");
                out.push(Action::Incident(text));
                return self.leave(ExitReason::Unprotected);
            }
            self.refused_stop = replacement;
            let text = format!("moved stop {order} ended: {state:?}; the old stop stands");
            out.push(Action::Incident(text));
        } else if take_if(&mut tranche.stop, order) {
            let needed = tranche.open > Qty::ZERO || !self.first.done;
            if refused {
                let text = format!("stop {order} refused; the position is closed");
                out.push(Action::Incident(text));
                self.leave(ExitReason::Unprotected);
            } else if needed && self.phase == Phase::Open {
                out.push(Action::Incident(format!("stop {order} ended: {state:?}; sent again")));
            }
        }
    }

    /// Closes everything, for that reason; the first reason stays. Who is stopped out keeps stops
    /// for what is left, unless these are refused.
    pub fn leave(&mut self, reason: ExitReason) {
        let stopped = matches!(self.phase, Phase::Leaving(first) if first.is_stop());
        let refused = stopped && reason == ExitReason::Unprotected;
        if self.phase == Phase::Open || refused {
            self.phase = Phase::Leaving(reason);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    First,
    Added,
}

fn holds(slot: &Option<Live>, order: &ClientOrderId) -> bool {
    slot.as_ref().is_some_and(|live| live.id == *order)
}

fn take_if(slot: &mut Option<Live>, order: &ClientOrderId) -> bool {
    let same = holds(slot, order);
    if same {
        *slot = None;
    }
    same
}
