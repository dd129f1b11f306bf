//! The dueling head (Wang et al. 2016, equation 9): `Q = V + A − mean A`.
//!
//! A row of x is V, then A of each choice; a row of y is Q of each choice. The mean makes V the
//! mean of Q, so that the two parts can be told apart.

use nets::Real;
use nets::layer::{Ahead, Back, Layer, Trace};

/// The value of a state and what each choice adds, put together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dueling {
    pub(super) choices: usize,
}

impl<R: Real> Layer<R> for Dueling {
    fn inputs(&self) -> usize {
        self.choices + 1
    }

    fn outputs(&self) -> usize {
        self.choices
    }

    fn learns(&self) -> bool {
        false
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], _trace: &mut Trace<R>) {
        let choices = R::of(self.choices as f64);
        let rows = ahead.x.chunks_exact(self.choices + 1);
        for (x, y) in rows.zip(y.chunks_exact_mut(self.choices)) {
            let mean = x[1..].iter().copied().sum::<R>() / choices;
            y.iter_mut().zip(&x[1..]).for_each(|(y, added)| *y = x[0] + *added - mean);
        }
    }

    fn backward(&self, back: Back<'_, R>, _trace: &mut Trace<R>) {
        let Some(dx) = back.dx else { return };
        let choices = R::of(self.choices as f64);
        let rows = back.dy.chunks_exact(self.choices);
        for (dx, dy) in dx.chunks_exact_mut(self.choices + 1).zip(rows) {
            let sum = dy.iter().copied().sum::<R>();
            dx[0] = sum;
            let mean = sum / choices;
            dx[1..].iter_mut().zip(dy).for_each(|(dx, dy)| *dx = *dy - mean);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;
    use nets::layer::Mode;
    use rand::RngExt as _;

    const LAYER: Dueling = Dueling { choices: 4 };
    const ROWS: usize = 3;

    fn forward(x: &[f64]) -> Vec<f64> {
        let mut y = vec![f64::NAN; ROWS * 4];
        let ahead = Ahead { weights: &[], x, mode: Mode::Predict };
        LAYER.forward(ahead, &mut y, &mut Trace::new([]));
        y
    }

    fn drawn(count: usize) -> Vec<f64> {
        let mut rng = Seed::root(3).child("dueling").index(count as u64).rng();
        (0..count).map(|_| rng.random_range(-1.5..1.5)).collect()
    }

    #[test]
    fn the_mean_over_choices_is_the_value_of_the_state() {
        let x = drawn(ROWS * 5);
        for (x, q) in x.chunks_exact(5).zip(forward(&x).chunks_exact(4)) {
            assert!((q.iter().sum::<f64>() / 4.0 - x[0]).abs() < 1e-12);
            assert!((q[2] - q[1] - (x[3] - x[2])).abs() < 1e-12);
        }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let (x, dy) = (drawn(ROWS * 5), drawn(ROWS * 4));
        let y = forward(&x);
        let mut dx = vec![f64::NAN; x.len()];
        let back = Back { weights: &[], x: &x, y: &y, dy: &dy, grads: &mut [], dx: Some(&mut dx) };
        LAYER.backward(back, &mut Trace::new([]));
        let value = |at: usize, by: f64| -> f64 {
            let mut x = x.clone();
            x[at] += by;
            forward(&x).iter().zip(&dy).map(|(y, dy)| y * dy).sum()
        };
        for (at, found) in dx.iter().enumerate() {
            let wanted = (value(at, 1e-5) - value(at, -1e-5)) / 2e-5;
            assert!((found - wanted).abs() < 1e-8, "x[{at}]: {found} {wanted}");
        }
    }
}
