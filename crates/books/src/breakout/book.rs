//! The book as the engine runs it: signals become intents when their bar is known.
//!
//! Scanner, features and model work on whole candles; what they say of a day is handed in by
//! [`BreakoutBook::plan`], found on candles up to that day alone (`find` on a prefix equals `find`
//! on the whole, which its tests prove). The engine then decides size and risk at the event, with
//! the equity of that moment.

use std::collections::BTreeMap;

use base::Day;
use desk::risk::Regime;
use desk::{Amount, Book, Decision, Entry, ExitPlan, Intent, View};
use market::{Bar, BarSize, Event, InstrumentId, OrderKind, Price, Qty, Side, TimeInForce, What};

use super::bet::BOOK;
use super::opposing::{self, Leg};

/// A fade to be laid out (BRK-24).
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedFade {
    /// Name of the primary, for example `2024-06-28/AAPL/long`.
    pub primary: String,
    /// Side of the fade.
    pub side: Side,
    /// Its levels, in raw prices.
    pub entry: opposing::Entry,
    /// Its risk, in percent of equity.
    pub risk_pct: f64,
}

/// The breakout book. Feed it plans, then events.
#[derive(Debug, Clone, Default)]
pub struct BreakoutBook {
    intents: BTreeMap<(Day, InstrumentId), Vec<Intent>>,
    fades: BTreeMap<(Day, InstrumentId), Vec<PlannedFade>>,
    regimes: BTreeMap<Day, Regime>,
    due: Vec<Due>,
}

/// What is wanted at the timer of the day.
#[derive(Debug, Clone)]
enum Due {
    Intent(Box<Intent>),
    Fade(InstrumentId, PlannedFade),
    Regime(Regime),
}

/// Name of the timer at which the day's plan becomes intents.
pub const PLAN_TIMER: &str = "plan";

impl BreakoutBook {
    /// An intent for the close of a day.
    pub fn plan(&mut self, day: Day, intent: Intent) {
        self.intents.entry((day, intent.instrument)).or_default().push(intent);
    }

    /// A fade for the close of a day.
    pub fn plan_fade(&mut self, day: Day, instrument: InstrumentId, fade: PlannedFade) {
        self.fades.entry((day, instrument)).or_default().push(fade);
    }

    /// An intent for the timer of the day.
    pub fn due(&mut self, intent: Intent) {
        self.due.push(Due::Intent(Box::new(intent)));
    }

    /// A fade for the timer of the day.
    pub fn due_fade(&mut self, instrument: InstrumentId, fade: PlannedFade) {
        self.due.push(Due::Fade(instrument, fade));
    }

    /// The regime filter's word at the timer of the day; before the intents.
    pub fn due_regime(&mut self, regime: Regime) {
        self.due.insert(0, Due::Regime(regime));
    }

    fn on_timer(&mut self, view: &View<'_>, decision: &mut Decision) {
        for due in self.due.drain(..) {
            match due {
                Due::Regime(regime) => decision.set_regime(regime),
                Due::Intent(intent) if !view.is_busy(intent.instrument) => decision.want(*intent),
                Due::Fade(instrument, fade) if !view.is_busy(instrument) => {
                    fade.intents(instrument, view).into_iter().for_each(|it| decision.want(it));
                }
                Due::Intent(_) | Due::Fade(..) => {}
            }
        }
    }

    /// The regime filter's word from the close of a day on.
    pub fn filter(&mut self, day: Day, regime: Regime) {
        self.regimes.insert(day, regime);
    }
}

impl PlannedFade {
    /// Names of its intents, one for each entry.
    pub fn ids(&self) -> [String; 2] {
        LEGS.map(|leg| self.id(leg))
    }

    fn id(&self, leg: Leg) -> String {
        format!("{}/fade-{}", self.primary, word(leg))
    }

    /// The intents, of which one is entered: one R of its own fill, alive for ten sessions. Both
    /// are as large as the smaller may be, so that one takes the other off whole.
    fn intents(&self, instrument: InstrumentId, view: &View<'_>) -> Vec<Intent> {
        let risk = view.equity().to_f64() * self.risk_pct / 100.0;
        let plans = LEGS.map(|leg| self.plan(leg));
        let widest = plans.iter().flatten().map(|(_, plan)| plan.risk()).max();
        let Some(widest) = widest else { return Vec::new() };
        let units = desk::size::to_step(risk / widest.to_f64(), Qty::whole(1));
        let amount = Amount::Units(units.unwrap_or(Qty::ZERO));
        let intent = |(leg, (level, plan)): (Leg, (Price, ExitPlan))| Intent {
            id: self.id(leg),
            book: BOOK.to_owned(),
            instrument,
            side: self.side,
            entry: Entry {
                kind: match leg {
                    Leg::Limit => OrderKind::Limit { limit: level },
                    Leg::Alert => OrderKind::Stop { stop: level },
                },
                tif: TimeInForce::Gtc,
                reference: Some(level),
                valid_sessions: Some(10),
            },
            amount,
            plan: Some(plan),
            group: Some(format!("{}/fade", self.primary)),
            why: format!("fade of {} at its {}", self.primary, word(leg)),
        };
        let both = LEGS.into_iter().zip(plans);
        both.filter_map(|(leg, plan)| Some((leg, plan?))).map(intent).collect()
    }

    /// Level and exits of one entry.
    fn plan(&self, leg: Leg) -> Option<(Price, ExitPlan)> {
        let raw = |price: f64| Price::from_f64(price, base::Rounding::HalfEven).ok();
        let (level, stop) = (raw(self.entry.level(leg))?, raw(self.entry.stop)?);
        Some((level, ExitPlan::opposing(level, stop)))
    }
}

/// The entries of a fade; the stop order first, which a bar that reaches both fills.
const LEGS: [Leg; 2] = [Leg::Alert, Leg::Limit];

fn word(leg: Leg) -> &'static str {
    match leg {
        Leg::Limit => "limit",
        Leg::Alert => "alert",
    }
}

impl Book for BreakoutBook {
    fn on(&mut self, event: &Event, view: &View<'_>, decision: &mut Decision) {
        if matches!(&event.what, What::Timer { name } if name == PLAN_TIMER) {
            return self.on_timer(view, decision);
        }
        let What::Bar { instrument, size, bar, .. } = &event.what else { return };
        if *size != BarSize::Daily {
            return;
        }
        let day = event.at.utc_day();
        if let Some(regime) = self.regimes.remove(&day) {
            decision.set_regime(regime);
        }
        let traded = |bar: &Bar| bar.volume > 0;
        for intent in self.intents.remove(&(day, *instrument)).unwrap_or_default() {
            // One bet an instrument at a time: a second signal while one is on is not doubled up.
            if traded(bar) && !view.is_busy(*instrument) {
                decision.want(intent);
            }
        }
        for fade in self.fades.remove(&(day, *instrument)).unwrap_or_default() {
            if !view.is_busy(*instrument) {
                fade.intents(*instrument, view).into_iter().for_each(|it| decision.want(it));
            }
        }
    }
}
