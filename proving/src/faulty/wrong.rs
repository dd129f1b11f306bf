//! What goes wrong on purpose.

use anyhow::Result;
use base::Span;
use market::remote::Heard;
use market::{ClientOrderId, Command, InstrumentId, Price, Qty};
use rand::RngExt as _;

use super::Fault;
use super::world::{Happening, INSTRUMENTS, World};

/// How often a day each fault comes by, beyond those of single messages.
pub(super) const A_DAY: [(Fault, f64); 12] = [
    (Fault::Disconnect, 0.5),
    (Fault::BrokerRestart, 0.2),
    (Fault::Forgotten, 0.15),
    (Fault::Corrected, 0.3),
    (Fault::ByHand, 0.05),
    (Fault::ClockJump, 0.2),
    (Fault::JournalFailed, 0.2),
    (Fault::KilledBeforeCommit, 0.3),
    (Fault::KilledAfterCommit, 0.3),
    (Fault::KilledInFlush, 0.3),
    (Fault::KilledAfterFlush, 0.3),
    (Fault::KillSwitch, 0.1),
];

impl World {
    pub(super) fn go_wrong(&mut self, fault: Fault) -> Result<()> {
        self.say(|| format!("{fault:?}"));
        match fault {
            Fault::Disconnect => self.disconnect(),
            Fault::BrokerRestart => {
                self.far.said.clear();
                self.quiet.lost(self.now);
                self.queue.retain(|_, what| !matches!(what, Happening::ToBroker(_)));
                self.disconnect();
            }
            Fault::Forgotten => {
                let open: Vec<ClientOrderId> = self.far.open().map(|(id, _)| id.clone()).collect();
                if open.is_empty() {
                    return Ok(());
                }
                let at = self.rng.random_range(0..open.len());
                self.say(|| format!("forgets {}", open[at]));
                self.far.forget(&open[at]);
                self.quiet.lost(self.now);
            }
            Fault::Corrected => {
                let count = self.far.executions.len();
                if count == 0 {
                    return Ok(());
                }
                let index = self.rng.random_range(count.saturating_sub(20)..count);
                let cents = self.rng.random_range(1..5) * if self.rng.random() { 1 } else { -1 };
                self.far.correct(index, Price::from_raw(cents * (Price::SCALE / 100)));
            }
            Fault::ByHand => {
                let instrument = InstrumentId(self.rng.random_range(0..INSTRUMENTS as u32));
                let held = self.far.position(instrument);
                let qty = self.rng.random_range(10..150) * if held.is_negative() { 1 } else { -1 };
                self.far.trade_by_hand(instrument, Qty::whole(qty));
                let thaw = Command::Thaw { instrument: Some(instrument) };
                self.later(Span::from_hours(1), Happening::Command(thaw));
            }
            Fault::ClockJump => {
                self.offset = Span::from_minutes(self.rng.random_range(-90..90));
                self.later(Span::from_minutes(40), Happening::ClockBack);
            }
            Fault::JournalFailed => self.disk.full = true,
            Fault::KillSwitch => {
                let reason = "the switch".to_owned();
                self.later(
                    Span::from_hours(1),
                    Happening::Command(Command::Resume { reason: reason.clone() }),
                );
                self.count(fault);
                return self.command(Command::Kill { reason });
            }
            kill => {
                self.doomed = Some(kill);
                return Ok(());
            }
        }
        if fault != Fault::JournalFailed {
            self.count(fault);
        }
        Ok(())
    }

    fn disconnect(&mut self) {
        if !self.connected {
            return;
        }
        self.connected = false;
        self.quiet.lost(self.now);
        self.wire += 1;
        self.pipe.0.borrow_mut().arrived.push(Heard::Lost);
        let seconds = self.rng.random_range(1..900);
        self.later(Span::from_seconds(seconds), Happening::Connect);
    }
}
