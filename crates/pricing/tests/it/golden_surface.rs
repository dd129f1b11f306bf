//! Smiles and fits of QuantLib (`proving/peers/golden_surface.py`).

use pricing::surface::{RawSvi, Strip, Term, VolQuote, fit};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    shapes: Vec<Shape>,
    fits: Vec<Fitted>,
}

#[derive(Deserialize)]
struct Shape {
    #[serde(flatten)]
    smile: RawSvi,
    points: Vec<Point>,
}

#[derive(Deserialize)]
struct Point {
    k: f64,
    total_variance: f64,
    probability_below: f64,
    density: f64,
}

#[derive(Deserialize)]
struct Fitted {
    years: f64,
    ks: Vec<f64>,
    vols: Vec<f64>,
    rmse_points: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/surface.json")).unwrap()
}

#[test]
fn total_variance_is_that_of_quantlib() {
    for shape in golden().shapes {
        for point in &shape.points {
            let found = shape.smile.total_variance(point.k);
            let wanted = point.total_variance;
            assert!((found / wanted - 1.0).abs() < 1e-13, "{:?} {}", shape.smile, point.k);
        }
    }
}

#[test]
fn probabilities_and_densities_are_differences_of_its_prices() {
    for shape in golden().shapes {
        for point in &shape.points {
            let Point { k, probability_below, density, .. } = *point;
            let place = format!("{:?} at {k}", shape.smile);
            let found = shape.smile.probability_below(k);
            assert!((found - probability_below.clamp(0.0, 1.0)).abs() < 1e-7, "{place}: {found}");
            let found = shape.smile.density(k);
            assert!((found - density).abs() < 1e-5 * (1.0 + density.abs()), "{place}: {found}");
        }
    }
}

#[test]
fn fits_miss_no_more_than_its_own() {
    for case in golden().fits {
        let quote = |(k, mid): (&f64, &f64)| VolQuote {
            k: *k,
            bid: mid - 0.005,
            mid: *mid,
            ask: mid + 0.005,
        };
        let term = Term { years: case.years, forward: 100.0, discount: 1.0 };
        let strip = Strip { term, quotes: case.ks.iter().zip(&case.vols).map(quote).collect() };
        let fit = fit::svi(100.0, &[strip]).unwrap();
        let found = fit.errors[0].rmse_points;
        assert_eq!(fit.faults, []);
        assert!(found < 1.02 * case.rmse_points, "{found} {}", case.rmse_points);
    }
}
