//! An environment that shows its last few observations, oldest first, for recurrent policies.
//!
//! The state of a recurrent policy is then made anew from what is seen, so nothing has to be
//! carried, stored or masked at the ends of episodes. Steps before the first are 0.

use base::Seed;

use super::env::{Action, Actions, Env, Step};

/// An environment with a memory of so many observations.
#[derive(Debug, Clone)]
pub struct History<E> {
    env: E,
    steps: usize,
}

impl<E: Env> History<E> {
    /// Shows so many observations at a time; at least one.
    pub fn new(env: E, steps: usize) -> History<E> {
        History { env, steps: steps.max(1) }
    }

    /// Moves the window on, so that its last row is free.
    fn shift<'a>(&self, window: &'a mut [f32]) -> &'a mut [f32] {
        let width = self.env.width();
        window.copy_within(width.., 0);
        let last = window.len() - width;
        &mut window[last..]
    }
}

impl<E: Env> Env for History<E> {
    type State = E::State;

    fn width(&self) -> usize {
        self.steps * self.env.width()
    }

    fn actions(&self) -> Actions {
        self.env.actions()
    }

    fn reset(&self, seed: Seed, observation: &mut [f32]) -> E::State {
        observation.fill(0.0);
        self.env.reset(seed, self.shift(observation))
    }

    /// The window lies in the observation itself, which holds what was shown last.
    fn step(
        &self,
        state: &mut E::State,
        action: Action<'_>,
        seed: Seed,
        observation: &mut [f32],
    ) -> Step {
        self.env.step(state, action, seed, self.shift(observation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::example::CartPole;

    #[test]
    fn the_window_ends_with_what_is_seen_now() {
        let (plain, seed) = (CartPole::default(), Seed::root(1));
        let windowed = History::new(CartPole::default(), 3);
        let (mut one, mut three) = (vec![0.0; 4], vec![9.0; 12]);
        let (mut state, mut same) = (plain.reset(seed, &mut one), windowed.reset(seed, &mut three));
        assert_eq!((&three[..8], &three[8..]), (&[0.0; 8][..], &one[..]));
        let first = one.clone();
        plain.step(&mut state, Action::Choice(1), seed, &mut one);
        windowed.step(&mut same, Action::Choice(1), seed, &mut three);
        assert_eq!((&three[4..8], &three[8..]), (&first[..], &one[..]));
    }
}
