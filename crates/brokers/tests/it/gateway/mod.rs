//! Gateway sessions: a stand with programs that listen on ports, a clock, and a session between.

mod any;
mod between;
mod hostile;
mod line;
mod real;
mod steps;

pub(crate) use real::access;

use std::collections::{BTreeMap, VecDeque};

use base::{Seed, Span, Ts};
use brokers::gateway::{
    Act, Alarm, AlarmKind, Answer, LineId, Mode, News, Question, Region, Session, Settings, Told,
};
use desk::courier::Clocks;

/// A Wednesday, 10:00 in New York.
pub(crate) const MORNING: &str = "2026-01-14T15:00:00Z";

pub(crate) fn at(text: &str) -> Ts {
    let stamp: jiff::Timestamp = text.parse().unwrap();
    Ts::from_nanos(i64::try_from(stamp.as_nanosecond()).unwrap())
}

/// A program of the broker's on a port.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) accounts: Vec<String>,
    /// By how much the broker's clock shows more than the true time.
    pub(crate) ahead: Span,
    pub(crate) greets: bool,
    pub(crate) answers: Vec<Question>,
}

pub(crate) fn program(account: &str) -> Program {
    let answers = vec![Question::Accounts, Question::Time, Question::Positions, Question::Orders];
    Program { accounts: vec![account.to_owned()], ahead: Span::ZERO, greets: true, answers }
}

/// A session and what it is to talk to. Everything answers at once.
pub(crate) struct Stand {
    pub(crate) session: Session,
    pub(crate) programs: BTreeMap<u16, Program>,
    pub(crate) lines: BTreeMap<LineId, u16>,
    pub(crate) now: Clocks,
    /// What was done, in words.
    pub(crate) done: Vec<String>,
    pub(crate) alarms: BTreeMap<AlarmKind, Alarm>,
}

impl Stand {
    pub(crate) fn new(settings: Settings, began: &str) -> Stand {
        let now = Clocks { wall: at(began), steady: Ts::from_seconds(1_000) };
        Stand {
            session: Session::new(settings, now),
            programs: BTreeMap::new(),
            lines: BTreeMap::new(),
            now,
            done: Vec::new(),
            alarms: BTreeMap::new(),
        }
    }

    /// Paper trading in North America with one program.
    pub(crate) fn paper(programs: &[(u16, Program)]) -> Stand {
        let settings = Settings::of(Mode::Paper, Region::NorthAmerica, Seed::root(1));
        let mut stand = Stand::new(settings, MORNING);
        stand.programs.extend(programs.iter().cloned());
        stand
    }

    /// What happened, and all that comes of it, one thing after another.
    pub(crate) fn hear(&mut self, news: News) {
        let mut news = VecDeque::from([news]);
        while let Some(next) = news.pop_front() {
            let mut acts = Vec::new();
            self.session.hear(self.now, next, &mut acts);
            for act in acts {
                news.extend(self.act(act));
            }
        }
    }

    pub(crate) fn tell(&mut self, told: Told) {
        let (line, _) = self.session.line().unwrap();
        self.hear(News::Line { line, told });
    }

    pub(crate) fn message(&mut self, code: i32, text: &str) {
        self.tell(Told::Message { code, text: text.to_owned() });
    }

    /// Does something; gives what is heard of it.
    fn act(&mut self, act: Act) -> Option<News> {
        match act {
            Act::Knock { port } => {
                self.done.push(format!("knock {port}"));
                let is_open = self.programs.contains_key(&port);
                return Some(News::Knocked { port, is_open });
            }
            Act::Connect { port, line } => {
                self.done.push(format!("connect {port}"));
                if self.programs.get(&port).is_some_and(|program| program.greets) {
                    self.lines.insert(line, port);
                    return Some(News::Line { line, told: Told::Greeted });
                }
            }
            Act::HangUp { line } => {
                self.done.push("hang up".to_owned());
                self.lines.remove(&line);
            }
            Act::Ask { line, number, what } => {
                self.done.push(format!("ask {what:?}"));
                let answer = self.answer(line, what)?;
                return Some(News::Line { line, told: Told::Answer { number, answer } });
            }
            Act::Raise(alarm) => {
                self.done.push(format!("raise {:?}", alarm.kind));
                self.alarms.insert(alarm.kind, alarm);
            }
            Act::Clear(kind) => {
                self.done.push(format!("clear {kind:?}"));
                assert!(self.alarms.remove(&kind).is_some(), "{kind:?} was not raised");
            }
        }
        None
    }

    fn answer(&self, line: LineId, what: Question) -> Option<Answer> {
        let program = self.programs.get(self.lines.get(&line)?)?;
        if !program.answers.contains(&what) {
            return None;
        }
        Some(match what {
            Question::Accounts => Answer::Accounts(program.accounts.clone()),
            Question::Time => {
                let seconds = (self.now.wall + program.ahead).nanos().div_euclid(1_000_000_000);
                Answer::Time(Ts::from_seconds(seconds))
            }
            Question::Positions => Answer::Positions,
            Question::Orders => Answer::Orders,
        })
    }

    /// The program on a port ends, and its lines with it.
    pub(crate) fn end(&mut self, port: u16) {
        self.programs.remove(&port);
        let lines: Vec<LineId> =
            self.lines.iter().filter(|(_, at)| **at == port).map(|(line, _)| *line).collect();
        for line in lines {
            self.lines.remove(&line);
            self.hear(News::Line { line, told: Told::Lost("it was closed".to_owned()) });
        }
    }

    /// Lets time go on, with a tick whenever one is due.
    pub(crate) fn pass(&mut self, span: Span) {
        let end = self.now.steady + span;
        for _ in 0..1_000_000 {
            let next = self.session.wake_at().min(end);
            assert!(next > self.now.steady || next == end, "no time passes");
            let step = next - self.now.steady;
            self.now = Clocks { wall: self.now.wall + step, steady: next };
            self.hear(News::Tick);
            if next == end {
                return;
            }
        }
        panic!("too many ticks");
    }

    pub(crate) fn may_trade(&self) -> bool {
        self.session.why_not(self.now).is_empty()
    }

    /// Why not, in words.
    pub(crate) fn why_not(&self) -> String {
        let why: Vec<String> =
            self.session.why_not(self.now).iter().map(ToString::to_string).collect();
        why.join("; ")
    }

    /// What was done since the last call.
    pub(crate) fn done(&mut self) -> Vec<String> {
        std::mem::take(&mut self.done)
    }
}
