//! Surfaces: what a fit finds again, what it refuses to follow, and what lies between slices.

use proptest::prelude::*;

use super::fit::{ssvi, svi};
use super::*;

const SHAPE: Ssvi = Ssvi { rho: -0.65, eta: 1.0, gamma: 0.4 };

fn term(years: f64) -> Term {
    Term { years, forward: 100.0 * (0.02 * years).exp(), discount: (-0.03 * years).exp() }
}

fn quotes(smile: &RawSvi, years: f64, half_spread: f64) -> Strip {
    let width = 3.0 * (years.sqrt() * 0.2);
    let quote = |i: i32| {
        let k = width * (f64::from(i) / 12.0 - 1.0);
        let mid = smile.volatility(k, years);
        VolQuote { k, bid: mid - half_spread, mid, ask: mid + half_spread }
    };
    Strip { term: term(years), quotes: (0..=20).map(quote).collect() }
}

fn expiries() -> Vec<(f64, f64)> {
    [0.05, 0.25, 1.0, 2.0].map(|years| (years, 0.04 * years)).to_vec()
}

fn shaped() -> Surface {
    let slice = |(years, theta)| Slice { term: term(years), smile: SHAPE.smile(theta) };
    Surface::new(100.0, expiries().into_iter().map(slice).collect()).unwrap()
}

fn shaped_quotes() -> Vec<Strip> {
    expiries().iter().map(|(years, theta)| quotes(&SHAPE.smile(*theta), *years, 0.002)).collect()
}

#[test]
fn slices_of_a_clean_surface_are_found_again() {
    let fit = svi(100.0, &shaped_quotes()).unwrap();
    assert_eq!(fit.faults, []);
    for error in &fit.errors {
        assert!(error.rmse_points < 0.01 && error.inside == 1.0, "{error:?}");
    }
}

#[test]
fn the_numbers_of_ssvi_are_found_again() {
    let (shape, fit) = ssvi(100.0, &shaped_quotes()).unwrap();
    assert!((shape.rho - SHAPE.rho).abs() < 0.01, "{shape:?}");
    assert!((shape.eta - SHAPE.eta).abs() < 0.02, "{shape:?}");
    assert!((shape.gamma - SHAPE.gamma).abs() < 0.01, "{shape:?}");
    assert!(fit.errors.iter().all(|error| error.rmse_points < 0.02), "{:?}", fit.errors);
    assert_eq!(fit.faults, []);
}

#[test]
fn a_butterfly_in_the_quotes_is_not_followed_but_shows_as_a_miss() {
    let vogt = RawSvi { a: -0.0410, b: 0.1331, rho: 0.3060, m: 0.3586, sigma: 0.4153 };
    let quote = |i: i32| {
        let k = f64::from(i) / 10.0;
        let mid = vogt.volatility(k, 1.0);
        VolQuote { k, bid: mid - 1e-4, mid, ask: mid + 1e-4 }
    };
    let strip = Strip { term: term(1.0), quotes: (-15..=15).map(quote).collect() };
    let fit = svi(100.0, &[strip]).unwrap();
    assert_eq!(fit.faults, []);
    let error = fit.errors[0];
    assert!(error.rmse_points > 0.01 && error.inside < 1.0, "{error:?}");
    assert!(error.rmse_points < 1.0, "{error:?}");
}

#[test]
fn crossing_expiries_are_not_followed_but_show_as_a_miss() {
    let near = RawSvi { a: 0.01, b: 0.08, rho: -0.5, m: 0.0, sigma: 0.1 };
    let far = RawSvi { a: 0.014, b: 0.03, rho: -0.2, m: 0.0, sigma: 0.2 };
    let strips = [quotes(&near, 0.5, 0.001), quotes(&far, 0.6, 0.001)];
    let fit = svi(100.0, &strips).unwrap();
    assert_eq!(fit.faults, []);
    assert!(fit.errors[1].rmse_points > 0.05, "{:?}", fit.errors);
    assert!(fit.errors[1].rmse_points < 5.0, "{:?}", fit.errors);
}

#[test]
fn a_butterfly_of_an_input_slice_is_named_with_its_place() {
    let smile = RawSvi { a: -0.0410, b: 0.1331, rho: 0.3060, m: 0.3586, sigma: 0.4153 };
    let surface = Surface::new(100.0, vec![Slice { term: term(1.0), smile }]).unwrap();
    let faults = surface.faults();
    let [Fault::Butterfly { years, between, least }] = faults[..] else { panic!("{faults:?}") };
    assert_eq!(years, 1.0);
    assert!(between.0 > 0.6 && between.0 < 0.9 && between.1 > 0.9, "{between:?}");
    assert!(least < 0.0);
}

