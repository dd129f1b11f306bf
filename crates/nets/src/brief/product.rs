//! The product in bfloat16: operands rounded to eight bits of fraction, sums in `f32`.
//!
//! `VDPBF16PS` takes two steps of the common dimension at once, so operands are packed by pairs:
//! sixteen columns of B, or one row of A, hold two consecutive steps in 32 bits. Packing is one
//! pass over each operand, a few parts in a hundred of the work. Products of two bfloat16 numbers
//! are exact in `f32`; a pair is added up before the sum takes it. Numbers too small to be normal
//! count as 0 (Intel 64 and IA-32 Architectures Software Developer's Manual, VDPBF16PS).

#![allow(unsafe_code)]

use std::arch::x86_64::*;
use std::mem::MaybeUninit;

use crate::matmul::{Into, Rows, Shape, Strided};

/// Two consecutive steps of the common dimension.
type Pair = u32;

/// Columns of a vector of sums.
const LINE: usize = 16;
/// Columns of a strip of C: four vectors.
const STRIP: usize = 4 * LINE;
/// Columns packed at once.
const BROAD: usize = 4 * STRIP;
/// Pairs packed at once, so that a strip of B stays in the first cache.
const PAIRS: usize = 64;
/// Rows of A packed at once: whole tiles, whole vectors.
const BLOCK: usize = 96;

/// Room for packed operands.
struct Room {
    a: [MaybeUninit<Pair>; BLOCK * PAIRS],
    b: [MaybeUninit<Pair>; PAIRS * BROAD],
}

/// Whether this processor has the instruction.
#[inline]
pub(super) fn is_there() -> bool {
    std::arch::is_x86_feature_detected!("avx512bf16")
        && crate::machine::kind() == crate::machine::Kind::Wide
}

/// As [`crate::matmul::product`]. A must have contiguous rows or contiguous columns.
///
/// Panics when a matrix is shorter than its shape says.
///
/// # Safety
/// [`is_there`] must have said so.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16")]
pub(super) unsafe fn product(
    (a, b): (Strided<'_, f32>, Rows<'_, f32>),
    (shape, into): (Shape, Into<'_, f32>),
    c: &mut [f32],
    c_stride: usize,
) {
    let Shape { rows, depth, columns } = shape;
    assert!(rows > 0 && depth > 0 && columns > 0 && (a.row == 1 || a.column == 1));
    assert!(a.values.len() > (rows - 1) * a.row + (depth - 1) * a.column);
    assert!(b.values.len() >= (depth - 1) * b.stride + columns);
    assert!(c.len() >= (rows - 1) * c_stride + columns);
    let room = &mut Room {
        a: [const { MaybeUninit::uninit() }; BLOCK * PAIRS],
        b: [const { MaybeUninit::uninit() }; PAIRS * BROAD],
    };
    for left in (0..columns).step_by(BROAD) {
        let wide = BROAD.min(columns - left);
        for begun in (0..depth).step_by(2 * PAIRS) {
            let deep = (2 * PAIRS).min(depth - begun);
            let first = if begun == 0 { into } else { Into::Add };
            let lines = Rows { values: &b.values[begun * b.stride + left..], stride: b.stride };
            interleave(lines, (deep, wide), STRIP, &mut room.b);
            for top in (0..rows).step_by(BLOCK) {
                let high = BLOCK.min(rows - top);
                let from = Strided { values: &a.values[begun * a.column + top * a.row..], ..a };
                let step = pack_block(from, (high, deep), &mut room.a);
                let to = Target { c_stride, into: first, top, left };
                block(room, (high, deep.div_ceil(2), wide), step, (&to, c));
            }
        }
    }
}

/// Where a block of C lies, and what its sums begin at.
struct Target<'a> {
    c_stride: usize,
    into: Into<'a, f32>,
    top: usize,
    left: usize,
}

/// Rows of A; tells the steps from a row to the next and from a pair to the next.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn pack_block(
    from: Strided<'_, f32>,
    (high, deep): (usize, usize),
    to: &mut [MaybeUninit<Pair>],
) -> (usize, usize) {
    if from.column != 1 {
        let lines = Rows { values: from.values, stride: from.column };
        interleave(lines, (deep, high), BLOCK, to);
        return (1, high.next_multiple_of(LINE));
    }
    let pairs = deep.div_ceil(2);
    if from.row == deep && deep.is_multiple_of(2) {
        // Rows without a gap are one long row.
        pack_line(&from.values[..high * deep], &mut to[..high * pairs]);
    } else {
        for (row, to) in to.chunks_exact_mut(pairs).take(high).enumerate() {
            pack_line(&from.values[row * from.row..row * from.row + deep], to);
        }
    }
    (pairs, 1)
}

