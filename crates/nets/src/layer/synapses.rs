//! What the units of a liquid cell hear through their synapses, forward and backward.
//!
//! ```text
//! o = σ(s (v − μ))    top += w E o    bottom += w o
//! h = E ∂top + ∂bottom    b = h o (1 − o)
//! ∂v += w s b    ∂w += Σ h o    ∂E += w Σ o ∂top    ∂s += w Σ b (v − μ)    ∂μ −= w s Σ b
//! ```
//! for each synapse with weight w, steepness s, middle μ and reversal E, from a source's values v
//! over the batch. Values lie unit by unit with rows side by side, padded to whole vectors, so
//! that no value is gathered and no row is left over. The four sums over rows run in strands that
//! are joined once, at the end of a backward pass.

use std::ops::Range;

use super::wiring::Synapse;
use crate::machine::{Machine, kernel};
use crate::real::Real;
use crate::weights::Slot;

/// Rows that are treated together; batches are padded to a multiple.
pub(super) const LANES: usize = 8;

/// Rows side by side.
pub(super) type Lanes<R> = [R; LANES];

/// Numbers of a synapse as the loops want them: slope and shift, with
/// `σ(s (v − μ)) = 1 / (1 + 2^(slope v + shift))`, w, w E, E, w s.
const NUMBERS: usize = 6;

/// Sums that a synapse keeps: `Σ h o`, `Σ o ∂top`, `Σ b v`, `Σ b`.
const SUMS: usize = 4;

/// Tensors of the synapses, one value each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tensors {
    pub(super) weight: Slot,
    pub(super) sigma: Slot,
    pub(super) mu: Slot,
    pub(super) reversal: Slot,
}

/// Synapses of one kind, by the unit they reach.
#[derive(Debug, Clone)]
pub(super) struct Synapses {
    pub(super) tensors: Tensors,
    links: Vec<Link>,
    /// Where the links of each unit end.
    ends: Vec<usize>,
}

/// A synapse: its place in the tensors, and its source.
#[derive(Debug, Clone, Copy)]
struct Link {
    at: usize,
    from: usize,
}

impl Synapses {
    pub(super) fn new(tensors: Tensors, all: &[Synapse], units: usize) -> Synapses {
        let reaching = |unit: usize| {
            let links = all.iter().enumerate().filter(move |(_, synapse)| synapse.to == unit);
            links.map(|(at, synapse)| Link { at, from: synapse.from })
        };
        let (mut links, mut ends) = (Vec::with_capacity(all.len()), Vec::with_capacity(units));
        for unit in 0..units {
            links.extend(reaching(unit));
            ends.push(links.len());
        }
        Synapses { tensors, links, ends }
    }

    /// Values of all numbers of the synapses.
    pub(super) fn numbers(&self) -> usize {
        NUMBERS * self.links.len()
    }

    /// Values of all sums of the synapses.
    pub(super) fn sums(&self) -> usize {
        SUMS * LANES * self.links.len()
    }

    /// Writes the numbers; `soft` are the weights after softplus.
    pub(super) fn prepare<R: Real>(&self, soft: &[R], weights: &[R], numbers: &mut [R]) {
        let Tensors { sigma, mu, reversal, .. } = self.tensors;
        let (sigma, mu, reversal) = (sigma.of(weights), mu.of(weights), reversal.of(weights));
        for (Link { at, .. }, numbers) in self.links.iter().zip(numbers.as_chunks_mut().0) {
            let (weight, sigma, reversal) = (soft[*at], sigma[*at], reversal[*at]);
            let slope = sigma * R::of(-std::f64::consts::LOG2_E);
            let shift = -slope * mu[*at];
            *numbers = [slope, shift, weight, weight * reversal, reversal, weight * sigma];
        }
    }

