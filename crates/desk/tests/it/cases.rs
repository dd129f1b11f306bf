//! Corner cases by hand. A plan of entry 100, stop 96 has R = 4.

use base::Span;
use desk::engine::Change;
use desk::exit::{AddAt, AddOn, Ratchet, Target, TargetAt, Trail, TrailStart};
use desk::{
    Approval, EngineConfig, Entry, ExitPlan, ExitReason, Limits, MemoryJournal, Mode, OnKill,
    Reason, Record,
};
use market::{
    Bar, BarSize, Cash, Command, Corporate, Event, OrderKind, OrderState, Qty, Side, TimeInForce,
    What,
};

use crate::broker::TinyBroker;
use crate::world::{A, Step, World, cash, config, planned, price};

fn stop_only() -> ExitPlan {
    ExitPlan::stop_only(price("100"), price("96"))
}

fn with_target(text: &str) -> ExitPlan {
    let target = Target { at: TargetAt::Price(price(text)), fraction: 1.0 };
    ExitPlan { targets: vec![target], ..stop_only() }
}

fn want(plan: ExitPlan) -> Vec<(usize, Step)> {
    vec![(1, Step::Want(Box::new(planned("one", Side::Long, plan))))]
}

fn world(plan: ExitPlan) -> World {
    World::new(config(), TinyBroker::guarded(), want(plan))
}

fn refusals(world: &World) -> Vec<Reason> {
    world.engine.state().refusals.keys().copied().collect()
}

#[test]
fn a_touched_target_takes_the_profit_and_leaves_nothing_out() {
    let mut world = world(with_target("108"));
    world.bar("100 101 99 100").bar("100 103 99 102").bar("103 109 102 107");
    assert_eq!(world.exits(), ["Target at 108"]);
    assert_eq!((world.held(), world.broker.open_orders()), (0, 0));
    let closed = &world.closed()[0];
    assert_eq!((closed.gross, closed.risk), (cash(800), cash(400)));
    assert_eq!((closed.mfe_r, closed.mae_r), (2.0, -0.25));
    world.check_fold();
}

#[test]
fn a_gap_through_the_stop_fills_at_the_open() {
    let mut world = world(with_target("108"));
    world.bar("100 101 99 100").bar("100 101 99 100").bar("90 91 89 90");
    assert_eq!(world.exits(), ["Stop at 90"]);
    assert_eq!(world.closed()[0].gross, cash(-1_000));
    world.check_fold();
}

#[test]
fn the_bar_of_the_entry_is_protected() {
    let mut world = world(stop_only());
    world.bar("100 101 99 100").bar("100 101 95 97");
    assert_eq!(world.exits(), ["Stop at 96"]);
    assert_eq!(world.broker.naked, 0);
}

#[test]
fn an_entry_that_never_fills_is_taken_back_with_its_children() {
    let mut intent = planned("one", Side::Long, with_target("108"));
    intent.entry = Entry {
        kind: OrderKind::Limit { limit: price("90") },
        tif: TimeInForce::Gtc,
        reference: Some(price("100")),
        valid_sessions: Some(2),
    };
    let script = vec![(1, Step::Want(Box::new(intent)))];
    let mut world = World::new(config(), TinyBroker::guarded(), script);
    world.bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!(world.broker.open_orders(), 3);
    world.bar("100 101 99 100");
    assert_eq!(world.broker.open_orders(), 0);
    assert_eq!(world.closed()[0].reason, ExitReason::NeverFilled);
    world.check_fold();
}

#[test]
fn a_day_entry_that_expires_ends_the_plan() {
    let mut intent = planned("one", Side::Long, stop_only());
    intent.entry.kind = OrderKind::Limit { limit: price("97") };
    let script = vec![(1, Step::Want(Box::new(intent)))];
    let mut world = World::new(config(), TinyBroker::guarded(), script);
    world.bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!(world.closed()[0].reason, ExitReason::NeverFilled);
    assert_eq!(world.broker.open_orders(), 0);
}

