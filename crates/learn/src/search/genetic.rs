//! Genetic search: generation after generation, for one loss or several (Deb et al. 2002,
//! "NSGA-II").
//!
//! The best of parents and children are the next parents. Two of them, each the better of a
//! drawn pair, make a child: numbers by simulated binary crossover and polynomial mutation (Deb
//! and Agrawal 1995; Deb and Goyal 1996), choices by taking either parent's and by drawing anew.

use base::Seed;
use base::seed::Rng;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::front::{crowding, fronts};
use super::layout::{Axis, Layout};
use super::space::{Params, Space};
use super::spread;
use super::trial::Trial;

/// Settings of the search. The number of generations is that of trials by the population.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GeneticPlan {
    /// Trials of a generation; they are tried together, whatever the batch of the study.
    pub population: usize,
    /// Chance that a child mixes two parents and is no copy of one.
    pub crossover: f64,
    /// Nearness of children to parents; larger is nearer.
    pub crossover_index: f64,
    /// Settings mutated in a child, on average.
    pub mutations: f64,
    /// Nearness of a mutant; larger is nearer.
    pub mutation_index: f64,
}

impl Default for GeneticPlan {
    /// For searches of hundreds of trials: longer steps than the paper's (15 and 20), which had
    /// tens of thousands.
    fn default() -> GeneticPlan {
        GeneticPlan {
            population: 30,
            crossover: 1.0,
            crossover_index: 2.0,
            mutations: 1.0,
            mutation_index: 10.0,
        }
    }
}

/// A parent: where it stands and how good it is.
#[derive(Debug, Clone)]
struct Parent {
    point: Vec<f64>,
    front: usize,
    room: f64,
}

impl GeneticPlan {
    /// Settings of a child, from the trials of all generations before its own.
    pub(super) fn propose(
        &self,
        space: &Space,
        (finished, number): (&[Trial], usize),
        (study, seed): (Seed, Seed),
    ) -> Params {
        let layout = space.layout();
        let parents = self.parents(space, finished);
        if parents.is_empty() {
            return space.decode(&spread::point(layout.width(), number, study));
        }
        let mut rng = seed.rng();
        let mut child = self.child(layout, &parents, &mut rng);
        // A child that was tried before teaches nothing; a few draws find another if there is one.
        for _ in 0..20 {
            let params = space.decode(&child);
            if !finished.iter().any(|trial| trial.params == params) {
                return params;
            }
            self.mutate(layout, &mut child, &mut rng);
        }
        space.decode(&child)
    }

    /// The best of all generations, taken generation by generation as the search went.
    fn parents(&self, space: &Space, finished: &[Trial]) -> Vec<Parent> {
        let mut alive: Vec<usize> = Vec::new();
        let losses: Vec<Option<Vec<f64>>> = finished.iter().map(Trial::losses).collect();
        let mut graded = Vec::new();
        for first in (0..finished.len()).step_by(self.population.max(1)) {
            let ends = (first + self.population.max(1)).min(finished.len());
            alive.extend((first..ends).filter(|&at| losses[at].is_some()));
            let those: Vec<&[f64]> = alive.iter().filter_map(|&at| losses[at].as_deref()).collect();
            graded = grade(&those);
            graded.truncate(self.population.max(2));
            alive = graded.iter().map(|grade| alive[grade.at]).collect();
        }
        let parent = |(&at, grade): (&usize, &Grade)| Parent {
            point: space.encode(&finished[at].params),
            front: grade.front,
            room: grade.room,
        };
        alive.iter().zip(&graded).map(parent).collect()
    }

    fn child(&self, layout: &Layout, parents: &[Parent], rng: &mut Rng) -> Vec<f64> {
        let (left, right) = (tournament(parents, rng), tournament(parents, rng));
        let mut child = left.point.clone();
        if rng.random::<f64>() < self.crossover {
            for (axis, at) in layout.axes().iter().zip(child.iter_mut().enumerate()) {
                let (place, at) = at;
                *at = self.mix(*axis, (*at, right.point[place]), rng);
            }
        }
        self.mutate(layout, &mut child, rng);
        // What neither parent had is drawn anew, should the child have it.
        child.iter_mut().filter(|at| at.is_nan()).for_each(|at| *at = rng.random());
        child
    }

