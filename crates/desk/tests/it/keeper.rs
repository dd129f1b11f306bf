//! The keeper alone, on finer bars.

use base::{Day, Span, Ts};
use desk::exit::{Action, Seen, Target, TargetAt};
use desk::orders::Role;
use desk::{ExitPlan, Keeper};
use market::{Bar, BarSize, Cash, ClientOrderId, Fill, OrderKind, OrderState, Price, Qty, Side};

use crate::world::{planned, price};

const STEP: Qty = Qty::whole(1);

fn hour(day: i32, hour: i64) -> Ts {
    Day::from_number(day).start() + Span::from_hours(hour)
}

fn entered(side: Side, plan: ExitPlan, at: &str) -> Keeper {
    let intent = planned("one", side, plan.clone());
    let mut keeper = Keeper::new(&intent, plan, Qty::whole(100), STEP);
    let mut out = Vec::new();
    keeper.settle(&mut out);
    let fill = Fill {
        order: keeper.first.id.clone(),
        instrument: keeper.instrument,
        at: hour(1, 14),
        qty: side.signed(Qty::whole(100)),
        price: price(at),
        fee: Cash::ZERO,
        evidence: None,
        execution: None,
    };
    keeper.on_fill(&fill, Role::Entry, &mut out);
    keeper
}

fn see(keeper: &mut Keeper, start: Ts, close: &str) -> Vec<Action> {
    let close = price(close);
    let cent = Price::from_raw(Price::SCALE / 100);
    let bar = Bar { open: close, high: close + cent, low: close - cent, close, volume: 1 };
    let mut out = Vec::new();
    keeper.on_bar(&Seen { start, size: BarSize::Minutes(60), bar }, STEP, &mut out);
    out
}

#[test]
fn with_finer_bars_the_add_on_goes_out_for_the_close_it_was_decided_at() {
    let plan = ExitPlan::breakout(price("100"), price("96"), price("150"), price("97"));
    let mut keeper = entered(Side::Long, plan, "100");
    for day in 1..=3 {
        assert!(see(&mut keeper, hour(day, 15), "101").is_empty());
        let mut out = Vec::new();
        keeper.on_before_close(STEP, &mut out);
        // 1.5 × 400 at a distance of 5 is 120 units: 20 more, in the third session only.
        let asked = Action::AskAddOn(Qty::whole(20), OrderKind::MarketOnClose);
        assert_eq!(out, if day == 3 { vec![asked] } else { vec![] }, "session {day}");
    }
    let mut out = Vec::new();
    keeper.on_session_close(Day::from_number(3), STEP, &mut out);
    assert!(out.is_empty(), "decided once");
    assert_eq!(keeper.stop, price("100.99"), "low of the last two sessions");
}

#[test]
fn an_opposing_leg_measures_r_and_target_from_its_own_fill() {
    let plan = ExitPlan::opposing(price("100"), price("104"));
    let mut keeper = entered(Side::Short, plan, "99");
    assert_eq!(keeper.risk, price("5"));
    let mut out = Vec::new();
    keeper.settle(&mut out);
    let limits: Vec<_> = out
        .iter()
        .filter_map(|action| match action {
            Action::Submit(request, Role::Target(0)) => Some(request.kind),
            _ => None,
        })
        .collect();
    assert_eq!(limits, [OrderKind::Limit { limit: price("94") }]);
}

#[test]
fn the_opposing_add_on_waits_at_the_signals_price_and_the_trail_keeps_a_third_of_the_risk() {
    let plan = ExitPlan::opposing(price("100"), price("104"));
    let mut keeper = entered(Side::Short, plan, "100");
    see(&mut keeper, hour(1, 15), "99");
    see(&mut keeper, hour(2, 15), "99");
    see(&mut keeper, hour(3, 15), "99");
    let mut out = Vec::new();
    keeper.on_session_close(Day::from_number(3), STEP, &mut out);
    // The stop came to 99 + 4/3 = 100.33: 1.0 × 400 over 0.33 would be 1,200 units, but an
    // addition never more than doubles the position.
    let limit = OrderKind::Limit { limit: price("100") };
    assert_eq!(out, [Action::AskAddOn(Qty::whole(100), limit)]);
    assert_eq!(keeper.stop, price("100.33333333"));
}

