//! Raw SVI by least squares: where and how sharply the smile turns is searched for, the other
//! three numbers follow in closed form.
//!
//! De Marco and Martini, "Quasi-explicit calibration of Gatheral's SVI model" (Zeliade Systems,
//! 2009): with `y = (k − m)/σ`, `w = a + d y + c √(y² + 1)` is linear in `a`, `d = ρ b σ` and
//! `c = b σ`. The bounds are those of Lee (2004): `c + |d| ≤ 2σ`.

use super::RawSvi;
use super::descent::{Patience, nelder_mead};

/// One quote to be met.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    /// Log-moneyness.
    pub(super) k: f64,
    /// Total variance.
    pub(super) total_variance: f64,
    /// Weight of its squared miss.
    pub(super) weight: f64,
}

/// Weighted squared miss of a smile.
pub(super) fn miss(smile: &RawSvi, targets: &[Target]) -> f64 {
    targets.iter().map(|t| t.weight * (smile.total_variance(t.k) - t.total_variance).powi(2)).sum()
}

/// How far |ρ| stays from 1, and the wings from the slope 2.
const INSIDE: f64 = 0.9999;

/// Where the targets begin, and how wide they lie.
pub(super) fn span(targets: &[Target]) -> (f64, f64) {
    let low = targets.iter().map(|t| t.k).fold(f64::INFINITY, f64::min);
    let high = targets.iter().map(|t| t.k).fold(f64::NEG_INFINITY, f64::max);
    (low, (high - low).max(1e-6))
}

/// The best smile of each of five roundnesses, from sharp to shallow, at one of seven turns.
pub(super) fn coarse(targets: &[Target]) -> [RawSvi; 5] {
    let (low, range) = span(targets);
    [0.03, 0.1, 0.3, 1.0, 3.0].map(|share| {
        let turns = (0..7).map(|column| low + range * f64::from(column) / 6.0);
        let smiles = turns.map(|m| linear(targets, m, share * range));
        let nearer = |x: &(RawSvi, f64), y: &(RawSvi, f64)| x.1.total_cmp(&y.1);
        smiles.min_by(nearer).map_or(RawSvi::flat(targets[0].total_variance), |best| best.0)
    })
}

/// The smile nearest to the targets, whatever arbitrage it may contain. At least three targets.
pub(super) fn nearest(targets: &[Target]) -> RawSvi {
    let (low, range) = span(targets);
    let allowed = |m: f64, sigma: f64| {
        m > low - range && m < low + 2.0 * range && sigma > 0.005 * range && sigma < 5.0 * range
    };
    let height = |x: &[f64; 2]| {
        let (m, sigma) = (x[0], x[1].exp());
        if allowed(m, sigma) { linear(targets, m, sigma).1 } else { f64::INFINITY }
    };
    let patience = Patience { evaluations: 300, tolerance: 1e-10 };
    let starts = coarse(targets).map(|smile| [smile.m, smile.sigma.ln()]);
    let start = starts.into_iter().min_by(|x, y| height(x).total_cmp(&height(y)));
    let start = start.unwrap_or([low, range.ln()]);
    let (found, _) = nelder_mead(height, start, [0.1 * range, 0.3], patience);
    linear(targets, found[0], found[1].exp()).0
}

/// The best `a, d, c` for a turn at `m` of roundness `sigma`, and the miss that is left.
fn linear(targets: &[Target], m: f64, sigma: f64) -> (RawSvi, f64) {
    let mut square = [[0.0; 3]; 3];
    let mut aim = [0.0; 3];
    for target in targets {
        let y = (target.k - m) / sigma;
        let row = [1.0, y, (y * y + 1.0).sqrt()];
        for i in 0..3 {
            aim[i] += target.weight * row[i] * target.total_variance;
            for j in 0..3 {
                square[i][j] += target.weight * row[i] * row[j];
            }
        }
    }
    let widest = 2.0 * INSIDE * sigma;
    let mut bounds = vec![
        ([0.0, 1.0, -INSIDE], 0.0),
        ([0.0, -1.0, -INSIDE], 0.0),
        ([0.0, 1.0, 1.0], widest),
        ([0.0, -1.0, 1.0], widest),
    ];
    let mut smile = shape(lowest(&square, &aim, &bounds), m, sigma);
    let floor = 1e-3 * targets.iter().map(|t| t.total_variance).fold(f64::INFINITY, f64::min);
    if smile.least_total_variance() < floor {
        bounds.push(([-1.0, 0.0, 0.0], -floor));
        smile = shape(lowest(&square, &aim, &bounds), m, sigma);
    }
    (smile, miss(&smile, targets))
}

fn shape([a, d, c]: [f64; 3], m: f64, sigma: f64) -> RawSvi {
    let rho = if c > 0.0 { (d / c).clamp(-INSIDE, INSIDE) } else { 0.0 };
    RawSvi { a, b: (c / sigma).max(0.0), rho, m, sigma }
}

/// A half-space `normal · x ≤ limit`.
type Bound = ([f64; 3], f64);

