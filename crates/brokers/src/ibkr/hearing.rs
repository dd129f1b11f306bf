//! What comes in: how orders come along, errors, and whether the line is there.

use base::Ts;
use market::remote::Heard;
use market::{ClientOrderId, OrderState, Qty};

use super::codes::{Meaning, meaning};
use super::line::{Line, News, Progress, Seen, Status};
use super::slots::{Doubt, Shown, Way};
use super::{Ibkr, MOST_REFUSALS, Stage};

impl<L: Line> Ibkr<L> {
    pub(super) fn take(&mut self, news: News) {
        match news {
            News::Connected(next) => {
                self.next_order = self.next_order.max(next);
                self.found();
            }
            News::Lost(why) => self.lost(&why),
            News::Order(seen) => {
                if self.stage != Stage::Unread {
                    self.adopt(&seen);
                }
                self.see(&seen, Ts::MAX);
            }
            News::Progress(progress) => self.progress(&progress, Ts::MAX),
            // The first look tells it with all that came before, or was too early for it.
            News::Traded(trade) if self.stage == Stage::Unread => self.unread.push(trade),
            News::Traded(trade) => self.traded(&trade),
            News::Fee { trade, fee } => self.charged(&trade, fee),
            News::Error { order, code, text } => self.on_error(order, code, &text),
            News::Answer(number, answer) => self.read_part(number, answer),
            News::Unanswered(number, why) => {
                tracing::debug!(why, "read the account at IBKR");
                self.ask_again(number);
            }
        }
    }

    fn lost(&mut self, why: &str) {
        tracing::warn!(why, "the line to IBKR is lost");
        (self.round, self.untold) = (None, None);
        if matches!(self.stage, Stage::Ready | Stage::Unsure) {
            self.stage = Stage::Away;
        }
        self.shelf.heard.push(Heard::Lost);
    }

    /// What was missed meanwhile, a look must tell before anything is asked for.
    fn found(&mut self) {
        (self.round, self.untold) = (None, None);
        if self.stage != Stage::Unread {
            self.stage = Stage::Unsure;
        }
        self.shelf.heard.push(Heard::Connected);
    }

    /// Takes in how an order stands, as was true at a time.
    pub(super) fn see(&mut self, seen: &Seen, at: Ts) {
        if !seen.is_own {
            return;
        }
        let Some(slot) = self.slots.get_mut(&seen.id) else { return };
        slot.group.clone_from(&seen.group);
        slot.parent = seen.parent;
        let left = seen.left.unwrap_or(slot.left);
        let (id, permanent) = (seen.id, seen.permanent);
        let filled = seen.filled;
        self.progress(&Progress { id, permanent, status: seen.status, filled, left }, at);
    }

    fn progress(&mut self, seen: &Progress, at: Ts) {
        let now = self.now();
        let Some(slot) = self.slots.get_mut(&seen.id) else { return };
        slot.said = slot.said.max(seen.filled);
        slot.missed = 0;
        if seen.permanent != 0 {
            slot.permanent = seen.permanent;
            self.permanents.insert(seen.permanent);
        }
        if seen.status.is_done() {
            let state = super::slots::state(seen.status);
            self.finished(seen.id, (seen.filled, state, seen.permanent));
            return;
        }
        // What was read may be older than what was heard since, and an order that was transmitted
        // is no draft again.
        let is_draft = seen.permanent == 0 && slot.permanent != 0;
        let is_new = slot.moved < at && !is_draft;
        if slot.shown == Shown::Never {
            slot.shown = Shown::of(seen.status);
        }
        if is_new {
            if slot.left != seen.left {
                slot.moved = now;
            }
            slot.left = seen.left;
            if slot.way == Way::Changing {
                slot.way = Way::None;
            }
            slot.shown = Shown::of(seen.status);
        }
        if seen.status == Status::Working && slot.ending.is_none() && !slot.is_stranger {
            let order = slot.order.clone();
            self.shelf.tell_working(&order);
        }
    }

