//! Whatever happens, in whatever order.

use std::collections::BTreeSet;

use base::{Seed, Span, Ts};
use brokers::gateway::{Answer, Mode, News, Question, Region, Settings, Told};
use proptest::prelude::*;

use super::{Stand, program};

/// Something that happens.
#[derive(Debug, Clone)]
enum Event {
    /// Time goes on by so many seconds.
    Pass(i64),
    /// A program starts on a port, with an account, and its clock ahead by so many seconds.
    Start(usize, usize, i64),
    /// One ends.
    End(usize),
    /// One answers these questions only.
    Mute(usize, u8),
    /// A message of the system comes.
    Message(usize),
    /// An answer that nobody may have asked for.
    Stray(u64, u64, u8),
    /// A port is said to be open.
    Knocked(usize, bool),
    /// The clock of this machine is set by so many seconds.
    Set(i64),
}

const PORTS: [u16; 5] = [4001, 4002, 7496, 7497, 4100];
const ACCOUNTS: [&str; 4] = ["DU5", "U5", "DF2", ""];
const MESSAGES: [i32; 10] = [1100, 1101, 1102, 1300, 502, 504, 2110, 326, 2104, 321];
const ASKED: [Question; 4] =
    [Question::Accounts, Question::Time, Question::Positions, Question::Orders];

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0i64..400).prop_map(Event::Pass),
        3 => (0..PORTS.len(), 0..ACCOUNTS.len(), prop_oneof![4 => Just(0), 1 => -4_000i64..4_000])
            .prop_map(|(port, account, ahead)| Event::Start(port, account, ahead)),
        2 => (0..PORTS.len()).prop_map(Event::End),
        1 => (0..PORTS.len(), any::<u8>()).prop_map(|(port, mask)| Event::Mute(port, mask)),
        2 => (0..MESSAGES.len()).prop_map(Event::Message),
        1 => (0u64..6, 0u64..40, any::<u8>())
            .prop_map(|(line, number, what)| Event::Stray(line, number, what)),
        1 => (0..PORTS.len(), any::<bool>()).prop_map(|(port, is)| Event::Knocked(port, is)),
        1 => (-5_000i64..5_000).prop_map(Event::Set),
    ]
}

fn happen(stand: &mut Stand, event: &Event) {
    match *event {
        Event::Pass(seconds) => stand.pass(Span::from_seconds(seconds)),
        Event::Start(port, account, ahead) => {
            let mut one = program(ACCOUNTS[account]);
            one.ahead = Span::from_seconds(ahead);
            stand.end(PORTS[port]);
            stand.programs.insert(PORTS[port], one);
        }
        Event::End(port) => stand.end(PORTS[port]),
        Event::Mute(port, mask) => {
            if let Some(one) = stand.programs.get_mut(&PORTS[port]) {
                let bits = ASKED.into_iter().enumerate();
                one.answers = bits.filter(|(at, _)| mask >> at & 1 == 1).map(|(_, q)| q).collect();
                one.greets = mask & 16 == 0;
            }
        }
        Event::Message(at) => {
            if stand.session.line().is_some() {
                stand.message(MESSAGES[at], "words, Read-Only and a number 4100");
            }
        }
        Event::Stray(line, number, what) => {
            let answer = match what % 4 {
                0 => Answer::Accounts(vec!["DU9".to_owned()]),
                1 => Answer::Time(Ts::from_seconds(i64::from(what))),
                2 => Answer::Positions,
                _ => Answer::Orders,
            };
            // One that fits a question on the line there is would be its answer.
            if stand.session.line().map(|(line, _)| line) != Some(line) {
                stand.hear(News::Line { line, told: Told::Answer { number, answer } });
            }
        }
        Event::Knocked(port, is_open) => {
            stand.hear(News::Knocked { port: PORTS[port], is_open });
        }
        Event::Set(seconds) => {
            let by = Span::from_seconds(seconds);
            stand.now.wall = stand.now.wall + by;
            for one in stand.programs.values_mut() {
                one.ahead = Span::from_nanos(one.ahead.nanos() - by.nanos());
            }
        }
    }
}

/// What was asked on the newest line, and again after the broker's servers came back.
fn fresh(done: &[String]) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    for act in done {
        match act.split_once(' ') {
            Some(("connect", _)) => asked.clear(),
            Some(("ask", what)) => drop(asked.insert(what.to_owned())),
            _ => {}
        }
    }
    asked
}

fn check(stand: &Stand, mode: Mode) -> Result<(), TestCaseError> {
    if !stand.may_trade() {
        return Ok(());
    }
    let (line, port) = stand.session.line().unwrap();
    prop_assert_eq!(Mode::of(stand.session.account().unwrap()), mode);
    prop_assert_eq!(stand.lines.get(&line), Some(&port), "a line that was hung up");
    prop_assert_eq!(fresh(&stand.done).len(), 4, "{:?}", stand.done);
    prop_assert!(stand.alarms.is_empty(), "{:?}", stand.alarms);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn orders_go_to_the_mode_asked_for_after_all_was_read_and_all_heals(
        events in prop::collection::vec(event(), 1..60),
        is_live: bool,
        night: bool,
        seed: u64,
    ) {
        let (mode, account) = if is_live { (Mode::Live, "U5") } else { (Mode::Paper, "DU5") };
        let asked = Some(account.to_owned());
        let settings = Settings::of(mode, Region::NorthAmerica, Seed::root(seed));
        let settings = Settings { account: asked, ..settings };
        let began = if night { "2026-01-17T03:30:00Z" } else { super::MORNING };
        let mut stand = Stand::new(settings, began);
        for event in &events {
            happen(&mut stand, event);
            check(&stand, mode)?;
            // No wait is longer than that for Gateway to find its servers.
            let wait = stand.session.wake_at() - stand.now.steady;
            prop_assert!(wait > Span::ZERO && wait <= Span::from_minutes(5), "{wait:?}");
        }
        for port in PORTS {
            stand.end(port);
        }
        stand.programs.insert(PORTS[(seed % 4) as usize], program(account));
        stand.pass(Span::from_minutes(10));
        check(&stand, mode)?;
        prop_assert!(stand.may_trade(), "{}", stand.why_not());
        prop_assert!(stand.alarms.is_empty());
    }

    #[test]
    fn a_live_account_never_trades_on_paper(events in prop::collection::vec(event(), 1..60)) {
        let settings = Settings::of(Mode::Paper, Region::Europe, Seed::root(1));
        let mut stand = Stand::new(settings, super::MORNING);
        for event in &events {
            // Whatever starts has real money.
            let event = match event {
                Event::Start(port, _, ahead) => Event::Start(*port, 1, *ahead),
                other => other.clone(),
            };
            happen(&mut stand, &event);
            prop_assert!(!stand.may_trade());
            let read = ["ask Time", "ask Positions", "ask Orders"];
            prop_assert!(!stand.done.iter().any(|act| read.contains(&act.as_str())));
        }
    }
}
