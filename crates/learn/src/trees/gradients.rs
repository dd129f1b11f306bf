//! First and second derivatives of the logistic loss, exact and quantised.
//!
//! The quantised pair sits in one `i64`: gradient in the upper half, hessian in the lower. Adding
//! pairs is one integer addition, exact in any order, so a histogram is the same for any number
//! of threads (after "Quantized training of gradient boosting decision trees", Shi et al. 2022;
//! here the scale uses all bits the row count leaves free, about 14 at 150,000 rows).

/// Finest scale of a quantised derivative.
const FINEST_LEVEL: f64 = (1 << 20) as f64;

/// Derivatives of every row, and their quantised copies for the rows drawn.
#[derive(Debug, Default)]
pub(super) struct Gradients {
    exact: Vec<(f32, f32)>,
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

/// One row's target.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) positive: bool,
    /// Sample weight, times the weight of its class.
    pub(super) weight: f32,
}

/// The logistic function.
#[inline]
pub(super) fn sigmoid(margin: f32) -> f32 {
    1.0 / (1.0 + (-margin).exp())
}

impl Gradients {
    /// Derivatives of `-w (y ln p + (1 - y) ln (1 - p))` with respect to the margin.
    pub(super) fn differentiate(&mut self, margins: &[f32], targets: &[Target]) {
        self.exact.clear();
        self.exact.extend(margins.iter().zip(targets).map(|(&margin, target)| {
            let p = sigmoid(margin);
            let label = if target.positive { 1.0 } else { 0.0 };
            ((p - label) * target.weight, (p * (1.0 - p)).max(1e-16) * target.weight)
        }));
    }

    /// Quantises the derivatives of these rows.
    pub(super) fn quantise(&mut self, rows: &[u32]) {
        let (mut steepest, mut sharpest) = (0.0f32, 0.0f32);
        for &row in rows {
            let (gradient, hessian) = self.exact[row as usize];
            steepest = steepest.max(gradient.abs());
            sharpest = sharpest.max(hessian);
        }
        let levels = ((i32::MAX as f64) / rows.len().max(1) as f64).floor().min(FINEST_LEVEL);
        let scale = |largest: f32| if largest > 0.0 { levels / f64::from(largest) } else { 0.0 };
        let (by_gradient, by_hessian) = (scale(steepest) as f32, scale(sharpest) as f32);
        self.gradient_unit = unit_of(by_gradient);
        self.hessian_unit = unit_of(by_hessian);
        self.packed.resize(self.exact.len(), 0);
        let limit = levels as i64;
        for &row in rows {
            let (gradient, hessian) = self.exact[row as usize];
            let g = nearest(gradient * by_gradient).clamp(-limit, limit);
            let h = nearest(hessian * by_hessian).min(limit);
            self.packed[row as usize] = (g << 32) + h;
        }
    }

    /// The quantised pairs, by row; only rows last quantised are meaningful.
    pub(super) fn packed(&self) -> &[i64] {
        &self.packed
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
fn nearest(value: f32) -> i64 {
    const SHIFT: f32 = 12_582_912.0;
    i64::from((value + SHIFT).to_bits() as i32 - SHIFT.to_bits() as i32)
}

fn unit_of(scale: f32) -> f64 {
    if scale > 0.0 { 1.0 / f64::from(scale) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_packed_sum_unpacks_to_the_exact_sums(
            margins in prop::collection::vec(-6.0f32..6.0, 1..300),
        ) {
            let targets: Vec<Target> = (0..margins.len())
                .map(|row| Target { positive: row % 3 == 0, weight: 1.0 + (row % 5) as f32 })
                .collect();
            let rows: Vec<u32> = (0..margins.len() as u32).collect();
            let mut gradients = Gradients::default();
            gradients.differentiate(&margins, &targets);
            gradients.quantise(&rows);
            let packed = gradients.unpack(gradients.packed().iter().sum());
            let exact = gradients.exact_sums(&rows);
            let room = margins.len() as f64 * 1e-5;
            prop_assert!((packed.gradient - exact.gradient).abs() < room);
            prop_assert!((packed.hessian - exact.hessian).abs() < room);
        }
    }

    #[test]
    fn the_addition_rounds_to_the_nearest() {
        for value in [0.0f32, 0.5, 1.5, -0.5, -2.5, 1_048_575.4, -1_048_576.0, 0.49999997] {
            assert_eq!(nearest(value), value.round_ties_even() as i64, "{value}");
        }
    }

    #[test]
    fn a_perfect_fit_has_no_unit_to_divide_by() {
        let mut gradients = Gradients::default();
        gradients.differentiate(&[0.0], &[Target { positive: true, weight: 0.0 }]);
        gradients.quantise(&[0]);
        assert_eq!(gradients.unpack(gradients.packed()[0]), Sums::default());
    }
}