    fn on_error(&mut self, order: Option<i32>, code: i32, text: &str) {
        let meaning = meaning(code);
        match meaning {
            Meaning::Notice => return tracing::info!(code, text, "a notice of IBKR"),
            Meaning::Refused | Meaning::Orphaned | Meaning::Used | Meaning::Unsure => {}
        }
        let Some(slot) = order.and_then(|id| self.slots.get_mut(&id)) else {
            return tracing::info!(order, code, text, "IBKR says");
        };
        let id = order.unwrap_or_default();
        match meaning {
            Meaning::Used => {
                self.next_order = self.next_order.max(id + 1);
                slot.doubt = Doubt::Taken;
            }
            Meaning::Orphaned if slot.shown == Shown::Never => {
                let order = slot.order.clone();
                self.slots.remove(&id);
                self.put_off(&order);
            }
            Meaning::Refused if slot.shown == Shown::Never => {
                self.refused(id, &format!("{code} {text}"));
            }
            Meaning::Refused if slot.way == Way::Changing => {
                slot.way = Way::None;
                slot.doubt = Doubt::Look;
                tracing::warn!(code, text, "IBKR refuses a change");
            }
            _ => slot.doubt = Doubt::Look,
        }
    }

    /// The same is asked again, but not at once.
    pub(super) fn put_off(&mut self, order: &ClientOrderId) {
        let again = self.now() + self.waits.again;
        if let Some(kept) = self.shelf.kept.get_mut(order) {
            kept.not_before = Some(again);
        }
    }

    /// An order was refused. An exit may be refused for what is under way at that moment, and is
    /// asked again a few times. A group that has filled takes no more orders: what it was for is
    /// gone, or it was for a part, and the rest needs another group. Which, a look tells.
    fn refused(&mut self, id: i32, reason: &str) {
        let Some(slot) = self.slots.remove(&id) else { return };
        let Some(kept) = self.shelf.kept.get_mut(&slot.order) else { return };
        kept.refusals += 1;
        let may_pass = kept.request.reduce_only && reason.starts_with("201 ");
        if !may_pass || kept.refusals >= MOST_REFUSALS {
            return self.shelf.tell_ended(&slot.order, OrderState::Rejected, reason);
        }
        let group = kept.request.oco_group.clone().filter(|_| reason.contains("OCA"));
        let others = self.slots.values().filter(|it| it.is_open() && it.group == slot.group);
        if let (Some(group), 0) = (group, others.count())
            && slot.group == self.group_name(&group)
        {
            *self.groups.entry(group).or_default() += 1;
            self.stage = Stage::Unsure;
        }
        self.put_off(&slot.order);
    }

    /// Orders that have ended at TWS, and of which all executions were counted: what that means
    /// for the desk.
    pub(super) fn close_slots(&mut self) {
        let whole: Vec<i32> =
            self.slots.iter().filter(|(_, slot)| slot.is_whole()).map(|(id, _)| *id).collect();
        for id in whole {
            self.close(id);
        }
    }

    fn close(&mut self, id: i32) {
        let now = self.now();
        let Some(slot) = self.slots.get(&id) else { return };
        let Some(ending) = slot.ending.clone() else { return };
        let order = slot.order.clone();
        let (is_ours, is_stranger) = (slot.way == Way::Leaving, slot.is_stranger);
        let Some(kept) = self.shelf.kept.get(&order).filter(|_| !is_stranger) else {
            return self.forget(id, ending.state);
        };
        let is_spent = self.shelf.open_qty(kept) == Qty::ZERO;
        let is_exit = kept.request.reduce_only;
        let is_asleep = self.shelf.is_asleep(kept);
        if ending.state == OrderState::Filled && is_spent {
            self.forget(id, ending.state);
            return self.shelf.tell_ended(&order, OrderState::Filled, "");
        }
        if !is_exit && !kept.is_cancelling && ending.state != OrderState::Filled {
            self.forget(id, ending.state);
            return self.shelf.tell_ended(&order, ending.state, "the broker ended it");
        }
        // Taken back by us or spent: it is let go, or what is still wanted is placed again.
        let is_clear = is_ours || is_spent || kept.is_cancelling || !is_exit;
        if is_clear || ending.state == OrderState::Filled {
            return self.forget(id, ending.state);
        }
        // An exit that the broker ended: why, what comes within a moment may tell. One of its
        // group filled, or what it slept under ended.
        if now < ending.at + self.waits.quiet {
            return;
        }
        self.forget(id, ending.state);
        let Some(kept) = self.shelf.kept.get_mut(&order) else { return };
        let parent = kept.request.parent.as_ref().and_then(|it| self.shelf.ended.get(it));
        let is_cut_short = is_asleep || parent.is_some_and(|(asked, filled)| filled < asked);
        kept.refusals += 1;
        match is_cut_short && kept.refusals < MOST_REFUSALS {
            true => self.put_off(&order),
            false => self.shelf.tell_ended(&order, ending.state, "the broker ended it"),
        }
    }

    fn forget(&mut self, id: i32, state: OrderState) {
        self.slots.remove(&id);
        self.gone.insert(id, state);
    }
}
