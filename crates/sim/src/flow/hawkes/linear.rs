//! Small symmetric systems of equations.

/// The lower triangle of a symmetric matrix, row by row, with its factor in place of it.
pub(super) struct Cholesky {
    size: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors a symmetric matrix, `size × size` in rows; a little is added to the diagonal where
    /// it is not positive definite.
    pub(super) fn new(matrix: &[f64], size: usize) -> Cholesky {
        let diagonal = |at: usize| matrix[at * size + at].abs();
        let largest = (0..size).map(diagonal).fold(f64::MIN_POSITIVE, f64::max);
        let mut ridge = 0.0;
        for _ in 0..40 {
            if let Some(lower) = factor(matrix, size, ridge) {
                return Cholesky { size, lower };
            }
            ridge = f64::max(ridge * 10.0, largest * 1e-12);
        }
        // Only a matrix that is not of numbers comes here; a step along the slope is left.
        let lower = (0..size * size).map(|at| f64::from(u8::from(at % (size + 1) == 0))).collect();
        Cholesky { size, lower }
    }

    /// The vector x with matrix · x = right.
    pub(super) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (size, lower) = (self.size, &self.lower);
        let mut x = right.to_vec();
        for row in 0..size {
            let done: f64 = (0..row).map(|at| lower[row * size + at] * x[at]).sum();
            x[row] = (x[row] - done) / lower[row * size + row];
        }
        for row in (0..size).rev() {
            let done: f64 = (row + 1..size).map(|at| lower[at * size + row] * x[at]).sum();
            x[row] = (x[row] - done) / lower[row * size + row];
        }
        x
    }

    /// The diagonal of the inverse.
    pub(super) fn inverse_diagonal(&self) -> Vec<f64> {
        let unit = |at: usize| {
            let mut right = vec![0.0; self.size];
            right[at] = 1.0;
            self.solve(&right)[at]
        };
        (0..self.size).map(unit).collect()
    }
}

fn factor(matrix: &[f64], size: usize, ridge: f64) -> Option<Vec<f64>> {
    let mut lower = vec![0.0; size * size];
    for row in 0..size {
        for column in 0..=row {
            let (left, right) = (&lower[row * size..], &lower[column * size..]);
            let done: f64 = (0..column).map(|at| left[at] * right[at]).sum();
            let rest = matrix[row * size + column] - done;
            if row == column {
                let square = rest + ridge;
                lower[row * size + row] = Some(square).filter(|square| *square > 0.0)?.sqrt();
            } else {
                lower[row * size + column] = rest / lower[column * size + column];
            }
        }
    }
    Some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_solved_and_its_inverse_known() {
        let matrix = [4.0, 2.0, 0.0, 2.0, 5.0, 1.0, 0.0, 1.0, 3.0];
        let factored = Cholesky::new(&matrix, 3);
        let x = factored.solve(&[8.0, 15.0, 11.0]);
        for (found, wanted) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - wanted).abs() < 1e-12, "{x:?}");
        }
        // numpy.linalg.inv
        for (found, wanted) in factored.inverse_diagonal().iter().zip([14.0, 12.0, 16.0]) {
            assert!((found - wanted / 44.0).abs() < 1e-12, "{found} {wanted}");
        }
    }

    #[test]
    fn a_singular_matrix_still_has_a_factor() {
        let x = Cholesky::new(&[1.0, 1.0, 1.0, 1.0], 2).solve(&[1.0, 1.0]);
        assert!((x[0] + x[1] - 1.0).abs() < 1e-4, "{x:?}");
    }
}
