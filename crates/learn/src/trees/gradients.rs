//! First and second derivatives of a loss, exact and quantised.
//!
//! The quantised pair sits in one `i64`: gradient in the upper half, hessian in the lower. Adding
//! pairs is one integer addition, exact in any order, so a histogram is the same for any number
//! of threads (after "Quantized training of gradient boosting decision trees", Shi et al. 2022;
//! here the scale uses all bits the row count leaves free, about 14 at 150,000 rows).

use rayon::prelude::*;

/// Finest scale of a quantised derivative.
const FINEST_LEVEL: f64 = (1 << 20) as f64;

/// Rows differentiated or quantised by one thread at a time.
pub(super) const ROW_BLOCK: usize = 8192;

/// First and second derivative of one row's loss with respect to its margin.
pub(super) type Derivative = (f32, f32);

/// Derivatives of every row, and their quantised copies.
#[derive(Debug, Default)]
pub(super) struct Gradients {
    exact: Vec<Derivative>,
    packed: Vec<i64>,
    gradient_unit: f64,
    hessian_unit: f64,
}

/// A sum of gradients and of hessians.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) gradient: f64,
    pub(super) hessian: f64,
}

impl Gradients {
    /// Where the derivatives of all rows are written, before [`Gradients::quantise`].
    pub(super) fn exact_mut(&mut self) -> &mut Vec<Derivative> {
        &mut self.exact
    }

    /// Quantises the derivatives, of which at most `drawn` will be added up.
    pub(super) fn quantise(&mut self, drawn: usize) {
        let largest = |rows: &[Derivative]| {
            rows.iter().fold((0.0f32, 0.0f32), |(steepest, sharpest), &(gradient, hessian)| {
                let size = gradient.abs();
                (
                    if size > steepest { size } else { steepest },
                    if hessian > sharpest { hessian } else { sharpest },
                )
            })
        };
        let blocks = self.exact.par_chunks(ROW_BLOCK).map(largest);
        let (steepest, sharpest) =
            blocks.reduce(|| (0.0, 0.0), |a, b| (a.0.max(b.0), a.1.max(b.1)));
        let levels = ((i32::MAX as f64) / drawn.max(1) as f64).floor().min(FINEST_LEVEL);
        let scale = |largest: f32| if largest > 0.0 { levels / f64::from(largest) } else { 0.0 };
        let finite = |scale: f64| if (scale as f32).is_finite() { scale as f32 } else { 0.0 };
        let (by_gradient, by_hessian) = (finite(scale(steepest)), finite(scale(sharpest)));
        self.gradient_unit = unit_of(by_gradient);
        self.hessian_unit = unit_of(by_hessian);
        self.packed.resize(self.exact.len(), 0);
        let limit = levels as i32;
        let (exact, packed) =
            (self.exact.par_chunks(ROW_BLOCK), self.packed.par_chunks_mut(ROW_BLOCK));
        exact.zip(packed).for_each(|(exact, packed)| {
            for (pair, &(gradient, hessian)) in packed.iter_mut().zip(exact) {
                let g = nearest(gradient * by_gradient).max(-limit).min(limit);
                let h = nearest(hessian * by_hessian).min(limit);
                *pair = (i64::from(g) << 32) + i64::from(h);
            }
        });
    }

    /// The quantised pairs, by row.
    pub(super) fn packed(&self) -> &[i64] {
        &self.packed
    }

    /// What one level of a gradient and of a hessian stands for.
    pub(super) fn units(&self) -> (f64, f64) {
        (self.gradient_unit, self.hessian_unit)
    }

    /// A packed sum as numbers.
    #[inline]
    pub(super) fn unpack(&self, sum: i64) -> Sums {
        Sums {
            gradient: (sum >> 32) as f64 * self.gradient_unit,
            hessian: (sum & 0xffff_ffff) as f64 * self.hessian_unit,
        }
    }

    /// The exact sums over rows, added in their order.
    pub(super) fn exact_sums(&self, rows: &[u32]) -> Sums {
        let mut sums = Sums::default();
        for &row in rows {
            let (gradient, hessian) = self.exact[row as usize];
            sums.gradient += f64::from(gradient);
            sums.hessian += f64::from(hessian);
        }
        sums
    }
}

/// The nearest whole number, ties to even, of a number below 2^22: past 2^23 floats are whole, so
/// an addition rounds. `round_ties_even` would be a library call on processors before SSE 4.1.
#[inline]
fn nearest(value: f32) -> i32 {
    const SHIFT: f32 = 12_582_912.0;
    (value + SHIFT).to_bits() as i32 - SHIFT.to_bits() as i32
}

fn unit_of(scale: f32) -> f64 {
    if scale > 0.0 { 1.0 / f64::from(scale) } else { 0.0 }
}

/// Quantised copies of these derivatives, all drawn.
#[cfg(test)]
pub(super) fn of(exact: Vec<Derivative>) -> Gradients {
    let drawn = exact.len();
    let mut gradients = Gradients { exact, ..Gradients::default() };
    gradients.quantise(drawn);
    gradients
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_packed_sum_unpacks_to_the_exact_sums(
            exact in prop::collection::vec((-6.0f32..6.0, 0.0f32..2.0), 1..300),
        ) {
            let rows: Vec<u32> = (0..exact.len() as u32).collect();
            let gradients = of(exact);
            let packed = gradients.unpack(gradients.packed().iter().sum());
            let exact = gradients.exact_sums(&rows);
            let room = rows.len() as f64 * 1e-5;
            prop_assert!((packed.gradient - exact.gradient).abs() < room);
            prop_assert!((packed.hessian - exact.hessian).abs() < room);
        }
    }

    #[test]
    fn the_addition_rounds_to_the_nearest() {
        for value in [0.0f32, 0.5, 1.5, -0.5, -2.5, 1_048_575.4, -1_048_576.0, 0.49999997] {
            assert_eq!(nearest(value), value.round_ties_even() as i32, "{value}");
        }
    }

    #[test]
    fn a_perfect_fit_has_no_unit_to_divide_by() {
        for exact in [vec![(0.0, 0.0)], vec![(1e-42, 1e-42)]] {
            let gradients = of(exact);
            assert_eq!(gradients.unpack(gradients.packed()[0]), Sums::default());
        }
    }
}