/// Neighbours become pairs; a last value alone is paired with 0.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn pack_line(line: &[f32], to: &mut [MaybeUninit<Pair>]) {
    assert!(to.len() == line.len().div_ceil(2));
    let (whole, rest) = line.as_chunks::<{ 2 * LINE }>();
    let mut at = 0;
    for line in whole {
        // SAFETY: 32 values are read, and 16 of the pairs are written.
        unsafe {
            let (low, high) = (line.as_ptr(), line.as_ptr().add(LINE));
            let both = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(high), _mm512_loadu_ps(low));
            _mm512_storeu_si512(to.as_mut_ptr().add(at).cast(), bits(both));
        }
        at += LINE;
    }
    if !rest.is_empty() {
        let mask = (1_u32 << rest.len()) - 1;
        let written = (1_u32 << rest.len().div_ceil(2)) - 1;
        // SAFETY: masks let through what is in `rest`, and the pairs that are left.
        unsafe {
            let low = _mm512_maskz_loadu_ps(mask as u16, rest.as_ptr());
            let beyond = rest.as_ptr().wrapping_add(LINE);
            let high = _mm512_maskz_loadu_ps((mask >> LINE) as u16, beyond);
            let both = bits(_mm512_cvtne2ps_pbh(high, low));
            _mm512_mask_storeu_epi32(to.as_mut_ptr().add(at).cast(), written as u16, both);
        }
    }
}

/// Two lines each become one line of pairs, cut into strips that lie one after the other and are
/// padded to whole vectors; a last line alone is paired with 0.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn interleave(
    from: Rows<'_, f32>,
    (deep, width): (usize, usize),
    strip: usize,
    to: &mut [MaybeUninit<Pair>],
) {
    let order: [u16; 2 * LINE] = std::array::from_fn(|at| (at / 2 + LINE * (at % 2)) as u16);
    let pairs = deep.div_ceil(2);
    assert!(to.len() >= pairs * width.next_multiple_of(LINE) && strip.is_multiple_of(LINE));
    assert!(from.values.len() >= (deep - 1) * from.stride + width);
    // SAFETY: masks let through what lies within the width of lines that are there; whole vectors
    // of `to` are written, which has room for as many as the strips need.
    unsafe {
        let order = _mm512_loadu_si512(order.as_ptr().cast());
        let to: *mut Pair = to.as_mut_ptr().cast();
        for pair in 0..pairs {
            let even = from.values.as_ptr().add(2 * pair * from.stride);
            let is_alone = 2 * pair + 1 == deep;
            let odd = if is_alone { even } else { even.add(from.stride) };
            let odd_mask = if is_alone { 0 } else { u16::MAX };
            let mut begun = 0;
            while begun < width {
                let end = width.min(begun + strip);
                let line = (end - begun).next_multiple_of(LINE);
                let mut to = to.add(begun * pairs + pair * line);
                while begun < end {
                    let mask = within(end - begun);
                    let low = _mm512_maskz_loadu_ps(mask, even.add(begun));
                    let high = _mm512_maskz_loadu_ps(mask & odd_mask, odd.add(begun));
                    let both = bits(_mm512_cvtne2ps_pbh(high, low));
                    _mm512_storeu_si512(to.cast(), _mm512_permutexvar_epi16(order, both));
                    to = to.add(LINE);
                    begun += LINE;
                }
            }
        }
    }
}

/// Numbers as the bits they are.
#[inline(always)]
fn bits(numbers: __m512bh) -> __m512i {
    // SAFETY: both are 512 bits of anything.
    unsafe { std::mem::transmute::<__m512bh, __m512i>(numbers) }
}

/// Bits as numbers.
#[inline(always)]
fn numbers(bits: __m512i) -> __m512bh {
    // SAFETY: both are 512 bits of anything.
    unsafe { std::mem::transmute::<__m512i, __m512bh>(bits) }
}

/// The mask of so many columns, at most a vector.
#[inline(always)]
fn within(columns: usize) -> u16 {
    if columns >= LINE { u16::MAX } else { (1 << columns) - 1 }
}

