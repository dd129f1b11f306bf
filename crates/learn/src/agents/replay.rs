//! What was lived through, to be learned from again: drawn evenly, or by how surprising it was.
//!
//! Prioritised replay (Schaul et al. 2016): row i is drawn with probability `P = p^α / Σ p^α`,
//! where p is its last error; its gradient is weighted `(N P)^−β`, over the largest of the batch.

use base::Seed;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::checkpoint::Archive;
use crate::Error;

/// How replay is drawn by priority.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Priorities {
    /// 0 draws evenly, 1 in proportion to the error.
    pub alpha: f64,
    /// Exponent of the weights at the beginning; it reaches 1 at the end of exploration's steps.
    pub beta: f64,
    /// Added to each error, so that none is drawn never.
    pub floor: f64,
}

impl Default for Priorities {
    fn default() -> Priorities {
        Priorities { alpha: 0.6, beta: 0.4, floor: 1e-6 }
    }
}

/// A ring of steps, in structure-of-arrays form.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    capacity: usize,
    width: usize,
    len: usize,
    next: usize,
    observations: Vec<f32>,
    after: Vec<f32>,
    actions: Vec<f32>,
    rewards: Vec<f32>,
    /// 1 where the task was over.
    done: Vec<f32>,
    tree: Option<Tree>,
}

/// A step, as it is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lived<'a> {
    pub(crate) observation: &'a [f32],
    pub(crate) after: &'a [f32],
    pub(crate) action: f32,
    pub(crate) reward: f32,
    pub(crate) done: bool,
}

/// Rows drawn together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drawn {
    pub(crate) places: Vec<usize>,
    pub(crate) observations: Vec<f32>,
    pub(crate) after: Vec<f32>,
    pub(crate) actions: Vec<f32>,
    pub(crate) rewards: Vec<f32>,
    pub(crate) done: Vec<f32>,
    /// Weight of each row.
    pub(crate) weights: Vec<f32>,
}

