//! The session: from knocking at ports to orders that may be sent, and back.

use std::collections::BTreeMap;

use base::{Span, Ts};
use desk::courier::Clocks;

use super::accounts::{self, Wrong};
use super::alarms::{Alarm, AlarmKind, Watch};
use super::checks::Checks;
use super::later;
use super::settings::Settings;
use super::spoken::{Act, Answer, LineId, News, Question, Told};
use super::ways::{Way, way};
use super::why::{Cause, WhyNot, clock_words};
use super::windows::{Away, away};

/// How far it is. All times are of the clock that never jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing is tried until then.
    Resting { until: Ts },
    /// A port was knocked at.
    Knocking { since: Ts },
    /// A line is being opened.
    Greeting { since: Ts },
    /// The line is there; whose it is was asked.
    Owning { since: Ts },
    /// It is the right one; time, positions and open orders were asked for.
    Reading { since: Ts },
    /// All was read.
    Ready { since: Ts },
}

/// Ports that are tried one after another.
#[derive(Debug, Clone)]
struct Round {
    ports: Vec<u16>,
    at: usize,
    cause: Cause,
}

/// The way to Gateway, and whether orders may go there.
#[derive(Debug, Clone)]
pub struct Session {
    settings: Settings,
    phase: Phase,
    round: Round,
    /// The port of the last session that was right, tried first.
    first: Option<u16>,
    line: LineId,
    port: u16,
    account: Option<String>,
    checks: Checks,
    /// Since when Gateway has no line to the broker.
    upstream: Option<Ts>,
    questions: u64,
    /// Rounds that came to nothing, one after another.
    tries: u32,
    cause: Option<Cause>,
    watch: Watch,
    now: Clocks,
}

impl Session {
    /// Nothing is there yet; the first [`Session::hear`] begins.
    pub fn new(settings: Settings, now: Clocks) -> Session {
        Session {
            phase: Phase::Resting { until: now.steady },
            round: Round { ports: Vec::new(), at: 0, cause: Cause::Closed(Vec::new()) },
            first: None,
            line: 0,
            port: 0,
            account: None,
            checks: Checks::default(),
            upstream: None,
            questions: 0,
            tries: 0,
            cause: None,
            watch: Watch::default(),
            settings,
            now,
        }
    }

    /// Takes in what happened, and gives what is to be done, in its order.
    pub fn hear(&mut self, now: Clocks, news: News, acts: &mut Vec<Act>) {
        self.now = now;
        match news {
            News::Knocked { port, is_open } => self.knocked(port, is_open, acts),
            News::Line { line, told } if line == self.line && self.has_line() => {
                self.told(told, acts);
            }
            News::Line { .. } | News::Tick => {}
        }
        self.tick(acts);
        self.alarm(acts);
    }

    /// When [`News::Tick`] is due at the latest, by the clock that never jumps.
    pub fn wake_at(&self) -> Ts {
        let waits = &self.settings.waits;
        let upstream = self.upstream.map(|since| later(since, waits.upstream));
        let next = match self.phase {
            Phase::Resting { until } => until,
            Phase::Knocking { since } => later(since, waits.knock),
            Phase::Greeting { since } => later(since, waits.greet),
            Phase::Owning { since } => later(since, waits.read),
            Phase::Reading { since } => upstream.unwrap_or(later(since, waits.read)),
            Phase::Ready { .. } => {
                upstream.unwrap_or_else(|| self.checks.beat_at(waits.beat, waits.answer))
            }
        };
        let alarm = match self.kind_of_trouble() {
            Some(_) => self.watch.wake_at(self.now.steady, waits.patience),
            None => None,
        };
        let next = alarm.map_or(next, |alarm| alarm.min(next));
        // Whatever the settings: no driver turns in place.
        next.max(later(self.now.steady, Span::from_nanos(1_000_000)))
    }

