//! How a convolution comes by its patches.

use super::patches::{gather, scatter, table};
use super::shifted::Shifted;
use super::{Axis, ConvConfig};
use crate::matmul::{Shape, multiply, multiply_onto, transposed_multiply_add};
use crate::real::Real;
use crate::turning::transpose;

/// The products of a convolution.
#[derive(Debug, Clone)]
pub(super) struct View {
    config: ConvConfig,
    way: Way,
}

/// How they come by their patches.
#[derive(Debug, Clone)]
enum Way {
    /// Patches lie in x one after the other, as they are: kernels of one place, or side by side.
    Plain,
    /// A kernel along the first direction alone, step by step: each tap sees x shifted.
    Shifted(Shifted),
    /// All else: patches are copied, a row at a time. For each patch and tap the first value.
    Patches(Vec<usize>),
}

impl View {
    /// The cheapest that this convolution allows.
    pub(super) fn of(config: ConvConfig) -> View {
        let taps = table(config);
        let ConvConfig { height, width, channels, .. } = config;
        let inputs = height.size * width.size * channels;
        let is_in_order = taps.iter().enumerate().all(|(at, tap)| *tap == at * channels);
        let way = if is_in_order && taps.len() * channels == inputs {
            Way::Plain
        } else if width == Axis::flat_along(width.size) && height.stride == 1 {
            Way::Shifted(Shifted::new(config))
        } else {
            Way::Patches(taps)
        };
        View { config, way }
    }

    /// Values of room that the passes need.
    pub(super) fn room(&self) -> usize {
        match &self.way {
            Way::Plain | Way::Shifted(_) => 0,
            Way::Patches(_) => self.config.places() * self.config.patch(),
        }
    }

    /// `y` = patches of `x` · weight + bias, for some rows.
    pub(super) fn forward<R: Real>(
        &self,
        x: &[R],
        (weight, bias): (&[R], &[R]),
        room: &mut [R],
        y: &mut [R],
    ) {
        let shape = |y: &[R]| Shape {
            rows: y.len() / self.config.outputs,
            depth: self.config.patch(),
            columns: self.config.outputs,
        };
        match &self.way {
            Way::Plain => multiply_onto(x, weight, shape(y), bias, y),
            Way::Shifted(shifted) => shifted.forward(x, (weight, bias), y),
            Way::Patches(taps) => {
                for (x, y) in self.config.rows(x).zip(y.chunks_exact_mut(self.config.row_out())) {
                    gather((x, self.config.channels), taps, room);
                    multiply_onto(room, weight, shape(y), bias, y);
                }
            }
        }
    }

    /// Adds the gradient by the weight, of some rows.
    pub(super) fn by_weight<R: Real>(
        &self,
        (x, dz): (&[R], &[R]),
        room: &mut [R],
        by_weight: &mut [R],
    ) {
        let shape = |dz: &[R]| Shape {
            rows: self.config.patch(),
            depth: dz.len() / self.config.outputs,
            columns: self.config.outputs,
        };
        match &self.way {
            Way::Plain => transposed_multiply_add(x, dz, shape(dz), by_weight),
            Way::Shifted(shifted) => shifted.by_weight((x, dz), by_weight),
            Way::Patches(taps) => {
                for (x, dz) in self.config.rows(x).zip(dz.chunks_exact(self.config.row_out())) {
                    gather((x, self.config.channels), taps, room);
                    transposed_multiply_add(room, dz, shape(dz), by_weight);
                }
            }
        }
    }

    /// The weight as [`View::by_input`] reads it.
    pub(super) fn turn<R: Real>(&self, weight: &[R], turned: &mut [R]) {
        match &self.way {
            Way::Shifted(shifted) => shifted.turn(weight, turned),
            _ => transpose(weight, (self.config.patch(), self.config.outputs), turned),
        }
    }

