//! One story a test.

use base::{Seed, Span};
use brokers::gateway::{AlarmKind, Cause, ClockRule, Mode, News, Question, Region, Settings};

use super::{MORNING, Stand, program};

const SECOND: Span = Span::from_seconds(1);

fn live() -> Settings {
    Settings::of(Mode::Live, Region::NorthAmerica, Seed::root(1))
}

#[test]
fn nothing_trades_before_all_is_read() {
    for missing in [Question::Accounts, Question::Time, Question::Positions, Question::Orders] {
        let mut slow = program("DU1");
        slow.answers.retain(|what| *what != missing);
        let mut stand = Stand::paper(&[(4002, slow)]);
        stand.pass(SECOND);
        assert!(!stand.may_trade(), "{missing:?}");
        stand.programs.insert(4002, program("DU1"));
        stand.pass(Span::from_minutes(3));
        assert!(stand.may_trade(), "{missing:?}: {}", stand.why_not());
    }
}

#[test]
fn the_start_asks_in_order_and_reads_nothing_before_the_account_is_known() {
    let mut stand = Stand::paper(&[(7497, program("DU1"))]);
    stand.pass(SECOND);
    let wanted = [
        "knock 4002",
        "knock 7497",
        "connect 7497",
        "ask Accounts",
        "ask Time",
        "ask Positions",
        "ask Orders",
    ];
    assert_eq!(stand.done(), wanted);
    assert_eq!(stand.session.account(), Some("DU1"));
    assert_eq!(stand.session.line(), Some((1, 7497)));
}

#[test]
fn side_by_side_each_mode_takes_its_own_whatever_the_ports_say() {
    // Set up the wrong way round: the paper session on the port of the live one.
    let both = [(4001, program("DU1")), (4002, program("U2"))];
    let mut paper = Stand::paper(&both);
    paper.pass(SECOND);
    assert_eq!((paper.session.account(), paper.may_trade()), (Some("DU1"), true));
    assert!(paper.alarms.is_empty());
    let mut other = Stand::new(live(), MORNING);
    other.programs.extend(both);
    other.pass(SECOND);
    assert_eq!((other.session.account(), other.may_trade()), (Some("U2"), true));
}

#[test]
fn a_live_account_is_refused_while_the_mode_says_paper() {
    let mut stand = Stand::paper(&[(4002, program("U7"))]);
    stand.pass(Span::from_nanos(100_000_000));
    let done = stand.done();
    assert_eq!(done.iter().filter(|act| act.starts_with("ask")).count(), 1, "{done:?}");
    assert!(done.contains(&"hang up".to_owned()));
    let why = stand.why_not();
    assert!(why.contains("the live account U7, and the mode says paper"), "{why}");
    let words = stand.alarms[&AlarmKind::Wrong].words.clone();
    assert!(words.contains("log in to the paper account"), "{words}");
    stand.pass(Span::from_hours(3));
    assert!(!stand.may_trade());
    assert_eq!(stand.alarms.len(), 1);
    stand.programs.insert(4002, program("DU7"));
    stand.pass(Span::from_minutes(1));
    assert!(stand.may_trade() && stand.alarms.is_empty());
}

#[test]
fn another_account_than_the_one_asked_for_is_refused() {
    let settings = Settings {
        account: Some("DU2".to_owned()),
        ..Settings::of(Mode::Paper, Region::Europe, Seed::root(1))
    };
    let mut stand = Stand::new(settings, MORNING);
    stand.programs.insert(4002, program("DU1"));
    stand.pass(SECOND);
    assert!(stand.why_not().contains("not the account DU2"), "{}", stand.why_not());
}

#[test]
fn an_account_that_was_found_is_traded_on_alone_whoever_logs_in_later() {
    let mut stand = Stand::paper(&[(4002, program("DU1"))]);
    stand.pass(SECOND);
    assert_eq!(stand.session.account(), Some("DU1"));
    stand.end(4002);
    stand.programs.insert(4002, program("DU2"));
    stand.pass(Span::from_minutes(1));
    assert!(stand.why_not().contains("not the account DU1"), "{}", stand.why_not());
    stand.programs.insert(4002, program("DU1"));
    stand.pass(Span::from_minutes(1));
    assert!(stand.may_trade() && stand.alarms.is_empty());
}

