//! A number whose matrix products are taken in bfloat16: mixed precision.
//!
//! A [`Brief`] is an `f32` in all but one thing: where the processor can, operands of a matrix
//! product are rounded to bfloat16, eight bits of fraction, and their products added up in `f32`
//! (Micikevicius et al. 2018; Kalamkar et al. 2019, "A Study of BFLOAT16 for Deep Learning
//! Training", §3). Weights, moments, sums and everything between two products keep `f32`. The
//! range of bfloat16 is that of `f32`, so gradients need no scale.
//!
//! The instruction does twice the work of a fused multiplication. Where the processor lacks it,
//! or a product is too small to gain, the product is taken whole; so a training in mixed
//! precision is the same for any number of threads, but not on two kinds of processor.

#[cfg(target_arch = "x86_64")]
mod product;

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::machine::Machine;
use crate::matmul::{Into, Rows, Shape, Strided};
use crate::real::{Lanes, Reach, Real};

/// An `f32` whose matrix products may be taken in bfloat16.
#[derive(Clone, Copy, Default, PartialEq, PartialOrd)]
#[repr(transparent)]
pub struct Brief(f32);

/// Whether this processor takes products in bfloat16. Elsewhere a [`Brief`] is an `f32`.
pub fn is_fast_here() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        product::is_there()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// Work below which packing costs more than the instruction gains.
const FEWEST: Shape = Shape { rows: 6, depth: 8, columns: 16 };

impl fmt::Debug for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! arithmetic {
    ($($trait:ident $function:ident $assign:ident $assigning:ident),*) => {$(
        impl $trait for Brief {
            type Output = Brief;

            #[inline(always)]
            fn $function(self, other: Brief) -> Brief {
                Brief($trait::$function(self.0, other.0))
            }
        }

        impl $assign for Brief {
            #[inline(always)]
            fn $assigning(&mut self, other: Brief) {
                $assign::$assigning(&mut self.0, other.0);
            }
        }
    )*};
}
arithmetic!(
    Add add AddAssign add_assign,
    Sub sub SubAssign sub_assign,
    Mul mul MulAssign mul_assign,
    Div div DivAssign div_assign
);

impl Neg for Brief {
    type Output = Brief;

    #[inline(always)]
    fn neg(self) -> Brief {
        Brief(-self.0)
    }
}

impl Sum for Brief {
    fn sum<I: Iterator<Item = Brief>>(all: I) -> Brief {
        Brief(all.map(|value| value.0).sum())
    }
}

impl Real for Brief {
    const ZERO: Brief = Brief(0.0);
    const ONE: Brief = Brief(1.0);

    #[inline(always)]
    fn of(value: f64) -> Brief {
        Brief(value as f32)
    }

    #[inline(always)]
    fn f64(self) -> f64 {
        f64::from(self.0)
    }

    #[inline(always)]
    fn fma<M: Machine>(self, by: Brief, plus: Brief) -> Brief {
        Brief(self.0.fma::<M>(by.0, plus.0))
    }

    #[inline(always)]
    fn exp<M: Machine>(self) -> Brief {
        Brief(Real::exp::<M>(self.0))
    }

    #[inline(always)]
    fn tanh<M: Machine>(self) -> Brief {
        Brief(Real::tanh::<M>(self.0))
    }

    #[inline(always)]
    fn erf_and_bell<M: Machine>(self) -> (Brief, Brief) {
        let (erf, bell) = self.0.erf_and_bell::<M>();
        (Brief(erf), Brief(bell))
    }

    #[allow(unsafe_code)]
    #[inline(always)]
    fn falling<M: Machine, const N: usize>(x: [Lanes<Brief>; N], of: Reach) -> [Lanes<Brief>; N] {
        // SAFETY: a `Brief` lies in memory as an `f32`. By way of `map` loops would not stay vectors.
        unsafe {
            let x: [Lanes<f32>; N] = std::mem::transmute_copy(&x);
            std::mem::transmute_copy(&f32::falling::<M, N>(x, of))
        }
    }

    #[inline(always)]
    fn sigmoid<M: Machine>(self) -> Brief {
        Brief(self.0.sigmoid::<M>())
    }

    #[inline(always)]
    fn ln(self) -> Brief {
        Brief(Real::ln(self.0))
    }

    #[inline(always)]
    fn sqrt(self) -> Brief {
        Brief(Real::sqrt(self.0))
    }

    #[inline(always)]
    fn abs(self) -> Brief {
        Brief(Real::abs(self.0))
    }

    #[inline(always)]
    fn is_finite(self) -> bool {
        self.0.is_finite()
    }

