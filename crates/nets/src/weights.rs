//! All weights of a network in one array, each tensor a named stretch of it.
//!
//! A [`Plan`] is filled while layers are built; [`Weights`] are drawn from it. One flat array
//! makes an optimiser one loop, a copy one copy, and a checkpoint one file.

use base::Seed;
use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::real::Real;

/// Where a tensor lies in the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    start: usize,
    len: usize,
}

impl Slot {
    /// The tensor's values.
    pub fn of<R>(self, all: &[R]) -> &[R] {
        &all[self.start..self.start + self.len]
    }

    /// The tensor's values, to be written.
    pub fn of_mut<R>(self, all: &mut [R]) -> &mut [R] {
        &mut all[self.start..self.start + self.len]
    }

    /// Number of values.
    pub fn len(self) -> usize {
        self.len
    }

    /// True for a tensor without values.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// How a tensor begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Init {
    /// The same number everywhere.
    Constant(f64),
    /// Even between two numbers.
    Uniform(f64, f64),
    /// Normal with mean 0 and this deviation.
    Normal(f64),
    /// Orthonormal rows or columns, whichever are fewer, times a gain; rows × columns.
    Orthogonal(f64),
    /// These values.
    Given(Vec<f64>),
}

/// What training may do with a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Learned, and shrunk by weight decay.
    Weight,
    /// Learned, never shrunk: biases, gains, time constants.
    Bias,
    /// Fixed, part of the network: masks, means.
    Fixed,
}

/// A tensor of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Path such as `encoder.0.weight`.
    pub name: String,
    /// Sizes; row-major.
    pub shape: Vec<usize>,
    /// What training may do.
    pub role: Role,
    /// How it begins.
    pub init: Init,
    /// Where it lies.
    pub slot: Slot,
}

/// The tensors of a network, in the order in which its layers asked for them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    entries: Vec<Entry>,
    path: Vec<String>,
    len: usize,
}

impl Plan {
    /// Everything asked for inside is named below `name`.
    pub fn within<T>(&mut self, name: impl Into<String>, build: impl FnOnce(&mut Plan) -> T) -> T {
        self.path.push(name.into());
        let built = build(self);
        self.path.pop();
        built
    }

    /// Adds a tensor.
    pub fn add(&mut self, name: &str, shape: &[usize], (role, init): (Role, Init)) -> Slot {
        let len = shape.iter().product();
        let slot = Slot { start: self.len, len };
        self.len += len;
        let mut path = self.path.clone();
        path.push(name.to_owned());
        let name = path.join(".");
        self.entries.push(Entry { name, shape: shape.to_vec(), role, init, slot });
        slot
    }

    /// Adds a learned matrix of inputs × outputs, even within ±1/√inputs, as PyTorch begins.
    pub fn matrix(&mut self, name: &str, inputs: usize, outputs: usize) -> Slot {
        let bound = 1.0 / (inputs as f64).sqrt();
        self.add(name, &[inputs, outputs], (Role::Weight, Init::Uniform(-bound, bound)))
    }

    /// Adds a bias of so many outputs, even within ±1/√inputs.
    pub fn bias(&mut self, name: &str, inputs: usize, outputs: usize) -> Slot {
        let bound = 1.0 / (inputs as f64).sqrt();
        self.add(name, &[outputs], (Role::Bias, Init::Uniform(-bound, bound)))
    }

    /// All tensors.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Values in all.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The tensor of that name.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Draws every tensor. Each has a node of its own in the tree of randomness, so one more
    /// layer changes no other.
    pub fn draw<R: Real>(&self, seed: Seed) -> Vec<R> {
        let mut values = vec![R::ZERO; self.len];
        for entry in &self.entries {
            entry.draw(seed.child(&entry.name), entry.slot.of_mut(&mut values));
        }
        values
    }
}

impl Entry {
    fn draw<R: Real>(&self, seed: Seed, values: &mut [R]) {
        let mut rng = seed.rng();
        match &self.init {
            Init::Constant(value) => values.fill(R::of(*value)),
            Init::Uniform(low, high) => values
                .iter_mut()
                .for_each(|value| *value = R::of(low + (high - low) * rng.random::<f64>())),
            Init::Normal(deviation) => values.iter_mut().for_each(|value| {
                let drawn: f64 = StandardNormal.sample(&mut rng);
                *value = R::of(deviation * drawn);
            }),
            Init::Orthogonal(gain) => {
                let columns = self.shape.last().copied().unwrap_or(1).max(1);
                let rows = values.len() / columns;
                let mut draw = || StandardNormal.sample(&mut rng);
                let drawn = orthogonal((rows, columns), &mut draw);
                for (value, drawn) in values.iter_mut().zip(drawn) {
                    *value = R::of(gain * drawn);
                }
            }
            Init::Given(given) => {
                for (value, given) in values.iter_mut().zip(given) {
                    *value = R::of(*given);
                }
            }
        }
    }
}

/// Modified Gram–Schmidt on normal draws, over the longer side.
fn orthogonal((rows, columns): (usize, usize), draw: &mut dyn FnMut() -> f64) -> Vec<f64> {
    let (count, len) = (rows.min(columns), rows.max(columns));
    let mut vectors: Vec<Vec<f64>> = Vec::with_capacity(count);
    while vectors.len() < count {
        let mut vector: Vec<f64> = (0..len).map(|_| draw()).collect();
        for known in &vectors {
            let shared: f64 = known.iter().zip(&vector).map(|(a, b)| a * b).sum();
            vector.iter_mut().zip(known).for_each(|(value, known)| *value -= shared * known);
        }
        let norm = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        if norm > 1e-6 {
            vector.iter_mut().for_each(|value| *value /= norm);
            vectors.push(vector);
        }
    }
    let at = |row: usize, column: usize| match rows <= columns {
        true => vectors[row][column],
        false => vectors[column][row],
    };
    (0..rows * columns).map(|k| at(k / columns, k % columns)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_tensor_changes_no_other() {
        let mut plan = Plan::default();
        plan.within("a", |plan| plan.matrix("weight", 4, 3));
        let short: Vec<f32> = plan.draw(Seed::root(1));
        plan.within("b", |plan| plan.matrix("weight", 3, 2));
        let long: Vec<f32> = plan.draw(Seed::root(1));
        assert_eq!(short, long[..12]);
        assert_eq!(plan.entries()[1].name, "b.weight");
    }

    #[test]
    fn orthogonal_rows_have_length_one_and_share_nothing() {
        let mut plan = Plan::default();
        plan.add("weight", &[3, 5], (Role::Weight, Init::Orthogonal(2.0)));
        let drawn: Vec<f64> = plan.draw(Seed::root(4));
        for i in 0..3 {
            for j in 0..3 {
                let shared: f64 = (0..5).map(|k| drawn[i * 5 + k] * drawn[j * 5 + k]).sum();
                let wanted = if i == j { 4.0 } else { 0.0 };
                assert!((shared - wanted).abs() < 1e-9, "{i} {j} {shared}");
            }
        }
    }
}
