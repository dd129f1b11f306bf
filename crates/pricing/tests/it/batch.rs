//! Columns give what rows give.

use pricing::batch::{self, Quotes, Rows};
use pricing::{Error, Market, Right, Vanilla, implied, vanilla};
use proptest::prelude::*;

type Numbers = (f64, f64, f64, f64, f64);

/// Mostly sound, some that must be refused.
fn numbers() -> impl Strategy<Value = (bool, Numbers)> {
    let sound = (10.0..300.0f64, 0.0..3.0f64, 50.0..150.0f64, -0.05..0.1f64, 0.0..1.0f64);
    let broken = prop_oneof![Just(f64::NAN), Just(-1.0), Just(f64::INFINITY), Just(0.0)];
    let mixed = (sound, broken, 0..20usize).prop_map(|(mut row, broken, place)| {
        match place {
            0 => row.0 = broken,
            1 => row.1 = broken,
            2 => row.2 = broken,
            3 => row.3 = broken,
            4 => row.4 = broken,
            _ => {}
        }
        row
    });
    (any::<bool>(), mixed)
}

struct Table {
    right: Vec<Right>,
    columns: [Vec<f64>; 5],
}

impl Table {
    fn of(rows: &[(bool, Numbers)]) -> Table {
        let right = |call: bool| if call { Right::Call } else { Right::Put };
        let column =
            |of: fn(&Numbers) -> f64| rows.iter().map(|(_, row)| of(row)).collect::<Vec<_>>();
        Table {
            right: rows.iter().map(|(call, _)| right(*call)).collect(),
            columns: [
                column(|row| row.0),
                column(|row| row.1),
                column(|row| row.2),
                column(|row| row.3),
                column(|row| row.4),
            ],
        }
    }

    fn rows(&self) -> Rows<'_> {
        let [strike, years, spot, rate, volatility] = &self.columns;
        let right = &self.right;
        Rows { right, strike, years, spot, rate, yield_rate: rate, volatility }
    }

    fn single(&self, at: usize) -> (Vanilla, Market) {
        let [strike, years, spot, rate, volatility] = self.columns.each_ref().map(|c| c[at]);
        let option = Vanilla { right: self.right[at], strike, years };
        (option, Market { spot, rate, yield_rate: rate, volatility })
    }
}

proptest! {
    #[test]
    fn prices_and_greeks_in_columns_are_the_single_ones(
        rows in prop::collection::vec(numbers(), 1..40),
    ) {
        let table = Table::of(&rows);
        let prices = batch::price(&table.rows()).unwrap();
        let mut greeks = batch::GreekColumns::default();
        batch::greeks(&table.rows(), &mut greeks).unwrap();
        for at in 0..rows.len() {
            let (option, market) = table.single(at);
            match vanilla::price(&option, &market) {
                Ok(price) => prop_assert_eq!(prices.values[at], price),
                Err(reason) => {
                    prop_assert!(prices.values[at].is_nan());
                    let listed = prices.refused.iter().find(|refused| refused.row == at).unwrap();
                    prop_assert_eq!(format!("{reason}"), format!("{}", listed.reason));
                }
            }
            match vanilla::greeks(&option, &market) {
                Ok(single) => {
                    prop_assert_eq!(greeks.value[at], single.value);
                    prop_assert_eq!(greeks.delta[at], single.delta);
                    prop_assert_eq!(greeks.yield_rho[at], single.yield_rho);
                    prop_assert_eq!(greeks.veta[at], single.veta);
                    prop_assert_eq!(greeks.color[at], single.color);
                }
                Err(_) => {
                    prop_assert!(greeks.gamma[at].is_nan());
                    prop_assert!(greeks.refused.iter().any(|refused| refused.row == at));
                }
            }
        }
    }

    #[test]
    fn volatilities_in_columns_are_the_single_ones(
        rows in prop::collection::vec(numbers(), 1..40),
    ) {
        let table = Table::of(&rows);
        let [strike, years, price, _, discount] = &table.columns;
        let forward = vec![100.0; rows.len()];
        let right = &table.right;
        let quotes = Quotes { right, strike, years, price, forward: &forward, discount };
        let found = batch::volatility(&quotes).unwrap();
        for at in 0..rows.len() {
            let (option, _) = table.single(at);
            match implied::volatility(&option, price[at], 100.0, discount[at]) {
                Ok(single) => prop_assert_eq!(found.values[at], single),
                Err(_) => prop_assert!(found.refused.iter().any(|refused| refused.row == at)),
            }
        }
    }
}

#[test]
fn columns_of_different_lengths_are_refused() {
    let table = Table::of(&[(true, (100.0, 1.0, 100.0, 0.0, 0.2))]);
    let rows = Rows { years: &[], ..table.rows() };
    let expected = Error::Length { what: "years", given: 0, wanted: 1 };
    assert_eq!(batch::price(&rows).unwrap_err(), expected);
}