/// A block of rows of C: strip by strip.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn block(
    room: &Room,
    (high, pairs, wide): (usize, usize, usize),
    step: (usize, usize),
    (to, c): (&Target<'_>, &mut [f32]),
) {
    for at in (0..wide).step_by(STRIP) {
        let width = STRIP.min(wide - at);
        let b = &room.b[at * pairs..];
        let of = Tiles { a: &room.a, b, step, high, pairs, at: to.left + at, width };
        // As many rows as there are registers for sums.
        match width.div_ceil(LINE) {
            4 => tiles::<6, 4>(&of, to, c),
            3 => tiles::<8, 3>(&of, to, c),
            2 => tiles::<12, 2>(&of, to, c),
            _ => tiles::<12, 1>(&of, to, c),
        }
    }
}

/// Packed operands of a strip of a block.
struct Tiles<'a> {
    a: &'a [MaybeUninit<Pair>],
    b: &'a [MaybeUninit<Pair>],
    /// From a row to the next, and from a pair to the next, of A.
    step: (usize, usize),
    high: usize,
    pairs: usize,
    /// Column of C.
    at: usize,
    width: usize,
}

#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn tiles<const TALL: usize, const VECTORS: usize>(of: &Tiles<'_>, to: &Target<'_>, c: &mut [f32]) {
    let mut row = 0;
    while row + TALL <= of.high {
        tile::<TALL, VECTORS>(of, row, to, c);
        row += TALL;
    }
    while row + 4 <= of.high {
        tile::<4, VECTORS>(of, row, to, c);
        row += 4;
    }
    match of.high - row {
        3 => tile::<3, VECTORS>(of, row, to, c),
        2 => tile::<2, VECTORS>(of, row, to, c),
        1 => tile::<1, VECTORS>(of, row, to, c),
        _ => {}
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn tile<const HIGH: usize, const VECTORS: usize>(
    of: &Tiles<'_>,
    row: usize,
    to: &Target<'_>,
    c: &mut [f32],
) {
    let (row_step, pair_step) = of.step;
    let line = VECTORS * LINE;
    assert!(of.a.len() > (row + HIGH - 1) * row_step + (of.pairs - 1) * pair_step);
    assert!(of.b.len() >= of.pairs * line);
    let last = within(of.width - (VECTORS - 1) * LINE);
    let mask = |vector: usize| if vector + 1 == VECTORS { last } else { u16::MAX };
    let from = (to.top + row) * to.c_stride + of.at;
    assert!(c.len() >= from + (HIGH - 1) * to.c_stride + of.width);
    let mut sums = [[_mm512_setzero_ps(); VECTORS]; HIGH];
    // SAFETY: the assertions cover the last element of each that is read or written, and masks
    // the columns; the line of `Onto` has a value for each column of C.
    unsafe {
        let c = c.as_mut_ptr().add(from);
        if !matches!(to.into, Into::Replace) {
            for (high, sums) in sums.iter_mut().enumerate() {
                let begin = match to.into {
                    Into::Onto(line) => line[of.at..of.at + of.width].as_ptr(),
                    _ => c.add(high * to.c_stride).cast_const(),
                };
                for (vector, sum) in sums.iter_mut().enumerate() {
                    let begin = begin.wrapping_add(vector * LINE);
                    *sum = _mm512_maskz_loadu_ps(mask(vector), begin);
                }
            }
        }
        let mut b = of.b.as_ptr();
        let mut a = of.a.as_ptr().add(row * row_step);
        for _ in 0..of.pairs {
            let mut values = [_mm512_setzero_si512(); VECTORS];
            for (vector, value) in values.iter_mut().enumerate() {
                *value = _mm512_loadu_si512(b.add(vector * LINE).cast());
            }
            for (high, sums) in sums.iter_mut().enumerate() {
                let scale = _mm512_set1_epi32((*a.add(high * row_step)).assume_init() as i32);
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum = _mm512_dpbf16_ps(*sum, numbers(scale), numbers(value));
                }
            }
            b = b.wrapping_add(line);
            a = a.wrapping_add(pair_step);
        }
        for (high, sums) in sums.iter().enumerate() {
            for (vector, sum) in sums.iter().enumerate() {
                let to = c.wrapping_add(high * to.c_stride + vector * LINE);
                _mm512_mask_storeu_ps(to, mask(vector), *sum);
            }
        }
    }
}
