//! A book that bets at random, the same way whenever it is asked again.

use base::Seed;
use base::seed::Rng;
use desk::engine::Change;
use desk::exit::{
    AddAt, AddOn, CloseOn, Ratchet, RiskBasis, Target, TargetAt, Trail, TrailStart, Way,
};
use desk::{Amount, Book, Decision, Entry, ExitPlan, Intent, View};
use market::{Event, InstrumentId, OrderKind, Price, Qty, Side, TimeInForce, What};
use rand::RngExt as _;

/// Units of every bet.
pub(super) const UNITS: i64 = 100;

/// Bets by the toss of a coin that hangs on the bar alone, so that a restart changes nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gambler {
    pub(super) seed: Seed,
    /// For what wide worlds bet on beyond narrow ones.
    pub(super) more: Option<Seed>,
}

impl Book for Gambler {
    fn on(&mut self, event: &Event, view: &View<'_>, decision: &mut Decision) {
        let What::Bar { instrument, start, bar, .. } = &event.what else { return };
        let node = self.seed.index(u64::from(instrument.0)).index(start.nanos().unsigned_abs());
        let mut rng = node.rng();
        if rng.random_bool(0.12) {
            let name = format!("{start}/{}", instrument.0);
            let one = bet(&mut rng, name, *instrument, bar.close);
            match &self.more {
                None => decision.want(one),
                Some(more) => {
                    let node = more.index(u64::from(instrument.0));
                    let mut rng = node.index(start.nanos().unsigned_abs()).rng();
                    wider(&mut rng, one, view, decision);
                }
            }
        }
        for keeper in view.plans(*instrument) {
            let intent = keeper.intent.clone();
            match rng.random_range(0..100) {
                0 => decision.change(Change::ClosePlan(*instrument, intent)),
                1 => decision.change(Change::CancelEntry(*instrument, intent)),
                2..6 => {
                    let away = (bar.close - keeper.stop).to_f64() * rng.random_range(0.1..0.6);
                    let stop = moved(keeper.stop, away);
                    decision.change(Change::TightenStop(*instrument, intent, stop));
                }
                _ => {}
            }
        }
    }
}

fn moved(price: Price, by: f64) -> Price {
    let cents = ((price.to_f64() + by) * 100.0).round() as i64;
    Price::from_raw(cents.max(1) * (Price::SCALE / 100))
}

/// The same bet with what plans can do besides, and now and then an alternative beside it.
fn wider(rng: &mut Rng, mut one: Intent, view: &View<'_>, decision: &mut Decision) {
    let Some(plan) = one.plan.as_mut() else { return };
    let close = plan.entry;
    plan.basis = if rng.random_bool(0.3) { RiskBasis::Fill } else { RiskBasis::Signal };
    plan.max_sessions = Some(rng.random_range(1..6));
    if rng.random_bool(0.5) {
        let half_way = Price::from_raw((plan.stop.raw() + close.raw()) / 2);
        plan.trail = Some(Trail {
            start: match rng.random_range(0..3) {
                0 => TrailStart::AtEntry,
                1 => TrailStart::AtBreakeven,
                _ => TrailStart::AtSession(2),
            },
            first_stop: rng.random_bool(0.5).then(|| moved(half_way, 0.0)),
            ratchet: Ratchet::TwoBars,
        });
    }
    plan.add_on = rng.random_bool(0.5).then(|| AddOn {
        session: rng.random_range(1..4),
        risk_multiple: rng.random_range(1.0..2.5),
        max_growth: 1.0,
        at: if rng.random_bool(0.6) { AddAt::Close } else { AddAt::SignalEntry },
        target_r: rng.random_bool(0.3).then_some(1.5),
    });
    let other = InstrumentId(1 - one.instrument.0);
    let far = close.to_f64() / 100.0 * rng.random_range(0.2..1.5);
    if let Some(mark) = view.mark(other).filter(|_| rng.random_bool(0.3)) {
        let way = if rng.random_bool(0.5) { Way::Rises } else { Way::Falls };
        let price = moved(mark, if way == Way::Rises { far } else { -far });
        plan.close_on = Some(CloseOn { instrument: other, price, way });
    }
    if rng.random_bool(0.25) {
        let group = Some(format!("{}/either", one.id));
        let id = format!("{}/or", one.id);
        let beside = bet(rng, id, one.instrument, close);
        let unit = close.to_f64() * 0.002 * beside.side.sign();
        let kind = match rng.random_bool(0.5) {
            true => OrderKind::Limit { limit: moved(close, -unit) },
            false => OrderKind::Stop { stop: moved(close, unit) },
        };
        decision.want(Intent {
            group: group.clone(),
            entry: Entry { kind, ..beside.entry },
            ..beside
        });
        one.group = group;
    }
    decision.want(one);
}

fn bet(rng: &mut Rng, id: String, instrument: InstrumentId, close: Price) -> Intent {
    let side = if rng.random_bool(0.5) { Side::Long } else { Side::Short };
    let unit = close.to_f64() * rng.random_range(0.003..0.02) * side.sign();
    let away = |multiple: f64| moved(close, multiple * unit);
    let mut plan = ExitPlan::stop_only(close, away(-1.0));
    plan.targets = match rng.random_range(0..4) {
        0 => vec![],
        1 => vec![Target { at: TargetAt::Price(away(1.5)), fraction: 1.0 }],
        2 => [1.0, 2.0]
            .map(|multiple| Target { at: TargetAt::Price(away(multiple)), fraction: 0.5 })
            .to_vec(),
        _ => [0.5, 1.0, 1.5]
            .map(|multiple| Target { at: TargetAt::R(multiple), fraction: 0.3 })
            .to_vec(),
    };
    plan.breakeven_r = rng.random_bool(0.5).then_some(0.5);
    plan.trail = rng.random_bool(0.4).then_some(Trail {
        start: TrailStart::AtEntry,
        first_stop: None,
        ratchet: Ratchet::RiskFraction(0.5),
    });
    plan.max_sessions = Some(rng.random_range(1..4));
    let kind = match rng.random_range(0..3) {
        0 => OrderKind::Market,
        1 => OrderKind::Limit { limit: away(-0.2) },
        _ => OrderKind::Stop { stop: away(0.2) },
    };
    let tif = if rng.random_bool(0.5) { TimeInForce::Day } else { TimeInForce::Gtc };
    Intent {
        id,
        book: "gambler".to_owned(),
        instrument,
        side,
        entry: Entry { kind, tif, reference: Some(close), valid_sessions: Some(2) },
        amount: Amount::Units(Qty::whole(UNITS)),
        plan: Some(plan),
        group: None,
        why: "a coin".to_owned(),
    }
}
