//! Transposes, by squares, so that lines of both sides stay in the first cache.

use crate::machine::kernel;
use crate::matmul::Rows;
use crate::real::Real;

/// Side of a square.
const SQUARE: usize = 8;

/// Writes the transpose of a contiguous matrix of `rows` × `columns`.
///
/// Panics when either slice is shorter than that.
pub fn transpose<R: Real>(from: &[R], (rows, columns): (usize, usize), to: &mut [R]) {
    let from = Rows { values: &from[..rows * columns], stride: columns };
    turn(from, (rows, columns), to, rows);
}

/// Writes the transpose of `rows` × `columns`: one line of `line` values a column, zeros beyond the
/// rows. Lines of whole squares are turned without a rest.
///
/// Panics when either slice is too short, or a line shorter than the rows.
pub fn turn<R: Real>(from: Rows<'_, R>, size: (usize, usize), to: &mut [R], line: usize) {
    let (rows, columns) = size;
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(rows <= line && from.values.len() >= (rows - 1) * from.stride + columns);
    let to = &mut to[..columns * line];
    turn_squares(from, size, to, line);
    let (high, wide) = (line - line % SQUARE, columns - columns % SQUARE);
    for (column, to) in to.chunks_exact_mut(line).enumerate() {
        let begun = if column < wide { high } else { 0 };
        let (of_rows, beyond) = to.split_at_mut(rows);
        for (row, to) in of_rows.iter_mut().enumerate().skip(begun) {
            *to = from.values[row * from.stride + column];
        }
        // No `fill`, which is a call: these are few.
        beyond.iter_mut().for_each(|to| *to = R::ZERO);
    }
}

kernel! {
    /// The part that whole squares cover; beyond the rows, the last one again.
    fn turn_squares<R>(from: Rows<'_, R>, size: (usize, usize), to: &mut [R], line: usize) {
        let (rows, columns) = size;
        for row in (0..line - line % SQUARE).step_by(SQUARE) {
            for column in (0..columns - columns % SQUARE).step_by(SQUARE) {
                // References: copies of all lines would not fit the registers.
                let mut lines = [from.values; SQUARE];
                for (r, of_row) in lines.iter_mut().enumerate() {
                    let at = (row + r).min(rows - 1) * from.stride + column;
                    *of_row = &from.values[at..at + SQUARE];
                }
                for c in 0..SQUARE {
                    let at = (column + c) * line + row;
                    for (to, of_row) in to[at..at + SQUARE].iter_mut().zip(&lines) {
                        *to = of_row[c];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_lands_in_its_place_and_zeros_beyond() {
        let stride = 21;
        let values: Vec<f64> = (1..=20 * stride).map(|at| at as f64).collect();
        for (rows, columns, line) in [(8, 8, 8), (20, 21, 24), (5, 3, 5), (1, 17, 8), (19, 9, 20)] {
            let mut to = vec![-1.0; columns * line];
            turn(Rows { values: &values, stride }, (rows, columns), &mut to, line);
            for (at, found) in to.iter().enumerate() {
                let (column, row) = (at / line, at % line);
                let wanted = if row < rows { values[row * stride + column] } else { 0.0 };
                assert_eq!(*found, wanted, "{rows} × {columns}, lines of {line}, at {at}");
            }
        }
    }
}
