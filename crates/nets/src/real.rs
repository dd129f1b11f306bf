//! The numbers of a network: `f32` to train and predict, `f64` to check gradients.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::machine::Machine;
use crate::matmul::{Into, Rows, Shape, Strided};

/// Values of a vector: what loops take side by side, and lines are padded to.
pub const LANES: usize = 8;

/// A vector of values.
pub type Lanes<R> = [R; LANES];

/// How large exponents may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Of any size: they are limited first.
    Any,
    /// So small that limits, a tenth of the work, would change nothing.
    Near,
}

/// A floating-point number with the functions that layers need.
///
/// The transcendental functions of `f32` are polynomials that the compiler turns into vector
/// instructions; they keep NaN, so that a loss that explodes is seen.
pub trait Real:
    Copy
    + Send
    + Sync
    + Default
    + PartialEq
    + PartialOrd
    + Debug
    + Display
    + Sum
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The number nearest to it.
    fn of(value: f64) -> Self;
    /// As `f64`.
    fn f64(self) -> f64;
    /// `self × by + plus`.
    fn fma<M: Machine>(self, by: Self, plus: Self) -> Self;
    /// e to the power of it; 0 below −87, at most e^88 in `f32`.
    fn exp<M: Machine>(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh<M: Machine>(self) -> Self;
    /// The error function, and `e^(−x²)`, which it needs.
    fn erf_and_bell<M: Machine>(self) -> (Self, Self);
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Magnitude.
    fn abs(self) -> Self;
    /// True when neither infinite nor NaN.
    fn is_finite(self) -> bool;

    /// `1 / (1 + 2^x)` of vectors side by side: the logistic curve of `−x ln 2`, for loops that
    /// keep `−1 / ln 2` in a factor of theirs. With [`Reach::Near`] it is right for `|x| ≤ 125`.
    ///
    /// Each operation is done for all vectors before the next, so that none waits for its own
    /// last result.
    fn falling<M: Machine, const N: usize>(x: [Lanes<Self>; N], of: Reach) -> [Lanes<Self>; N];

    /// A matrix product in this number's own way; false where it has none, or none that gains.
    #[inline(always)]
    fn own_product(
        _of: (Strided<'_, Self>, Rows<'_, Self>),
        _what: (Shape, Into<'_, Self>),
        _c: &mut [Self],
        _c_stride: usize,
    ) -> bool {
        false
    }

    /// The error function.
    #[inline(always)]
    fn erf<M: Machine>(self) -> Self {
        self.erf_and_bell::<M>().0
    }

    /// `1 / (1 + e^-x)`.
    #[inline(always)]
    fn sigmoid<M: Machine>(self) -> Self {
        Self::ONE / (Self::ONE + (-self).exp::<M>())
    }

    /// The larger of it and 0: arithmetic alone, since a comparison whose result is stored where
    /// the value came from becomes a masked store, which some processors take many times longer
    /// over. Minus infinity gives NaN.
    #[inline(always)]
    fn positive(self) -> Self {
        Self::of(0.5) * (self + self.abs())
    }

    /// The larger; NaN where `self` is.
    #[inline(always)]
    fn at_least(self, low: Self) -> Self {
        if self < low { low } else { self }
    }

    /// The smaller; NaN where `self` is.
    #[inline(always)]
    fn at_most(self, high: Self) -> Self {
        if self > high { high } else { self }
    }
}

impl Real for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;

    #[inline(always)]
    fn of(value: f64) -> f64 {
        value
    }

    #[inline(always)]
    fn f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn fma<M: Machine>(self, by: f64, plus: f64) -> f64 {
        if M::FUSED { self.mul_add(by, plus) } else { self * by + plus }
    }

    fn exp<M: Machine>(self) -> f64 {
        f64::exp(self)
    }

    fn falling<M: Machine, const N: usize>(x: [Lanes<f64>; N], _: Reach) -> [Lanes<f64>; N] {
        x.map(|x| x.map(|x| 1.0 / (1.0 + f64::exp2(x))))
    }

    fn tanh<M: Machine>(self) -> f64 {
        f64::tanh(self)
    }

    fn erf_and_bell<M: Machine>(self) -> (f64, f64) {
        (libm::erf(self), f64::exp(-self * self))
    }

    fn ln(self) -> f64 {
        f64::ln(self)
    }

    #[inline(always)]
    fn sqrt(self) -> f64 {
        f64::sqrt(self)
    }

    #[inline(always)]
    fn abs(self) -> f64 {
        f64::abs(self)
    }

    #[inline(always)]
    fn is_finite(self) -> bool {
        f64::is_finite(self)
    }
}