#[test]
fn after_a_partial_fill_the_bracket_is_as_large_as_what_filled() {
    let broker = TinyBroker { most: Some(Qty::whole(40)), ..TinyBroker::guarded() };
    let mut world = World::new(config(), broker, want(with_target("108")));
    // A day order: 40 fill, the rest expires.
    world.bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!(world.held(), 40);
    let orders: Vec<_> = world.engine.state().orders.iter().map(|o| o.request.qty).collect();
    assert_eq!(orders, [Qty::whole(-40), Qty::whole(-40)]);
    assert_eq!(world.broker.open_orders(), 2);
    world.bar("100 101 95 97");
    assert_eq!((world.held(), world.exits().len(), world.broker.naked), (0, 1, 0));
    world.check_fold();
}

#[test]
fn half_an_r_lifts_the_stop_to_the_entry() {
    let plan = ExitPlan { breakeven_r: Some(0.5), ..stop_only() };
    let mut world = world(plan);
    world.bar("100 101 99 100").bar("100 101.99 99 101").bar("101 102 100.5 101");
    let stop = world.engine.view().plans(A)[0].stop;
    assert_eq!(stop, price("100"));
    world.bar("101 101 99 100");
    assert_eq!(world.exits(), ["Breakeven at 100"]);
    assert_eq!(world.broker.naked, 0);
    world.check_fold();
}

#[test]
fn the_trail_follows_the_lows_of_two_bars_and_never_loosens() {
    let trail = Trail { start: TrailStart::AtEntry, first_stop: None, ratchet: Ratchet::TwoBars };
    let mut world = world(ExitPlan { trail: Some(trail), ..stop_only() });
    world.bar("100 101 99 100").bar("100 101 98 101").bar("101 103 100 103");
    assert_eq!(world.engine.view().plans(A)[0].stop, price("98"));
    world.bar("103 106 102 105").bar("105 106 99.5 105");
    assert_eq!(world.exits(), ["Trail at 100"]);
}

#[test]
fn the_add_on_comes_at_the_open_after_the_third_session_and_shares_the_stop() {
    let add = AddOn {
        session: 3,
        risk_multiple: 1.5,
        max_growth: 1.0,
        at: AddAt::Close,
        target_r: Some(1.5),
    };
    let mut world = world(ExitPlan { add_on: Some(add), ..with_target("150") });
    world.bar("100 101 99 100").bar("100 101 99 100").bar("100 101 99 100");
    // Close 101, stop 96: 1.5 × 400 / 5 = 120 units, so 20 more.
    world.bar("100 102 99 101");
    assert_eq!(world.held(), 100);
    world.bar("102 103 101 102");
    assert_eq!(world.held(), 120);
    let targets: Vec<_> = world
        .engine
        .view()
        .orders()
        .filter_map(|order| match order.request.kind {
            OrderKind::Limit { limit } => Some(limit),
            _ => None,
        })
        .collect();
    assert_eq!(targets, [price("108"), price("108")]);
    world.bar("102 102 95 96");
    assert_eq!(world.exits(), ["Stop at 96"]);
    assert_eq!((world.held(), world.broker.open_orders(), world.broker.naked), (0, 0, 0));
    world.check_fold();
}

#[test]
fn no_add_on_when_the_move_does_not_hold() {
    let plan = ExitPlan::breakout(price("100"), price("96"), price("150"), price("97"));
    let mut world = world(plan);
    world.bar("100 101 99 100").bar("100 101 99 99.5").bar("99 100 98 99").bar("99 100 98 99");
    world.bar("99 100 98.5 99");
    assert_eq!(world.held(), 100);
    assert_eq!(world.engine.view().plans(A)[0].stop, price("98"));
}

#[test]
fn a_split_moves_levels_and_quantities_together() {
    let mut world = world(with_target("120"));
    world.bar("100 101 99 100").bar("100 101 99 100");
    let before = world.engine.equity();
    world.corporate(Corporate::Split { ratio: 2.0 });
    assert_eq!((world.held(), world.engine.equity()), (200, before));
    world.bar("50 51 49 50");
    world.bar("50 50 47 48");
    assert_eq!(world.exits(), ["Stop at 48"]);
    let closed = &world.closed()[0];
    assert_eq!((closed.gross, closed.risk), (cash(-400), cash(400)));
    assert_eq!(world.broker.open_orders(), 0);
    world.check_fold();
}

