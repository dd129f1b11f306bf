//! How an agent sees the bars: one after the other at once, or as a sequence.

use base::Seed;
use books::intraday::{Account, BARS, BarEnv, COLUMNS, Stand};
use learn::agents::env::Step;
use learn::agents::{Action, Actions, Env};
use serde::{Deserialize, Serialize};

/// How an agent sees the bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Eyes {
    /// All bars of the window and what is held, as one row; for dense networks.
    Window,
    /// Bar by bar, oldest first, each with what is held; for recurrent networks.
    Sequence,
}

/// Values of a row that shows all at once.
const FLAT: usize = BARS * COLUMNS + 1;

/// An environment of bars, seen in one of two ways.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) env: BarEnv,
    pub(super) eyes: Eyes,
}

impl Scene {
    /// Moves on by a bar towards a position, and shows it.
    pub(super) fn go(&self, stand: &mut Stand, toward: i8, observation: &mut [f32]) -> Account {
        self.seen(observation, |seen| self.env.go(stand, toward, seen))
    }

    /// Shows what is seen now.
    pub(super) fn show(&self, stand: &Stand, observation: &mut [f32]) {
        self.seen(observation, |seen| self.env.show(stand, seen));
    }

    fn seen<T>(&self, observation: &mut [f32], look: impl FnOnce(&mut [f32]) -> T) -> T {
        match self.eyes {
            Eyes::Window => look(observation),
            Eyes::Sequence => {
                let mut flat = [0.0; FLAT];
                let found = look(&mut flat);
                spread(&flat, observation);
                found
            }
        }
    }
}

/// Puts what is held behind each bar.
fn spread(flat: &[f32; FLAT], observation: &mut [f32]) {
    let bars = flat.chunks_exact(COLUMNS);
    for (row, bar) in observation.chunks_exact_mut(COLUMNS + 1).zip(bars) {
        row[..COLUMNS].copy_from_slice(bar);
        row[COLUMNS] = flat[FLAT - 1];
    }
}

impl Env for Scene {
    type State = Stand;

    fn width(&self) -> usize {
        match self.eyes {
            Eyes::Window => FLAT,
            Eyes::Sequence => BARS * (COLUMNS + 1),
        }
    }

    fn actions(&self) -> Actions {
        self.env.actions()
    }

    fn reset(&self, seed: Seed, observation: &mut [f32]) -> Stand {
        self.seen(observation, |seen| self.env.reset(seed, seen))
    }

    fn step(
        &self,
        stand: &mut Stand,
        action: Action<'_>,
        seed: Seed,
        observation: &mut [f32],
    ) -> Step {
        self.seen(observation, |seen| self.env.step(stand, action, seed, seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_ends_with_the_newest_bar_and_holds_the_position_in_each_row() {
        let mut flat = [0.0; FLAT];
        flat.iter_mut().enumerate().for_each(|(at, value)| *value = at as f32);
        let mut rows = vec![0.0; BARS * (COLUMNS + 1)];
        spread(&flat, &mut rows);
        let last = &rows[(BARS - 1) * (COLUMNS + 1)..];
        assert_eq!(last[..COLUMNS], flat[(BARS - 1) * COLUMNS..BARS * COLUMNS]);
        let held: Vec<f32> = rows.chunks(COLUMNS + 1).map(|row| row[COLUMNS]).collect();
        assert_eq!(held, [(FLAT - 1) as f32; BARS]);
    }
}