impl Real for f32 {
    const ZERO: f32 = 0.0;
    const ONE: f32 = 1.0;

    #[inline(always)]
    fn of(value: f64) -> f32 {
        value as f32
    }

    #[inline(always)]
    fn f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn fma<M: Machine>(self, by: f32, plus: f32) -> f32 {
        if M::FUSED { self.mul_add(by, plus) } else { self * by + plus }
    }

    /// Cephes' `expf`: e^x = 2^n e^r with |r| ≤ ln 2 / 2, a polynomial in r.
    #[inline(always)]
    fn exp<M: Machine>(self) -> f32 {
        let x = self.at_least(-87.3).at_most(88.0);
        let shifted = x.fma::<M>(std::f32::consts::LOG2_E, SHIFT);
        let n = shifted - SHIFT;
        let r = n.fma::<M>(-0.693_359_4, x);
        let r = n.fma::<M>(2.121_944_4e-4, r);
        let mut p = 1.987_569_1e-4;
        for c in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
            p = r.fma::<M>(p, c);
        }
        let p = (r * r).fma::<M>(p, r) + 1.0;
        p * power(shifted)
    }

    /// By way of 2^x, as [`Real::falling`]: fewer steps than by way of e^x.
    #[inline(always)]
    fn sigmoid<M: Machine>(self) -> f32 {
        let x = self * -std::f32::consts::LOG2_E;
        let x = x.at_least(-126.0).at_most(126.0);
        let shifted = x + SHIFT;
        let f = x - (shifted - SHIFT);
        let mut p = FALLING[0];
        for c in &FALLING[1..] {
            p = f.fma::<M>(p, *c);
        }
        1.0 / p.fma::<M>(power(shifted), 1.0)
    }

    /// 2^x = 2^n 2^f with |f| ≤ ½; the polynomial for 2^f that errs least, by 1.2e-7 of it, among
    /// those of the fifth degree that begin with 1.
    #[inline(always)]
    fn falling<M: Machine, const N: usize>(x: [Lanes<f32>; N], of: Reach) -> [Lanes<f32>; N] {
        let x = match of {
            Reach::Any => each(x, x, |x, _| x.at_least(-126.0).at_most(126.0)),
            Reach::Near => x,
        };
        let shifted = each(x, x, |x, _| x + SHIFT);
        let f = each(x, shifted, |x, shifted| x - (shifted - SHIFT));
        let mut p = [[FALLING[0]; LANES]; N];
        for c in &FALLING[1..] {
            p = each(p, f, |p, f| f.fma::<M>(p, *c));
        }
        each(p, shifted, |p, shifted| 1.0 / p.fma::<M>(power(shifted), 1.0))
    }

    /// The rational function of degrees 13 and 6 that Eigen's `ptanh` uses: without a branch, so
    /// that loops stay vectors. Beyond ±7.905 it is ±1 to the last place.
    #[inline(always)]
    fn tanh<M: Machine>(self) -> f32 {
        let x = self.at_least(-7.905_311).at_most(7.905_311);
        let z = x * x;
        let mut above = -2.760_768_5e-16;
        for c in [
            2.000_188e-13,
            -8.604_672e-11,
            5.122_297e-8,
            1.485_722_4e-5,
            6.372_619e-4,
            4.893_524_6e-3,
        ] {
            above = z.fma::<M>(above, c);
        }
        let mut below = 1.198_258_4e-6;
        for c in [1.185_347_1e-4, 2.268_434_6e-3, 4.893_525e-3] {
            below = z.fma::<M>(below, c);
        }
        x * above / below
    }

    /// Abramowitz and Stegun 7.1.26: off by at most 1.5e-7, and what rounding adds.
    #[inline(always)]
    fn erf_and_bell<M: Machine>(self) -> (f32, f32) {
        let size = f32::abs(self);
        let t = 1.0 / size.fma::<M>(0.327_591_1, 1.0);
        let mut p = 1.061_405_4;
        for c in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
            p = t.fma::<M>(p, c);
        }
        let bell = Real::exp::<M>(-size * size);
        ((1.0 - p * t * bell).copysign(self), bell)
    }

    fn ln(self) -> f32 {
        f32::ln(self)
    }

    #[inline(always)]
    fn sqrt(self) -> f32 {
        f32::sqrt(self)
    }

    #[inline(always)]
    fn abs(self) -> f32 {
        f32::abs(self)
    }

    #[inline(always)]
    fn is_finite(self) -> bool {
        f32::is_finite(self)
    }
}