#[test]
fn a_dividend_on_a_short_is_paid_by_us() {
    let plan = ExitPlan::stop_only(price("100"), price("104"));
    let script = vec![(1, Step::Want(Box::new(planned("s", Side::Short, plan))))];
    let mut world = World::new(config(), TinyBroker::guarded(), script);
    world.bar("100 101 99 100").bar("100 101 99 100");
    world.broker.pay(cash(-50), "dividend of instrument 0");
    world.corporate(Corporate::Dividend { amount: price("0.5") });
    let ledger = &world.engine.state().ledger;
    let paid = ledger.balance(market::Currency::USD, desk::ledger::Account::Dividends);
    assert_eq!(paid, cash(50));
    assert_eq!(world.engine.equity(), cash(99_950));
    world.check_fold();
}

#[test]
fn a_delisting_closes_the_plan_at_the_payout() {
    let mut world = world(with_target("120"));
    world.bar("100 101 99 100").bar("100 101 99 100");
    world.corporate(Corporate::Delisted { payout: Some(price("103")) });
    assert_eq!(world.exits(), ["Delisted at 103"]);
    assert_eq!((world.held(), world.engine.state().orders.len()), (0, 0));
    world.check_fold();
}

#[test]
fn the_kill_switch_takes_entries_back_and_keeps_stops() {
    let mut script = want(with_target("120"));
    let mut second = planned("two", Side::Short, ExitPlan::stop_only(price("130"), price("140")));
    second.entry.kind = OrderKind::Limit { limit: price("130") };
    second.entry.tif = TimeInForce::Gtc;
    script.push((1, Step::Want(Box::new(second))));
    script.push((3, Step::Want(Box::new(planned("three", Side::Short, stop_for_short())))));
    let mut world = World::new(config(), TinyBroker::guarded(), script);
    world.bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!(world.engine.state().orders.len(), 4);
    world.command(Command::Kill { reason: "test".to_owned() });
    assert_eq!((world.held(), world.engine.state().orders.len()), (100, 2));
    world.bar("100 101 99 100");
    assert_eq!(refusals(&world), [Reason::Killed]);
    world.bar("100 101 95 96");
    assert_eq!((world.held(), world.broker.naked), (0, 0));
    world.check_fold();
}

/// A short entry of the group `fade`, by a stop order below or a limit above.
pub(crate) fn alternative(name: &str, kind: OrderKind, units: i64) -> (usize, Step) {
    let plan = ExitPlan::opposing(price("100"), price("110"));
    let mut intent = planned(name, Side::Short, plan);
    intent.entry.kind = kind;
    intent.entry.tif = TimeInForce::Gtc;
    intent.amount = desk::Amount::Units(Qty::whole(units));
    intent.group = Some("fade".to_owned());
    (1, Step::Want(Box::new(intent)))
}

#[test]
fn of_alternative_entries_the_first_that_fills_takes_the_others_back() {
    let (below, above) = (price("99"), price("104"));
    for (bar, held) in [("100 101 97 98", -40), ("100 105 99.5 104", -70)] {
        let script = vec![
            alternative("alert", OrderKind::Stop { stop: below }, 40),
            alternative("limit", OrderKind::Limit { limit: above }, 70),
        ];
        let mut world = World::new(config(), TinyBroker::guarded(), script);
        world.bar("100 101 99.5 100");
        assert_eq!(refusals(&world), []);
        world.bar(bar);
        assert_eq!(world.held(), held, "after {bar}");
        let entries = world.engine.state().orders.iter().filter(|order| order.role.opens());
        assert_eq!(entries.count(), 0, "an alternative was left");
        // The other level is touched too, and nothing happens there.
        world.bar("100 105 98.5 100");
        assert_eq!((world.held(), world.broker.naked), (held, 0));
        world.check_fold();
    }
}

#[test]
fn trading_goes_on_once_the_kill_switch_is_released() {
    let mut script = want(stop_only());
    script.push((2, Step::Want(Box::new(planned("two", Side::Short, stop_for_short())))));
    script.push((4, Step::Want(Box::new(planned("three", Side::Short, stop_for_short())))));
    let mut world = World::new(config(), TinyBroker::guarded(), script);
    world.bar("100 101 99 100");
    world.command(Command::Kill { reason: "test".to_owned() });
    world.bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!(refusals(&world), [Reason::Killed]);
    world.command(Command::Resume { reason: "settled".to_owned() });
    world.check_fold();
    world.bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!((world.held(), refusals(&world).len()), (-100, 1));
    world.check_fold();
}

