//! The processor's vector instructions, chosen when the program runs.
//!
//! A loop written once is compiled for each kind of machine; [`kernel!`] makes the copies and the
//! function that picks one. Multiplication and addition are fused where the machine fuses, and
//! sums have one order whatever the width of a vector, so AVX2 and AVX-512 machines agree bit for
//! bit. A machine without fused multiplication rounds twice and may differ in the last bit.

/// What a loop is compiled for.
pub trait Machine: Copy + Send + Sync + 'static {
    /// Multiplication and addition are one instruction.
    const FUSED: bool;
    /// Columns of the widest tile of a matrix product, in `f32`.
    const TILE: usize;
}

/// Nothing beyond what the target always has.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

/// Sixteen registers of eight numbers, fused.
#[derive(Debug, Clone, Copy)]
pub struct Fused;

/// Thirty-two registers of sixteen numbers, fused.
#[derive(Debug, Clone, Copy)]
pub struct Wide;

impl Machine for Plain {
    const FUSED: bool = cfg!(target_arch = "aarch64");
    const TILE: usize = 8;
}

impl Machine for Fused {
    const FUSED: bool = true;
    const TILE: usize = 16;
}

impl Machine for Wide {
    const FUSED: bool = true;
    const TILE: usize = 64;
}

/// The best kind of machine that this one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// [`Plain`].
    Plain,
    /// [`Fused`].
    Fused,
    /// [`Wide`].
    Wide,
}

/// Asks the processor; the answer is kept by the standard library.
#[inline]
pub fn kind() -> Kind {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512vl")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512dq")
        {
            return Kind::Wide;
        }
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
        {
            return Kind::Fused;
        }
    }
    Kind::Plain
}

/// Compiles a function for each kind of machine. In its body `M` names the [`Machine`].
///
/// It holds unsafe code: a copy compiled for AVX2 is called only where [`kind`] has seen it. Two
/// more places in this room do: the innermost loop of [`crate::matmul`], whose bounds are asserted
/// before it, and [`crate::brief`], which reads its numbers as the `f32` that they are in memory
/// and takes products in bfloat16 only where the processor has the instruction.
macro_rules! kernel {
    (
        $(#[$note:meta])*
        $seen:vis fn $name:ident<$real:ident>($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)?
        $body:block
    ) => {
        $(#[$note])*
        #[allow(unsafe_code, unused_mut)]
        $seen fn $name<$real: $crate::real::Real>($($arg: $type),*) $(-> $out)? {
            #[inline(always)]
            #[allow(clippy::extra_unused_type_parameters)]
            fn body<$real: $crate::real::Real, M: $crate::machine::Machine>(
                $($arg: $type),*
            ) $(-> $out)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn fused<$real: $crate::real::Real>($($arg: $type),*) $(-> $out)? {
                    body::<$real, $crate::machine::Fused>($($arg),*)
                }
                #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
                fn wide<$real: $crate::real::Real>($($arg: $type),*) $(-> $out)? {
                    body::<$real, $crate::machine::Wide>($($arg),*)
                }
                match $crate::machine::kind() {
                    // SAFETY: `kind` answers so only where the processor has the instructions.
                    $crate::machine::Kind::Wide => return unsafe { wide($($arg),*) },
                    // SAFETY: as above.
                    $crate::machine::Kind::Fused => return unsafe { fused($($arg),*) },
                    $crate::machine::Kind::Plain => {}
                }
            }
            body::<$real, $crate::machine::Plain>($($arg),*)
        }
    };
}
pub(crate) use kernel;
