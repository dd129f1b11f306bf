//! The synapses of a liquid cell, as the loops of [`super::hearing`] want them.

use std::ops::Range;

use super::wiring::Synapse;
use crate::real::{LANES, Real};
use crate::weights::Slot;

/// Numbers of a synapse: slope and shift, with
/// `σ(s (v − μ)) = 1 / (1 + 2^(slope v + shift))`, w, w E, E, w s.
pub(super) const NUMBERS: usize = 6;

/// Sums over rows that a synapse keeps: `Σ h o`, `Σ o ∂top`, `Σ b v`, `Σ b`.
pub(super) const SUMS: usize = 4;

/// Exponents within this have no need of a limit.
const NEAR: f64 = 125.0;

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
pub(super) struct Link {
    at: usize,
    /// The unit or input that is heard.
    pub(super) from: usize,
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

    /// Values of all numbers of the synapses, and one for [`Synapses::reach`].
    pub(super) fn numbers(&self) -> usize {
        NUMBERS * self.links.len() + 1
    }

    /// How large a source's values may be, either way, for all exponents to be near.
    pub(super) fn reach<R: Real>(numbers: &[R]) -> R {
        numbers.last().copied().unwrap_or(R::ZERO)
    }

    /// Values of all sums of the synapses.
    pub(super) fn sums(&self) -> usize {
        SUMS * LANES * self.links.len()
    }

    /// Writes the numbers; `soft` are the weights after softplus.
    pub(super) fn prepare<R: Real>(&self, soft: &[R], weights: &[R], numbers: &mut [R]) {
        let Tensors { sigma, mu, reversal, .. } = self.tensors;
        let (sigma, mu, reversal) = (sigma.of(weights), mu.of(weights), reversal.of(weights));
        let (each, last) = numbers.as_chunks_mut();
        let mut reach = f64::INFINITY;
        for (Link { at, .. }, numbers) in self.links.iter().zip(each) {
            let (weight, sigma, reversal) = (soft[*at], sigma[*at], reversal[*at]);
            let slope = sigma * R::of(-std::f64::consts::LOG2_E);
            let shift = -slope * mu[*at];
            let room = (NEAR - shift.f64().abs()) / slope.f64().abs();
            // Also where it is no number.
            reach = if room >= reach { reach } else { room };
            *numbers = [slope, shift, weight, weight * reversal, reversal, weight * sigma];
        }
        last.fill(R::of(reach));
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
    pub(super) fn units(&self) -> impl Iterator<Item = Range<usize>> {
        let begun = std::iter::once(0).chain(self.ends.iter().copied());
        begun.zip(&self.ends).map(|(begun, end)| begun..*end)
    }

    /// Some of the synapses.
    #[inline(always)]
    pub(super) fn links(&self, of: Range<usize>) -> &[Link] {
        &self.links[of]
    }
}