#[test]
fn a_clock_off_by_an_hour_stops_all_trading_and_says_so() {
    for (ahead, words) in [(1, "one hour behind"), (-1, "one hour ahead of")] {
        let mut off = program("DU1");
        off.ahead = Span::from_hours(ahead);
        let mut stand = Stand::paper(&[(4002, off)]);
        stand.pass(SECOND);
        assert!(stand.why_not().contains(words), "{}", stand.why_not());
        assert!(stand.alarms[&AlarmKind::Clock].words.contains("time server"));
        stand.programs.insert(4002, program("DU1"));
        stand.pass(Span::from_seconds(20));
        assert!(stand.may_trade() && stand.alarms.is_empty(), "{}", stand.why_not());
    }
}

#[test]
fn a_clock_that_goes_on_drifting_is_one_alarm() {
    let mut stand = Stand::paper(&[(4002, program("DU1"))]);
    stand.pass(SECOND);
    stand.done();
    for seconds in [60, 70, 80] {
        stand.programs.get_mut(&4002).unwrap().ahead = Span::from_seconds(seconds);
        stand.pass(Span::from_seconds(20));
        assert!(stand.why_not().contains(&format!("{seconds} s")), "{}", stand.why_not());
    }
    let done = stand.done();
    assert_eq!(done.iter().filter(|act| *act == "raise Clock").count(), 1, "{done:?}");
}

#[test]
fn a_clock_that_is_set_while_all_is_well_stops_trading_at_once() {
    let mut stand = Stand::paper(&[(4002, program("DU1"))]);
    stand.pass(SECOND);
    assert!(stand.may_trade());
    stand.now.wall = stand.now.wall + Span::from_hours(1);
    assert!(stand.why_not().contains("was set"), "{}", stand.why_not());
    stand.programs.get_mut(&4002).unwrap().ahead = Span::from_hours(-1);
    stand.pass(Span::from_seconds(20));
    assert!(stand.why_not().contains("one hour ahead of"), "{}", stand.why_not());
}

#[test]
fn a_made_markets_time_is_let_pass_on_paper_alone() {
    for (mode, account, may) in [(Mode::Paper, "DU1", true), (Mode::Live, "U1", false)] {
        let settings = Settings {
            clock: ClockRule::Foreign,
            ..Settings::of(mode, Region::NorthAmerica, Seed::root(1))
        };
        let mut stand = Stand::new(settings, MORNING);
        let mut old = program(account);
        old.ahead = Span::from_days(-3_000);
        stand.programs.insert(4002, old);
        stand.pass(SECOND);
        assert_eq!(stand.may_trade(), may, "{}", stand.why_not());
    }
}

#[test]
fn silence_twice_is_death_and_is_found_before_a_minute_has_passed() {
    let mut stand = Stand::paper(&[(4002, program("DU1"))]);
    stand.pass(SECOND);
    stand.done();
    stand.programs.get_mut(&4002).unwrap().answers.clear();
    stand.pass(Span::from_seconds(26));
    assert!(stand.why_not().contains("does not answer"), "{}", stand.why_not());
    stand.pass(Span::from_seconds(14));
    let done = stand.done();
    assert_eq!(done[..3], ["ask Time", "ask Time", "hang up"], "{done:?}");
    assert!(matches!(stand.session.cause(), Some(Cause::Dead { port: 4002 }) | None));
    stand.programs.insert(4002, program("DU1"));
    stand.pass(Span::from_minutes(1));
    assert!(stand.may_trade(), "{}", stand.why_not());
}

