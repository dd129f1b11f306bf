//! Many options at once, numbers in columns.
//!
//! Row by row these are the functions of [`crate::vanilla`] and [`crate::implied`], bit for bit;
//! a row that they refuse is listed with its reason, holds NaN, and does not stop the others.

use crate::implied::{self, NoVolatility};
use crate::{Error, Greeks, Market, Right, Vanilla, vanilla};

/// Options and the markets they stand in, a row each. All columns are equally long.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// To buy or to sell.
    pub right: &'a [Right],
    /// As [`Vanilla::strike`].
    pub strike: &'a [f64],
    /// As [`Vanilla::years`].
    pub years: &'a [f64],
    /// As [`Market::spot`].
    pub spot: &'a [f64],
    /// As [`Market::rate`].
    pub rate: &'a [f64],
    /// As [`Market::yield_rate`].
    pub yield_rate: &'a [f64],
    /// As [`Market::volatility`].
    pub volatility: &'a [f64],
}

impl Rows<'_> {
    fn len(&self) -> Result<usize, Error> {
        let rows = self.right.len();
        equal("strikes", self.strike, rows)?;
        equal("years", self.years, rows)?;
        equal("spots", self.spot, rows)?;
        equal("rates", self.rate, rows)?;
        equal("yield rates", self.yield_rate, rows)?;
        equal("volatilities", self.volatility, rows)?;
        Ok(rows)
    }

    #[inline]
    fn row(&self, at: usize) -> (Vanilla, Market) {
        let option =
            Vanilla { right: self.right[at], strike: self.strike[at], years: self.years[at] };
        let market = Market {
            spot: self.spot[at],
            rate: self.rate[at],
            yield_rate: self.yield_rate[at],
            volatility: self.volatility[at],
        };
        (option, market)
    }
}

/// A row that has no result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Refused<E> {
    /// Its number, from 0.
    pub row: usize,
    /// Why.
    pub reason: E,
}

/// One number a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Column<E> {
    /// The numbers; NaN in the refused rows and nowhere else.
    pub values: Vec<f64>,
    /// The rows without a result, ascending.
    pub refused: Vec<Refused<E>>,
}

/// [`Greeks`] in columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GreekColumns {
    /// As [`Greeks::value`]; every other column as the field of its name.
    pub value: Vec<f64>,
    /// [`Greeks::delta`].
    pub delta: Vec<f64>,
    /// [`Greeks::gamma`].
    pub gamma: Vec<f64>,
    /// [`Greeks::vega`].
    pub vega: Vec<f64>,
    /// [`Greeks::theta`].
    pub theta: Vec<f64>,
    /// [`Greeks::rho`].
    pub rho: Vec<f64>,
    /// [`Greeks::yield_rho`].
    pub yield_rho: Vec<f64>,
    /// [`Greeks::vanna`].
    pub vanna: Vec<f64>,
    /// [`Greeks::volga`].
    pub volga: Vec<f64>,
    /// [`Greeks::charm`].
    pub charm: Vec<f64>,
    /// [`Greeks::veta`].
    pub veta: Vec<f64>,
    /// [`Greeks::speed`].
    pub speed: Vec<f64>,
    /// [`Greeks::color`].
    pub color: Vec<f64>,
    /// The rows without a result, ascending; all their numbers are NaN.
    pub refused: Vec<Refused<Error>>,
}

impl GreekColumns {
    fn columns(&mut self) -> [&mut Vec<f64>; 13] {
        [
            &mut self.value,
            &mut self.delta,
            &mut self.gamma,
            &mut self.vega,
            &mut self.theta,
            &mut self.rho,
            &mut self.yield_rho,
            &mut self.vanna,
            &mut self.volga,
            &mut self.charm,
            &mut self.veta,
            &mut self.speed,
            &mut self.color,
        ]
    }
}

/// The fields in the order of the columns.
#[inline]
fn numbers(row: &Greeks) -> [f64; 13] {
    [
        row.value,
        row.delta,
        row.gamma,
        row.vega,
        row.theta,
        row.rho,
        row.yield_rho,
        row.vanna,
        row.volga,
        row.charm,
        row.veta,
        row.speed,
        row.color,
    ]
}

/// [`vanilla::price`] of every row.
///
/// # Errors
/// [`Error::Length`] if the columns are not equally long.
pub fn price(rows: &Rows) -> Result<Column<Error>, Error> {
    let count = rows.len()?;
    Ok(column(count, |at| {
        let (option, market) = rows.row(at);
        vanilla::price(&option, &market)
    }))
}

/// [`vanilla::greeks`] of every row, into columns whose room is used again.
///
/// # Errors
/// [`Error::Length`] if the columns are not equally long.
pub fn greeks(rows: &Rows, into: &mut GreekColumns) -> Result<(), Error> {
    let count = rows.len()?;
    into.refused.clear();
    for column in into.columns() {
        column.clear();
        column.resize(count, f64::NAN);
    }
    let mut columns = into.columns().map(|column| column.as_mut_slice());
    let mut refused = Vec::new();
    for row in 0..count {
        let (option, market) = rows.row(row);
        match vanilla::greeks(&option, &market) {
            Ok(found) => columns
                .iter_mut()
                .zip(numbers(&found))
                .for_each(|(column, number)| column[row] = number),
            Err(reason) => refused.push(Refused { row, reason }),
        }
    }
    into.refused = refused;
    Ok(())
}

/// Options with prices, a row each. All columns are equally long.
#[derive(Debug, Clone, Copy)]
pub struct Quotes<'a> {
    /// To buy or to sell.
    pub right: &'a [Right],
    /// As [`Vanilla::strike`].
    pub strike: &'a [f64],
    /// As [`Vanilla::years`].
    pub years: &'a [f64],
    /// Price of the option now.
    pub price: &'a [f64],
    /// Price agreed today for delivery at expiry.
    pub forward: &'a [f64],
    /// What 1 paid at expiry is worth now.
    pub discount: &'a [f64],
}

/// [`implied::volatility`] of every row.
///
/// # Errors
/// [`Error::Length`] if the columns are not equally long.
pub fn volatility(quotes: &Quotes) -> Result<Column<NoVolatility>, Error> {
    let rows = quotes.right.len();
    equal("strikes", quotes.strike, rows)?;
    equal("years", quotes.years, rows)?;
    equal("prices", quotes.price, rows)?;
    equal("forwards", quotes.forward, rows)?;
    equal("discount factors", quotes.discount, rows)?;
    Ok(column(rows, |at| {
        let (right, strike, years) = (quotes.right[at], quotes.strike[at], quotes.years[at]);
        let option = Vanilla { right, strike, years };
        implied::volatility(&option, quotes.price[at], quotes.forward[at], quotes.discount[at])
    }))
}

#[inline]
fn column<E>(rows: usize, of: impl Fn(usize) -> Result<f64, E>) -> Column<E> {
    let mut refused = Vec::new();
    let values = (0..rows)
        .map(|row| {
            of(row).unwrap_or_else(|reason| {
                refused.push(Refused { row, reason });
                f64::NAN
            })
        })
        .collect();
    Column { values, refused }
}

fn equal(what: &'static str, column: &[f64], wanted: usize) -> Result<(), Error> {
    let given = column.len();
    if given == wanted { Ok(()) } else { Err(Error::Length { what, given, wanted }) }
}