    /// Why no order may be sent now; empty where they may.
    pub fn why_not(&self, now: Clocks) -> Vec<WhyNot> {
        let mut why = Vec::new();
        match self.phase {
            Phase::Resting { .. } | Phase::Knocking { .. } | Phase::Greeting { .. } => {
                why.push(WhyNot::NoLine);
                why.extend(self.wrong().cloned().map(WhyNot::Wrong));
            }
            Phase::Owning { .. } => why.push(WhyNot::AccountsUnread),
            Phase::Reading { .. } | Phase::Ready { .. } => {
                if self.upstream.is_some() {
                    why.push(WhyNot::NoServers);
                }
                let waits = &self.settings.waits;
                let silence = waits.beat + waits.answer;
                self.checks.why_not(now, self.settings.tolerance(), silence, &mut why);
            }
        }
        why
    }

    /// The account that orders go to; `None` where there is no session of it.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// The line that was opened last, and its port, where it is still there.
    pub fn line(&self) -> Option<(LineId, u16)> {
        self.has_line().then_some((self.line, self.port))
    }

    /// What the last try came to nothing for; `None` while a session is there.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// The alarms that are raised.
    pub fn alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.watch.raised()
    }

    fn has_line(&self) -> bool {
        !matches!(self.phase, Phase::Resting { .. } | Phase::Knocking { .. })
    }

    fn wrong(&self) -> Option<&Wrong> {
        match &self.cause {
            Some(Cause::Wrong(wrong)) => Some(wrong),
            _ => None,
        }
    }

    fn knocked(&mut self, port: u16, is_open: bool, acts: &mut Vec<Act>) {
        let is_asked = self.round.ports.get(self.round.at) == Some(&port);
        if !matches!(self.phase, Phase::Knocking { .. }) || !is_asked {
            return;
        }
        match is_open {
            true => {
                self.line += 1;
                self.port = port;
                self.phase = Phase::Greeting { since: self.now.steady };
                acts.push(Act::Connect { port, line: self.line });
            }
            false => self.next_port(acts),
        }
    }

    fn told(&mut self, told: Told, acts: &mut Vec<Act>) {
        let is_greeting = matches!(self.phase, Phase::Greeting { .. });
        let port = self.port;
        match told {
            Told::Greeted if is_greeting => {
                self.phase = Phase::Owning { since: self.now.steady };
                self.ask(Question::Accounts, acts);
            }
            Told::Greeted => {}
            Told::Lost(why) if is_greeting => self.lose(Cause::Ungreeted { port, why }, acts),
            Told::Lost(why) => self.lose(Cause::Broke { port, why }, acts),
            Told::Answer { number, answer } => self.answered(number, &answer, acts),
            Told::Message { code, text } => self.message(code, text, acts),
        }
    }

    fn answered(&mut self, number: u64, answer: &Answer, acts: &mut Vec<Act>) {
        if !self.checks.take(number, answer, self.now) {
            return;
        }
        if let (Answer::Accounts(codes), Phase::Owning { .. }) = (answer, self.phase) {
            let (mode, asked) = (self.settings.mode, self.settings.account.as_deref());
            match accounts::choose(self.port, mode, asked, codes) {
                Ok(account) => {
                    // From here on no other, whoever logs in.
                    self.settings.account = Some(account.clone());
                    self.account = Some(account);
                    // Whether it takes orders by now is known once all is read.
                    self.cause.take_if(|cause| !matches!(cause, Cause::ReadOnly { .. }));
                    // What other ports said does not matter any more.
                    self.round.cause = Cause::Closed(Vec::new());
                    self.first = Some(self.port);
                    self.read(acts);
                }
                Err(wrong) => self.give_up(Cause::Wrong(wrong), acts),
            }
        }
        if matches!(self.phase, Phase::Reading { .. }) && self.checks.are_done() {
            self.phase = Phase::Ready { since: self.now.steady };
            self.cause = None;
        }
    }

    /// All that must be known before an order is sent is asked for, whatever was known.
    fn read(&mut self, acts: &mut Vec<Act>) {
        self.checks = Checks::default();
        self.phase = Phase::Reading { since: self.now.steady };
        for what in [Question::Time, Question::Positions, Question::Orders] {
            self.ask(what, acts);
        }
    }

    fn ask(&mut self, what: Question, acts: &mut Vec<Act>) {
        self.questions += 1;
        self.checks.ask(self.questions, what, self.now);
        acts.push(Act::Ask { line: self.line, number: self.questions, what });
    }

    fn message(&mut self, code: i32, why: String, acts: &mut Vec<Act>) {
        let port = self.port;
        match way(code, &why) {
            Some(Way::ServersLost) => {
                self.upstream.get_or_insert(self.now.steady);
            }
            Some(Way::ServersFound) => {
                self.upstream = None;
                // Orders may have filled meanwhile, whether or not subscriptions live on.
                if matches!(self.phase, Phase::Reading { .. } | Phase::Ready { .. }) {
                    self.read(acts);
                }
            }
            Some(Way::Moved(moved)) => {
                self.give_up(Cause::Broke { port, why }, acts);
                self.first = moved.or(self.first);
            }
            Some(Way::Taken) => self.give_up(Cause::Taken { port }, acts),
            Some(Way::ReadOnly) => self.give_up(Cause::ReadOnly { port }, acts),
            Some(Way::NoLine) if matches!(self.phase, Phase::Greeting { .. }) => {
                self.give_up(Cause::Ungreeted { port, why }, acts);
            }
            Some(Way::NoLine) => self.give_up(Cause::Broke { port, why }, acts),
            None => {}
        }
    }

    /// Ends the line by itself.
    fn give_up(&mut self, cause: Cause, acts: &mut Vec<Act>) {
        acts.push(Act::HangUp { line: self.line });
        self.lose(cause, acts);
    }

    /// The line is over. Before its owner was known the next port is tried; after that the whole
    /// round begins again in a while.
    fn lose(&mut self, cause: Cause, acts: &mut Vec<Act>) {
        let phase = self.phase;
        self.account = None;
        self.checks = Checks::default();
        self.upstream = None;
        if cause.weight() >= self.round.cause.weight() {
            self.round.cause = cause;
        }
        match phase {
            Phase::Ready { since } => {
                if super::between(since, self.now.steady) >= self.settings.waits.settled {
                    self.tries = 0;
                }
                self.rest();
            }
            Phase::Reading { .. } => self.rest(),
            _ => self.next_port(acts),
        }
    }

    fn next_port(&mut self, acts: &mut Vec<Act>) {
        self.round.at += 1;
        match self.round.at < self.round.ports.len() {
            true => self.knock(acts),
            false => self.rest(),
        }
    }

    fn knock(&mut self, acts: &mut Vec<Act>) {
        let Some(port) = self.round.ports.get(self.round.at) else { return self.rest() };
        self.phase = Phase::Knocking { since: self.now.steady };
        acts.push(Act::Knock { port: *port });
    }

    fn rest(&mut self) {
        self.cause = Some(self.round.cause.clone());
        self.tries = self.tries.saturating_add(1);
        let backoff = match away(&self.settings.windows, self.now.wall) {
            Some(_) => self.settings.gentle,
            None => self.settings.backoff,
        };
        let wait = backoff.wait(self.tries, self.settings.seed);
        self.phase = Phase::Resting { until: later(self.now.steady, wait) };
    }

    fn begin(&mut self, acts: &mut Vec<Act>) {
        let mut ports = self.settings.ports.order(self.settings.mode);
        if let Some(first) = self.first {
            ports.retain(|port| *port != first);
            ports.insert(0, first);
        }
        let cause = Cause::Closed(ports.clone());
        self.round = Round { ports, at: 0, cause };
        self.knock(acts);
    }

    /// What the time brings.
    fn tick(&mut self, acts: &mut Vec<Act>) {
        let (waits, port) = (self.settings.waits, self.port);
        let is_over = |since: Ts, wait: Span| later(since, wait) <= self.now.steady;
        let no_servers = self.upstream.is_some_and(|since| is_over(since, waits.upstream));
        match self.phase {
            Phase::Resting { until } if until <= self.now.steady => self.begin(acts),
            Phase::Knocking { since } if is_over(since, waits.knock) => self.next_port(acts),
            Phase::Greeting { since } if is_over(since, waits.greet) => {
                let why = "it took too long".to_owned();
                self.give_up(Cause::Ungreeted { port, why }, acts);
            }
            Phase::Owning { since } if is_over(since, waits.read) => {
                self.give_up(Cause::Unread { port }, acts);
            }
            Phase::Reading { .. } | Phase::Ready { .. } if no_servers => {
                self.give_up(Cause::NoServers { port }, acts);
            }
            Phase::Reading { since } if self.upstream.is_none() && is_over(since, waits.read) => {
                self.give_up(Cause::Unread { port }, acts);
            }
            Phase::Ready { .. } if self.upstream.is_none() => self.beat(acts),
            _ => {}
        }
    }

    /// Asks whether the line is alive, where that is due.
    fn beat(&mut self, acts: &mut Vec<Act>) {
        let waits = self.settings.waits;
        if self.checks.beat_at(waits.beat, waits.answer) > self.now.steady {
            return;
        }
        match self.checks.miss() {
            0 | 1 => self.ask(Question::Time, acts),
            _ => self.give_up(Cause::Dead { port: self.port }, acts),
        }
    }

    /// What takes too long, if this lasts; `None` where a try is under way or all is well.
    fn kind_of_trouble(&self) -> Option<AlarmKind> {
        let is_login = || away(&self.settings.windows, self.now.wall) == Some(Away::Login);
        match self.phase {
            Phase::Resting { .. } | Phase::Knocking { .. } => match &self.cause {
                Some(Cause::Wrong(_) | Cause::ReadOnly { .. }) => None,
                Some(Cause::NoServers { .. }) => Some(AlarmKind::NoServers),
                Some(Cause::Unread { .. }) => Some(AlarmKind::Unread),
                _ if is_login() => Some(AlarmKind::Login),
                _ => Some(AlarmKind::Away),
            },
            Phase::Reading { .. } | Phase::Ready { .. } if self.upstream.is_some() => {
                Some(AlarmKind::NoServers)
            }
            _ => None,
        }
    }

    fn alarm(&mut self, acts: &mut Vec<Act>) {
        let now = self.now;
        let why_not = self.why_not(now);
        let window = away(&self.settings.windows, now.wall);
        let is_excused = matches!(window, Some(Away::Reset | Away::Restart));
        self.watch.look(now, why_not.is_empty(), is_excused);
        let mut wanted = BTreeMap::new();
        let kind = self.kind_of_trouble();
        let overdue = self.watch.overdue(now, self.settings.waits.patience, kind);
        let at_once = self.cause.as_ref().and_then(|cause| match cause {
            Cause::Wrong(_) => Some((AlarmKind::Wrong, cause)),
            Cause::ReadOnly { .. } => Some((AlarmKind::ReadOnly, cause)),
            _ => None,
        });
        if let Some((kind, cause)) = at_once {
            wanted.insert(kind, self.with_advice(cause));
        } else if let Some(overdue) = overdue {
            // While another try is under way the words stay as they are.
            let told = self.watch.words(overdue).filter(|_| kind.is_none());
            wanted.insert(overdue, told.unwrap_or_else(|| self.words(overdue)));
        }
        for why in &why_not {
            if let WhyNot::ClockOff(off) = why {
                // One alarm for a clock that goes on drifting.
                let told = self.watch.words(AlarmKind::Clock);
                let words = told.unwrap_or_else(|| {
                    let words = clock_words(*off);
                    format!("{words}: set it by a time server; nothing is traded meanwhile")
                });
                wanted.insert(AlarmKind::Clock, words);
            }
        }
        self.watch.settle(now, wanted, acts);
    }

    fn with_advice(&self, cause: &Cause) -> String {
        format!("{cause}: {}", cause.advice(self.settings.mode))
    }

    fn words(&self, kind: AlarmKind) -> String {
        let mode = self.settings.mode;
        match kind {
            AlarmKind::Login => format!(
                "Gateway waits for the week's first login: log in to the {mode} account by hand"
            ),
            AlarmKind::NoServers => self.with_advice(&Cause::NoServers { port: self.port }),
            _ => self.with_advice(self.cause.as_ref().unwrap_or(&self.round.cause)),
        }
    }
}
