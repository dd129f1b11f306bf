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

use super::synapses::{Link, NUMBERS, SUMS, Synapses};
use crate::machine::{Machine, kernel};
use crate::real::{LANES, Lanes, Reach, Real};

/// Near if all values lie within the reach of the synapses with these numbers, which a value that
/// is no number does not.
#[inline(always)]
fn reach<R: Real>(values: &[R], numbers: &[R]) -> Reach {
    let reach = Synapses::reach(numbers);
    let inside = values.iter().fold(true, |all, value| all & (value.abs() <= reach));
    if inside { Reach::Near } else { Reach::Any }
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

/// `sum + a b`, lane by lane.
#[inline(always)]
fn add<R: Real, M: Machine>(sum: &mut Lanes<R>, a: &Lanes<R>, b: &Lanes<R>) {
    for (sum, (a, b)) in sum.iter_mut().zip(a.iter().zip(b)) {
        *sum = a.fma::<M>(*b, *sum);
    }
}

/// Synapses or rows whose curves are computed side by side.
const BESIDE: usize = 4;

/// Where values of sources lie, from some row on, and how long their lines are.
#[derive(Clone, Copy)]
struct Sources<'a, R> {
    values: &'a [R],
    rows: usize,
    reach: Reach,
}

/// Adds to top and bottom what a unit hears in some rows.
#[inline(always)]
fn heard<R: Real, M: Machine>(
    links: &[Link],
    numbers: &[[R; NUMBERS]],
    from: Sources<'_, R>,
    sums: [Lanes<R>; 2],
) -> [Lanes<R>; 2] {
    let (many, few) = links.as_chunks::<BESIDE>();
    let (numbers, last) = numbers.as_chunks::<BESIDE>();
    let mut sums = sums;
    for (links, numbers) in many.iter().zip(numbers) {
        sums = beside::<R, M, BESIDE>(links, numbers, from, sums);
    }
    for (link, numbers) in few.iter().zip(last) {
        sums = beside::<R, M, 1>(&[*link], &[*numbers], from, sums);
    }
    sums
}

#[inline(always)]
fn beside<R: Real, M: Machine, const N: usize>(
    links: &[Link; N],
    numbers: &[[R; NUMBERS]; N],
    from: Sources<'_, R>,
    [mut top, mut bottom]: [Lanes<R>; 2],
) -> [Lanes<R>; 2] {
    let mut opens = [[R::ZERO; LANES]; N];
    for ((open, link), [slope, shift, ..]) in opens.iter_mut().zip(links).zip(numbers) {
        let v = lanes(&from.values[link.from * from.rows..]);
        for (open, v) in open.iter_mut().zip(v) {
            *open = v.fma::<M>(*slope, *shift);
        }
    }
    let opens = R::falling::<M, N>(opens, from.reach);
    for (open, [_, _, weight, current, ..]) in opens.iter().zip(numbers) {
        add::<R, M>(&mut bottom, open, &[*weight; LANES]);
        add::<R, M>(&mut top, open, &[*current; LANES]);
    }
    [top, bottom]
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
                let sources = Sources { values: &from.1[row..], rows, reach: Reach::Any };
                let (links, of) = (synapses.links(of.clone()), &numbers[of.clone()]);
                let [top, bottom] = heard::<R, M>(links, of, sources, begin);
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
        // Apart, so that each is compiled for its reach.
        match reach(from.2, from.0) {
            Reach::Near => unfold_by::<R, M>(synapses, (from, Reach::Near), rows, sensed, to),
            Reach::Any => unfold_by::<R, M>(synapses, (from, Reach::Any), rows, sensed, to),
        }
    }
}