    /// One coordinate of a child; a parent without the setting leaves it to the other.
    fn mix(&self, axis: Axis, (left, right): (f64, f64), rng: &mut Rng) -> f64 {
        let (from_left, u): (bool, f64) = (rng.random(), rng.random());
        let near = if from_left { left } else { right };
        if left.is_nan() || right.is_nan() {
            return if left.is_nan() { right } else { left };
        }
        // Half of the coordinates are handed down as they are, as in Deb's own program.
        let inherited = matches!(axis, Axis::Named(_)) || left == right || rng.random::<bool>();
        if inherited {
            return near;
        }
        let power = 1.0 / (self.crossover_index + 1.0);
        let stretch = if u <= 0.5 { (2.0 * u).powf(power) } else { (0.5 / (1.0 - u)).powf(power) };
        let far = if from_left { right } else { left };
        (0.5 * ((1.0 + stretch) * near + (1.0 - stretch) * far)).clamp(0.0, 1.0)
    }

    fn mutate(&self, layout: &Layout, child: &mut [f64], rng: &mut Rng) {
        let chance = (self.mutations / layout.width() as f64).min(1.0);
        for (axis, at) in layout.axes().iter().zip(child) {
            let (hit, u): (f64, f64) = (rng.random(), rng.random());
            if hit >= chance || at.is_nan() {
                continue;
            }
            *at = match axis {
                Axis::Named(_) => u,
                _ => polynomial(*at, u, self.mutation_index),
            };
            // A whole number must leave its step to change at all.
            if let Axis::Steps(count) = axis {
                let away = rng.random_range(-1..=1);
                *at = (*at + f64::from(away) / count).clamp(0.0, 1.0);
            }
        }
    }
}

/// Polynomial mutation within the unit interval (Deb and Goyal 1996, bounded form).
fn polynomial(at: f64, u: f64, index: f64) -> f64 {
    let power = 1.0 / (index + 1.0);
    let shift = if u < 0.5 {
        (2.0 * u + (1.0 - 2.0 * u) * (1.0 - at).powf(index + 1.0)).powf(power) - 1.0
    } else {
        1.0 - (2.0 * (1.0 - u) + (2.0 * u - 1.0) * at.powf(index + 1.0)).powf(power)
    };
    (at + shift).clamp(0.0, 1.0)
}

/// The better of two drawn at random.
fn tournament<'p>(parents: &'p [Parent], rng: &mut Rng) -> &'p Parent {
    let mut draw = || &parents[rng.random_range(0..parents.len())];
    let (one, two) = (draw(), draw());
    let better = two.front < one.front || (two.front == one.front && two.room > one.room);
    if better { two } else { one }
}

/// What a trial is worth as a parent.
#[derive(Debug, Clone, Copy)]
struct Grade {
    at: usize,
    front: usize,
    room: f64,
}

/// By front, within a front the lonelier first.
fn grade(losses: &[&[f64]]) -> Vec<Grade> {
    let mut grades = Vec::with_capacity(losses.len());
    for (front, members) in fronts(losses).into_iter().enumerate() {
        let room = crowding(losses, &members);
        let mut those: Vec<Grade> =
            members.iter().zip(room).map(|(&at, room)| Grade { at, front, room }).collect();
        those.sort_by(|a, b| b.room.total_cmp(&a.room).then(a.at.cmp(&b.at)));
        grades.extend(those);
    }
    grades
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutants_stay_inside_and_near() {
        let mut rng = Seed::root(1).rng();
        for _ in 0..2_000 {
            let at: f64 = rng.random();
            let to = polynomial(at, rng.random(), 20.0);
            assert!((0.0..=1.0).contains(&to) && (to - at).abs() < 0.45, "{at} -> {to}");
        }
    }

    #[test]
    fn children_lie_around_their_parents() {
        let mut rng = Seed::root(2).rng();
        let plan = GeneticPlan::default();
        let mixed: Vec<f64> =
            (0..4_000).map(|_| plan.mix(Axis::Continuous, (0.4, 0.6), &mut rng)).collect();
        // Simulated binary crossover keeps the mean of the parents.
        assert!((base::stats::mean(&mixed) - 0.5).abs() < 0.01);
        assert!(mixed.iter().any(|&at| at > 0.6) && mixed.iter().any(|&at| 0.41 < at && at < 0.59));
    }

    #[test]
    fn a_setting_of_one_parent_is_handed_down() {
        let mut rng = Seed::root(3).rng();
        let plan = GeneticPlan::default();
        assert_eq!(plan.mix(Axis::Continuous, (f64::NAN, 0.3), &mut rng), 0.3);
        assert_eq!(plan.mix(Axis::Continuous, (0.7, f64::NAN), &mut rng), 0.7);
    }
}
