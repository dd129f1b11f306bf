//! People who approve intents, reject them, or are away.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use base::{Span, Ts};
use desk::orders::Role;
use desk::{Approval, Record};
use market::remote::Said;
use market::{ClientOrderId, Command};
use rand::RngExt as _;

use super::Fault;
use super::world::{Happening, World};

/// What people were asked and what they have said.
#[derive(Debug, Default)]
pub(super) struct People {
    /// Until when each intent could be approved.
    until: BTreeMap<String, Ts>,
    /// Those that someone approved in time.
    approved: BTreeMap<String, Ts>,
    /// Entries of which at most one is entered.
    alternatives: BTreeSet<ClientOrderId>,
}

impl People {
    /// Someone says it to the engine, maybe not for the first time.
    pub(super) fn heard(&mut self, command: &Command, at: Ts) {
        let Command::Approve { intent, .. } = command else { return };
        if self.until.get(intent).is_some_and(|until| at < *until) {
            self.approved.entry(intent.clone()).or_insert(at);
        }
    }
}

impl World {
    /// Reads what was just written down: what waits for a person finds one, or none.
    pub(super) fn read_over(&mut self, before: usize) {
        let mut waiting = Vec::new();
        for line in &self.disk.kept[before..] {
            match &line.record {
                Record::Waiting { intent, until } => waiting.push((intent.clone(), *until)),
                Record::Approved { by, .. } if by == "ann" => self.shown.approved += 1,
                Record::Sending { role: Role::AddOn, .. } => self.shown.add_ons += 1,
                Record::Sending { role: Role::Entry, request, .. }
                    if request.oco_group.is_some() =>
                {
                    self.people.alternatives.insert(request.id.clone());
                }
                Record::Moved { order, reason, .. } if reason.contains("another order of") => {
                    self.shown.alternatives += u64::from(self.people.alternatives.remove(order));
                }
                Record::Closed(closed) if closed.reason == desk::ExitReason::Touched => {
                    self.shown.touched += 1;
                }
                _ => {}
            }
        }
        for (intent, until) in waiting {
            self.people.until.insert(intent.clone(), until);
            self.decide(intent);
        }
    }

    fn decide(&mut self, intent: String) {
        let after = Span::from_seconds(self.more.random_range(5..1_800));
        let who = "ann".to_owned();
        let command = match self.more.random_range(0..20) {
            0..2 => {
                self.count(Fault::SaidNo);
                Command::Reject { intent, who }
            }
            2..4 => return self.count(Fault::SaidNothing),
            4..6 => {
                // Too late, or just in time.
                let after = Span::from_minutes(self.more.random_range(40..50));
                return self.later(after, Happening::Command(Command::Approve { intent, who }));
            }
            6 => {
                let again = Command::Approve { intent: intent.clone(), who: who.clone() };
                self.later(after + Span::from_seconds(1), Happening::Command(again));
                Command::Approve { intent, who }
            }
            _ => Command::Approve { intent, who },
        };
        self.later(after, Happening::Command(command));
    }

    /// Where people approve, no entry leaves that none of them has approved in time.
    pub(super) fn nobody_is_passed_over(&self, said: &Said) -> Result<()> {
        let Approval::Human { .. } = self.config.approval else { return Ok(()) };
        let (Some(state), Said::Submit(request)) = (self.state(), said) else { return Ok(()) };
        let entry = state.orders.get(&request.id).filter(|order| order.role == Role::Entry);
        let Some(order) = entry else { return Ok(()) };
        let passed = self.people.approved.contains_key(&order.intent);
        ensure!(passed, "order {} opens without an approval", request.id);
        Ok(())
    }
}
