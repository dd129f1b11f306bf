//! Patches laid out as lines (im2col): for convolutions of any shape.

use super::ConvConfig;
use crate::machine::kernel;

/// Marks a tap in the padding.
pub(super) const PADDING: usize = usize::MAX;

/// For each patch and tap the first value it sees; [`PADDING`] outside.
pub(super) fn table(config: ConvConfig) -> Vec<usize> {
    config.taps().map(|tap| tap.unwrap_or(PADDING)).collect()
}

kernel! {
    /// Copies what each tap sees.
    pub(super) fn gather<R>(from: (&[R], usize), taps: &[usize], lines: &mut [R]) {
        let (x, channels) = from;
        if channels == 1 {
            for (to, tap) in lines.iter_mut().zip(taps) {
                *to = x.get(*tap).copied().unwrap_or(R::ZERO);
            }
            return;
        }
        for (to, tap) in lines.chunks_exact_mut(channels).zip(taps) {
            match *tap {
                PADDING => to.fill(R::ZERO),
                tap => {
                    for (to, from) in to.iter_mut().zip(&x[tap..tap + channels]) {
                        *to = *from;
                    }
                }
            }
        }
    }
}

kernel! {
    /// Adds gradients to what each tap saw.
    pub(super) fn scatter<R>(from: (&[R], usize), taps: &[usize], dx: &mut [R]) {
        let (lines, channels) = from;
        for (from, tap) in lines.chunks_exact(channels).zip(taps) {
            if *tap != PADDING {
                for (to, from) in dx[*tap..*tap + channels].iter_mut().zip(from) {
                    *to += *from;
                }
            }
        }
    }
}