#[test]
fn crossing_input_slices_are_named_with_both_expiries() {
    let smile = |a, b| RawSvi { a, b, rho: 0.0, m: 0.0, sigma: 0.3 };
    let slices = [(0.5, smile(0.02, 0.10)), (1.0, smile(0.04, 0.05))]
        .map(|(years, smile)| Slice { term: term(years), smile });
    let faults = Surface::new(100.0, slices.to_vec()).unwrap().faults();
    let calendar = |fault: &&Fault| matches!(fault, Fault::Calendar { years: (0.5, 1.0), .. });
    assert_eq!(faults.iter().filter(calendar).count(), faults.len(), "{faults:?}");
    let gap = |fault: &Fault| if let Fault::Calendar { gap, .. } = fault { *gap } else { 0.0 };
    let deepest = faults.iter().map(gap).fold(0.0, f64::max);
    let at_the_reach = 0.05 * (9.0_f64 + 0.09).sqrt() - 0.02;
    assert!((deepest / at_the_reach - 1.0).abs() < 1e-3, "{deepest} {at_the_reach}");
}

#[test]
fn a_wing_steeper_than_two_is_named() {
    let smile = RawSvi { a: 0.5, b: 1.5, rho: -0.5, m: 0.0, sigma: 1.0 };
    let surface = Surface::new(100.0, vec![Slice { term: term(1.0), smile }]).unwrap();
    assert!(surface.faults().contains(&Fault::Wing { years: 1.0, slope: 2.25 }));
}

#[test]
fn one_volatility_everywhere_is_also_the_local_one() {
    let slice = |years: f64| Slice { term: term(years), smile: RawSvi::flat(0.09 * years) };
    let surface = Surface::new(100.0, vec![slice(0.5), slice(1.0)]).unwrap();
    for years in [0.2, 0.5, 0.7, 1.0, 1.5] {
        for strike in [80.0, 100.0, 130.0] {
            let volatility = surface.volatility(strike, years).unwrap();
            assert!((volatility - 0.3).abs() < 1e-9, "{strike} {years}: {volatility}");
        }
        let local = surface.local_variance(0.1, years).unwrap();
        assert!((local - 0.09).abs() < 1e-5, "{years}: {local}");
    }
}

/// The surface with every way between expiries a mix of prices.
fn mixed() -> Surface {
    let paths = vec![Path::Prices; 3];
    Surface { paths, ..shaped() }
}

#[test]
fn local_variance_is_the_ratio_of_differences() {
    holds_dupire(&shaped());
    holds_dupire(&mixed());
}

fn holds_dupire(surface: &Surface) {
    let h = 1e-4;
    for (k, years) in [(-0.3, 0.02), (-0.2, 0.6), (0.0, 0.3), (0.15, 1.4), (-0.4, 2.5)] {
        let w = |k: f64, years: f64| surface.total_variance(k, years).unwrap();
        let pace = (w(k, years + h) - w(k, years - h)) / (2.0 * h);
        let slope = (w(k + h, years) - w(k - h, years)) / (2.0 * h);
        let bend = (w(k + h, years) - 2.0 * w(k, years) + w(k - h, years)) / (h * h);
        let g = svi::Jet { value: w(k, years), slope, bend }.durrleman(k);
        let local = surface.local_variance(k, years).unwrap();
        assert!((local / (pace / g) - 1.0).abs() < 2e-3, "{k} {years}: {local} {}", pace / g);
    }
}

#[test]
fn a_way_on_which_a_butterfly_would_be_free_has_its_prices_mixed() {
    let vogt = RawSvi { a: -0.0410, b: 0.1331, rho: 0.3060, m: 0.3586, sigma: 0.4153 };
    let slices = [(1.0, vogt), (2.0, vogt.lifted(0.001))];
    let slices = slices.map(|(years, smile)| Slice { term: term(years), smile });
    let surface = Surface::new(100.0, slices.to_vec()).unwrap();
    assert_eq!(surface.paths(), [Path::Prices]);
    assert_eq!(shaped().paths(), [Path::Variance; 3]);
}

