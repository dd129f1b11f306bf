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
use super::opposing::Entries;

/// A fade to be laid out (BRK-24): a limit and a stop entry, of which one may live.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedFade {
    /// Name of the primary, for example `2024-06-28/AAPL/long`.
    pub primary: String,
    /// Side of the fade.
    pub side: Side,
    /// Its levels, in raw prices.
    pub entries: Entries,
    /// Risk of each leg, in percent of equity.
    pub risk_pct: f64,
}

/// The breakout book. Feed it plans, then events.
#[derive(Debug, Clone, Default)]
pub struct BreakoutBook {
    intents: BTreeMap<(Day, InstrumentId), Vec<Intent>>,
    fades: BTreeMap<(Day, InstrumentId), Vec<PlannedFade>>,
    regimes: BTreeMap<Day, Regime>,
    // Of two legs that are out: the instrument, and the names of both.
    legs: Vec<(InstrumentId, [String; 2])>,
}

impl BreakoutBook {
    /// An intent for the close of a day.
    pub fn plan(&mut self, day: Day, intent: Intent) {
        self.intents.entry((day, intent.instrument)).or_default().push(intent);
    }

    /// A fade for the close of a day.
    pub fn plan_fade(&mut self, day: Day, instrument: InstrumentId, fade: PlannedFade) {
        self.fades.entry((day, instrument)).or_default().push(fade);
    }

    /// The regime filter's word from the close of a day on.
    pub fn filter(&mut self, day: Day, regime: Regime) {
        self.regimes.insert(day, regime);
    }

    /// Takes back the other leg once one of two has filled.
    fn cancel_other_legs(&mut self, instrument: InstrumentId, view: &View<'_>, to: &mut Decision) {
        let filled = |name: &String| {
            view.plans(instrument)
                .iter()
                .any(|plan| plan.intent == *name && plan.open() > Qty::ZERO)
        };
        self.legs.retain(|(of, names)| {
            if *of != instrument {
                return true;
            }
            let Some(live) = names.iter().position(filled) else { return true };
            to.change(desk::engine::Change::CancelEntry(instrument, names[1 - live].clone()));
            false
        });
    }

    fn fade(
        &mut self,
        instrument: InstrumentId,
        fade: &PlannedFade,
        view: &View<'_>,
    ) -> Vec<Intent> {
        let mut legs = Vec::new();
        let raw = |price: f64| Price::from_f64(price, base::Rounding::HalfEven);
        let Ok(stop) = raw(fade.entries.stop) else { return legs };
        for (leg, level) in [("limit", fade.entries.limit), ("alert", fade.entries.alert)] {
            let Ok(entry) = raw(level) else { continue };
            let kind = match leg {
                "limit" => OrderKind::Limit { limit: entry },
                _ => OrderKind::Stop { stop: entry },
            };
            let plan = ExitPlan::opposing(entry, stop);
            let risk = view.equity().to_f64() * fade.risk_pct / 100.0;
            let units = desk::size::to_step(risk / plan.risk().to_f64(), Qty::whole(1));
            legs.push(Intent {
                id: format!("{}/fade-{leg}", fade.primary),
                book: BOOK.to_owned(),
                instrument,
                side: fade.side,
                entry: Entry {
                    kind,
                    tif: TimeInForce::Gtc,
                    reference: Some(entry),
                    valid_sessions: Some(10),
                },
                amount: Amount::Units(units.unwrap_or(Qty::ZERO)),
                plan: Some(plan),
                why: format!("fade of {} at its {leg}", fade.primary),
            });
        }
        if let [limit, alert] = &legs[..] {
            self.legs.push((instrument, [limit.id.clone(), alert.id.clone()]));
        }
        legs
    }
}

impl Book for BreakoutBook {
    fn on(&mut self, event: &Event, view: &View<'_>, decision: &mut Decision) {
        let What::Bar { instrument, size, bar, .. } = &event.what else { return };
        self.cancel_other_legs(*instrument, view, decision);
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
                self.fade(*instrument, &fade, view).into_iter().for_each(|leg| decision.want(leg));
            }
        }
    }
}
