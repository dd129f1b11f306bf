//! The normal distribution against numbers to 17 digits (Abramowitz and Stegun 1964, tables 26.1
//! and 26.2), and against itself.

use pricing::normal;

#[test]
fn probabilities_are_those_of_the_tables() {
    let table = [
        (0.0, 0.5),
        (1.0, 0.841_344_746_068_542_9),
        (-1.0, 0.158_655_253_931_457_05),
        (-5.0, 2.866_515_718_791_939e-7),
        (-10.0, 7.619_853_024_160_525e-24),
        (-20.0, 2.753_624_118_606_233_7e-89),
    ];
    for (z, expected) in table {
        let found = normal::cumulative(z);
        assert!((found / expected - 1.0).abs() < 1e-14, "{z}: {found:e}");
    }
}

#[test]
fn quantiles_undo_probabilities() {
    for z in [-30.0, -8.0, -1.5, -0.1, 0.0, 0.3, 2.0, 5.0] {
        let back = normal::quantile(normal::cumulative(z));
        let allowed = if z > 4.0 { 1e-9 } else { 1e-14 * (1.0 + f64::abs(z)) };
        assert!((back - z).abs() < allowed, "{z} {back}");
    }
}

#[test]
fn quantiles_outside_are_not_a_number_and_at_the_ends_infinite() {
    assert_eq!(normal::quantile(0.0), f64::NEG_INFINITY);
    assert_eq!(normal::quantile(1.0), f64::INFINITY);
    assert!(normal::quantile(-0.1).is_nan() && normal::quantile(f64::NAN).is_nan());
}

#[test]
fn the_density_is_the_slope_of_the_probability() {
    for z in [-3.0, -0.5, 0.0, 2.0] {
        let slope = (normal::cumulative(z + 1e-5) - normal::cumulative(z - 1e-5)) / 2e-5;
        assert!((slope / normal::density(z) - 1.0).abs() < 1e-8);
    }
}