    /// Adds what the sums of a pass say to the gradients of steepness, middle and reversal, and
    /// writes the one by the weight after softplus.
    pub(super) fn gather<R: Real>(
        &self,
        (numbers, sums): (&[R], &[R]),
        weights: &[R],
        by_soft: &mut [R],
        grads: &mut [R],
    ) {
        let Tensors { sigma, mu, reversal, .. } = self.tensors;
        let numbers = numbers.as_chunks::<NUMBERS>().0;
        let sums = sums.as_chunks::<LANES>().0.as_chunks::<SUMS>().0;
        for ((Link { at, .. }, numbers), sums) in self.links.iter().zip(numbers).zip(sums) {
            let [_, _, weight, _, _, scale] = *numbers;
            let [heard, top, bent, bend] = sums.map(|strands| strands.into_iter().sum::<R>());
            by_soft[*at] = heard;
            reversal.of_mut(grads)[*at] += weight * top;
            sigma.of_mut(grads)[*at] += weight * (bent - mu.of(weights)[*at] * bend);
            mu.of_mut(grads)[*at] -= scale * bend;
        }
    }

    /// For each unit the numbers of its links.
    #[inline(always)]
    fn units(&self) -> impl Iterator<Item = Range<usize>> {
        let begun = std::iter::once(0).chain(self.ends.iter().copied());
        begun.zip(&self.ends).map(|(begun, end)| begun..*end)
    }

    /// Adds to top and bottom what a unit hears in some rows.
    #[inline(always)]
    fn heard<R: Real, M: Machine>(
        &self,
        of: Range<usize>,
        numbers: &[[R; NUMBERS]],
        sources: (&[R], usize),
        sums: [Lanes<R>; 2],
    ) -> [Lanes<R>; 2] {
        let [mut top, mut bottom] = sums;
        for (link, numbers) in self.links[of.clone()].iter().zip(&numbers[of]) {
            let [slope, shift, weight, current, ..] = *numbers;
            let v: &Lanes<R> = lanes(&sources.0[link.from * sources.1..]);
            let open = open::<R, M>(v, slope, shift);
            add::<R, M>(&mut bottom, &open, &[weight; LANES]);
            add::<R, M>(&mut top, &open, &[current; LANES]);
        }
        [top, bottom]
    }
}

/// The first few values.
#[inline(always)]
fn lanes<R>(values: &[R]) -> &Lanes<R> {
    match values.first_chunk() {
        Some(lanes) => lanes,
        None => unreachable!("rows are padded to whole vectors"),
    }
}

/// The first few values, to be written.
#[inline(always)]
fn lanes_mut<R>(values: &mut [R]) -> &mut Lanes<R> {
    match values.first_chunk_mut() {
        Some(lanes) => lanes,
        None => unreachable!("rows are padded to whole vectors"),
    }
}

/// `σ(s (v − μ))` from slope and shift.
#[inline(always)]
fn open<R: Real, M: Machine>(v: &Lanes<R>, slope: R, shift: R) -> Lanes<R> {
    let mut open = *v;
    for open in &mut open {
        *open = open.fma::<M>(slope, shift).falling::<M>();
    }
    open
}

/// `sum + Σ a b`, lane by lane.
#[inline(always)]
fn add<R: Real, M: Machine>(sum: &mut Lanes<R>, a: &Lanes<R>, b: &Lanes<R>) {
    for (sum, (a, b)) in sum.iter_mut().zip(a.iter().zip(b)) {
        *sum = a.fma::<M>(*b, *sum);
    }
}

kernel! {
    /// What units hear of the inputs: tops and bottoms that begin at a unit's own two numbers.
    pub(super) fn sense<R>(
        synapses: &Synapses,
        from: (&[R], &[R]),
        rows: usize,
        own: (&[R], &[R]),
        sums: (&mut [R], &mut [R]),
    ) {
        let numbers = from.0.as_chunks().0;
        for (unit, of) in synapses.units().enumerate() {
            let begin = [[own.0[unit]; LANES], [own.1[unit]; LANES]];
            for row in (0..rows).step_by(LANES) {
                let sources = (&from.1[row..], rows);
                let [top, bottom] =
                    synapses.heard::<R, M>(of.clone(), numbers, sources, begin);
                *lanes_mut(&mut sums.0[unit * rows + row..]) = top;
                *lanes_mut(&mut sums.1[unit * rows + row..]) = bottom;
            }
        }
    }
}

