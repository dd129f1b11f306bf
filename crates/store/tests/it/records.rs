//! Every kind of record comes back as it was written, and twice is once.

use base::{Day, Ts};
use market::{
    BarSize, Cash, ClientOrderId, Currency, Evidence, FillRule, InstrumentId, OrderKind,
    OrderRequest, OrderState, Price, Qty, TimeInForce,
};
use serde_json::json;
use store::{
    Approval, Decision, Equity, Error, Experiment, FillRecord, Incident, Intent, IntentState, Line,
    Model, Order, Plan, PlanStatus, Position, Run, RunState, Score, Severity, Signal, Store,
    SwitchState, Trial, TrialState, Tx, VaultOpening, Written,
};

use crate::database::on_each;

fn at(second: i64) -> Ts {
    Ts::from_micros(1_719_600_000_000_001 + second * 1_000_000)
}

fn day() -> Day {
    Day::from_ymd(2024, 6, 28).unwrap()
}

/// Writes twice, the second time in a transaction of its own, and expects the second to be none.
fn twice(store: &Store, write: impl Fn(&Tx<'_>) -> Result<Written, Error>) {
    assert_eq!(store.transaction("first", &write).unwrap(), Written::New);
    assert_eq!(store.transaction("second", &write).unwrap(), Written::Already);
}

fn read<T>(store: &Store, body: impl FnOnce(&Tx<'_>) -> Result<T, Error>) -> T {
    store.read(body).unwrap()
}

#[test]
fn runs() {
    on_each(|fresh| {
        let store = fresh.open();
        let run = Run {
            id: "r1".to_owned(),
            kind: "day".to_owned(),
            state: RunState::Running,
            started: at(0),
            finished: None,
            config_digest: "c".to_owned(),
            data_version: "7".to_owned(),
            code_revision: "abc".to_owned(),
            seed: u64::MAX,
            args: json!({ "day": "2024-06-28" }),
            error: None,
        };
        twice(&store, |tx| tx.start_run(&run));
        assert_eq!(read(&store, |tx| tx.run_by_id("r1")), Some(run));
        let finish = |tx: &Tx<'_>| tx.finish_run("r1", RunState::Failed, Some("no data"));
        store.transaction("finish", finish).unwrap();
        let run = read(&store, |tx| tx.latest_runs(5)).remove(0);
        assert_eq!((run.state, run.error.as_deref()), (RunState::Failed, Some("no data")));
        assert!(run.finished.is_some(), "{}", fresh.name);
    });
}

fn experiment(id: &str) -> Experiment {
    let (id, data_version) = (id.to_owned(), "7".to_owned());
    Experiment { id, created: at(0), data_version, seed: 1, spec: json!({ "trials": 20 }) }
}

fn trial(number: u32, state: TrialState) -> Trial {
    Trial {
        experiment: "long".to_owned(),
        number,
        state,
        params: json!({ "depth": 3, "rate": 0.1 }),
        value: (state == TrialState::Complete).then_some(0.1 + 0.2),
        further: if state == TrialState::Complete { vec![2.0 / 3.0, -1e-300] } else { vec![] },
        intermediate: vec![(1, 0.5), (2, 1.0 / 3.0)],
        seed: 9,
        started: at(1),
        finished: (state != TrialState::Running).then_some(at(2)),
    }
}

#[test]
fn trials_advance_and_then_stand_still() {
    on_each(|fresh| {
        let store = fresh.open();
        twice(&store, |tx| tx.record_experiment(&experiment("long")));
        let write = |trial: Trial| store.transaction("trial", |tx| tx.record_trial(&trial));
        write(trial(0, TrialState::Running)).unwrap();
        write(trial(0, TrialState::Complete)).unwrap();
        let again = write(trial(0, TrialState::Complete)).unwrap();
        assert_eq!(again, Written::Already);
        let changed = write(Trial { value: Some(9.0), ..trial(0, TrialState::Complete) });
        assert!(matches!(changed, Err(Error::RecordOnce { .. })), "{changed:?}");
        assert_eq!(read(&store, |tx| tx.trials("long")), vec![trial(0, TrialState::Complete)]);
    });
}

#[test]
fn pruned_and_failed_trials_count() {
    on_each(|fresh| {
        let store = fresh.open();
        let states = [TrialState::Complete, TrialState::Pruned, TrialState::Failed];
        store
            .transaction("trials", |tx| {
                tx.record_experiment(&experiment("long"))?;
                tx.record_experiment(&experiment("short"))?;
                for (number, state) in (0..).zip(states) {
                    tx.record_trial(&trial(number, state))?;
                }
                tx.record_trial(&Trial { experiment: "short".to_owned(), ..trial(0, states[0]) })
            })
            .unwrap();
        let counts = read(&store, |tx| Ok((tx.trial_count("long")?, tx.trial_count("")?)));
        assert_eq!(counts, (3, 4), "{}", fresh.name);
    });
}

#[test]
fn a_trial_of_no_experiment_is_refused() {
    on_each(|fresh| {
        let write =
            fresh.open().transaction("trial", |tx| tx.record_trial(&trial(0, TrialState::Running)));
        let trouble = write.unwrap_err().trouble();
        assert_eq!(trouble, Some(store::Trouble::RuleBroken), "{}", fresh.name);
    });
}

#[test]
fn the_vault_opens_once() {
    on_each(|fresh| {
        let store = fresh.open();
        store.transaction("new", |tx| tx.record_experiment(&experiment("long"))).unwrap();
        let opening = VaultOpening {
            experiment: "long".to_owned(),
            data_version: "7".to_owned(),
            who: "kim".to_owned(),
            at: at(3),
            result: json!({ "auc": 0.65 }),
        };
        twice(&store, |tx| tx.record_vault_opening(&opening));
        let better = VaultOpening { result: json!({ "auc": 0.9 }), ..opening.clone() };
        let second = store.transaction("again", |tx| tx.record_vault_opening(&better));
        assert!(matches!(second, Err(Error::RecordOnce { .. })), "{second:?}");
        assert_eq!(read(&store, |tx| tx.vault_opening("long")), Some(opening), "{}", fresh.name);
    });
}

#[test]
fn models_with_bytes_or_a_path_but_not_both() {
    on_each(|fresh| {
        let store = fresh.open();
        let model = Model {
            name: "long".to_owned(),
            version: "1".to_owned(),
            digest: "d".to_owned(),
            created: at(0),
            card: json!({ "auc": 0.65 }),
            artifact: Some((0..=255).collect()),
            path: None,
        };
        twice(&store, |tx| tx.record_model(&model));
        let later = Model {
            version: "2".to_owned(),
            created: at(1),
            artifact: None,
            path: Some("models/2".to_owned()),
            ..model.clone()
        };
        twice(&store, |tx| tx.record_model(&later));
        assert_eq!(read(&store, |tx| tx.model("long", "1")), Some(model));
        assert_eq!(read(&store, |tx| tx.latest_model("long")), Some(later.clone()));
        let neither = Model { version: "3".to_owned(), path: None, ..later };
        let refused = store.transaction("model", |tx| tx.record_model(&neither)).unwrap_err();
        assert_eq!(refused.trouble(), Some(store::Trouble::RuleBroken), "{}", fresh.name);
    });
}

#[test]
fn signals_and_scores() {
    on_each(|fresh| {
        let store = fresh.open();
        let signal = Signal {
            id: "s1".to_owned(),
            day: day(),
            book: "breakout".to_owned(),
            symbol: "AAPL".to_owned(),
            payload: json!({ "entry": 210.5 }),
        };
        let score = Score {
            signal: "s1".to_owned(),
            model: "long".to_owned(),
            model_version: "1".to_owned(),
            score: 0.1 + 0.2,
            payload: json!({}),
        };
        let set = |signals: &[Signal]| {
            store
                .transaction("scan", |tx| tx.set_signals_of_day(day(), "breakout", signals))
                .unwrap();
        };
        let scan = |signals: &[&Signal]| {
            set(&signals.iter().map(|signal| (*signal).clone()).collect::<Vec<_>>());
            read(&store, |tx| tx.signals_of_day(day(), "breakout"))
        };
        let other = Signal { id: "s2".to_owned(), ..signal.clone() };
        assert_eq!(scan(&[&signal, &other]), vec![signal.clone(), other.clone()]);
        let scores = || read(&store, |tx| tx.scores_of_day(day(), "breakout"));
        for score in [&Score { score: 0.2, ..score.clone() }, &score] {
            store.transaction("score", |tx| tx.put_score(score)).unwrap();
        }
        assert_eq!(scores(), vec![score.clone()]);
        let moved = Signal { payload: json!({ "entry": 211.0 }), ..signal };
        assert_eq!(scan(&[&moved]), vec![moved.clone()]);
        assert_eq!(scores(), vec![score]);
        assert_eq!(scan(&[&other]), vec![other.clone()]);
        assert_eq!(scores(), Vec::new());
    });
}

fn intent() -> Intent {
    Intent {
        id: "2024-06-28/AAPL/long".to_owned(),
        day: day(),
        book: "breakout".to_owned(),
        symbol: "AAPL".to_owned(),
        state: IntentState::Planned,
        created: at(0),
        updated: at(0),
        payload: json!({ "side": "long" }),
    }
}

fn approval(decision: Decision) -> Approval {
    let (who, reason) = ("kim".to_owned(), "fine".to_owned());
    Approval { intent: intent().id, who, at: at(1), decision, reason }
}

#[test]
fn an_intent_is_approved_once_and_the_first_decision_stands() {
    on_each(|fresh| {
        let store = fresh.open();
        twice(&store, |tx| tx.plan_intent(&intent()));
        twice(&store, |tx| tx.decide(&approval(Decision::Approve)));
        let other = store.transaction("no", |tx| tx.decide(&approval(Decision::Reject)));
        assert!(matches!(other, Err(Error::RecordOnce { .. })), "{other:?}");
        twice(&store, |tx| tx.move_intent(&intent().id, IntentState::Executed));
        let planned = store.transaction("plan", |tx| tx.plan_intent(&intent())).unwrap();
        assert_eq!(planned, Written::Already);
        let there = read(&store, |tx| tx.intents_of_day(day(), "breakout")).remove(0);
        assert_eq!(there.state, IntentState::Executed, "{}", fresh.name);
        assert_eq!(read(&store, |tx| tx.approval(&intent().id)), Some(approval(Decision::Approve)));
    });
}

#[test]
fn an_intent_that_was_not_approved_is_not_executed() {
    on_each(|fresh| {
        let store = fresh.open();
        store.transaction("plan", |tx| tx.plan_intent(&intent())).unwrap();
        let moved =
            store.transaction("go", |tx| tx.move_intent(&intent().id, IntentState::Executed));
        assert!(matches!(moved, Err(Error::MoveState { .. })), "{}", fresh.name);
    });
}

fn order() -> Order {
    let id = ClientOrderId::derive(&intent().id, "entry");
    Order {
        id: id.clone(),
        intent: Some(intent().id),
        book: "breakout".to_owned(),
        symbol: "AAPL".to_owned(),
        state: OrderState::Draft,
        broker_id: None,
        created: at(2),
        updated: at(2),
        request: OrderRequest {
            id,
            instrument: InstrumentId(7),
            qty: Qty::from_raw(i64::MIN),
            kind: OrderKind::StopLimit {
                stop: Price::from_raw(i64::MAX),
                limit: Price::from_raw(1),
            },
            tif: TimeInForce::Gtc,
            oco_group: Some("exit".to_owned()),
            parent: None,
            reduce_only: false,
        },
    }
}

fn with_order(store: &Store) {
    store
        .transaction("order", |tx| {
            tx.plan_intent(&intent())?;
            tx.draft_order(&order())
        })
        .unwrap();
}

#[test]
fn an_order_keeps_its_request_and_its_history() {
    on_each(|fresh| {
        let store = fresh.open();
        with_order(&store);
        assert_eq!(read(&store, |tx| tx.order(&order().id)), Some(order()));
        twice(&store, |tx| tx.move_order(&order().id, OrderState::Sent, "sent"));
        store.transaction("name", |tx| tx.name_order(&order().id, "B-1")).unwrap();
        let again = store.transaction("again", |tx| tx.draft_order(&order())).unwrap();
        assert_eq!(again, Written::Already);
        assert_eq!(read(&store, |tx| tx.open_orders("breakout")).len(), 1);
        twice(&store, |tx| tx.move_order(&order().id, OrderState::Filled, "filled"));
        assert_eq!(read(&store, |tx| tx.open_orders("breakout")).len(), 0);
        let back =
            store.transaction("back", |tx| tx.move_order(&order().id, OrderState::Working, "late"));
        assert!(matches!(back, Err(Error::MoveState { .. })), "{back:?}");
        let history = read(&store, |tx| tx.order_history(&order().id));
        let states: Vec<_> = history.iter().map(|change| (change.seq, change.state)).collect();
        assert_eq!(states, [(1, OrderState::Sent), (2, OrderState::Filled)], "{}", fresh.name);
        let there = read(&store, |tx| tx.orders_of_intent(&intent().id)).remove(0);
        assert_eq!(there.broker_id.as_deref(), Some("B-1"));
    });
}

#[test]
fn one_order_asked_for_with_another_request_is_refused() {
    on_each(|fresh| {
        let store = fresh.open();
        with_order(&store);
        let mut other = order();
        other.request.qty = Qty::whole(1);
        let drafted = store.transaction("other", |tx| tx.draft_order(&other));
        assert!(matches!(drafted, Err(Error::RecordOnce { .. })), "{}", fresh.name);
    });
}

fn fill(seq: u32) -> FillRecord {
    FillRecord {
        order_id: order().id,
        seq,
        symbol: "AAPL".to_owned(),
        instrument: u32::MAX,
        at: at(5),
        qty: Qty::from_raw(i64::MIN),
        price: Price::from_raw(i64::MAX),
        fee: Cash::from_raw(i64::MIN),
        evidence: Some(Evidence {
            bar_start: at(4),
            bar_known: at(5),
            bar_size: BarSize::Daily,
            rule: FillRule::NextOpen,
        }),
    }
}

#[test]
fn fills_keep_the_extremes_of_64_bits_and_count_once() {
    on_each(|fresh| {
        let store = fresh.open();
        with_order(&store);
        twice(&store, |tx| tx.record_fill(&fill(0)));
        let real = FillRecord { evidence: None, qty: Qty::from_raw(1), ..fill(1) };
        twice(&store, |tx| tx.record_fill(&real));
        let there = read(&store, |tx| tx.fills_of_order(&order().id));
        assert_eq!(there, vec![fill(0), real], "{}", fresh.name);
        assert_eq!(FillRecord::new(&there[0].fill(), 0, "AAPL"), fill(0));
        assert_eq!(read(&store, |tx| tx.fills_between(at(0), at(5))).len(), 0);
        assert_eq!(read(&store, |tx| tx.fills_between(at(5), at(6))).len(), 2);
    });
}

#[test]
fn positions_plans_and_equity_hold_the_last_value() {
    on_each(|fresh| {
        let store = fresh.open();
        let position = Position {
            book: "breakout".to_owned(),
            symbol: "AAPL".to_owned(),
            qty: Qty::from_raw(i64::MAX),
            average_price: Price::from_raw(i64::MAX),
            opened: at(5),
            updated: at(5),
            plan: Some("p".to_owned()),
            payload: json!({}),
        };
        let plan = Plan {
            id: "p".to_owned(),
            book: "breakout".to_owned(),
            symbol: "AAPL".to_owned(),
            status: PlanStatus::Open,
            updated: at(5),
            state: json!({ "stop": 190.5 }),
        };
        let equity = Equity {
            book: "breakout".to_owned(),
            day: day(),
            currency: Currency::EUR,
            cash: Cash::from_raw(i64::MAX),
            positions: Cash::from_raw(i64::MAX),
        };
        let put = |tx: &Tx<'_>| {
            tx.put_position(&position)?;
            tx.put_plan(&plan)?;
            tx.put_equity(&equity)
        };
        store.transaction("put", put).unwrap();
        store.transaction("put again", put).unwrap();
        assert_eq!(read(&store, |tx| tx.open_positions("breakout")), vec![position.clone()]);
        assert_eq!(read(&store, |tx| tx.open_plans("breakout")), vec![plan.clone()]);
        let curve = read(&store, |tx| tx.equity_curve("breakout"));
        assert_eq!(curve[0].total(), 2 * i128::from(i64::MAX), "{}", fresh.name);
        store
            .transaction("close", |tx| {
                tx.put_position(&Position { qty: Qty::ZERO, ..position.clone() })?;
                tx.put_plan(&Plan { status: PlanStatus::Closed, ..plan.clone() })
            })
            .unwrap();
        assert!(read(&store, |tx| tx.open_positions("breakout")).is_empty());
        assert!(read(&store, |tx| tx.open_plans("breakout")).is_empty());
    });
}

fn line(account: &str, raw: i64) -> Line {
    let amount = Cash::from_raw(raw);
    Line { account: account.to_owned(), currency: Currency::USD, amount }
}

#[test]
fn postings_sum_to_zero_and_post_once() {
    on_each(|fresh| {
        let store = fresh.open();
        let lines = [line("cash", -i64::MAX), line("stock", i64::MAX)];
        twice(&store, |tx| tx.post(1, at(5), &lines));
        twice(&store, |tx| tx.post(2, at(6), &lines));
        let fewer = store.transaction("other", |tx| tx.post(1, at(5), &lines[..0]));
        assert!(matches!(fewer, Err(Error::RecordOnce { .. })), "{fewer:?}");
        let lopsided = store.transaction("lopsided", |tx| tx.post(3, at(7), &lines[..1]));
        assert!(matches!(lopsided, Err(Error::PostEntries { .. })), "{lopsided:?}");
        let sums = read(&store, |tx| tx.balances());
        assert_eq!(sums[&("stock".to_owned(), Currency::USD)], 2 * i128::from(i64::MAX));
        assert_eq!(sums.values().sum::<i128>(), 0, "{}", fresh.name);
    });
}

#[test]
fn incidents_are_settled_once_and_stay_so() {
    on_each(|fresh| {
        let store = fresh.open();
        let incident = Incident {
            id: "i1".to_owned(),
            at: at(5),
            severity: Severity::Critical,
            kind: "reconcile".to_owned(),
            detail: json!({ "symbol": "AAPL" }),
            resolved: None,
            resolution: None,
        };
        twice(&store, |tx| tx.record_incident(&incident));
        assert_eq!(read(&store, |tx| tx.open_incidents()), vec![incident.clone()]);
        twice(&store, |tx| tx.resolve_incident("i1", "counted again"));
        let again = store.transaction("again", |tx| tx.record_incident(&incident)).unwrap();
        assert_eq!(again, Written::Already);
        assert!(read(&store, |tx| tx.open_incidents()).is_empty(), "{}", fresh.name);
    });
}

#[test]
fn the_kill_switch_says_who_and_why() {
    on_each(|fresh| {
        let store = fresh.open();
        assert_eq!(read(&store, |tx| tx.kill_switch()), None);
        twice(&store, |tx| tx.set_kill_switch(SwitchState::Pulled, "kim", "news"));
        twice(&store, |tx| tx.set_kill_switch(SwitchState::Armed, "lee", "calm"));
        let last = read(&store, |tx| tx.kill_switch()).unwrap();
        assert_eq!((last.seq, last.who.as_str(), last.why.as_str()), (2, "lee", "calm"));
    });
}

#[test]
fn the_simulated_broker_remembers_the_last_state() {
    on_each(|fresh| {
        let store = fresh.open();
        for number in [1, 2] {
            let put = |tx: &Tx<'_>| tx.put_simulated_account("demo", json!({ "n": number }));
            store.transaction("put", put).unwrap();
        }
        let account = read(&store, |tx| tx.simulated_account("demo")).unwrap();
        assert_eq!(account.state, json!({ "n": 2 }), "{}", fresh.name);
    });
}

#[test]
fn a_record_that_is_missing_is_named() {
    on_each(|fresh| {
        let moved =
            fresh.open().transaction("move", |tx| tx.move_intent("nobody", IntentState::Approved));
        let text = moved.unwrap_err().to_string();
        assert_eq!(text, "find nobody in intents: there is none", "{}", fresh.name);
    });
}
