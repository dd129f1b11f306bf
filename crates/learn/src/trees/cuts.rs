//! Where a column of numbers is cut, and which bin a number falls into.

use super::bins::MISSING_BIN;

/// Cuts filled up to 256, so that eight halvings find a bin without a branch.
pub(super) struct Ruler([f32; 256]);

impl Ruler {
    pub(super) fn new(cuts: &[f32]) -> Ruler {
        let mut marks = [f32::INFINITY; 256];
        marks[..cuts.len()].copy_from_slice(cuts);
        Ruler(marks)
    }

    /// The number of cuts at or below a value.
    #[inline]
    pub(super) fn bin(&self, value: f32) -> u8 {
        let mut below = 0u8;
        for step in [128u8, 64, 32, 16, 8, 4, 2, 1] {
            let passed = self.0[usize::from(below + (step - 1))] <= value;
            below += if passed { step } else { 0 };
        }
        if value.is_nan() { MISSING_BIN } else { below }
    }
}

/// Cuts that share the values evenly among at most `max_bins` bins. A value that fills a bin on
/// its own gets its own bin, and the rest is shared among the bins left.
pub(super) fn quantile_cuts(values: &[f32], max_bins: usize) -> Vec<f32> {
    let sorted = sorted(values);
    let distinct = 1 + sorted.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let mut cuts: Vec<f32> = Vec::with_capacity(distinct.min(max_bins) - 1);
    let (mut closed, mut bins_left) = (0, max_bins);
    for at in 1..sorted.len() {
        if sorted[at] == sorted[at - 1] {
            continue;
        }
        let filled = (at - closed) * bins_left >= sorted.len() - closed;
        if (distinct <= max_bins || filled) && bins_left > 1 {
            cuts.push(between(sorted[at - 1], sorted[at]));
            closed = at;
            bins_left -= 1;
        }
    }
    cuts
}

/// The values that are there, ascending.
fn sorted(values: &[f32]) -> Vec<f32> {
    // Below this many the passes of a radix sort cost more than comparisons.
    const FEW: usize = 4096;
    const DIGIT: u32 = 0x7ff;
    let mut keys: Vec<u32> =
        values.iter().filter(|value| !value.is_nan()).map(|&value| key_of(value)).collect();
    if keys.len() < FEW {
        keys.sort_unstable();
    } else {
        let mut spare = vec![0; keys.len()];
        for shift in [0, 11, 22] {
            let mut places = [0usize; DIGIT as usize + 1];
            keys.iter().for_each(|key| places[(key >> shift & DIGIT) as usize] += 1);
            let mut next = 0;
            for place in &mut places {
                (*place, next) = (next, next + *place);
            }
            for &key in &keys {
                let place = &mut places[(key >> shift & DIGIT) as usize];
                spare[*place] = key;
                *place += 1;
            }
            std::mem::swap(&mut keys, &mut spare);
        }
    }
    keys.into_iter().map(value_of).collect()
}

/// A number that orders as the float does.
#[inline]
fn key_of(value: f32) -> u32 {
    // Adding 0 turns -0 into 0, so that the two are one value.
    let bits = (value + 0.0).to_bits();
    bits ^ if bits >> 31 == 1 { u32::MAX } else { 1 << 31 }
}

#[inline]
fn value_of(key: u32) -> f32 {
    f32::from_bits(key ^ if key >> 31 == 1 { 1 << 31 } else { u32::MAX })
}

/// A number above `low` and at most `high`, in the middle where floats allow.
fn between(low: f32, high: f32) -> f32 {
    let middle = ((f64::from(low) + f64::from(high)) / 2.0) as f32;
    if middle > low && middle <= high { middle } else { high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_column_of_missing_values_has_no_cut() {
        assert!(quantile_cuts(&[f32::NAN, f32::NAN], 16).is_empty());
    }

    proptest! {
        #[test]
        fn bins_keep_the_order_of_values(
            values in prop::collection::vec(-1e3f32..1e3, 2..400), max_bins in 2usize..40,
        ) {
            let cuts = quantile_cuts(&values, max_bins);
            prop_assert!(cuts.len() < max_bins);
            prop_assert!(cuts.windows(2).all(|pair| pair[0] < pair[1]));
            let ruler = Ruler::new(&cuts);
            for &value in &values {
                let below = cuts.partition_point(|&cut| cut <= value);
                prop_assert_eq!(usize::from(ruler.bin(value)), below);
            }
        }

        #[test]
        fn many_values_are_sorted_as_few_are(seed in 0u32..1000) {
            let values: Vec<f32> = (0..6000u32)
                .map(|i| f32::from_bits(i.wrapping_mul(2_654_435_761).wrapping_add(seed)))
                .filter(|value| !value.is_nan())
                .collect();
            let mut wanted = values.clone();
            wanted.sort_by(|a, b| a.partial_cmp(b).unwrap());
            prop_assert_eq!(sorted(&values), wanted);
        }

        #[test]
        fn distinct_values_share_the_bins_evenly(count in 300usize..2000) {
            let values: Vec<f32> = (0..count).map(|i| i as f32).collect();
            let ruler = Ruler::new(&quantile_cuts(&values, 64));
            let mut sizes = [0usize; 64];
            for &value in &values {
                sizes[usize::from(ruler.bin(value))] += 1;
            }
            let largest = sizes.iter().max().unwrap();
            prop_assert!(*largest <= count / 64 + 2, "{largest} of {count}");
        }
    }
}
