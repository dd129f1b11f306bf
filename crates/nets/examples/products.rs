//! Rates of matrix products of the sizes that small networks have, in 1e9 operations a second.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use nets::matmul::{Shape, multiply, transposed_multiply_add};

fn main() {
    let shapes =
        [(64, 240, 64), (64, 64, 64), (64, 64, 3), (64, 64, 192), (1344, 64, 192), (1, 64, 192)];
    for (rows, depth, columns) in shapes {
        let shape = Shape { rows, depth, columns };
        let (a, b) = (vec![0.5f32; rows * depth], vec![0.25f32; depth * columns]);
        let mut c = vec![0.0f32; rows * columns];
        let each = 2.0 * (rows * depth * columns) as f64;
        let rounds = (2e8 / each) as usize + 1;
        let rate = |run: &mut dyn FnMut()| {
            let once = |_| {
                let begun = Instant::now();
                (0..rounds).for_each(|_| run());
                each * rounds as f64 / begun.elapsed().as_secs_f64() / 1e9
            };
            (0..9).map(once).fold(0.0, f64::max)
        };
        let plain = rate(&mut || multiply(black_box(&a), black_box(&b), shape, &mut c));
        let turned = Shape { rows: depth, depth: rows, columns };
        let y = vec![0.1f32; rows * columns];
        let mut g = vec![0.0f32; depth * columns];
        let slope =
            rate(&mut || transposed_multiply_add(black_box(&a), black_box(&y), turned, &mut g));
        println!("{rows} x {depth} x {columns}: {plain:.1} forward, {slope:.1} of the weights");
    }
}