/// The polynomial for 2^f, from the highest power on.
const FALLING: [f32; 6] =
    [1.326_467_5e-3, 9.671_511e-3, 5.550_734e-2, 2.402_224_2e-1, 6.931_469_4e-1, 1.0];

/// The same values in another number; exact where that holds an `f32`.
pub fn taken<R: Real>(values: &[f32]) -> Vec<R> {
    values.iter().map(|value| R::of(f64::from(*value))).collect()
}

/// The same values as they are kept, to the nearest `f32`.
pub fn plain<R: Real>(values: &[R]) -> Vec<f32> {
    values.iter().map(|value| value.f64() as f32).collect()
}

/// What is added to an exponent n to round it: n + 127 then stands in the last bits.
const SHIFT: f32 = 12_583_039.0;

/// 2^n of what [`SHIFT`] was added to.
#[inline(always)]
fn power(shifted: f32) -> f32 {
    f32::from_bits(shifted.to_bits() << 23)
}

/// One operation on all vectors.
#[inline(always)]
fn each<const N: usize>(
    mut a: [Lanes<f32>; N],
    b: [Lanes<f32>; N],
    f: impl Fn(f32, f32) -> f32,
) -> [Lanes<f32>; N] {
    for (a, b) in a.iter_mut().zip(&b) {
        for (a, b) in a.iter_mut().zip(b) {
            *a = f(*a, *b);
        }
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Plain;

    /// The largest error over −20..20, in units of `scale(exact)`.
    fn worst(ours: impl Fn(f32) -> f32, exact: fn(f64) -> f64, relative: bool) -> f64 {
        (-200_000..200_000)
            .map(|i| f64::from(i as f32 * 1e-4))
            .map(|x| {
                let wanted = exact(x);
                let off = (f64::from(ours(x as f32)) - wanted).abs();
                if relative { off / wanted.abs().max(1e-30) } else { off }
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn the_exponential_is_right_to_two_units_in_the_last_place() {
        assert!(worst(Real::exp::<Plain>, f64::exp, true) < 2.4e-7);
    }

    #[test]
    fn the_tangent_is_right_near_zero_and_far_from_it() {
        assert!(worst(Real::tanh::<Plain>, f64::tanh, true) < 4e-7);
    }

    #[test]
    fn the_falling_curve_is_right_to_its_last_places() {
        let exact = |x: f64| 1.0 / (1.0 + x.exp2());
        let of = |x, reach| f32::falling::<Plain, 1>([[x; 8]], reach)[0][0];
        let falling = |x| of(x, Reach::Any);
        assert!(worst(falling, exact, false) < 1.2e-7);
        assert_eq!(falling(0.0), 0.5);
        assert_eq!(falling(f32::NEG_INFINITY), 1.0);
        assert!(falling(f32::INFINITY) < 1e-37);
        assert!(falling(f32::NAN).is_nan());
        let near = (-125_000..=125_000).map(|i| i as f32 * 1e-3);
        assert!(near.into_iter().all(|x| falling(x) == of(x, Reach::Near)));
    }

    #[test]
    fn the_logistic_curve_is_right_to_its_last_places() {
        assert!(worst(Real::sigmoid::<Plain>, |x| 1.0 / (1.0 + (-x).exp()), false) < 1.3e-7);
        assert_eq!(0.0f32.sigmoid::<Plain>(), 0.5);
        assert_eq!(f32::INFINITY.sigmoid::<Plain>(), 1.0);
        assert!(f32::NEG_INFINITY.sigmoid::<Plain>() < 1e-37);
    }

    #[test]
    fn the_error_function_is_right_to_its_stated_error() {
        assert!(worst(Real::erf::<Plain>, libm::erf, false) < 8e-7);
    }

    #[test]
    fn what_is_no_number_stays_none() {
        for function in [Real::exp::<Plain>, Real::tanh::<Plain>, Real::sigmoid::<Plain>] {
            let function: fn(f32) -> f32 = function;
            assert!(function(f32::NAN).is_nan());
        }
        assert_eq!(Real::exp::<Plain>(f32::NEG_INFINITY), Real::exp::<Plain>(-90.0f32));
    }
}