#[test]
fn a_frozen_instrument_opens_nothing_and_keeps_its_stop_until_the_difference_is_settled() {
    for frozen in [Some(A), None] {
        let mut script = want(stop_only());
        let mut second =
            planned("two", Side::Short, ExitPlan::stop_only(price("130"), price("140")));
        second.entry.kind = OrderKind::Limit { limit: price("130") };
        second.entry.tif = TimeInForce::Gtc;
        script.push((1, Step::Want(Box::new(second))));
        script.push((3, Step::Want(Box::new(planned("three", Side::Short, stop_for_short())))));
        let mut world = World::new(config(), TinyBroker::guarded(), script);
        world.bar("100 101 99 100").bar("100 101 99 100");
        let incident = "cash differs".to_owned();
        world.command(Command::Freeze { instrument: frozen, incident });
        assert!(world.engine.view().is_frozen(A));
        assert_eq!((world.held(), world.engine.state().orders.len()), (100, 1));
        world.bar("100 101 99 100");
        assert_eq!(refusals(&world), [Reason::Frozen]);
        world.check_fold();
        world.command(Command::Thaw { instrument: frozen });
        assert!(!world.engine.view().is_frozen(A));
        world.bar("100 101 95 96");
        assert_eq!((world.held(), world.broker.naked), (0, 0));
        world.check_fold();
    }
}

fn stop_for_short() -> ExitPlan {
    ExitPlan::stop_only(price("100"), price("104"))
}

#[test]
fn a_kill_switch_set_to_flatten_closes_at_the_market_behind_the_stop() {
    let config = EngineConfig { on_kill: OnKill::Flatten, ..config() };
    let mut world = World::new(config, TinyBroker::guarded(), want(with_target("120")));
    world.bar("100 101 99 100").bar("100 101 99 100");
    world.command(Command::Kill { reason: "test".to_owned() });
    assert_eq!(world.held(), 100);
    world.bar("101 102 100 101");
    assert_eq!(world.exits(), ["Killed at 101"]);
    assert_eq!((world.broker.open_orders(), world.broker.naked), (0, 0));
    world.check_fold();
}

#[test]
fn an_order_for_all_hours_must_name_its_worst_price() {
    let with = |kind| {
        let mut intent = planned("one", Side::Long, stop_only());
        intent.entry.kind = kind;
        intent.entry.tif = TimeInForce::AllHours;
        let script = vec![(1, Step::Want(Box::new(intent)))];
        let mut world = World::new(config(), TinyBroker::guarded(), script);
        world.bar("100 101 99 100").bar("100 101 99 100");
        world
    };
    let refused = with(OrderKind::Market);
    assert_eq!(refusals(&refused), [Reason::UnlimitedOutsideSession]);
    let taken = with(OrderKind::Limit { limit: "100".parse().unwrap() });
    assert_eq!((refusals(&taken), taken.held()), (vec![], 100));
}

#[test]
fn a_second_intent_of_the_same_side_is_refused_and_of_one_name_too() {
    let again = planned("again", Side::Long, stop_only());
    let mut script = want(stop_only());
    script.push((2, Step::Want(Box::new(again))));
    script.push((3, Step::Want(Box::new(planned("one", Side::Short, stop_for_short())))));
    let mut world = World::new(config(), TinyBroker::guarded(), script);
    world.bar("100 101 99 100").bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!(refusals(&world), [Reason::Duplicate, Reason::AlreadyOpen]);
    assert_eq!(world.held(), 100);
}

#[test]
fn two_intents_of_opposite_sides_keep_their_own_plans() {
    let mut script = want(with_target("108"));
    let short = planned("two", Side::Short, stop_for_short());
    script.push((2, Step::Want(Box::new(short))));
    let mut world = World::new(config(), TinyBroker::default(), script);
    world.bar("100 101 99 100").bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!((world.held(), world.engine.view().plans(A).len()), (0, 2));
    world.bar("100 109 100 108");
    assert_eq!(world.exits(), ["Target at 108", "Stop at 104"]);
    assert_eq!(world.broker.open_orders(), 0);
    world.check_fold();
}

#[test]
fn a_refused_stop_is_an_incident_and_nothing_is_held_without_it() {
    let broker = TinyBroker { refuse_stops_from: Some(0), ..TinyBroker::default() };
    let mut world = World::new(config(), broker, want(with_target("120")));
    world.bar("100 101 99 100").bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!((world.held(), world.broker.open_orders()), (0, 0));
    assert!(world.engine.state().incidents >= 1);
    world.check_fold();
}