#[test]
fn a_stop_counts_as_reduced_only_by_what_filled_after_it_stood() {
    for (filled_at, sizes) in [(hour(1, 15), vec![30]), (hour(1, 17), vec![])] {
        let target = Target { at: TargetAt::R(2.0), fraction: 1.0 };
        let plan =
            ExitPlan { targets: vec![target], ..ExitPlan::stop_only(price("100"), price("96")) };
        let mut keeper = entered(Side::Long, plan, "100");
        let mut out = Vec::new();
        let entry = keeper.first.id.clone();
        keeper.on_moved((&entry, OrderState::Filled), Role::Entry, hour(1, 14), &mut out);
        keeper.settle(&mut out);
        let tranche = &keeper.tranches[0];
        let stop = tranche.stop.clone().unwrap().id;
        let order = tranche.target_order.clone().unwrap().id;
        keeper.on_moved((&order, OrderState::Working), Role::Target(0), hour(1, 14), &mut out);
        keeper.on_moved((&stop, OrderState::Working), Role::Stop(0), hour(1, 16), &mut out);
        out.clear();
        // The take-profit has filled in part; it is heard last.
        let fill = Fill {
            order,
            instrument: keeper.instrument,
            at: filled_at,
            qty: -Qty::whole(70),
            price: price("108"),
            fee: Cash::ZERO,
            evidence: None,
            execution: None,
        };
        keeper.on_fill(&fill, Role::Target(0), &mut out);
        keeper.settle(&mut out);
        let sent = |action: &Action| match action {
            Action::Submit(request, Role::Stop(0)) => Some(request.qty.abs()),
            _ => None,
        };
        let wanted: Vec<Qty> = sizes.into_iter().map(Qty::whole).collect();
        assert_eq!(out.iter().filter_map(sent).collect::<Vec<_>>(), wanted, "{out:?}");
    }
}

#[test]
fn a_stop_whose_new_price_was_refused_still_shrinks_to_what_filled() {
    let plan = ExitPlan::stop_only(price("100"), price("96"));
    let intent = planned("one", Side::Long, plan.clone());
    let mut keeper = Keeper::new(&intent, plan, Qty::whole(100), STEP);
    let mut out = Vec::new();
    keeper.settle(&mut out);
    let entry = keeper.first.id.clone();
    let fill = Fill {
        order: entry.clone(),
        instrument: keeper.instrument,
        at: hour(1, 14),
        qty: Qty::whole(78),
        price: price("100"),
        fee: Cash::ZERO,
        evidence: None,
        execution: None,
    };
    keeper.on_fill(&fill, Role::Entry, &mut out);
    keeper.stop = price("97");
    keeper.settle(&mut out);
    let moved = keeper.tranches[0].next_stop.clone().unwrap().id;
    keeper.on_moved((&moved, OrderState::Rejected), Role::Stop(0), hour(1, 15), &mut out);
    keeper.settle(&mut out);
    assert_eq!(keeper.tranches[0].next_stop, None);
    out.clear();
    keeper.on_moved((&entry, OrderState::Cancelled), Role::Entry, hour(1, 15), &mut out);
    keeper.settle(&mut out);
    let sent = |action: &Action| match action {
        Action::Submit(request, Role::Stop(0)) => Some((request.qty, request.kind)),
        _ => None,
    };
    let wanted = (-Qty::whole(78), OrderKind::Stop { stop: price("96") });
    assert_eq!(out.iter().filter_map(sent).collect::<Vec<_>>(), [wanted], "{out:?}");
}

#[test]
fn a_smaller_stop_that_is_refused_closes_the_position_and_takes_the_larger_one_back() {
    let plan = ExitPlan::stop_only(price("100"), price("96"));
    let mut keeper = entered(Side::Long, plan, "100");
    let mut out = Vec::new();
    let entry = keeper.first.id.clone();
    keeper.on_moved((&entry, OrderState::Filled), Role::Entry, hour(1, 14), &mut out);
    keeper.settle(&mut out);
    let large = keeper.tranches[0].stop.clone().unwrap();
    let fill = Fill {
        order: ClientOrderId::from_text("the stop before"),
        instrument: keeper.instrument,
        at: hour(1, 15),
        qty: -Qty::whole(32),
        price: price("96"),
        fee: Cash::ZERO,
        evidence: None,
        execution: None,
    };
    // What stands took the place of one that filled in part meanwhile, and is too large.
    keeper.on_fill(&fill, Role::Stop(0), &mut out);
    keeper.settle(&mut out);
    let small = keeper.tranches[0].next_stop.clone().unwrap();
    assert_eq!(small.qty, Qty::whole(68));
    out.clear();
    keeper.on_moved((&small.id, OrderState::Rejected), Role::Stop(0), hour(1, 15), &mut out);
    keeper.settle(&mut out);
    assert!(out.contains(&Action::Cancel(large.id)), "{out:?}");
    let sold = |action: &Action| match action {
        Action::Submit(request, Role::Exit(0)) => Some(request.qty),
        _ => None,
    };
    let sold: Vec<Qty> = out.iter().filter_map(sold).collect();
    assert_eq!(sold, [-Qty::whole(68)], "{out:?}");
    assert_eq!(keeper.tranches[0].stop, None);
}