kernel! {
    /// One fused step of the solver: potentials after it from those before, tops and bottoms that
    /// begin at what was sensed, and the bottoms that were reached. `capacities` are those of the
    /// units for a fused step.
    pub(super) fn unfold<R>(
        synapses: &Synapses,
        from: (&[R], &[R], &[R]),
        rows: usize,
        sensed: (&[R], &[R]),
        to: (&mut [R], &mut [R]),
    ) {
        let (numbers, capacities, before) = from;
        let numbers = numbers.as_chunks().0;
        for (unit, of) in synapses.units().enumerate() {
            for row in (0..rows).step_by(LANES) {
                let at = unit * rows + row;
                let begin = [*lanes(&sensed.0[at..]), *lanes(&sensed.1[at..])];
                let sources = (&before[row..], rows);
                let [mut top, bottom] =
                    synapses.heard::<R, M>(of.clone(), numbers, sources, begin);
                add::<R, M>(&mut top, lanes(&before[at..]), &[capacities[unit]; LANES]);
                *lanes_mut(&mut to.1[at..]) = bottom;
                for (top, bottom) in top.iter_mut().zip(&bottom) {
                    *top /= *bottom;
                }
                *lanes_mut(&mut to.0[at..]) = top;
            }
        }
    }
}

kernel! {
    /// What units hear, backward: `slopes` are the gradients by tops and bottoms. Adds to the
    /// sums of the synapses and to the gradient of the sources. Openings are computed again
    /// rather than kept: to fetch them from memory takes longer.
    pub(super) fn unhear<R>(
        synapses: &Synapses,
        from: (&[R], &[R]),
        rows: usize,
        slopes: (&[R], &[R]),
        to: (&mut [R], &mut [R]),
    ) {
        let (numbers, sources) = from;
        let (sums, toward) = to;
        let numbers = numbers.as_chunks::<NUMBERS>().0;
        let sums = sums.as_chunks_mut::<LANES>().0.as_chunks_mut::<SUMS>().0;
        for (unit, of) in synapses.units().enumerate() {
            let tops = slopes.0[unit * rows..(unit + 1) * rows].as_chunks::<LANES>().0;
            let bottoms = slopes.1[unit * rows..(unit + 1) * rows].as_chunks::<LANES>().0;
            let links = synapses.links[of.clone()].iter().zip(&numbers[of.clone()]);
            for ((link, numbers), kept) in links.zip(&mut sums[of]) {
                let [slope, shift, _, _, reversal, scale] = *numbers;
                let source = link.from * rows..(link.from + 1) * rows;
                let toward = toward[source.clone()].as_chunks_mut::<LANES>().0;
                let each = sources[source].as_chunks::<LANES>().0.iter().zip(toward);
                let mut sums = *kept;
                for ((v, toward), (top, bottom)) in each.zip(tops.iter().zip(bottoms)) {
                    let open = open::<R, M>(v, slope, shift);
                    let mut heard = *bottom;
                    add::<R, M>(&mut heard, top, &[reversal; LANES]);
                    let mut bend = open;
                    for ((bend, open), heard) in bend.iter_mut().zip(&open).zip(&heard) {
                        *bend = *heard * (-*open).fma::<M>(*open, *open);
                    }
                    add::<R, M>(toward, &bend, &[scale; LANES]);
                    add::<R, M>(&mut sums[0], &heard, &open);
                    add::<R, M>(&mut sums[1], top, &open);
                    add::<R, M>(&mut sums[2], &bend, v);
                    for (sum, bend) in sums[3].iter_mut().zip(&bend) {
                        *sum += *bend;
                    }
                }
                *kept = sums;
            }
        }
    }
}
