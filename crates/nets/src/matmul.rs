//! Matrix products of the sizes that small networks have.
//!
//! `C ← A·B`, `C ← C + A·B` or a line in each row and `A·B`, blocked by registers: a tile of rows
//! × columns of C stays in vector registers while the common dimension runs. A has two strides, so
//! that the same loop serves A·B and Aᵀ·B; rows of B and C are contiguous. Nothing is packed: at
//! these sizes all three lie in the first two caches. Each element of C is summed in the order of
//! the common dimension, whatever the tile.

use std::ops::Range;

use crate::machine::{Machine, kernel};
use crate::real::Real;

/// A matrix to be read by two strides.
#[derive(Debug, Clone, Copy)]
pub struct Strided<'a, R> {
    /// Values.
    pub values: &'a [R],
    /// From one row to the next.
    pub row: usize,
    /// From one column to the next.
    pub column: usize,
}

/// A matrix with contiguous rows.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a, R> {
    /// Values.
    pub values: &'a [R],
    /// From one row to the next; at least the number of columns.
    pub stride: usize,
}

/// What is computed: rows of A and C, the common dimension, columns of B and C.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Rows of A and C.
    pub rows: usize,
    /// Columns of A, rows of B.
    pub depth: usize,
    /// Columns of B and C.
    pub columns: usize,
}

/// What the sums begin at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Into<'a, R> {
    /// Nothing: C is replaced.
    Replace,
    /// What C held: the product is added to it.
    Add,
    /// This line in each row: C is replaced.
    Onto(&'a [R]),
}

/// Rows of a tile.
const TALL: usize = 6;
/// Largest stretch of the common dimension, so that a strip of B stays in the first cache.
const STRETCH: usize = 256;
/// The same where A is read across its rows: each of its lines is a line of the cache.
const TURNED_STRETCH: usize = 64;

