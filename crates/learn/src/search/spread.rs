//! Evenly spread points: a sequence that leaves no hole, shifted by the seed.

use base::Seed;
use rand::RngExt as _;

/// The point of that number in `[0, 1)ᵈ`: multiples of the powers of 1/φ_d, where φ_d is the root
/// of x^(d+1) = x + 1 (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences").
pub(super) fn point(width: usize, number: usize, seed: Seed) -> Vec<f64> {
    let mut root = 2.0_f64;
    for _ in 0..60 {
        root = (1.0 + root).powf(1.0 / (width as f64 + 1.0));
    }
    let mut rng = seed.child("spread").rng();
    let mut step = 1.0;
    (0..width)
        .map(|_| {
            step /= root;
            let shift: f64 = rng.random();
            (shift + step * (number as f64 + 1.0)).fract()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quarter_of_every_axis_is_reached_at_once() {
        let points: Vec<Vec<f64>> = (0..8).map(|n| point(5, n, Seed::root(3))).collect();
        for axis in 0..2 {
            for quarter in 0..4 {
                let inside = |point: &&Vec<f64>| (point[axis] * 4.0) as usize == quarter;
                assert!(points.iter().any(|point| inside(&point)), "axis {axis}, {quarter}");
            }
        }
    }
}