    /// Writes the gradient by the input, of some rows.
    pub(super) fn by_input<R: Real>(
        &self,
        (dz, turned): (&[R], &[R]),
        room: &mut [R],
        dx: &mut [R],
    ) {
        let shape = |dz: &[R]| Shape {
            rows: dz.len() / self.config.outputs,
            depth: self.config.outputs,
            columns: self.config.patch(),
        };
        match &self.way {
            Way::Plain => multiply(dz, turned, shape(dz), dx),
            Way::Shifted(shifted) => shifted.by_input((dz, turned), dx),
            Way::Patches(taps) => {
                dx.fill(R::ZERO);
                let rows = dz.chunks_exact(self.config.row_out());
                for (dz, dx) in rows.zip(dx.chunks_exact_mut(self.config.row_in())) {
                    multiply(dz, turned, shape(dz), room);
                    scatter((room, self.config.channels), taps, dx);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Activation;
    use proptest::prelude::*;

    fn filled(len: usize, by: usize) -> Vec<f64> {
        (0..len).map(|at| ((at * by) % 31) as f64 / 31.0 - 0.4).collect()
    }

    /// Output, gradient by the weight and gradient by the input of two rows.
    fn passes(view: &View) -> [Vec<f64>; 3] {
        let config = view.config;
        let weight = filled(config.patch() * config.outputs, 7);
        let x = filled(2 * config.row_in(), 5);
        let dz = filled(2 * config.row_out(), 11);
        let mut room = vec![0.0; view.room()];
        let mut y = vec![f64::NAN; dz.len()];
        view.forward(&x, (&weight, &filled(config.outputs, 3)), &mut room, &mut y);
        let mut by_weight = filled(weight.len(), 13);
        view.by_weight((&x, &dz), &mut room, &mut by_weight);
        let (mut turned, mut dx) = (weight.clone(), vec![f64::NAN; x.len()]);
        view.turn(&weight, &mut turned);
        view.by_input((&dz, &turned), &mut room, &mut dx);
        [y, by_weight, dx]
    }

    fn axis() -> impl Strategy<Value = Axis> {
        (1usize..30, 1usize..6, 1usize..3, (0usize..5, 0usize..5)).prop_filter_map(
            "a kernel that fits",
            |(size, kernel, stride, pad)| {
                let is_wide_enough = size + pad.0 + pad.1 >= kernel;
                is_wide_enough.then_some(Axis { size, kernel, stride, pad })
            },
        )
    }

    fn config() -> impl Strategy<Value = ConvConfig> {
        let width = prop_oneof![axis(), (1usize..20).prop_map(Axis::flat_along)];
        let height = prop_oneof![
            axis(),
            (1usize..300, 1usize..7).prop_map(|(size, kernel)| Axis::same(size, kernel)),
            (1usize..30).prop_map(Axis::flat_along),
            (1usize..9, 1usize..4).prop_map(|(count, kernel)| Axis::tiled(count * kernel, kernel)),
        ];
        (height, width, 1usize..10, 1usize..10).prop_map(|(height, width, channels, outputs)| {
            ConvConfig { height, width, channels, outputs, activation: Activation::None }
        })
    }

    proptest! {
        #[test]
        fn every_way_gives_what_copied_patches_give(config in config()) {
            let view = View::of(config);
            let copied = View { config, way: Way::Patches(table(config)) };
            for (found, wanted) in passes(&view).iter().zip(&passes(&copied)) {
                for (found, wanted) in found.iter().zip(wanted) {
                    prop_assert!((found - wanted).abs() < 1e-10, "{found} for {wanted}");
                }
            }
        }
    }

    #[test]
    fn kernels_in_order_need_no_copy_and_kernels_along_time_are_shifted() {
        let of = |height, width| {
            let activation = Activation::None;
            View::of(ConvConfig { height, width, channels: 2, outputs: 3, activation }).way
        };
        assert!(matches!(of(Axis::flat_along(5), Axis::tiled(6, 2)), Way::Plain));
        assert!(matches!(of(Axis::tiled(6, 2), Axis::flat()), Way::Plain));
        assert!(matches!(of(Axis::same(5, 4), Axis::flat_along(3)), Way::Shifted(_)));
        assert!(matches!(of(Axis::causal(5, 4), Axis::flat()), Way::Shifted(_)));
        assert!(matches!(of(Axis::same(5, 4), Axis::tiled(6, 2)), Way::Patches(_)));
        assert!(matches!(of(Axis::flat_along(5), Axis::tiled(7, 2)), Way::Patches(_)));
    }
}