#[inline(always)]
fn unfold_by<R: Real, M: Machine>(
    synapses: &Synapses,
    ((numbers, capacities, before), reach): ((&[R], &[R], &[R]), Reach),
    rows: usize,
    sensed: (&[R], &[R]),
    to: (&mut [R], &mut [R]),
) {
    let numbers = numbers.as_chunks().0;
    for (unit, of) in synapses.units().enumerate() {
        for row in (0..rows).step_by(LANES) {
            let at = unit * rows + row;
            let begin = [*lanes(&sensed.0[at..]), *lanes(&sensed.1[at..])];
            let sources = Sources { values: &before[row..], rows, reach };
            let (links, of) = (synapses.links(of.clone()), &numbers[of.clone()]);
            let [mut top, bottom] = heard::<R, M>(links, of, sources, begin);
            add::<R, M>(&mut top, lanes(&before[at..]), &[capacities[unit]; LANES]);
            *lanes_mut(&mut to.1[at..]) = bottom;
            for (top, bottom) in top.iter_mut().zip(&bottom) {
                *top /= *bottom;
            }
            *lanes_mut(&mut to.0[at..]) = top;
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
        // Apart, so that each is compiled for its reach.
        match reach(sources, numbers) {
            Reach::Near => unhear_by::<R, M>(synapses, (from, Reach::Near), rows, slopes, to),
            Reach::Any => unhear_by::<R, M>(synapses, (from, Reach::Any), rows, slopes, to),
        }
    }
}

/// Vectors of openings that are computed before they are used. In one loop, both halves want more
/// registers than there are.
const AHEAD: usize = 8;

#[inline(always)]
fn unhear_by<R: Real, M: Machine>(
    synapses: &Synapses,
    ((numbers, sources), reach): ((&[R], &[R]), Reach),
    rows: usize,
    slopes: (&[R], &[R]),
    (sums, toward): (&mut [R], &mut [R]),
) {
    let numbers = numbers.as_chunks::<NUMBERS>().0;
    let sums = sums.as_chunks_mut().0.as_chunks_mut::<SUMS>().0;
    let (sources, toward) = (sources.as_chunks().0, toward.as_chunks_mut().0);
    let (tops, bottoms) = (slopes.0.as_chunks().0, slopes.1.as_chunks().0);
    let (long, mut room) = (rows / LANES, [[R::ZERO; LANES]; AHEAD]);
    for begun in (0..long).step_by(AHEAD) {
        let opens = &mut room[..AHEAD.min(long - begun)];
        let many = opens.len();
        let from = |line: usize| line * long + begun..line * long + begun + many;
        for (unit, of) in synapses.units().enumerate() {
            let (tops, bottoms) = (&tops[from(unit)], &bottoms[from(unit)]);
            let links = synapses.links(of.clone()).iter().zip(&numbers[of.clone()]);
            for ((link, numbers), sums) in links.zip(&mut sums[of]) {
                let v = &sources[from(link.from)];
                open::<R, M>(v, numbers, reach, opens);
                let carried = Carried { numbers, v, opens, tops, bottoms };
                carried.unhear::<M>(sums, &mut toward[from(link.from)]);
            }
        }
    }
}

/// `σ(s (v − μ))`.
#[inline(always)]
fn open<R: Real, M: Machine>(
    v: &[Lanes<R>],
    numbers: &[R; NUMBERS],
    reach: Reach,
    to: &mut [Lanes<R>],
) {
    let (many, few) = v.as_chunks::<BESIDE>();
    let (to_many, to_few) = to.as_chunks_mut::<BESIDE>();
    for (to, v) in to_many.iter_mut().zip(many) {
        *to = open_beside::<R, M, BESIDE>(v, numbers, reach);
    }
    for (to, v) in to_few.iter_mut().zip(few) {
        [*to] = open_beside::<R, M, 1>(&[*v], numbers, reach);
    }
}

#[inline(always)]
fn open_beside<R: Real, M: Machine, const N: usize>(
    v: &[Lanes<R>; N],
    [slope, shift, ..]: &[R; NUMBERS],
    reach: Reach,
) -> [Lanes<R>; N] {
    // No `map` of arrays: it is a call that is not compiled for this machine.
    let mut exponents = *v;
    for v in exponents.as_flattened_mut() {
        *v = v.fma::<M>(*slope, *shift);
    }
    R::falling::<M, N>(exponents, reach)
}

/// What a synapse carried: values of its source and how open it was; gradients of what was heard.
struct Carried<'a, R> {
    numbers: &'a [R; NUMBERS],
    v: &'a [Lanes<R>],
    opens: &'a [Lanes<R>],
    tops: &'a [Lanes<R>],
    bottoms: &'a [Lanes<R>],
}

impl<R: Real> Carried<'_, R> {
    #[inline(always)]
    fn unhear<M: Machine>(&self, kept: &mut [Lanes<R>; SUMS], toward: &mut [Lanes<R>]) {
        let [.., reversal, scale] = *self.numbers;
        let mut sums = *kept;
        for (at, toward) in toward.iter_mut().enumerate() {
            let (v, open, top) = (&self.v[at], &self.opens[at], &self.tops[at]);
            let mut heard = self.bottoms[at];
            add::<R, M>(&mut heard, top, &[reversal; LANES]);
            let mut bend = *open;
            for ((bend, open), heard) in bend.iter_mut().zip(open).zip(&heard) {
                *bend = *heard * (-*open).fma::<M>(*open, *open);
            }
            add::<R, M>(toward, &bend, &[scale; LANES]);
            add::<R, M>(&mut sums[0], &heard, open);
            add::<R, M>(&mut sums[1], top, open);
            add::<R, M>(&mut sums[2], &bend, v);
            for (sum, bend) in sums[3].iter_mut().zip(&bend) {
                *sum += *bend;
            }
        }
        *kept = sums;
    }
}
