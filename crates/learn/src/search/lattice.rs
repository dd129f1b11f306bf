//! The points of a grid, each once, settings that don't exist together never together.

use super::layout::{Axis, Layout};
use super::space::Space;

/// The lattice in blocks: in a block the choices that others depend on are fixed, so that it is
/// a plain product of what exists there.
#[derive(Debug)]
pub(super) struct Lattice<'a> {
    layout: &'a Layout,
    steps: usize,
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    /// Steps of the deciding choices, NaN elsewhere; a deciding choice that does not exist here
    /// is NaN as well.
    fixed: Vec<f64>,
    active: Vec<bool>,
    points: usize,
}

impl<'a> Lattice<'a> {
    /// So many values a continuous setting; domains with fewer values use those.
    pub(super) fn new(space: &'a Space, steps: usize) -> Lattice<'a> {
        let layout = space.layout();
        let mut lattice = Lattice { layout, steps: steps.max(1), blocks: Vec::new() };
        let parents = layout.parents();
        lattice.divide(&parents, vec![f64::NAN; layout.width()]);
        lattice
    }

    /// Number of points.
    pub(super) fn size(&self) -> usize {
        self.blocks.iter().fold(0, |sum, block| sum.saturating_add(block.points))
    }

    /// The point of that number; the last setting changes fastest.
    pub(super) fn point(&self, number: usize) -> Vec<f64> {
        let mut rest = number;
        for block in &self.blocks {
            if rest < block.points {
                return self.point_of(block, rest);
            }
            rest -= block.points;
        }
        vec![0.5; self.layout.width()]
    }

    fn point_of(&self, block: &Block, number: usize) -> Vec<f64> {
        let (mut rest, mut point) = (number, block.fixed.clone());
        for at in (0..point.len()).rev() {
            if !self.is_free(block, at) {
                continue;
            }
            let axis = self.layout.axes()[at];
            let count = self.count(axis);
            let place = rest % count;
            rest /= count;
            point[at] = match axis {
                Axis::Continuous if count == 1 => 0.5,
                Axis::Continuous => place as f64 / (count - 1) as f64,
                _ => (place as f64 + 0.5) / count as f64,
            };
        }
        point
    }

    /// One block for each way to fix the deciding choices that exist.
    fn divide(&mut self, parents: &[usize], fixed: Vec<f64>) {
        let active = self.layout.active(&fixed);
        let open = |at: &&usize| active[**at] && fixed[**at].is_nan();
        if let Some(&parent) = parents.iter().find(open) {
            let count = self.layout.axes()[parent].steps().unwrap_or(1.0);
            for step in 0..count as usize {
                let mut fixed = fixed.clone();
                fixed[parent] = (step as f64 + 0.5) / count;
                self.divide(parents, fixed);
            }
            return;
        }
        let mut block = Block { fixed, active, points: 1 };
        let free = (0..self.layout.width()).filter(|&at| self.is_free(&block, at));
        let counts = free.map(|at| self.count(self.layout.axes()[at]));
        block.points = counts.fold(1, usize::saturating_mul);
        self.blocks.push(block);
    }

    fn is_free(&self, block: &Block, at: usize) -> bool {
        block.active[at] && block.fixed[at].is_nan()
    }

    fn count(&self, axis: Axis) -> usize {
        match axis {
            Axis::Continuous => self.steps,
            Axis::Steps(count) => self.steps.min(count as usize),
            Axis::Named(count) => count as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Domain;

    #[test]
    fn each_point_of_a_conditional_space_comes_once() {
        let choice = |names: &[&str]| Domain::Choice(names.iter().map(|n| (*n).into()).collect());
        let when = |is: &str, then| Domain::When {
            setting: "kind".into(),
            is: vec![is.into()],
            then: Box::new(then),
        };
        let space = Space::new([
            ("depth".into(), when("tree", Domain::Int { low: 2, high: 9 })),
            ("kind".into(), choice(&["tree", "net", "line"])),
            ("cell".into(), when("net", choice(&["short", "long"]))),
            ("rate".into(), Domain::Float { low: 0.0, high: 1.0 }),
        ])
        .unwrap();
        // Trees have 3 depths, nets 2 cells, lines neither; all have 3 rates.
        let lattice = Lattice::new(&space, 3);
        let all: Vec<String> =
            (0..lattice.size()).map(|n| format!("{:?}", space.decode(&lattice.point(n)))).collect();
        let mut once = all.clone();
        once.sort();
        once.dedup();
        assert_eq!((all.len(), once.len()), (3 * (3 + 2 + 1), 18));
    }
}
