//! Dropout (Srivastava et al. 2014): in training each value is 0 with the given share, and the
//! others are scaled so that the mean stays.
//!
//! Whether a value is dropped is a function of the draws of the pass and of its place, so a
//! replayed step drops the same values whatever ran before.

use super::{Ahead, Back, Layer, Mode, Trace};
use crate::real::Real;

/// Dropout over rows of so many values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    width: usize,
    share: f64,
}

impl Dropout {
    /// Drops this share, in 0..1; anything else drops nothing.
    pub fn new(width: usize, share: f64) -> Dropout {
        let share = if (0.0..1.0).contains(&share) { share } else { 0.0 };
        Dropout { width, share }
    }
}

impl<R: Real> Layer<R> for Dropout {
    fn inputs(&self) -> usize {
        self.width
    }

    fn outputs(&self) -> usize {
        self.width
    }

    fn learns(&self) -> bool {
        false
    }

    /// Scale of each value: 0 or 1 / (1 − share).
    fn trace(&self, rows: usize) -> Trace<R> {
        Trace::new([rows * self.width])
    }

    fn forward(&self, ahead: Ahead<'_, R>, y: &mut [R], trace: &mut Trace<R>) {
        let [scales] = trace.buffers();
        let scales = &mut scales[..y.len()];
        match ahead.mode {
            Mode::Train { draws } if self.share > 0.0 => {
                let kept = R::of(1.0 / (1.0 - self.share));
                let limit = (self.share * 4_294_967_296.0) as u32;
                draw(draws, limit, kept, scales);
                for ((y, x), scale) in y.iter_mut().zip(ahead.x).zip(scales) {
                    *y = *x * *scale;
                }
            }
            _ => {
                scales.fill(R::ONE);
                y.copy_from_slice(ahead.x);
            }
        }
    }

    fn backward(&self, back: Back<'_, R>, trace: &mut Trace<R>) {
        let [scales] = trace.buffers();
        let Some(dx) = back.dx else { return };
        for ((dx, dy), scale) in dx.iter_mut().zip(back.dy).zip(scales) {
            *dx = *dy * *scale;
        }
    }
}

/// Two values a hash: the finaliser of SplitMix64 over a counter.
fn draw<R: Real>(draws: u64, limit: u32, kept: R, scales: &mut [R]) {
    for (pair, scales) in scales.chunks_mut(2).enumerate() {
        let mut bits = draws.wrapping_add((pair as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        for (scale, half) in scales.iter_mut().zip([bits as u32, (bits >> 32) as u32]) {
            *scale = if half < limit { R::ZERO } else { kept };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_dropped_and_the_mean_stays() {
        let dropout = Dropout::new(10, 0.3);
        let (rows, x) = (10_000, vec![1.0f32; 100_000]);
        let mut trace = Layer::<f32>::trace(&dropout, rows);
        let mut y = vec![0.0; x.len()];
        let mode = Mode::Train { draws: 5 };
        dropout.forward(Ahead { weights: &[], x: &x, mode }, &mut y, &mut trace);
        let dropped = y.iter().filter(|value| **value == 0.0).count() as f64 / 1e5;
        assert!((dropped - 0.3).abs() < 0.01, "{dropped}");
        let mean = y.iter().map(|value| f64::from(*value)).sum::<f64>() / 1e5;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
    }

    #[test]
    fn prediction_drops_nothing() {
        let dropout = Dropout::new(4, 0.5);
        let mut trace = Layer::<f32>::trace(&dropout, 1);
        let (x, mut y) = ([1.0, 2.0, 3.0, 4.0], [0.0; 4]);
        dropout.forward(Ahead { weights: &[], x: &x, mode: Mode::Predict }, &mut y, &mut trace);
        assert_eq!(x, y);
    }
}
