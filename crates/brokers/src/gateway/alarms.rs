//! Alarms: what a person is told, once, and when it is well again.

use std::collections::BTreeMap;

use base::{Span, Ts};
use desk::courier::Clocks;

use super::later;
use super::spoken::Act;

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmKind {
    /// No session could be reached for too long.
    Away,
    /// The week's first login needs a person.
    Login,
    /// Gateway has no line to the broker for too long.
    NoServers,
    /// A session is there, and what must be read before trading does not come.
    Unread,
    /// The session that is there is not the one to trade on.
    Wrong,
    /// The session that is there takes no orders.
    ReadOnly,
    /// The clock of this machine is off.
    Clock,
}

impl AlarmKind {
    /// Its name, in one word.
    pub const fn name(self) -> &'static str {
        match self {
            AlarmKind::Away => "away",
            AlarmKind::Login => "login",
            AlarmKind::NoServers => "no-servers",
            AlarmKind::Unread => "unread",
            AlarmKind::Wrong => "wrong",
            AlarmKind::ReadOnly => "read-only",
            AlarmKind::Clock => "clock",
        }
    }
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What it is about.
    pub kind: AlarmKind,
    /// What is the matter and what to do.
    pub words: String,
    /// The time of day at which it was first raised.
    pub since: Ts,
}

/// Time between two looks in the hours of resets, at whose end patience begins.
const LOOK: Span = Span::from_seconds(15);

/// What was raised, and since when there is something to raise.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch {
    trouble: Option<Ts>,
    excused: Option<Ts>,
    overdue: Option<AlarmKind>,
    raised: BTreeMap<AlarmKind, Alarm>,
}

impl Watch {
    /// What is raised.
    pub(super) fn raised(&self) -> impl Iterator<Item = &Alarm> {
        self.raised.values()
    }

    /// The words of one that is raised.
    pub(super) fn words(&self, kind: AlarmKind) -> Option<String> {
        self.raised.get(&kind).map(|alarm| alarm.words.clone())
    }

    /// Orders may be sent, or they may not; then it may be excused.
    pub(super) fn look(&mut self, now: Clocks, is_well: bool, is_excused: bool) {
        if is_well {
            *self = Watch { raised: std::mem::take(&mut self.raised), ..Watch::default() };
            return;
        }
        self.trouble.get_or_insert(now.steady);
        if is_excused {
            self.excused = Some(now.steady);
        }
    }

    /// When patience ends.
    fn due(&self, patience: Span) -> Option<Ts> {
        let since = self.trouble?;
        Some(later(self.excused.map_or(since, |excused| since.max(excused)), patience))
    }

    /// The kind of what takes too long: `kind` from when patience ends on; once raised it lasts,
    /// also while another try is under way (`kind` is `None`).
    pub(super) fn overdue(
        &mut self,
        now: Clocks,
        patience: Span,
        kind: Option<AlarmKind>,
    ) -> Option<AlarmKind> {
        let is_due = self.due(patience).is_some_and(|due| due <= now.steady);
        if kind.is_some() && (is_due || self.overdue.is_some()) {
            self.overdue = kind;
        }
        self.overdue
    }

    /// When to look again, where there is something to wait for.
    pub(super) fn wake_at(&self, now: Ts, patience: Span) -> Option<Ts> {
        let due = self.due(patience).filter(|_| self.overdue.is_none())?;
        let is_excused = self.excused == Some(now);
        Some(if is_excused { due.min(later(now, LOOK)) } else { due }).filter(|due| *due > now)
    }

    /// Raises what is new, or is told in other words; clears what is well.
    pub(super) fn settle(
        &mut self,
        now: Clocks,
        wanted: BTreeMap<AlarmKind, String>,
        acts: &mut Vec<Act>,
    ) {
        let over: Vec<AlarmKind> =
            self.raised.keys().filter(|kind| !wanted.contains_key(kind)).copied().collect();
        for kind in over {
            self.raised.remove(&kind);
            acts.push(Act::Clear(kind));
        }
        for (kind, words) in wanted {
            let old = self.raised.get(&kind);
            if old.is_some_and(|old| old.words == words) {
                continue;
            }
            let since = old.map_or(now.wall, |old| old.since);
            let alarm = Alarm { kind, words, since };
            self.raised.insert(kind, alarm.clone());
            acts.push(Act::Raise(alarm));
        }
    }
}
