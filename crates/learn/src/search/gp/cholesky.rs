//! Symmetric positive definite matrices, by rows, lower triangle.
//!
//! All inner loops run along rows, so that they are read in order and vectorise.

/// A square matrix by rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Square {
    pub(super) size: usize,
    pub(super) cells: Vec<f64>,
}

impl Square {
    pub(super) fn zero(size: usize) -> Square {
        Square { size, cells: vec![0.0; size * size] }
    }

    pub(super) fn row(&self, at: usize) -> &[f64] {
        &self.cells[at * self.size..(at + 1) * self.size]
    }

    pub(super) fn row_mut(&mut self, at: usize) -> &mut [f64] {
        &mut self.cells[at * self.size..(at + 1) * self.size]
    }
}

/// The factor L of A = L Lᵀ, lower.
#[derive(Debug, Clone)]
pub(super) struct Cholesky {
    factor: Square,
}

impl Cholesky {
    /// Reads the lower triangle; `None` when the matrix is not positive definite in `f64`.
    pub(super) fn new(mut matrix: Square) -> Option<Cholesky> {
        let size = matrix.size;
        for i in 0..size {
            let (above, rest) = matrix.cells.split_at_mut(i * size);
            let row = &mut rest[..size];
            for j in 0..i {
                let other = &above[j * size..j * size + j + 1];
                row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
            }
            let left = row[i] - dot(&row[..i], &row[..i]);
            if left.is_nan() || left <= 0.0 {
                return None;
            }
            row[i] = left.sqrt();
            row[i + 1..].fill(0.0);
        }
        Some(Cholesky { factor: matrix })
    }

    /// ln det A.
    pub(super) fn log_determinant(&self) -> f64 {
        (0..self.factor.size).map(|at| 2.0 * self.factor.row(at)[at].ln()).sum()
    }

    /// L⁻¹ b, in place.
    pub(super) fn solve_lower(&self, b: &mut [f64]) {
        for i in 0..self.factor.size {
            let row = self.factor.row(i);
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
    }

    /// L⁻ᵀ b, in place.
    pub(super) fn solve_upper(&self, b: &mut [f64]) {
        for i in (0..self.factor.size).rev() {
            let row = self.factor.row(i);
            b[i] /= row[i];
            let times = b[i];
            add_scaled(&mut b[..i], -times, &row[..i]);
        }
    }

    /// A⁻¹ b, in place.
    pub(super) fn solve(&self, b: &mut [f64]) {
        self.solve_lower(b);
        self.solve_upper(b);
    }

    /// The lower triangle of A⁻¹.
    pub(super) fn inverse(&self) -> Square {
        let size = self.factor.size;
        // T = L⁻¹ row by row, then A⁻¹ = Tᵀ T as a sum of outer products of rows.
        let mut lower = Square::zero(size);
        for i in 0..size {
            let (above, rest) = lower.cells.split_at_mut(i * size);
            let row = &mut rest[..size];
            let factors = self.factor.row(i);
            for (k, &factor) in factors[..i].iter().enumerate() {
                add_scaled(&mut row[..k + 1], factor, &above[k * size..k * size + k + 1]);
            }
            let scale = -1.0 / factors[i];
            row[..i].iter_mut().for_each(|cell| *cell *= scale);
            row[i] = 1.0 / factors[i];
        }
        let mut inverse = Square::zero(size);
        for k in 0..size {
            let row = lower.row(k);
            for i in 0..=k {
                add_scaled(&mut inverse.row_mut(i)[..i + 1], row[i], &row[..i + 1]);
            }
        }
        inverse
    }
}

/// Σ a b, in four running sums.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_fours, b_fours) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a_fours.remainder().iter().zip(b_fours.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; 4];
    for (a, b) in a_fours.zip(b_fours) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// to += times × from.
pub(super) fn add_scaled(to: &mut [f64], times: f64, from: &[f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += times * from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;
    use rand::RngExt as _;

    /// B Bᵀ + I.
    fn made(size: usize) -> Square {
        let mut rng = Seed::root(4).rng();
        let b: Vec<f64> = (0..size * size).map(|_| rng.random::<f64>() - 0.5).collect();
        let mut a = Square::zero(size);
        for i in 0..size {
            for j in 0..size {
                let sum = dot(&b[i * size..(i + 1) * size], &b[j * size..(j + 1) * size]);
                a.row_mut(i)[j] = sum + if i == j { 1.0 } else { 0.0 };
            }
        }
        a
    }

    #[test]
    fn solutions_solve() {
        let a = made(13);
        let wanted: Vec<f64> = (0..13).map(f64::from).collect();
        let mut b: Vec<f64> = (0..13).map(|i| dot(a.row(i), &wanted)).collect();
        Cholesky::new(a).unwrap().solve(&mut b);
        assert!(b.iter().zip(&wanted).all(|(b, w)| (b - w).abs() < 1e-10), "{b:?}");
    }

    #[test]
    fn the_inverse_holds_the_solutions_of_unit_vectors() {
        let a = made(9);
        let cholesky = Cholesky::new(a).unwrap();
        let inverse = cholesky.inverse();
        for i in 0..9 {
            let mut unit = vec![0.0; 9];
            unit[i] = 1.0;
            cholesky.solve(&mut unit);
            let row = &inverse.row(i)[..=i];
            assert!(row.iter().zip(&unit).all(|(r, u)| (r - u).abs() < 1e-12), "row {i}");
        }
    }

    #[test]
    fn the_determinant_is_that_of_a_known_matrix() {
        let a = Square { size: 2, cells: vec![4.0, 0.0, 2.0, 3.0] };
        assert!((Cholesky::new(a).unwrap().log_determinant() - 8f64.ln()).abs() < 1e-14);
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        let a = Square { size: 2, cells: vec![1.0, 0.0, 2.0, 1.0] };
        assert!(Cholesky::new(a).is_none());
    }
}
