//! Finding the lowest point of a function of few numbers without its derivatives.

/// When a descent stops.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Evaluations at most.
    pub(crate) evaluations: usize,
    /// Relative spread of values over the simplex below which it has arrived.
    pub(crate) tolerance: f64,
}

/// Nelder and Mead (1965), "A simplex method for function minimization": from `start`, with first
/// steps of `step`. Returns the best point and its value. Values that are no number count as
/// infinitely high.
pub(crate) fn nelder_mead<const N: usize>(
    height: impl Fn(&[f64; N]) -> f64,
    start: [f64; N],
    step: [f64; N],
    patience: Patience,
) -> ([f64; N], f64) {
    let height = |x: &[f64; N]| Some(height(x)).filter(|y| !y.is_nan()).unwrap_or(f64::INFINITY);
    let mut simplex = vec![(start, height(&start))];
    for axis in 0..N {
        let mut corner = start;
        corner[axis] += step[axis];
        simplex.push((corner, height(&corner)));
    }
    let mut spent = N + 1;
    loop {
        simplex.sort_by(|x, y| x.1.total_cmp(&y.1));
        let (best, worst) = (simplex[0].1, simplex[N].1);
        let arrived = worst - best <= patience.tolerance * (best.abs() + f64::MIN_POSITIVE);
        if arrived || spent >= patience.evaluations {
            return simplex[0];
        }
        spent += turn(&height, &mut simplex);
    }
}

/// One step of the simplex, sorted from best to worst; returns the evaluations it took.
fn turn<const N: usize>(
    height: &impl Fn(&[f64; N]) -> f64,
    simplex: &mut [([f64; N], f64)],
) -> usize {
    let mut centre = [0.0; N];
    for (corner, _) in &simplex[..N] {
        for (sum, x) in centre.iter_mut().zip(corner) {
            *sum += x / N as f64;
        }
    }
    let (worst, top) = simplex[N];
    let towards = |share: f64| {
        let point: [f64; N] = std::array::from_fn(|i| centre[i] + share * (worst[i] - centre[i]));
        (point, height(&point))
    };
    let mirrored = towards(-1.0);
    if mirrored.1 < simplex[0].1 {
        let further = towards(-2.0);
        simplex[N] = if further.1 < mirrored.1 { further } else { mirrored };
        return 2;
    }
    if mirrored.1 < simplex[N - 1].1 {
        simplex[N] = mirrored;
        return 1;
    }
    let nearer = if mirrored.1 < top { towards(-0.5) } else { towards(0.5) };
    if nearer.1 < top.min(mirrored.1) {
        simplex[N] = nearer;
        return 2;
    }
    let best = simplex[0].0;
    for (corner, value) in &mut simplex[1..] {
        *corner = std::array::from_fn(|i| 0.5 * (best[i] + corner[i]));
        *value = height(corner);
    }
    N + 2
}

/// The lowest point of a function with one valley between `low` and `high`, by golden sections.
pub(crate) fn golden(height: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    const SHARE: f64 = 0.618_033_988_749_894_9;
    for _ in 0..48 {
        let (left, right) = (high - SHARE * (high - low), low + SHARE * (high - low));
        if height(left) < height(right) {
            high = right;
        } else {
            low = left;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rosenbrocks_valley_is_followed_to_its_end() {
        let height = |x: &[f64; 2]| (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2);
        let patience = Patience { evaluations: 2000, tolerance: 1e-12 };
        let (found, value) = nelder_mead(height, [-1.2, 1.0], [0.3, 0.3], patience);
        assert!(value < 1e-10, "{value}");
        assert!((found[0] - 1.0).abs() < 1e-4 && (found[1] - 1.0).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn where_the_function_is_no_number_it_does_not_go() {
        let height = |x: &[f64; 1]| if x[0] < 1.0 { f64::NAN } else { x[0] };
        let patience = Patience { evaluations: 200, tolerance: 1e-12 };
        let (found, _) = nelder_mead(height, [3.0], [0.5], patience);
        assert!((found[0] - 1.0).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn golden_sections_find_the_valley() {
        let found = golden(|x| (x - 0.3).powi(2), -1.0, 2.0);
        assert!((found - 0.3).abs() < 1e-7, "{found}");
    }
}