#[test]
fn a_line_that_broke_is_back_within_seconds_and_reads_all_again() {
    let mut stand = Stand::paper(&[(4002, program("DU1")), (4001, program("U1"))]);
    stand.pass(Span::from_minutes(5));
    stand.end(4002);
    assert!(!stand.may_trade());
    stand.programs.insert(4002, program("DU1"));
    stand.done();
    stand.pass(Span::from_seconds(2));
    let wanted =
        ["knock 4002", "connect 4002", "ask Accounts", "ask Time", "ask Positions", "ask Orders"];
    assert_eq!(stand.done()[..6], wanted);
    assert!(stand.may_trade() && stand.alarms.is_empty());
}

#[test]
fn outside_the_hours_of_resets_there_is_an_alarm_after_three_minutes() {
    let mut stand = Stand::paper(&[]);
    stand.pass(Span::from_seconds(179));
    assert!(stand.alarms.is_empty());
    stand.pass(Span::from_seconds(2));
    let words = &stand.alarms[&AlarmKind::Away].words;
    assert_eq!(
        words,
        "nothing listens on 4002, 7497, 4001, 7496: start IB Gateway and log in to the paper \
         account"
    );
    stand.done();
    stand.pass(Span::from_hours(1));
    let again = stand.done().iter().filter(|act| act.starts_with("raise")).count();
    assert_eq!(again, 0);
    stand.programs.insert(4002, program("DU1"));
    stand.pass(Span::from_minutes(1));
    assert!(stand.may_trade() && stand.alarms.is_empty());
}

#[test]
fn within_the_nightly_reset_nobody_is_alarmed_and_tries_are_fewer() {
    let settings = || Settings::of(Mode::Paper, Region::NorthAmerica, Seed::root(1));
    let knocks = |began: &str| {
        let mut stand = Stand::new(settings(), began);
        stand.pass(Span::from_minutes(30));
        (stand.done().iter().filter(|act| *act == "knock 4002").count(), stand)
    };
    // 23:50 in New York, on a Tuesday in winter and in summer.
    for night in ["2026-01-14T04:50:00Z", "2026-07-15T03:50:00Z"] {
        let (fewer, mut stand) = knocks(night);
        assert!(stand.alarms.is_empty(), "{night}");
        // Patience begins when the window ends, at 01:45.
        stand.pass(Span::from_minutes(85 + 2));
        assert!(stand.alarms.is_empty(), "{night}");
        stand.pass(Span::from_minutes(2));
        assert!(stand.alarms.contains_key(&AlarmKind::Away), "{night}");
        let (more, stand) = knocks(MORNING);
        assert!(stand.alarms.contains_key(&AlarmKind::Away));
        assert!(fewer * 3 < more * 2, "{fewer} {more}");
    }
}

#[test]
fn on_sunday_a_person_is_asked_to_log_in() {
    let settings = Settings::of(Mode::Paper, Region::NorthAmerica, Seed::root(1));
    let mut stand = Stand::new(settings, "2026-01-18T15:00:00Z");
    stand.pass(Span::from_minutes(4));
    let words = &stand.alarms[&AlarmKind::Login].words;
    assert!(words.contains("log in to the paper account by hand"), "{words}");
}

#[test]
fn a_gateway_that_lost_its_servers_waits_and_all_is_read_again_when_they_are_back() {
    for (lost, back) in [(1100, 1101), (1100, 1102), (2110, 1102)] {
        let mut stand = Stand::paper(&[(4002, program("DU1"))]);
        stand.pass(SECOND);
        stand.message(lost, "Connectivity between IBKR and Trader Workstation has been lost");
        assert!(stand.why_not().contains("no line to the broker"), "{}", stand.why_not());
        stand.pass(Span::from_minutes(4));
        assert_eq!(stand.alarms.keys().collect::<Vec<_>>(), [&AlarmKind::NoServers]);
        stand.done();
        stand.message(back, "Connectivity has been restored");
        assert_eq!(stand.done()[..3], ["ask Time", "ask Positions", "ask Orders"]);
        assert!(stand.may_trade() && stand.alarms.is_empty());
    }
}