#[test]
fn a_refused_move_leaves_the_old_stop_in_force() {
    let broker = TinyBroker { refuse_stops_from: Some(1), ..TinyBroker::guarded() };
    let plan = ExitPlan { breakeven_r: Some(0.5), ..stop_only() };
    let mut world = World::new(config(), broker, want(plan));
    world.bar("100 101 99 100").bar("100 103 99 102").bar("102 103 97 98");
    assert_eq!((world.held(), world.broker.naked), (100, 0));
    world.bar("98 98 95 96");
    assert_eq!(world.held(), 0);
    assert_eq!(world.engine.state().incidents, 1);
}

#[test]
fn sessions_run_out_and_the_position_is_closed_at_the_next_open() {
    let mut world = world(ExitPlan { max_sessions: Some(2), ..with_target("150") });
    world.bar("100 101 99 100").bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!(world.held(), 100);
    world.bar("102 103 101 102");
    assert_eq!(world.exits(), ["Expired at 102"]);
    assert_eq!((world.broker.open_orders(), world.broker.naked), (0, 0));
}

#[test]
fn a_book_may_close_and_may_tighten_but_not_loosen() {
    let mut script = want(stop_only());
    let stop = |text: &str| Step::Do(Change::TightenStop(A, "one".to_owned(), price(text)));
    script.extend([(2, stop("98")), (3, stop("97")), (4, Step::Do(Change::CloseInstrument(A)))]);
    let mut world = World::new(config(), TinyBroker::guarded(), script);
    world.bar("100 101 99 100").bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!(world.engine.view().plans(A)[0].stop, price("98"));
    assert_eq!(refusals(&world), [Reason::LooserStop]);
    world.bar("100 101 99 100").bar("101 102 100 101");
    assert_eq!(world.exits(), ["Book at 101"]);
    assert_eq!(world.broker.naked, 0);
    world.check_fold();
}

#[test]
fn a_dry_run_writes_what_it_would_send_and_sends_nothing() {
    let config = EngineConfig { mode: Mode::DryRun, ..config() };
    let mut world = World::new(config, TinyBroker::guarded(), want(with_target("108")));
    world.bar("100 101 99 100").bar("100 101 99 100");
    let would = |line: &&desk::Line| matches!(line.record, Record::WouldSend(_));
    assert_eq!(world.journal.lines.iter().filter(would).count(), 3);
    assert_eq!((world.held(), world.broker.open_orders()), (0, 0));
    world.check_fold();
}

#[test]
fn a_waiting_intent_trades_only_once_someone_approves_in_time() {
    let human = Approval::Human { expires_after: Span::from_hours(48) };
    let config = EngineConfig { approval: human, ..config() };
    let approve = |who: &str| Command::Approve { intent: "one".to_owned(), who: who.to_owned() };
    let mut world = World::new(config.clone(), TinyBroker::guarded(), want(stop_only()));
    world.bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!(world.held(), 0);
    world.check_fold();
    world.command(approve("ann")).bar("100 101 99 100");
    assert_eq!(world.held(), 100);
    let mut late = World::new(config, TinyBroker::guarded(), want(stop_only()));
    late.bar("100 101 99 100").timer(48).command(approve("ann")).bar("100 101 99 100");
    assert_eq!((late.held(), refusals(&late)), (0, vec![Reason::ApprovalExpired, Reason::Unknown]));
    late.check_fold();
}

#[test]
fn fees_and_limits_reach_the_account_and_the_trade() {
    let broker = TinyBroker { fee: cash(1), ..TinyBroker::guarded() };
    let limits = Limits { position_fraction: 0.05, ..config().limits };
    let config = EngineConfig { limits, ..config() };
    let mut world = World::new(config, broker, want(with_target("108")));
    world.bar("100 101 99 100").bar("100 101 99 100");
    assert_eq!(world.held(), 50);
    world.bar("103 109 102 107");
    let trades = desk::performance::trades(&world.journal.lines);
    assert_eq!((trades[0].net(), trades[0].fills.len()), (cash(398), 2));
    assert_eq!(trades[0].gross_r(), Some(2.0));
    assert_eq!(world.engine.equity(), cash(100_398));
}

