//! Days in a row: with finer bars, models, fades and corporate actions; days left out; new stocks.

use lake::Lake;
use pipeline::day::{Scoring, Sending};
use pipeline::lake_history::LakeHistory;
use pipeline::study::{self, StudyRequest};
use pipeline::synth::{SynthRequest, fill};
use pipeline::{Silent, models};
use sim::synth::SynthConfig;

use crate::world::{World, market, parts};

/// Trains on another market: here only what a model does to a day matters.
fn enrol(world: &World) {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::at(folder.path().join("lake"));
    let config = SynthConfig { symbols: 300, years: 4, seed: 9, ..SynthConfig::default() };
    let (dataset, at) = ("s".to_owned(), base::Ts::from_seconds(1_600_000_000));
    fill(&lake, &SynthRequest { config, dataset, minutes: None, at }, &Silent).unwrap();
    let history = LakeHistory::open(&lake, &parts(None), at).unwrap();
    let mut config = world.request.borrow().config.clone();
    config.train.trials = 2;
    config.train.trials_again = 1;
    let request = StudyRequest {
        name: "small".to_owned(),
        by: "test".to_owned(),
        at,
        seed: 7,
        config,
        data_version: "test".to_owned(),
        code_revision: "test".to_owned(),
    };
    let found = study::run(&history, &request, &world.store, &Silent).unwrap();
    for side in &found.sides {
        models::enrol(&world.store, side, request.at).unwrap();
    }
}

#[test]
fn days_with_models_finer_bars_fades_and_corporate_actions_reconcile_to_the_cent() {
    let world = World::new();
    enrol(&world);
    world.set(|request| {
        request.scoring = Scoring::Model;
        request.parts = parts(Some("s"));
        // Expected value alone decides.
        request.config.size.gate = 0.0;
    });
    for day in &market().sessions {
        world.walk(*day);
        assert!(world.incidents().is_empty(), "{day}: {:?}", world.incidents());
        let [rows, broker] = world.both_sides();
        assert_eq!(rows, broker, "{day}");
    }
    let fills = world.fills();
    assert!(fills.len() > 4, "{} fills", fills.len());
    let short = |fill: &&store::FillRecord| {
        fill.evidence.is_some_and(|e| e.bar_size == market::BarSize::Minutes(30))
    };
    assert_eq!(fills.iter().filter(short).count(), fills.len(), "filled on coarser bars");
    let journal = world.store.read(|tx| tx.journal_from(1, 100_000)).unwrap();
    let count = |text: &str| journal.iter().filter(|j| j.record.to_string().contains(text)).count();
    assert!(count("/fade-") > 0, "no fade was planned");
}

#[test]
fn each_entry_is_sent_with_its_stop_and_target_and_the_broker_takes_them_all() {
    let world = World::new();
    for day in &market().sessions[..6] {
        world.walk(*day);
        for intent in world.store.read(|tx| tx.intents_of_day(*day, "breakout")).unwrap() {
            let orders = world.store.read(|tx| tx.orders_of_intent(&intent.id)).unwrap();
            let rejected = orders.iter().filter(|it| it.state == market::OrderState::Rejected);
            assert_eq!(rejected.count(), 0, "{}: {orders:?}", intent.id);
            if intent.state == store::IntentState::Executed {
                assert!(orders.len() >= 3, "{}: {orders:?}", intent.id);
            }
        }
    }
    assert!(!world.fills().is_empty());
}

#[test]
fn sessions_left_out_are_caught_up_with_as_if_they_had_been_walked() {
    let sessions = &market().sessions;
    let (every, some) = (World::new(), World::new());
    // Only the first day opens anything, so that the days between can't add to it.
    every.walk(sessions[0]);
    some.walk(sessions[0]);
    for world in [&every, &some] {
        world.set(|request| request.config.limits.open_positions = 0);
    }
    for day in &sessions[1..8] {
        every.walk(*day);
    }
    some.walk(sessions[7]);
    assert_eq!(some.fills(), every.fills());
    let curve = |world: &World| world.store.read(|tx| tx.equity_curve("breakout")).unwrap();
    assert_eq!(curve(&some), curve(&every));
}

#[test]
fn a_dry_run_of_each_day_says_what_the_day_itself_then_sends() {
    let world = World::new();
    for day in &market().sessions[..5] {
        world.set(|request| request.sending = Sending::DryRun).walk(*day);
        let dry = world.store.read(|tx| tx.steps_of_day(*day, pipeline::day::DRY_RUN)).unwrap();
        let plan = dry.iter().find(|step| step.name == "plan").unwrap();
        let said = plan.output["would_send"].as_array().unwrap().len();
        let before = orders(&world);
        world.set(|request| request.sending = Sending::Unattended).walk(*day);
        let planned = world.store.read(|tx| tx.intents_of_day(*day, "breakout")).unwrap();
        let mut sent = 0;
        for intent in planned {
            let orders = world.store.read(|tx| tx.orders_of_intent(&intent.id)).unwrap();
            sent += orders.iter().filter(|order| order.created < open(*day)).count();
        }
        assert_eq!(said, sent, "{day}, {before} orders before");
    }
}

fn orders(world: &World) -> usize {
    world.open_orders().len()
}

fn open(day: base::Day) -> base::Ts {
    market::Calendar::of("XNYS").unwrap().session(day).unwrap().unwrap().open
}
