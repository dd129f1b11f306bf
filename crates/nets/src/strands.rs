//! Long sums in several running sums, so that vectors can take them side by side. The order of
//! additions hangs on the number of strands alone, not on the machine.

use crate::machine::Machine;
use crate::real::Real;

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
    rest.iter().fold(joined(strands), |sum, value| add(sum, *value))
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
    rest.fold(joined(strands), |sum, (a, b)| sum + *a * *b)
}

#[inline(always)]
fn joined<R: Real, const STRANDS: usize>(strands: [R; STRANDS]) -> R {
    strands.into_iter().fold(R::ZERO, |sum, strand| sum + strand)
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
    }
}