impl Replay {
    /// Room for so many steps; memory is taken as it fills.
    pub(crate) fn new(capacity: usize, width: usize, priorities: Option<Priorities>) -> Replay {
        Replay {
            capacity,
            width,
            len: 0,
            next: 0,
            observations: vec![0.0; capacity * width],
            after: vec![0.0; capacity * width],
            actions: vec![0.0; capacity],
            rewards: vec![0.0; capacity],
            done: vec![0.0; capacity],
            tree: priorities.map(|priorities| Tree::new(capacity, priorities)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Keeps a step in place of the oldest.
    pub(crate) fn push(&mut self, lived: Lived<'_>) {
        let (at, width) = (self.next, self.width);
        self.observations[at * width..(at + 1) * width].copy_from_slice(lived.observation);
        self.after[at * width..(at + 1) * width].copy_from_slice(lived.after);
        self.actions[at] = lived.action;
        self.rewards[at] = lived.reward;
        self.done[at] = if lived.done { 1.0 } else { 0.0 };
        if let Some(tree) = &mut self.tree {
            tree.set(at, tree.most);
        }
        self.next = (at + 1) % self.capacity;
        self.len = (self.len + 1).min(self.capacity);
    }

    /// Draws so many rows; `age` runs from 0 to 1 over the training.
    pub(crate) fn draw(&self, (count, age): (usize, f64), seed: Seed, drawn: &mut Drawn) {
        let mut rng = seed.rng();
        drawn.places.clear();
        drawn.weights.clear();
        match &self.tree {
            None => {
                drawn.places.extend((0..count).map(|_| rng.random_range(0..self.len)));
                drawn.weights.resize(count, 1.0);
            }
            Some(tree) => {
                let total = tree.total();
                // One from each of so many equal stretches.
                let each = (0..count).map(|at| {
                    let along = (at as f64 + rng.random::<f64>()) / count as f64 * total;
                    tree.find(along).min(self.len - 1)
                });
                drawn.places.extend(each);
                let beta = tree.priorities.beta + (1.0 - tree.priorities.beta) * age.min(1.0);
                let weight =
                    |place: &usize| (self.len as f64 * tree.at(*place) / total).powf(-beta) as f32;
                drawn.weights.extend(drawn.places.iter().map(weight));
                let most = drawn.weights.iter().fold(0.0_f32, |most, weight| most.max(*weight));
                drawn.weights.iter_mut().for_each(|weight| *weight /= most);
            }
        }
        let width = self.width;
        let copy = |to: &mut Vec<f32>, from: &[f32], width: usize| {
            to.clear();
            for place in &drawn.places {
                to.extend_from_slice(&from[place * width..(place + 1) * width]);
            }
        };
        copy(&mut drawn.observations, &self.observations, width);
        copy(&mut drawn.after, &self.after, width);
        copy(&mut drawn.actions, &self.actions, 1);
        copy(&mut drawn.rewards, &self.rewards, 1);
        copy(&mut drawn.done, &self.done, 1);
    }

    /// Notes how wrong the rows drawn last were.
    pub(crate) fn note(&mut self, places: &[usize], errors: &[f32]) {
        if let Some(tree) = &mut self.tree {
            for (place, error) in places.iter().zip(errors) {
                let Priorities { alpha, floor, .. } = tree.priorities;
                let priority = (f64::from(error.abs()) + floor).powf(alpha);
                tree.most = tree.most.max(priority);
                tree.set(*place, priority);
            }
        }
    }

    pub(crate) fn save(&self, archive: &mut Archive) {
        let rows = self.len;
        archive.put_u64("replay.places", vec![self.len as u64, self.next as u64]);
        archive.put_f32("replay.observations", self.observations[..rows * self.width].to_vec());
        archive.put_f32("replay.after", self.after[..rows * self.width].to_vec());
        archive.put_f32("replay.actions", self.actions[..rows].to_vec());
        archive.put_f32("replay.rewards", self.rewards[..rows].to_vec());
        archive.put_f32("replay.done", self.done[..rows].to_vec());
        if let Some(tree) = &self.tree {
            archive.put_f64("replay.priorities", (0..rows).map(|at| tree.at(at)).collect());
            archive.put_f64("replay.most", vec![tree.most]);
        }
    }

    pub(crate) fn restore(&mut self, archive: &Archive) -> Result<(), Error> {
        let places = archive.u64("replay.places", 2)?;
        let (rows, next) = (places[0] as usize, places[1] as usize);
        if rows > self.capacity || next >= self.capacity.max(1) {
            let what = format!("{rows} steps of replay for room of {}", self.capacity);
            return Err(Error::ReadCheckpoint { what });
        }
        (self.len, self.next) = (rows, next);
        let wide = rows * self.width;
        let copy = |to: &mut [f32], name: &str| -> Result<(), Error> {
            to.copy_from_slice(archive.f32(name, to.len())?);
            Ok(())
        };
        copy(&mut self.observations[..wide], "replay.observations")?;
        copy(&mut self.after[..wide], "replay.after")?;
        copy(&mut self.actions[..rows], "replay.actions")?;
        copy(&mut self.rewards[..rows], "replay.rewards")?;
        copy(&mut self.done[..rows], "replay.done")?;
        if let Some(tree) = &mut self.tree {
            for (at, priority) in archive.f64("replay.priorities", rows)?.iter().enumerate() {
                tree.set(at, *priority);
            }
            tree.most = archive.f64("replay.most", 1)?[0];
        }
        Ok(())
    }
}

/// Priorities in a tree whose every node is the sum of its two children. A node is always made
/// anew from them, so it does not depend on the order in which they were set.
#[derive(Debug, Clone)]
struct Tree {
    priorities: Priorities,
    leaves: usize,
    sums: Vec<f64>,
    /// Largest priority so far; new steps get it, so that each is seen once.
    most: f64,
}

impl Tree {
    fn new(capacity: usize, priorities: Priorities) -> Tree {
        let leaves = capacity.next_power_of_two();
        Tree { priorities, leaves, sums: vec![0.0; 2 * leaves], most: 1.0 }
    }

    fn set(&mut self, place: usize, priority: f64) {
        let mut node = self.leaves + place;
        self.sums[node] = priority;
        while node > 1 {
            node /= 2;
            self.sums[node] = self.sums[2 * node] + self.sums[2 * node + 1];
        }
    }

    fn at(&self, place: usize) -> f64 {
        self.sums[self.leaves + place]
    }

    fn total(&self) -> f64 {
        self.sums[1]
    }

    /// The leaf at which the running sum passes this number.
    fn find(&self, along: f64) -> usize {
        let (mut node, mut left) = (1, along);
        while node < self.leaves {
            node *= 2;
            if left >= self.sums[node] && self.sums[node + 1] > 0.0 {
                left -= self.sums[node];
                node += 1;
            }
        }
        node - self.leaves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(count: usize, priorities: Option<Priorities>) -> Replay {
        let mut replay = Replay::new(4, 1, priorities);
        for at in 0..count {
            let (observation, after) = ([at as f32], [at as f32 + 0.5]);
            let lived = Lived {
                observation: &observation,
                after: &after,
                action: 0.0,
                reward: at as f32,
                done: false,
            };
            replay.push(lived);
        }
        replay
    }

    #[test]
    fn the_oldest_step_makes_room() {
        let replay = filled(6, None);
        assert_eq!(replay.observations, [4.0, 5.0, 2.0, 3.0]);
        assert_eq!((replay.len(), replay.next), (4, 2));
    }

    #[test]
    fn rows_are_drawn_in_proportion_to_their_priority() {
        let even = Priorities { alpha: 1.0, beta: 1.0, floor: 0.0 };
        let mut replay = filled(4, Some(even));
        replay.note(&[0, 1, 2, 3], &[1.0, 2.0, 3.0, 4.0]);
        let (mut drawn, mut counts) = (Drawn::default(), [0; 4]);
        for round in 0..500 {
            replay.draw((20, 0.0), Seed::root(round), &mut drawn);
            drawn.places.iter().for_each(|place| counts[*place] += 1);
        }
        for (place, count) in counts.iter().enumerate() {
            assert!((count - 1000 * (place as i32 + 1)).abs() < 100, "{counts:?}");
        }
        // Weights undo it: a row drawn four times as often counts a quarter.
        let weight = |place| {
            let at = drawn.places.iter().position(|p| *p == place).unwrap();
            drawn.weights[at]
        };
        assert!((weight(3) * 4.0 - weight(0)).abs() < 1e-6);
    }

    #[test]
    fn a_restored_ring_is_the_same() {
        let mut replay = filled(6, Some(Priorities::default()));
        replay.note(&[1, 3], &[0.3, 7.0]);
        let mut archive = Archive::new(0).unwrap();
        replay.save(&mut archive);
        let mut again = Replay::new(4, 1, Some(Priorities::default()));
        again.restore(&archive).unwrap();
        assert_eq!(format!("{again:?}"), format!("{replay:?}"));
    }
}
