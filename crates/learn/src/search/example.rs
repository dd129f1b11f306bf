//! Functions to search on whose least value is known, from the unit cube, with that value taken
//! off: what a search finds is its regret.
//!
//! Branin and Hartmann-6 in the constants of Dixon and Szegő (1978), "The global optimisation
//! problem: an introduction", in "Towards Global Optimisation 2"; Rosenbrock (1960), "An automatic
//! method for finding the greatest or least value of a function", chained over its variables.

/// Branin on its usual box, −5 … 10 and 0 … 15: three equal valleys.
pub fn branin(u: &[f64]) -> f64 {
    let (x, y) = (15.0 * u[0] - 5.0, 15.0 * u[1]);
    let pi = std::f64::consts::PI;
    let bowl = y - 5.1 / (4.0 * pi * pi) * x * x + 5.0 / pi * x - 6.0;
    bowl * bowl + 10.0 * (1.0 - 1.0 / (8.0 * pi)) * x.cos() + 10.0 - 0.397_887_357_729_738_16
}

/// Hartmann's function of six variables: a deep valley, and one beside it that is 0.12 higher.
pub fn hartmann_6(x: &[f64]) -> f64 {
    const A: [[f64; 6]; 4] = [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ];
    const P: [[f64; 6]; 4] = [
        [1312.0, 1696.0, 5569.0, 124.0, 8283.0, 5886.0],
        [2329.0, 4135.0, 8307.0, 3736.0, 1004.0, 9991.0],
        [2348.0, 1451.0, 3522.0, 2883.0, 3047.0, 6650.0],
        [4047.0, 8828.0, 8732.0, 5743.0, 1091.0, 381.0],
    ];
    let height = [1.0, 1.2, 3.0, 3.2];
    let bump = |row: usize| {
        let far: f64 = (0..6).map(|c| A[row][c] * (x[c] - 1e-4 * P[row][c]).powi(2)).sum();
        height[row] * (-far).exp()
    };
    3.322_368_011_415_512_5 - (0..4).map(bump).sum::<f64>()
}

/// Rosenbrock's bent valley in two variables or more, on −2 … 2 along each axis.
pub fn rosenbrock(u: &[f64]) -> f64 {
    let x: Vec<f64> = u.iter().map(|u| 4.0 * u - 2.0).collect();
    x.windows(2).map(|p| 100.0 * (p[1] - p[0] * p[0]).powi(2) + (1.0 - p[0]).powi(2)).sum()
}