/// The `x` within `bounds` that minimises `½ xᵀ square x − aimᵀ x`, `square` being positive
/// definite: of all sets of at most three bounds held as equations, the best that breaks none.
fn lowest(square: &[[f64; 3]; 3], aim: &[f64; 3], bounds: &[Bound]) -> [f64; 3] {
    let value = |x: &[f64; 3]| {
        let bent: f64 = (0..3).map(|i| x[i] * dot(&square[i], x)).sum();
        0.5 * bent - dot(aim, x)
    };
    let slack = 1e-12 * (1.0 + bounds.iter().map(|b| b.1.abs()).fold(0.0, f64::max));
    let fits = |x: &[f64; 3]| bounds.iter().all(|(n, limit)| dot(n, x) <= limit + slack);
    let mut best = ([aim[0] / square[0][0], 0.0, 0.0], f64::INFINITY);
    for held in 0_u32..1 << bounds.len() {
        if held.count_ones() > 3 {
            continue;
        }
        let chosen = (0..bounds.len()).filter(|i| held >> i & 1 == 1).map(|i| &bounds[i]);
        let Some(x) = stationary(square, aim, chosen) else { continue };
        if !fits(&x) {
            continue;
        }
        if held == 0 {
            return x;
        }
        let height = value(&x);
        if height < best.1 {
            best = (x, height);
        }
    }
    best.0
}

fn dot(x: &[f64; 3], y: &[f64; 3]) -> f64 {
    x[0] * y[0] + x[1] * y[1] + x[2] * y[2]
}

/// Where the quadratic is stationary with `held` as equations; `None` if these don't determine it.
fn stationary<'a>(
    square: &[[f64; 3]; 3],
    aim: &[f64; 3],
    held: impl Iterator<Item = &'a Bound>,
) -> Option<[f64; 3]> {
    let mut rows = [[0.0; 7]; 6];
    for i in 0..3 {
        rows[i][..3].copy_from_slice(&square[i]);
        rows[i][6] = aim[i];
    }
    let mut size = 3;
    for (normal, limit) in held {
        for i in 0..3 {
            rows[size][i] = normal[i];
            rows[i][size] = normal[i];
        }
        rows[size][6] = *limit;
        size += 1;
    }
    let solved = solve(&mut rows, size)?;
    Some([solved[0], solved[1], solved[2]])
}

/// Gaussian elimination with row pivots; the right side stands in column 6.
fn solve(rows: &mut [[f64; 7]; 6], size: usize) -> Option<[f64; 6]> {
    for column in 0..size {
        let lead = (column..size)
            .max_by(|&i, &j| rows[i][column].abs().total_cmp(&rows[j][column].abs()))?;
        rows.swap(column, lead);
        let pivot = rows[column];
        let scale = rows.iter().flatten().map(|x| x.abs()).fold(0.0, f64::max);
        if pivot[column].abs() <= 1e-14 * scale {
            return None;
        }
        for row in rows.iter_mut().take(size).skip(column + 1) {
            let share = row[column] / pivot[column];
            for (x, p) in row.iter_mut().zip(pivot).skip(column) {
                *x -= share * p;
            }
        }
    }
    let mut found = [0.0; 6];
    for i in (0..size).rev() {
        let known: f64 = (i + 1..size).map(|j| rows[i][j] * found[j]).sum();
        found[i] = (rows[i][6] - known) / rows[i][i];
    }
    found.iter().all(|x| x.is_finite()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(smile: RawSvi, low: f64, high: f64) -> Vec<Target> {
        let at = |i: i32| low + (high - low) * f64::from(i) / 24.0;
        let target = |k| Target { k, total_variance: smile.total_variance(k), weight: 1.0 };
        (0..25).map(|i| target(at(i))).collect()
    }

    #[test]
    fn an_exact_smile_is_found_again() {
        let smiles = [
            RawSvi { a: 0.002, b: 0.05, rho: -0.6, m: 0.01, sigma: 0.08 },
            RawSvi { a: -0.0410, b: 0.1331, rho: 0.3060, m: 0.3586, sigma: 0.4153 },
            RawSvi { a: 0.0001, b: 0.004, rho: 0.2, m: 0.0, sigma: 0.01 },
        ];
        for smile in smiles {
            let wide = 8.0 * smile.sigma;
            let found = nearest(&quoted(smile, smile.m - wide, smile.m + 0.7 * wide));
            for k in [smile.m - wide, smile.m, smile.m + 0.3 * wide] {
                let (got, wanted) = (found.total_variance(k), smile.total_variance(k));
                assert!((got / wanted - 1.0).abs() < 1e-4, "{smile:?} at {k}: {got} {wanted}");
            }
        }
    }

    #[test]
    fn wings_never_rise_faster_than_two() {
        let targets: Vec<Target> = (-10..=10)
            .map(|i| f64::from(i) / 10.0)
            .map(|k| Target { k, total_variance: 0.01 + 5.0 * k.abs(), weight: 1.0 })
            .collect();
        let (left, right) = nearest(&targets).wing_slopes();
        assert!(left <= 2.0 && right <= 2.0, "{left} {right}");
    }

    #[test]
    fn a_bound_in_the_way_is_met_where_it_is_cheapest() {
        let unit = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let found = lowest(&unit, &[1.0, 2.0, 3.0], &[([0.0, 1.0, 1.0], 3.0)]);
        for (x, wanted) in found.iter().zip([1.0, 1.0, 2.0]) {
            assert!((x - wanted).abs() < 1e-12, "{found:?}");
        }
    }
}
