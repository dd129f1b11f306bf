//! Agents that take positions bar by bar, and learn no more.

use books::intraday::Stand;
use learn::agents::{Acting, Choosing, Ensemble, Env as _};
use rayon::prelude::*;

use super::keeping::Crew;
use super::likeness::Said;
use super::measures::Track;
use super::scene::Scene;
use crate::modelling::flow;
use crate::{Error, Progress};

/// Bars between two looks at whether somebody wants it to stop.
pub(super) const TOGETHER: usize = 256;

/// A passage over the bars.
pub(super) struct Walk<'a> {
    pub(super) scene: &'a Scene,
    /// The first bar that is traded.
    pub(super) first: usize,
    /// How many bars are traded.
    pub(super) bars: usize,
    pub(super) progress: &'a dyn Progress,
}

/// What each member did by itself, what their vote did, and what each said of the vote's moments.
pub(super) type Passed = (Vec<Track>, Track, Said);

impl Walk<'_> {
    /// Flat, and about to decide on the first bar.
    fn begin(&self) -> (Stand, Vec<f32>) {
        let stand = Stand { bar: self.first - 1, held: 0, left: self.bars };
        let mut seen = vec![0.0; self.scene.width()];
        self.scene.show(&stand, &mut seen);
        (stand, seen)
    }

    /// Takes positions until the bars end; `decide` is shown what is seen.
    fn go(
        &self,
        mut decide: impl FnMut(&[f32]) -> Result<i8, Error>,
        told: impl Fn() -> bool,
    ) -> Result<Track, Error> {
        let (mut stand, mut seen) = self.begin();
        let mut track = Track { accounts: Vec::with_capacity(self.bars) };
        for bar in 0..self.bars {
            if bar % TOGETHER == 0 && !told() {
                return Err(Error::Stopped);
            }
            let toward = decide(&seen)?;
            track.accounts.push(self.scene.go(&mut stand, toward, &mut seen));
        }
        Ok(track)
    }

    /// Steps the bar on; false once it shall end.
    fn tell(&self) -> bool {
        self.progress.step();
        flow(self.progress) == learn::trees::Flow::Go
    }

    /// One position throughout.
    pub(super) fn fixed(&self, position: i8) -> Track {
        // Nothing is decided, so nothing can fail.
        self.go(|_| Ok(position), || true).unwrap_or_default()
    }

    /// Each member of a crew by itself, and all of them by their vote.
    pub(super) fn crew(&self, crew: &Crew) -> Result<Passed, Error> {
        let alone = |mut member: Box<dyn Acting>| {
            self.go(|seen| Ok(position(member.act(seen, Choosing::Best)?[0])), || self.tell())
        };
        let members = crew.awake()?.into_par_iter().map(alone).collect::<Result<Vec<_>, _>>()?;
        let mut ensemble = Ensemble::new(crew.awake()?)?;
        let mut said = Said {
            positions: vec![Vec::with_capacity(self.bars); ensemble.len()],
            values: vec![Vec::with_capacity(self.bars); ensemble.len()],
            agreement: Vec::with_capacity(self.bars),
        };
        let vote = self.go(
            |seen| {
                let votes = ensemble.ask(seen)?;
                let poll = ensemble.count(&votes);
                for (to, actions) in said.positions.iter_mut().zip(&votes.actions) {
                    to.push(f64::from(position(actions[0])));
                }
                for (to, values) in said.values.iter_mut().zip(&votes.values) {
                    to.push(f64::from(values[0]));
                }
                said.agreement.push(poll.agreement[0]);
                Ok(position(poll.actions[0]))
            },
            || self.tell(),
        )?;
        Ok((members, vote, said))
    }
}

/// The position of a choice: FLAT, LONG, SHORT.
fn position(choice: f32) -> i8 {
    match choice as usize {
        1 => 1,
        2 => -1,
        _ => 0,
    }
}