#[test]
fn an_engine_restored_from_its_journal_goes_on_as_if_it_had_never_stopped() {
    let plan = ExitPlan::breakout(price("100"), price("96"), price("130"), price("97"));
    let mut world = world(plan);
    world.bar("100 101 99 100").bar("100 101 99 101").bar("101 102.5 100 102");
    let engine = desk::Engine::restore(
        config(),
        &crate::world::universe(),
        crate::world::ScriptedBook::default(),
        &world.journal.lines,
    );
    world.engine = engine.unwrap();
    world.engine.mark(A, price("102")).unwrap();
    world.bar("102 104 101 103").bar("103 104 99 100");
    assert_eq!(world.exits(), ["Breakeven at 100"]);
    world.check_fold();
}

#[test]
fn orders_of_the_last_minute_count_after_a_restart_too() {
    let limits = Limits { orders_a_minute: 1, ..config().limits };
    let config = EngineConfig { limits, ..config() };
    let mut world = World::new(config.clone(), TinyBroker::guarded(), want(stop_only()));
    world.bar("100 101 99 100");
    let lines = world.journal.lines;
    let restarted = |after: Span| {
        let two = planned("two", Side::Short, stop_for_short());
        let book = crate::world::ScriptedBook::from(vec![(1, Step::Want(Box::new(two)))]);
        let universe = crate::world::universe();
        let mut engine = desk::Engine::restore(config.clone(), &universe, book, &lines).unwrap();
        let (mut broker, mut journal) = (TinyBroker::guarded(), MemoryJournal::default());
        let at = lines.last().unwrap().at + after;
        let (size, start, one) = (BarSize::Minutes(1), at, price("100"));
        let bar = Bar { open: one, high: one, low: one, close: one, volume: 1_000 };
        let what = What::Bar { instrument: A, size, start, bar };
        engine.step(&Event { at, known: at, what }, &mut broker, &mut journal).unwrap();
        let refused = |line: &desk::Line| match line.record {
            Record::Refused { reason, .. } => Some(reason),
            _ => None,
        };
        journal.lines.iter().find_map(refused)
    };
    assert_eq!(restarted(Span::from_seconds(59)), Some(Reason::OrderRate));
    assert_eq!(restarted(Span::from_seconds(60)), None);
}

#[test]
fn a_position_without_a_plan_is_opened_and_closed_by_its_book() {
    let mut intent = planned("one", Side::Long, stop_only());
    intent.plan = None;
    let script = vec![(1, Step::Want(Box::new(intent))), (2, Step::Do(Change::CloseInstrument(A)))];
    let mut world = World::new(config(), TinyBroker::default(), script);
    world.bar("100 101 99 100").bar("100 101 99 100").bar("104 105 103 104");
    let trades = desk::performance::trades(&world.journal.lines);
    assert_eq!((trades.len(), trades[0].net(), trades[0].net_r()), (1, cash(400), None));
    world.engine.finish(&mut world.journal);
    let curve = desk::performance::equity_curve(&world.journal.lines);
    let equity: Vec<Cash> = curve.iter().map(|point| point.equity).collect();
    assert_eq!(equity, [cash(100_000), cash(100_000), cash(100_400)]);
}

#[test]
fn events_that_go_back_in_time_are_refused() {
    let mut world = world(stop_only());
    world.bar("100 101 99 100");
    let past = market::Event {
        at: base::Ts::MIN,
        known: base::Ts::MIN,
        what: market::What::Macro { series: "VIX".to_owned(), value: 1.0 },
    };
    assert!(world.engine.step(&past, &mut world.broker, &mut world.journal).is_err());
}

#[test]
fn a_lost_stop_is_sent_again() {
    let mut world = world(stop_only());
    world.bar("100 101 99 100").bar("100 101 99 100");
    let stop = world.engine.view().orders().next().unwrap().request.id.clone();
    let at = world.now();
    let moved = market::BrokerEvent::Moved {
        order: stop.clone(),
        state: OrderState::Cancelled,
        reason: "lost".to_owned(),
    };
    world.take(market::Event { at, known: at, what: market::What::Broker(moved) });
    let again = world.engine.view().orders().next().unwrap().request.clone();
    assert_ne!(again.id, stop);
    assert_eq!((again.qty, again.kind), (Qty::whole(-100), OrderKind::Stop { stop: price("96") }));
    world.check_fold();
}