#[test]
fn servers_that_stay_away_end_the_line_so_that_all_begins_anew() {
    let mut stand = Stand::paper(&[(4002, program("DU1"))]);
    stand.pass(SECOND);
    stand.message(1100, "lost");
    stand.done();
    stand.pass(Span::from_seconds(302));
    let done = stand.done();
    assert!(done.contains(&"hang up".to_owned()), "{done:?}");
    assert!(stand.may_trade() && stand.alarms.is_empty(), "{}", stand.why_not());
}

#[test]
fn a_gateway_that_moves_to_another_port_is_followed() {
    let mut stand = Stand::paper(&[(4002, program("DU1"))]);
    stand.pass(SECOND);
    let moved = stand.programs.remove(&4002).unwrap();
    stand.programs.insert(4100, moved);
    let words = "TWS socket port has been reset and this connection is being dropped. Please \
                 reconnect on the new port - 4100";
    stand.message(1300, words);
    stand.pass(Span::from_seconds(2));
    assert_eq!(stand.session.line().unwrap().1, 4100);
    assert!(stand.may_trade());
}

#[test]
fn what_listens_and_does_not_greet_is_told_from_what_does_not_listen() {
    let mut deaf = program("DU1");
    deaf.greets = false;
    let mut stand = Stand::paper(&[(4002, deaf)]);
    stand.pass(Span::from_seconds(21));
    let cause = stand.session.cause().unwrap();
    assert!(matches!(cause, Cause::Ungreeted { port: 4002, .. }), "{cause}");
    assert!(cause.advice(Mode::Paper).contains("trusted IPs"));
    let mut stand = Stand::paper(&[(4002, program("DU1"))]);
    stand.pass(SECOND);
    stand.message(326, "Unable to connect as the client id is already in use");
    assert!(stand.session.cause().unwrap().to_string().contains("another client of this id"));
}

#[test]
fn a_gateway_that_takes_no_orders_says_which_setting_it_is() {
    let mut slow = program("DU1");
    slow.answers.retain(|what| *what != Question::Orders);
    let mut stand = Stand::paper(&[(4002, slow)]);
    let told = "Error validating request.-'bN' : cause - The API interface is currently in \
                Read-Only mode.";
    for _ in 0..3 {
        stand.pass(Span::from_seconds(5));
        stand.message(321, told);
        assert!(!stand.may_trade());
    }
    let raised = stand.done().iter().filter(|act| act.starts_with("raise")).count();
    assert_eq!((raised, stand.alarms.len()), (1, 1));
    assert!(stand.alarms[&AlarmKind::ReadOnly].words.contains("turn Read-Only API off"));
    stand.programs.insert(4002, program("DU1"));
    stand.pass(Span::from_minutes(1));
    assert!(stand.may_trade() && stand.alarms.is_empty(), "{}", stand.why_not());
    stand.message(321, "Error validating request.-'bN' : cause - Invalid account code");
    assert!(stand.may_trade());
}

#[test]
fn what_an_earlier_line_says_is_passed_over() {
    use brokers::gateway::{Answer, Told};
    let mut deaf = program("DU1");
    deaf.answers = vec![Question::Accounts];
    let mut stand = Stand::paper(&[(4002, deaf)]);
    stand.pass(SECOND);
    stand.end(4002);
    stand.programs.insert(4002, program("DU1"));
    stand.programs.get_mut(&4002).unwrap().answers = vec![Question::Accounts];
    stand.pass(Span::from_seconds(5));
    assert_eq!(stand.session.line(), Some((2, 4002)));
    // Numbers 2 to 4 were asked on the first line, 6 to 8 on the second.
    let answers = [Answer::Time(stand.now.wall), Answer::Positions, Answer::Orders];
    for (number, answer) in (2..).zip(answers.clone()) {
        for line in [1, 2] {
            let told = Told::Answer { number, answer: answer.clone() };
            stand.hear(News::Line { line, told });
        }
    }
    assert!(!stand.may_trade());
    for (number, answer) in (6..).zip(answers) {
        stand.hear(News::Line { line: 2, told: Told::Answer { number, answer } });
    }
    assert!(stand.may_trade(), "{}", stand.why_not());
}
