//! OPS-1, BRK-30: steps run again, alone, without; a day that waits.

use pipeline::Error;
use pipeline::day::approvals::{Word, decide, decide_each};
use pipeline::day::{Pause, Scoring, Sending, Step};
use store::{Decision, IntentState, StepState};

use crate::world::{World, market};

fn states(outcome: &pipeline::day::DayOutcome) -> Vec<StepState> {
    outcome.steps.iter().map(|step| step.state).collect()
}

#[test]
fn each_step_run_again_from_there_on_or_alone_changes_nothing() {
    let (world, day) = (World::new(), market().sessions[0]);
    world.walk(day);
    let once = world.account();
    assert!(!world.fills().is_empty(), "the day must trade, or it shows nothing");
    for step in Step::ALL {
        world.course(Some(step), None, &[]).walk(day);
        assert_eq!(world.account(), once, "from {step}");
        let outcome = world.course(None, Some(step), &[]).walk(day);
        assert_eq!(world.account(), once, "only {step}");
        assert_eq!(states(&outcome), [StepState::Done; 10], "only {step}");
    }
}

#[test]
fn a_step_passed_over_is_marked_so_and_nothing_that_needs_it_happens() {
    let day = market().sessions[0];
    for step in [Step::Features, Step::Plan, Step::Approve, Step::Execute] {
        let world = World::new();
        let outcome = world.course(None, None, &[step]).walk(day);
        let skipped = outcome.steps.iter().filter(|s| s.state == StepState::Skipped);
        let names: Vec<&str> = skipped.map(|step| step.name.as_str()).collect();
        assert_eq!(names, [step.name()]);
        assert!(world.fills().is_empty(), "{step} was passed over, and something was traded");
        assert!(world.incidents().is_empty());
        assert!(outcome.page.is_some());
    }
}

#[test]
fn a_day_without_its_score_plans_nothing_where_a_model_is_asked_for() {
    let (world, day) = (World::new(), market().sessions[0]);
    world.set(|request| request.scoring = Scoring::Model);
    world.course(None, None, &[Step::Score]).walk(day);
    assert_eq!(world.intents(day), []);
}

#[test]
fn a_step_alone_needs_those_before_it() {
    let (world, day) = (World::new(), market().sessions[0]);
    let refused = world.course(None, Some(Step::Plan), &[]).try_walk(day).unwrap_err();
    assert!(matches!(refused, Error::RunStep { step: Step::Plan, missing: Step::Download }));
    for step in Step::ALL {
        world.course(None, Some(step), &[]).walk(day);
    }
    let whole = World::new();
    whole.walk(day);
    assert_eq!(world.account(), whole.account());
}

#[test]
fn other_settings_run_again_by_themselves_until_the_day_is_planned() {
    let (world, day) = (World::new(), market().sessions[0]);
    for step in [Step::Download, Step::Features, Step::Scan, Step::Score] {
        world.course(None, Some(step), &[]).walk(day);
    }
    let signals = |world: &World| {
        let of_day = market_previous(day);
        world.store.read(|tx| tx.signals_of_day(of_day, "breakout")).unwrap().len()
    };
    let before = signals(&world);
    world.set(|request| request.config.scan.rally_min_atrs = 6.0);
    world.course(None, None, &[]).walk(day);
    assert!(signals(&world) < before, "the scan was not made again");
    world.set(|request| request.config.scan.rally_min_atrs = 2.5);
    let refused = world.try_walk(day).unwrap_err();
    assert!(matches!(refused, Error::ChangeSettings { step: Step::Download, .. }), "{refused}");
    world.course(Some(Step::Download), None, &[]).walk(day);
    assert_eq!(signals(&world), before);
}

fn market_previous(day: base::Day) -> base::Day {
    market::Calendar::of("XNYS").unwrap().previous(day).unwrap().day
}

#[test]
fn what_nobody_approves_in_time_expires_and_can_no_longer_be_approved() {
    let (world, day) = (World::new(), market().sessions[0]);
    world.set(|request| request.sending = Sending::Approved);
    let Some(Pause::Person(waiting)) = world.walk(day).pause else { panic!("nothing waits") };
    assert!(waiting.len() > 1, "{waiting:?}");
    let yes = Word { who: "ann".to_owned(), decision: Decision::Approve, why: String::new() };
    let first = std::slice::from_ref(&waiting[0].intent);
    decide(&world.store, first, &yes).unwrap();
    world.wait_hours(25);
    let late = decide(&world.store, std::slice::from_ref(&waiting[1].intent), &yes).unwrap_err();
    assert!(late.to_string().contains("it expired at"), "{late}");
    assert!(world.walk(day).pause.is_none());
    let states = world.intents(day);
    let count = |state| states.iter().filter(|is| **is == state).count();
    assert_eq!(count(IntentState::Executed), 1, "{states:?}");
    assert_eq!(count(IntentState::Expired), waiting.len() - 1, "{states:?}");
    let none = decide(&world.store, &["nobody".to_owned()], &yes).unwrap_err();
    assert!(none.to_string().contains("there is no such intent"), "{none}");
}

#[test]
fn of_many_intents_those_that_can_be_decided_on_are_and_the_others_say_why_not() {
    let (world, day) = (World::new(), market().sessions[0]);
    world.set(|request| request.sending = Sending::Approved);
    let Some(Pause::Person(waiting)) = world.walk(day).pause else { panic!("nothing waits") };
    let yes = Word { who: "ann".to_owned(), decision: Decision::Approve, why: String::new() };
    let names = ["nobody".to_owned(), waiting[0].intent.clone()];
    let found = decide_each(&world.store, &names, &yes).unwrap();
    assert_eq!(found.done, names[1..]);
    assert_eq!(found.left.len(), 1);
    assert!(found.left[0].1.contains("there is no such intent"), "{found:?}");
    assert!(world.walk(day).pause.is_some() || waiting.len() == 1);
    let held = world.store.read(|tx| tx.approval(&names[1])).unwrap();
    assert!(held.is_some());
}

#[test]
fn a_dry_run_leaves_no_trace_in_the_account_and_does_not_move_the_day_on() {
    let (world, sessions) = (World::new(), &market().sessions);
    world.set(|request| request.sending = Sending::DryRun).walk(sessions[3]);
    assert!(world.fills().is_empty() && world.open_orders().is_empty());
    world.set(|request| request.sending = Sending::Unattended).walk(sessions[0]);
    assert!(!world.fills().is_empty());
}
