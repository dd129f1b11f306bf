//! Smiles with noise on every quote: what is fitted has no butterfly, is a smile, and misses the
//! quotes by about the noise.

use base::Seed;
use pricing::surface::{Fault, RawSvi, Strip, Term, VolQuote, fit};
use rand::RngExt as _;

const QUOTES: usize = 31;

/// Numbers of one drawn smile.
struct Drawn {
    smile: RawSvi,
    years: f64,
    noise: f64,
}

/// A smile without arbitrage: at-the-money volatility of 10 to 80 %, from a week to three years.
fn drawn(seed: Seed) -> Drawn {
    let mut rng = seed.rng();
    loop {
        let mut between = |low: f64, high: f64| rng.random_range(low..high);
        let years = between(0.02_f64.ln(), 3.0_f64.ln()).exp();
        let deviation = between(0.10, 0.80) * years.sqrt();
        let rho = between(-0.9, 0.6);
        let (m, sigma) = (between(-0.5, 0.5) * deviation, between(0.3, 2.0) * deviation);
        let b = between(0.05, 0.9) * deviation;
        // The level that gives the drawn volatility at the money.
        let a = deviation * deviation - b * (-rho * m + m.hypot(sigma));
        let smile = RawSvi { a, b, rho, m, sigma };
        let noise = between(0.001, 0.01);
        let clean = smile.checked().is_ok()
            && (-400..=400).all(|step| smile.durrleman(f64::from(step) * deviation / 50.0) > 0.01);
        let lowest = smile.least_total_variance() / years;
        // Noise must leave every quote a volatility.
        if clean && lowest.sqrt() > 6.0 * noise {
            return Drawn { smile, years, noise };
        }
    }
}

/// The quotes, and the root mean square of the noise that was put on them.
fn quoted(drawn: &Drawn, seed: Seed) -> (Strip, f64) {
    let Drawn { smile, years, noise } = *drawn;
    let mut rng = seed.rng();
    let width = 2.5 * smile.total_variance(0.0).sqrt();
    let mut squares = 0.0;
    let quotes = (0..QUOTES).map(|at| {
        let k = width * (2.0 * at as f64 / (QUOTES - 1) as f64 - 1.0);
        // The sum of twelve uniform numbers less six is nearly normal and never beyond six.
        let sum: f64 = (0..12).map(|_| rng.random_range(0.0..1.0)).sum();
        let shift = noise * (sum - 6.0);
        squares += shift * shift;
        let mid = smile.volatility(k, years) + shift;
        VolQuote { k, bid: mid - noise.min(0.5 * mid), mid, ask: mid + noise.min(0.5 * mid) }
    });
    let quotes: Vec<VolQuote> = quotes.collect();
    let term = Term { years, forward: 100.0, discount: 1.0 };
    (Strip { term, quotes }, (squares / QUOTES as f64).sqrt())
}

#[test]
fn noisy_smiles_are_fitted_without_a_butterfly_and_miss_by_the_noise() {
    let root = Seed::root(17).child("noisy smiles");
    let (mut shares, mut worst) = (Vec::new(), 0.0_f64);
    for number in 0..150 {
        let seed = root.index(number);
        let drawn = drawn(seed.child("smile"));
        let (strip, noise) = quoted(&drawn, seed.child("noise"));
        let found = fit::svi(100.0, &[strip]).unwrap();
        let smile = found.surface.slices()[0].smile;
        let place = format!("smile {number}: {:?} as {smile:?}", drawn.smile);
        assert_eq!(found.faults, Vec::<Fault>::new(), "{place}");
        let width = drawn.smile.total_variance(0.0).sqrt();
        for step in -4_000..=4_000 {
            let k = f64::from(step) * width / 200.0;
            assert!(smile.durrleman(k) >= -1e-9, "a butterfly at {k}: {place}");
        }
        smile.checked().unwrap();
        let (left, right) = smile.wing_slopes();
        assert!(left >= 0.0 && right >= 0.0 && left <= 2.0 && right <= 2.0, "{place}");
        assert!(smile.m.abs() < 20.0 * width && smile.sigma < 50.0 * width, "{place}");
        // The true smile is among those that may be chosen, so the best misses by no more.
        let share = found.errors[0].rmse_points / (100.0 * noise);
        assert!(share < 1.05, "misses by {share} of the noise: {place}");
        worst = worst.max(share);
        shares.push(share);
    }
    // Five numbers fitted to 31 quotes take √(26 ÷ 31) = 0.916 of the noise's mean square, and a
    // little less where a bound holds them.
    let mean = shares.iter().map(|share| share * share).sum::<f64>() / shares.len() as f64;
    assert!((0.87..0.96).contains(&mean.sqrt()), "{} worst {worst}", mean.sqrt());
}
