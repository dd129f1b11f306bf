//! Long sums in several running sums, so that vectors can take them side by side. The order of
//! additions hangs on the number of strands alone, not on the machine.

use crate::machine::Machine;
use crate::real::{LANES, Lanes, Real};

/// Adds all values up: `add` gives a running sum with one value more.
#[inline(always)]
pub(crate) fn fold<R: Real, const STRANDS: usize>(values: &[R], add: impl Fn(R, R) -> R) -> R {
    let mut strands = [R::ZERO; STRANDS];
    let (blocks, rest) = values.as_chunks::<STRANDS>();
    for block in blocks {
        for (strand, value) in strands.iter_mut().zip(block) {
            *strand = add(*strand, *value);
        }
    }
    rest.iter().fold(joined(strands, |a, b| a + b), |sum, value| add(sum, *value))
}

/// `Σ a b`, fused within the strands.
#[inline(always)]
pub(crate) fn dot<R: Real, M: Machine, const STRANDS: usize>(a: &[R], b: &[R]) -> R {
    let mut strands = [R::ZERO; STRANDS];
    let (a, last_a) = a.as_chunks::<STRANDS>();
    let (b, last_b) = b.as_chunks::<STRANDS>();
    for (a, b) in a.iter().zip(b) {
        for (strand, (a, b)) in strands.iter_mut().zip(a.iter().zip(b)) {
            *strand = a.fma::<M>(*b, *strand);
        }
    }
    let rest = last_a.iter().zip(last_b);
    rest.fold(joined(strands, |a, b| a + b), |sum, (a, b)| sum + *a * *b)
}

/// The largest value. One that is no number is passed over, unless it stands first.
#[inline(always)]
pub(crate) fn most<R: Real, const STRANDS: usize>(values: &[R]) -> R {
    let larger = |most: R, value: R| if value > most { value } else { most };
    let first = values.first().copied().unwrap_or(R::ZERO);
    let mut strands = [first; STRANDS];
    let (blocks, rest) = values.as_chunks::<STRANDS>();
    for block in blocks {
        for (strand, value) in strands.iter_mut().zip(block) {
            *strand = larger(*strand, *value);
        }
    }
    rest.iter().fold(joined(strands, larger), |most, value| larger(most, *value))
}

/// `to ← f(to, from)` for each value, in whole blocks and then the rest.
///
/// The blocks keep the loop a vector: where a plain one writes what it has read, or only
/// sometimes, the compiler takes it for a conditional store, or for slices that may overlap.
/// Each slice of `from` must be as long as `to`; what is beyond the shortest is left alone.
#[inline(always)]
pub(crate) fn onto<R: Real, const N: usize>(
    to: &mut [R],
    from: [&[R]; N],
    f: impl Fn(R, [R; N]) -> R,
) {
    let len = from.iter().fold(to.len(), |len, from| len.min(from.len()));
    let (blocks, rest) = to[..len].as_chunks_mut::<LANES>();
    let whole = blocks.len() * LANES;
    let parts = from.map(|from| from[..len].split_at(whole));
    let others = parts.map(|(blocks, _)| blocks.as_chunks::<LANES>().0);
    for (at, block) in blocks.iter_mut().enumerate() {
        let values = others.map(|blocks| blocks[at]);
        let mut out = *block;
        for (lane, out) in out.iter_mut().enumerate() {
            *out = f(*out, values.map(|values| values[lane]));
        }
        *block = out;
    }
    for (at, to) in rest.iter_mut().enumerate() {
        *to = f(*to, parts.map(|(_, rest)| rest[at]));
    }
}

/// A block by value; zeros beyond what is there.
#[inline(always)]
pub(crate) fn block<R: Real>(values: &[R]) -> Lanes<R> {
    let mut block = [R::ZERO; LANES];
    match values.as_array::<LANES>() {
        Some(values) => block = *values,
        None => block[..values.len()].copy_from_slice(values),
    }
    block
}

/// Puts a block back; what is beyond `to` is dropped.
#[inline(always)]
pub(crate) fn put<R: Real>(block: Lanes<R>, to: &mut [R]) {
    match to.as_mut_array::<LANES>() {
        Some(to) => *to = block,
        None => to.copy_from_slice(&block[..to.len()]),
    }
}

/// `f` of each lane of some blocks.
#[inline(always)]
pub(crate) fn lanes<R: Real, const N: usize>(
    of: [Lanes<R>; N],
    f: impl Fn([R; N]) -> R,
) -> Lanes<R> {
    let mut out = [R::ZERO; LANES];
    for (lane, out) in out.iter_mut().enumerate() {
        *out = f(std::array::from_fn(|value| of[value][lane]));
    }
    out
}

/// One value of all strands, half onto half, so that the last steps are few. Their number is a
/// power of two.
#[inline(always)]
fn joined<R: Real, const STRANDS: usize>(mut strands: [R; STRANDS], join: impl Fn(R, R) -> R) -> R {
    let mut half = STRANDS / 2;
    while half > 0 {
        for at in 0..half {
            strands[at] = join(strands[at], strands[at + half]);
        }
        half /= 2;
    }
    strands[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Plain;

    #[test]
    fn the_rest_beyond_whole_blocks_counts() {
        let values: Vec<f64> = (1..=21).map(f64::from).collect();
        assert_eq!(fold::<f64, 8>(&values, |sum, value| sum + value), 231.0);
        assert_eq!(dot::<f64, Plain, 16>(&values, &values), 3311.0);
        assert_eq!(fold::<f64, 8>(&[], |sum, value| sum + value), 0.0);
        assert_eq!(most::<f64, 8>(&values), 21.0);
        assert_eq!(most::<f64, 8>(&[-3.0, -2.0, f64::NAN]), -2.0);
        let mut to = values.clone();
        onto(&mut to, [&values, &values], |to, [a, b]| to + a * b);
        let wanted: Vec<f64> = values.iter().map(|value| value + value * value).collect();
        assert_eq!(to, wanted);
    }
}