    #[allow(unsafe_code)]
    #[inline]
    fn own_product(
        (a, b): (Strided<'_, Brief>, Rows<'_, Brief>),
        (shape, into): (Shape, Into<'_, Brief>),
        c: &mut [Brief],
        c_stride: usize,
    ) -> bool {
        let Shape { rows, depth, columns } = shape;
        let is_small = rows < FEWEST.rows || depth < FEWEST.depth || columns < FEWEST.columns;
        if is_small || (a.row != 1 && a.column != 1) || !is_fast_here() {
            return false;
        }
        #[cfg(target_arch = "x86_64")]
        {
            let into = match into {
                Into::Replace => Into::Replace,
                Into::Add => Into::Add,
                Into::Onto(line) => Into::Onto(plain(line)),
            };
            let a = Strided { values: plain(a.values), row: a.row, column: a.column };
            let b = Rows { values: plain(b.values), stride: b.stride };
            // SAFETY: the processor has just been asked; a `Brief` lies in memory as an `f32`.
            unsafe {
                let c = std::slice::from_raw_parts_mut(c.as_mut_ptr().cast(), c.len());
                product::product((a, b), (shape, into), c, c_stride);
            }
        }
        true
    }
}

/// The same numbers, as they lie.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
#[inline(always)]
fn plain(values: &[Brief]) -> &[f32] {
    // SAFETY: a `Brief` lies in memory as an `f32`.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matmul::{multiply_add, product};
    use base::Seed;
    use proptest::prelude::*;

    /// To the nearest number of eight bits of fraction, the even one of two.
    fn rounded(value: f32) -> f64 {
        let bits = value.to_bits();
        let even = (bits >> 16) & 1;
        f64::from(f32::from_bits((bits + 0x7fff + even) & 0xffff_0000))
    }

    fn drawn(len: usize, seed: u64) -> Vec<f32> {
        let mut rng = Seed::root(seed).rng();
        (0..len).map(|_| rng.random_range(-1.0f32..1.0)).collect()
    }

    fn briefly(values: &[f32]) -> Vec<Brief> {
        values.iter().map(|value| Brief(*value)).collect()
    }

    /// How the sums of a case begin.
    #[derive(Debug, Clone, Copy)]
    enum Begin {
        Nothing,
        What,
        Line,
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn the_product_is_that_of_the_definition_with_rounded_operands(
            (rows, depth, columns) in (1usize..220, 1usize..300, 1usize..300),
            more in 0usize..5,
            is_turned: bool,
            begin in prop_oneof![Just(Begin::Nothing), Just(Begin::What), Just(Begin::Line)],
            seed: u64,
        ) {
            let shape = Shape { rows, depth, columns };
            let a_stride = more + if is_turned { rows } else { depth };
            let a = drawn(a_stride * if is_turned { depth } else { rows }, seed);
            let (b, line) = (drawn(depth * (columns + more), seed ^ 1), drawn(columns, seed ^ 2));
            let held = drawn(rows * (columns + more), seed ^ 3);
            let mut c = briefly(&held);
            let (brief_a, brief_b, brief_line) = (briefly(&a), briefly(&b), briefly(&line));
            let (row, column) = if is_turned { (1, a_stride) } else { (a_stride, 1) };
            let into = match begin {
                Begin::Nothing => Into::Replace,
                Begin::What => Into::Add,
                Begin::Line => Into::Onto(&brief_line),
            };
            let of = (
                Strided { values: &brief_a, row, column },
                Rows { values: &brief_b, stride: columns + more },
            );
            product(of, (shape, into), &mut c, columns + more);
            for i in 0..rows {
                for j in 0..columns + more {
                    let at = i * (columns + more) + j;
                    let began = match begin {
                        _ if j >= columns => f64::from(held[at]),
                        Begin::Nothing => 0.0,
                        Begin::What => f64::from(held[at]),
                        Begin::Line => f64::from(line[j]),
                    };
                    let term = |p: usize| {
                        let (x, y) = (a[i * row + p * column], b[p * (columns + more) + j]);
                        (rounded(x) * rounded(y), f64::from(x) * f64::from(y))
                    };
                    let all = if j < columns { depth } else { 0 };
                    let (brief, whole) = (0..all).map(term).fold((began, began), |sum, it| {
                        (sum.0 + it.0, sum.1 + it.1)
                    });
                    let found = c[at].f64();
                    let near = |wanted: f64| (found - wanted).abs() < 2e-5;
                    prop_assert!(near(brief) || near(whole), "{i} {j}: {found}, {brief}, {whole}");
                }
            }
        }
    }

    #[test]
    fn operands_are_rounded_where_the_processor_can_and_nowhere_else() {
        // One and a bit that bfloat16 does not hold.
        let (a, b) = (vec![Brief(1.001); 64 * 64], vec![Brief(1.0); 64 * 64]);
        let mut c = vec![Brief(0.0); 64 * 64];
        multiply_add(&a, &b, Shape { rows: 64, depth: 64, columns: 64 }, &mut c);
        let wanted = if is_fast_here() { 64.0 } else { 64.064 };
        assert!(c.iter().all(|value| (value.f64() - wanted).abs() < 1e-4), "{:?}", c[0]);
    }
}