#[test]
fn total_variance_at_the_money_is_linear_between_expiries() {
    for surface in [shaped(), mixed()] {
        for years in [0.1, 0.4, 0.9, 1.7] {
            let w = surface.total_variance(0.0, years).unwrap();
            assert!((w - 0.04 * years).abs() < 1e-12, "{years}: {w}");
        }
    }
}

#[test]
fn a_call_less_a_put_is_the_discounted_forward_less_strike() {
    let surface = shaped();
    for years in [0.03, 0.25, 0.6, 3.0] {
        let (strike, term) = (93.0, surface.term(years).unwrap());
        let price = |right| surface.price(&Vanilla { right, strike, years }).unwrap();
        let gap = price(Right::Call) - price(Right::Put);
        assert!((gap - term.discount * (term.forward - strike)).abs() < 1e-10, "{years}");
    }
}

#[test]
fn what_is_no_surface_is_refused() {
    let slice = |years: f64| Slice { term: term(years), smile: RawSvi::flat(0.04) };
    assert!(Surface::new(100.0, vec![]).is_err());
    assert!(Surface::new(f64::NAN, vec![slice(1.0)]).is_err());
    assert!(Surface::new(100.0, vec![slice(1.0), slice(1.0)]).is_err());
    assert!(Surface::new(100.0, vec![slice(-1.0)]).is_err());
    let surface = shaped();
    assert!(surface.volatility(100.0, 0.0).is_err());
    assert!(surface.volatility(-1.0, 1.0).is_err());
    assert!(surface.total_variance(f64::NAN, 1.0).is_err());
}

#[test]
fn quotes_that_are_none_are_refused() {
    let good = quotes(&SHAPE.smile(0.04), 1.0, 0.002);
    let spoilt = |spoil: fn(&mut Strip)| {
        let mut strip = good.clone();
        spoil(&mut strip);
        svi(100.0, &[strip]).is_err()
    };
    assert!(spoilt(|strip| strip.quotes.truncate(4)));
    assert!(spoilt(|strip| strip.quotes[3].bid = 0.0));
    assert!(spoilt(|strip| strip.quotes[3].ask = 0.01));
    assert!(spoilt(|strip| strip.quotes[3].mid = f64::NAN));
    assert!(spoilt(|strip| strip.term.forward = 0.0));
    assert!(svi(100.0, &[good.clone(), good]).is_err());
}

/// Undiscounted call over forward as a function of `strike / forward`.
fn call(surface: &Surface, ratio: f64, years: f64) -> f64 {
    let w = surface.total_variance(ratio.ln(), years).unwrap();
    black::price(Right::Call, 1.0, ratio, w.sqrt()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn between_expiries_no_butterfly_costs_less_than_nothing(
        years in 0.01..3.0_f64, ratio in 0.4..2.5_f64, width in 0.01..0.2_f64,
    ) {
        for surface in [shaped(), mixed()] {
            let at = |shift: f64| call(&surface, ratio + shift, years);
            prop_assert!(at(-width) + at(width) - 2.0 * at(0.0) > -1e-11);
        }
    }

    #[test]
    fn total_variance_never_falls_as_time_goes_on(
        years in 0.01..3.0_f64, later in 0.001..0.5_f64, k in -1.0..1.0_f64,
    ) {
        for surface in [shaped(), mixed()] {
            let now = surface.total_variance(k, years).unwrap();
            prop_assert!(surface.total_variance(k, years + later).unwrap() >= now * (1.0 - 1e-9));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_fit_to_noise_has_no_arbitrage_on_a_finer_grid(
        noise in proptest::collection::vec(-0.03..0.03_f64, 84),
    ) {
        let mut strips = shaped_quotes();
        for (quote, shift) in strips.iter_mut().flat_map(|s| &mut s.quotes).zip(&noise) {
            quote.mid += shift;
            quote.bid += shift - 0.001;
            quote.ask += shift + 0.001;
        }
        let fit = svi(100.0, &strips).unwrap();
        for pair in fit.surface.slices().windows(2) {
            for k in (-3000..=3000).map(|i| f64::from(i) / 1000.0) {
                let (near, far) = (&pair[0].smile, &pair[1].smile);
                let rise = far.total_variance(k) - near.total_variance(k);
                prop_assert!(rise >= 0.0, "calendar at {k}: {near:?} {far:?}");
                prop_assert!(near.durrleman(k) >= 0.0, "butterfly at {k}");
            }
        }
    }
}