impl<'a, R> Strided<'a, R> {
    /// The matrix as it lies, rows of this many values.
    pub fn plain(values: &'a [R], columns: usize) -> Strided<'a, R> {
        Strided { values, row: columns, column: 1 }
    }

    /// The transpose of a matrix whose rows have this many values.
    pub fn transposed(values: &'a [R], columns: usize) -> Strided<'a, R> {
        Strided { values, row: 1, column: columns }
    }
}

impl<'a, R> Rows<'a, R> {
    /// The same from this column on.
    #[inline(always)]
    fn from(self, column: usize) -> Rows<'a, R> {
        Rows { values: &self.values[column..], stride: self.stride }
    }
}

/// `C = A·B`: A is rows × depth and contiguous, B depth × columns.
pub fn multiply<R: Real>(a: &[R], b: &[R], shape: Shape, c: &mut [R]) {
    let (a, b) = (Strided::plain(a, shape.depth), Rows { values: b, stride: shape.columns });
    product((a, b), (shape, Into::Replace), c, shape.columns);
}

/// `C += A·B`, as [`multiply`].
pub fn multiply_add<R: Real>(a: &[R], b: &[R], shape: Shape, c: &mut [R]) {
    let (a, b) = (Strided::plain(a, shape.depth), Rows { values: b, stride: shape.columns });
    product((a, b), (shape, Into::Add), c, shape.columns);
}

/// `C = A·B + 1·lineᵀ`, as [`multiply`]: the line is added to each row.
pub fn multiply_onto<R: Real>(a: &[R], b: &[R], shape: Shape, line: &[R], c: &mut [R]) {
    let (a, b) = (Strided::plain(a, shape.depth), Rows { values: b, stride: shape.columns });
    product((a, b), (shape, Into::Onto(line)), c, shape.columns);
}

/// `C += Aᵀ·B`: A is depth × rows and contiguous, B depth × columns. The gradient of a weight.
pub fn transposed_multiply_add<R: Real>(a: &[R], b: &[R], shape: Shape, c: &mut [R]) {
    let (a, b) = (Strided::transposed(a, shape.rows), Rows { values: b, stride: shape.columns });
    product((a, b), (shape, Into::Add), c, shape.columns);
}

/// The product in full: any strides, C with its own stride.
///
/// Panics when a matrix is shorter than its shape says.
#[inline]
pub fn product<R: Real>(
    of: (Strided<'_, R>, Rows<'_, R>),
    what: (Shape, Into<'_, R>),
    c: &mut [R],
    c_stride: usize,
) {
    if !R::own_product(of, what, c, c_stride) {
        whole(of, what, c, c_stride);
    }
}

kernel! {
    /// The product of numbers as they are.
    fn whole<R>(
        of: (Strided<'_, R>, Rows<'_, R>),
        what: (Shape, Into<'_, R>),
        c: &mut [R],
        c_stride: usize,
    ) {
        let (a, b) = of;
        let (shape, mut into) = what;
        let Shape { rows, depth, columns } = shape;
        if rows == 0 || columns == 0 {
            return;
        }
        if depth == 0 {
            for row in c.chunks_mut(c_stride).take(rows) {
                match into {
                    Into::Replace => row[..columns].fill(R::ZERO),
                    Into::Add => {}
                    Into::Onto(line) => row[..columns].copy_from_slice(line),
                }
            }
            return;
        }
        assert!(a.values.len() > (rows - 1) * a.row + (depth - 1) * a.column);
        assert!(b.values.len() >= (depth - 1) * b.stride + columns);
        assert!(c.len() >= (rows - 1) * c_stride + columns);
        let most = if a.column == 1 { STRETCH } else { TURNED_STRETCH };
        let mut begun = 0;
        while begun < depth {
            let deep = most.min(depth - begun);
            let part = Part {
                a: Strided { values: &a.values[begun * a.column..], ..a },
                b: Rows { values: &b.values[begun * b.stride..], ..b },
                shape: Shape { rows, depth: deep, columns },
                into,
                c_stride,
            };
            stretch::<R, M>(&part, c);
            into = Into::Add;
            begun += deep;
        }
    }
}

/// A stretch of the common dimension.
#[derive(Clone, Copy)]
struct Part<'a, R> {
    a: Strided<'a, R>,
    b: Rows<'a, R>,
    shape: Shape,
    into: Into<'a, R>,
    c_stride: usize,
}

#[inline(always)]
fn stretch<R: Real, M: Machine>(part: &Part<'_, R>, c: &mut [R]) {
    let Shape { rows, columns, .. } = part.shape;
    let mut at = 0;
    // One row alone, or registers enough: wide tiles, so that many sums run side by side.
    while at + 64 <= columns && (rows == 1 || M::TILE == 64) {
        strip::<R, M, 64>(part, part.b.from(at), (at, 64), c);
        at += 64;
    }
    while at + 16 <= columns && M::TILE >= 16 {
        strip::<R, M, 16>(part, part.b.from(at), (at, 16), c);
        at += 16;
    }
    while at + 8 <= columns {
        strip::<R, M, 8>(part, part.b.from(at), (at, 8), c);
        at += 8;
    }
    if at < columns {
        narrow::<R, M>(part, (at, columns - at), c);
    }
}

/// The last few columns: tiles of eight that read past them into the next row of B and keep what
/// belongs to C. Rows of B too near its end for that are padded.
#[inline(always)]
fn narrow<R: Real, M: Machine>(part: &Part<'_, R>, (at, width): (usize, usize), c: &mut [R]) {
    let Shape { rows, depth, .. } = part.shape;
    let stride = part.b.stride;
    let room = part.b.values.len() - at;
    let direct = room.checked_sub(8).map_or(0, |more| more / stride + 1).min(depth);
    if direct > 0 {
        let near = Part { shape: Shape { depth: direct, ..part.shape }, ..*part };
        strip::<R, M, 8>(&near, part.b.from(at), (at, width), c);
    }
    let mut padded = [R::ZERO; 64];
    let mut begun = direct;
    while begun < depth {
        let deep = 8.min(depth - begun);
        let lines = part.b.values[begun * stride + at..].chunks(stride).take(deep);
        for (to, from) in padded.chunks_exact_mut(8).zip(lines) {
            for (to, from) in to.iter_mut().zip(&from[..width]) {
                *to = *from;
            }
        }
        let a = Strided { values: &part.a.values[begun * part.a.column..], ..part.a };
        let into = if begun == 0 { part.into } else { Into::Add };
        let shape = Shape { rows, depth: deep, columns: part.shape.columns };
        let last = Part { a, shape, into, ..*part };
        strip::<R, M, 8>(&last, Rows { values: &padded, stride: 8 }, (at, width), c);
        begun += deep;
    }
}

/// All rows of a strip of columns of C that begins at `at`; `b` begins there too.
#[inline(always)]
fn strip<R: Real, M: Machine, const WIDE: usize>(
    part: &Part<'_, R>,
    b: Rows<'_, R>,
    (at, width): (usize, usize),
    c: &mut [R],
) {
    let rows = part.shape.rows;
    let mut row = 0;
    if WIDE > M::TILE {
        // Registers for one row alone.
        while row < rows {
            tile::<R, M, 1, WIDE>(part, b, (row, at, width), c);
            row += 1;
        }
        return;
    }
    while row + TALL <= rows {
        tile::<R, M, TALL, WIDE>(part, b, (row, at, width), c);
        row += TALL;
    }
    match rows - row {
        5 => tile::<R, M, 5, WIDE>(part, b, (row, at, width), c),
        4 => tile::<R, M, 4, WIDE>(part, b, (row, at, width), c),
        3 => tile::<R, M, 3, WIDE>(part, b, (row, at, width), c),
        2 => tile::<R, M, 2, WIDE>(part, b, (row, at, width), c),
        1 => tile::<R, M, 1, WIDE>(part, b, (row, at, width), c),
        _ => {}
    }
}

#[inline(always)]
#[allow(unsafe_code)]
fn tile<R: Real, M: Machine, const HIGH: usize, const WIDE: usize>(
    part: &Part<'_, R>,
    b: Rows<'_, R>,
    (row, at, width): (usize, usize, usize),
    c: &mut [R],
) {
    let a = Strided { values: &part.a.values[row * part.a.row..], ..part.a };
    let depth = part.shape.depth;
    // The last elements that are read lie inside; so do all others.
    assert!(a.values.len() > (HIGH - 1) * a.row + (depth - 1) * a.column);
    assert!(b.values.len() >= (depth - 1) * b.stride + WIDE);
    let mut sums = [[R::ZERO; WIDE]; HIGH];
    if !matches!(part.into, Into::Replace) {
        for (high, sums) in sums.iter_mut().enumerate() {
            let from = (row + high) * part.c_stride + at;
            let begin = match part.into {
                Into::Onto(line) => &line[at..at + width],
                _ => &c[from..from + width],
            };
            let mut line = [R::ZERO; WIDE];
            line[..width].copy_from_slice(begin);
            *sums = line;
        }
    }
    for deep in 0..depth {
        // SAFETY: `deep < depth`, and the assertions above cover the last element of each.
        let line = unsafe { b.values.get_unchecked(deep * b.stride..deep * b.stride + WIDE) };
        for (high, sums) in sums.iter_mut().enumerate() {
            // SAFETY: as above, with `high < HIGH`.
            let scale = unsafe { *a.values.get_unchecked(high * a.row + deep * a.column) };
            for (sum, value) in sums.iter_mut().zip(line) {
                *sum = scale.fma::<M>(*value, *sum);
            }
        }
    }
    for (high, sums) in sums.iter().enumerate() {
        // A copy, so that the sums themselves need no address and stay in registers.
        let line = *sums;
        let from = (row + high) * part.c_stride + at;
        c[from..from + width].copy_from_slice(&line[..width]);
    }
}

/// Copies some columns of a matrix of so many.
pub fn copy_columns<R: Copy>((from, width): (&[R], usize), of: Range<usize>, to: &mut [R]) {
    if of.len() == width {
        return to.copy_from_slice(from);
    }
    if of.is_empty() {
        return;
    }
    for (to, from) in to.chunks_exact_mut(of.len()).zip(from.chunks_exact(width)) {
        to.copy_from_slice(&from[of.clone()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Fused, Plain, Wide};
    use crate::turning::transpose;
    use proptest::prelude::*;

    fn filled(len: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        (0..len)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
                (state >> 40) as f64 / 16_777_216.0 - 0.5
            })
            .collect()
    }

    /// The definition, one element at a time.
    fn slow(a: &[f64], b: &[f64], s: Shape) -> Vec<f64> {
        let at = |i: usize, j: usize| -> f64 {
            (0..s.depth).map(|p| a[i * s.depth + p] * b[p * s.columns + j]).sum()
        };
        (0..s.rows * s.columns).map(|k| at(k / s.columns, k % s.columns)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn the_product_is_that_of_the_definition(
            rows in 1usize..20,
            depth in 0usize..600,
            columns in 1usize..150,
            seed: u64,
        ) {
            let shape = Shape { rows, depth, columns };
            let (a, b) = (filled(rows * depth, seed), filled(depth * columns, seed ^ 9));
            let wanted = slow(&a, &b, shape);
            let mut c = vec![7.0; rows * columns];
            multiply(&a, &b, shape, &mut c);
            let near = |x: &[f64], y: &[f64]| x.iter().zip(y).all(|(x, y)| (x - y).abs() < 1e-11);
            prop_assert!(near(&c, &wanted));
            let mut turned = vec![0.0; rows * depth];
            transpose(&a, (rows, depth), &mut turned);
            transposed_multiply_add(&turned, &b, shape, &mut c);
            let twice: Vec<f64> = wanted.iter().map(|value| 2.0 * value).collect();
            prop_assert!(near(&c, &twice));
        }

        #[test]
        fn every_tile_sums_in_the_same_order(
            rows in 1usize..14,
            depth in 1usize..300,
            columns in 1usize..140,
            seed: u64,
        ) {
            let narrow = |values: Vec<f64>| -> Vec<f32> {
                values.into_iter().map(|value| value as f32).collect()
            };
            let (a, b) = (narrow(filled(rows * depth, seed)), narrow(filled(depth * columns, !seed)));
            let run = |machine: fn(&Part<'_, f32>, &mut [f32])| {
                let mut c = vec![0.0f32; rows * columns];
                let mut begun = 0;
                while begun < depth {
                    let deep = STRETCH.min(depth - begun);
                    let part = Part {
                        a: Strided { values: &a[begun..], row: depth, column: 1 },
                        b: Rows { values: &b[begun * columns..], stride: columns },
                        shape: Shape { rows, depth: deep, columns },
                        into: Into::Add,
                        c_stride: columns,
                    };
                    machine(&part, &mut c);
                    begun += deep;
                }
                c.iter().map(|value| value.to_bits()).collect::<Vec<u32>>()
            };
            let wide = run(stretch::<f32, Wide>);
            prop_assert_eq!(&wide, &run(stretch::<f32, Fused>));
            let plain = run(stretch::<f32, Plain>);
            prop_assert_eq!(plain.len(), wide.len());
        }
    }

    #[test]
    fn an_empty_common_dimension_gives_zero() {
        let mut c = [3.0f32; 4];
        multiply(&[], &[], Shape { rows: 2, depth: 0, columns: 2 }, &mut c);
        assert_eq!(c, [0.0; 4]);
    }
}
