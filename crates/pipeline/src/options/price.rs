//! One contract: what it is worth, how that answers to its causes, and how sure that is.
//!
//! Closed forms where there is one (exact to rounding); else a grid, run twice, the second time
//! half as fine: by how much the two differ is the error that is given.

use pricing::american::grid::{self, Best, Fineness};
use pricing::american::{Dividend, Exercise, tree};
use pricing::future::{self, Future};
use pricing::{Market, Vanilla, implied, vanilla};
use serde::Serialize;

use crate::Error;

/// The grid that values are read from; the one beside it is half as fine.
const FINE: Fineness = Fineness { half: 400, steps: 200 };
const COARSE: Fineness = Fineness { half: 200, steps: 100 };
/// Steps of the tree that checks a grid.
const BRANCHES: usize = 801;
/// Share of volatility and of time by which they are moved for second sensitivities.
const MOVE: f64 = 0.05;

/// What the option is on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Underlying {
    /// A price now.
    Spot(f64),
    /// The price of a future, or agreed for delivery at expiry.
    Forward(f64),
}

/// What is known of the option besides its terms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// Volatility a year; 0.2 is 20 %.
    Volatility(f64),
    /// Its price, a unit of the underlying.
    Price(f64),
}

/// A contract and its market.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question {
    /// The contract.
    pub option: Vanilla,
    /// When it may be exercised.
    pub exercise: Exercise,
    /// What it is on.
    pub underlying: Underlying,
    /// Interest a year, continuously compounded.
    pub rate: f64,
    /// Yield of the underlying a year, continuously compounded; of a forward it is not asked.
    pub yield_rate: f64,
    /// Payments in cash.
    pub dividends: Vec<Dividend>,
    /// Volatility or price.
    pub given: Given,
}

/// How a value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The formula of Black, Scholes and Merton.
    BlackScholesMerton,
    /// The formula of Black for forwards.
    Black76,
    /// Finite differences.
    Grid,
}

/// A figure that is exact to rounding, or has the error of its method.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// The figure.
    pub value: f64,
    /// By how much half as fine a grid differs; none for a closed form.
    pub error: Option<f64>,
}

/// A sensitivity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sensitivity {
    /// Its name.
    pub name: &'static str,
    /// What answers to what, in which unit.
    pub unit: &'static str,
    /// How much.
    pub figure: Figure,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The question.
    pub question: Question,
    /// How the value was found.
    pub method: Method,
    /// What the option is worth, a unit of the underlying.
    pub value: Figure,
    /// Volatility a year: given, or that of the price.
    pub volatility: Figure,
    /// Sensitivities to second order.
    pub sensitivities: Vec<Sensitivity>,
    /// Price for delivery at expiry; cash dividends are taken off at their value then.
    pub forward: f64,
    /// What exercise brings now.
    pub intrinsic: f64,
    /// What the right to exercise early adds to the value.
    pub early_exercise: Option<f64>,
    /// What to do with it now, for American options.
    pub best: Option<Best>,
    /// Value by a tree of 801 steps, a method that shares no line with the grid.
    pub tree: Option<f64>,
}

/// Values a contract.
///
/// # Errors
/// [`Error::AskOptions`] for numbers that do not go together, [`Error::InvertOption`] for a price
/// without volatility, [`Error::ValueOptions`] for numbers that can't be.
pub fn price(question: &Question) -> Result<Answer, Error> {
    question.check()?;
    match question.method() {
        Method::Grid => on_grid(question),
        method => closed(question, method),
    }
}

/// Names and units of sensitivities, in the order that they are shown.
const NAMES: [(&str, &str); 10] = [
    ("delta", "value per 1 of the underlying"),
    ("gamma", "delta per 1 of the underlying"),
    ("vega", "value per 1.00 of volatility"),
    ("theta", "value per year that passes"),
    ("rho", "value per 1.00 of the rate"),
    ("yield rho", "value per 1.00 of the yield"),
    ("vanna", "delta per 1.00 of volatility"),
    ("volga", "vega per 1.00 of volatility"),
    ("charm", "delta per year that passes"),
    ("veta", "vega per year that passes"),
];

impl Question {
    fn check(&self) -> Result<(), Error> {
        let told =
            |what: &str| Err(Error::AskOptions { doing: "price an option", what: what.to_owned() });
        match self.underlying {
            Underlying::Forward(_) if !self.dividends.is_empty() => {
                told("a forward has its dividends in it; leave them out, or give the spot")
            }
            Underlying::Forward(_) if self.yield_rate != 0.0 => {
                told("a forward has its yield in it; leave it out, or give the spot")
            }
            _ => Ok(()),
        }
    }

    fn method(&self) -> Method {
        match (self.exercise, self.underlying) {
            (Exercise::American, _) => Method::Grid,
            (Exercise::European, _) if !self.dividends.is_empty() => Method::Grid,
            (Exercise::European, Underlying::Spot(_)) => Method::BlackScholesMerton,
            (Exercise::European, Underlying::Forward(_)) => Method::Black76,
        }
    }

    /// The market at a volatility; a future is an underlying that yields the rate.
    fn market(&self, volatility: f64) -> Market {
        let (spot, yield_rate) = match self.underlying {
            Underlying::Spot(spot) => (spot, self.yield_rate),
            Underlying::Forward(forward) => (forward, self.rate),
        };
        Market { spot, rate: self.rate, yield_rate, volatility }
    }

    fn forward(&self) -> f64 {
        let (market, years) = (self.market(0.0), self.option.years);
        let inside = self.dividends.iter().filter(|dividend| dividend.years <= years);
        // A payment of cash c at t lowers delivery at T by c grown from t to T.
        let growth = |dividend: &Dividend| market.forward(years) / market.forward(dividend.years);
        market.forward(years) - inside.map(|it| it.cash * growth(it)).sum::<f64>()
    }

    fn intrinsic(&self) -> Result<f64, Error> {
        let spot = self.market(0.0).spot;
        pricing::payoff::intrinsic(self.option.right, spot, self.option.strike)
            .map_err(Error::ValueOptions)
    }
}

fn closed(question: &Question, method: Method) -> Result<Answer, Error> {
    let (option, market) = (&question.option, question.market(0.0));
    let volatility = match question.given {
        Given::Volatility(volatility) => volatility,
        Given::Price(price) => {
            let (forward, years) = (market.forward(option.years), option.years);
            implied::volatility(option, price, forward, market.discount(years))
                .map_err(Error::InvertOption)?
        }
    };
    let greeks = match (method, question.underlying) {
        (Method::Black76, Underlying::Forward(price)) => {
            future::greeks(option, &Future { price, rate: question.rate, volatility })
        }
        _ => vanilla::greeks(option, &question.market(volatility)),
    };
    let greeks = greeks.map_err(Error::ValueOptions)?;
    let exact = |value: f64| Figure { value, error: None };
    let figures = [
        greeks.delta,
        greeks.gamma,
        greeks.vega,
        greeks.theta,
        greeks.rho,
        greeks.yield_rho,
        greeks.vanna,
        greeks.volga,
        greeks.charm,
        greeks.veta,
    ];
    let named = NAMES.into_iter().zip(figures);
    Ok(Answer {
        method,
        value: exact(greeks.value),
        volatility: exact(volatility),
        sensitivities: named
            .map(|((name, unit), value)| Sensitivity { name, unit, figure: exact(value) })
            .collect(),
        forward: question.forward(),
        intrinsic: question.intrinsic()?,
        early_exercise: None,
        best: None,
        tree: None,
        question: question.clone(),
    })
}

fn on_grid(question: &Question) -> Result<Answer, Error> {
    let volatility = match question.given {
        Given::Volatility(volatility) => volatility,
        Given::Price(price) => invert(question, price)?,
    };
    let fine = Run { question, fineness: FINE }.figures(volatility)?;
    let coarse = Run { question, fineness: COARSE }.figures(volatility)?;
    let figure = |at: usize| Figure { value: fine[at], error: Some((fine[at] - coarse[at]).abs()) };
    let (value, vega) = (figure(0), fine[3]);
    // A price that was given is exact; what the grid misses of it falls on the volatility.
    let inverted = matches!(question.given, Given::Price(_));
    let missed = value.error.filter(|_| inverted).map(|error| error / vega.abs().max(1e-300));
    let market = question.market(volatility);
    let option = &question.option;
    let american = question.exercise == Exercise::American;
    let european = Run { question, fineness: FINE }.value(&market, Exercise::European)?.value;
    let dividends = &question.dividends;
    let branches = tree::value(option, &market, dividends, question.exercise, BRANCHES).ok();
    let now = Run { question, fineness: FINE }.value(&market, question.exercise)?;
    let named = NAMES.into_iter().enumerate();
    Ok(Answer {
        method: Method::Grid,
        value,
        volatility: Figure { value: volatility, error: missed },
        sensitivities: named
            .map(|(at, (name, unit))| Sensitivity { name, unit, figure: figure(at + 1) })
            .collect(),
        forward: question.forward(),
        intrinsic: question.intrinsic()?,
        early_exercise: american.then_some(value.value - european),
        best: american.then_some(now.best),
        tree: branches.map(|it| it.value),
        question: question.clone(),
    })
}

/// The volatility at which the grid gives a price.
fn invert(question: &Question, price: f64) -> Result<f64, Error> {
    let (option, market) = (&question.option, question.market(0.0));
    if question.exercise == Exercise::American {
        return pricing::american::implied::volatility(
            option,
            price,
            &market,
            &question.dividends,
            &FINE,
        )
        .map_err(Error::InvertOption);
    }
    // European with payments in cash: the value rises with volatility, so halving finds it.
    let run = Run { question, fineness: FINE };
    let worth = |volatility: f64| -> Result<f64, Error> {
        Ok(run.value(&question.market(volatility), Exercise::European)?.value)
    };
    let (mut low, mut high) = (5e-3_f64, 5.0_f64);
    let (least, most) = (worth(low)?, worth(high)?);
    if !(least..most).contains(&price) {
        let what = format!(
            "{price} lies outside of {least:.6} to {most:.6}, what the option is worth at \
             volatilities from 0.5 % to 500 %; check price, spot and dividends"
        );
        return Err(Error::AskOptions { doing: "invert the price of an option", what });
    }
    for _ in 0..45 {
        let middle = (low * high).sqrt();
        if worth(middle)? < price { low = middle } else { high = middle }
    }
    Ok((low * high).sqrt())
}

/// A question on one grid.
struct Run<'a> {
    question: &'a Question,
    fineness: Fineness,
}

impl Run<'_> {
    fn value(&self, market: &Market, exercise: Exercise) -> Result<grid::Valuation, Error> {
        let (option, dividends) = (&self.question.option, &self.question.dividends);
        grid::value(option, market, dividends, exercise, &self.fineness)
            .map_err(Error::ValueOptions)
    }

    fn slopes(&self, market: &Market, passed: f64) -> Result<grid::Slopes, Error> {
        let (option, dividends) = self.later(passed);
        grid::slopes(&option, market, &dividends, self.question.exercise, &self.fineness)
            .map_err(Error::ValueOptions)
    }

    fn delta(&self, market: &Market, passed: f64) -> Result<f64, Error> {
        let ((option, dividends), exercise) = (self.later(passed), self.question.exercise);
        let found = grid::value(&option, market, &dividends, exercise, &self.fineness);
        Ok(found.map_err(Error::ValueOptions)?.delta)
    }

    /// Option and payments after some years.
    fn later(&self, passed: f64) -> (Vanilla, Vec<Dividend>) {
        let option = Vanilla { years: self.question.option.years - passed, ..self.question.option };
        let shift = |it: &Dividend| Dividend { years: it.years - passed, ..*it };
        (option, self.question.dividends.iter().map(shift).collect())
    }

    /// Value, then the sensitivities in the order of their names.
    fn figures(&self, volatility: f64) -> Result<[f64; 11], Error> {
        let question = self.question;
        let market = question.market(volatility);
        let now = self.value(&market, question.exercise)?;
        let slopes = self.slopes(&market, 0.0)?;
        let by = MOVE * volatility;
        let (up, down) = (question.market(volatility + by), question.market(volatility - by));
        let across = |high: f64, low: f64, step: f64| (high - low) / (2.0 * step);
        let vanna = across(self.delta(&up, 0.0)?, self.delta(&down, 0.0)?, by);
        let volga = across(self.slopes(&up, 0.0)?.vega, self.slopes(&down, 0.0)?.vega, by);
        let first = question.dividends.iter().map(|it| it.years);
        let nearest = first.fold(question.option.years, f64::min);
        let apart = (MOVE * nearest).min(1.0 / 365.0);
        let charm = across(self.delta(&market, apart)?, self.delta(&market, -apart)?, apart);
        let (late, early) = (self.slopes(&market, apart)?.vega, self.slopes(&market, -apart)?.vega);
        let (mut rho, mut yield_rho) = (slopes.rho, slopes.yield_rho);
        if let Underlying::Forward(_) = question.underlying {
            // A future stays where it is when the rate moves: both slopes move together.
            (rho, yield_rho) = (rho + yield_rho, 0.0);
        }
        Ok([
            now.value,
            now.delta,
            now.gamma,
            slopes.vega,
            now.theta,
            rho,
            yield_rho,
            vanna,
            volga,
            charm,
            across(late, early, apart),
        ])
    }
}

#[cfg(test)]
mod tests {
    use pricing::Right;

    use super::*;

    fn asked(exercise: Exercise, given: Given) -> Question {
        Question {
            option: Vanilla { right: Right::Put, strike: 100.0, years: 0.5 },
            exercise,
            underlying: Underlying::Spot(98.0),
            rate: 0.05,
            yield_rate: 0.02,
            dividends: Vec::new(),
            given,
        }
    }

    fn named(answer: &Answer, name: &str) -> Figure {
        answer.sensitivities.iter().find(|it| it.name == name).unwrap().figure
    }

    #[test]
    fn a_grid_gives_the_sensitivities_of_the_formula_within_its_error() {
        // A payment of a cent makes a grid of what is all but the closed form.
        let question = asked(Exercise::European, Given::Volatility(0.25));
        let exact = price(&question).unwrap();
        assert_eq!(exact.method, Method::BlackScholesMerton);
        let dividends = vec![Dividend { years: 0.25, cash: 1e-9 }];
        let found = price(&Question { dividends, ..question }).unwrap();
        assert_eq!(found.method, Method::Grid);
        for (name, _) in NAMES {
            let (one, other) = (named(&exact, name).value, named(&found, name));
            let allowed = 4.0 * other.error.unwrap() + 2e-3 * one.abs() + 1e-6;
            assert!((one - other.value).abs() < allowed, "{name}: {one} {other:?}");
        }
        assert!((exact.value.value - found.value.value).abs() < 1e-3);
    }

    #[test]
    fn an_american_put_is_worth_more_and_its_tree_agrees() {
        let found = price(&asked(Exercise::American, Given::Volatility(0.25))).unwrap();
        assert!(found.early_exercise.unwrap() > 0.01, "{found:?}");
        assert!((found.tree.unwrap() - found.value.value).abs() < 2e-3, "{found:?}");
        assert!(found.value.error.unwrap() < 2e-3);
    }

    #[test]
    fn each_kind_of_price_gives_back_its_volatility() {
        let dividend = vec![Dividend { years: 0.2, cash: 1.5 }];
        let table = [
            (Exercise::European, Vec::new()),
            (Exercise::European, dividend.clone()),
            (Exercise::American, dividend),
        ];
        for (exercise, dividends) in table {
            let known = asked(exercise, Given::Volatility(0.3));
            let known = Question { dividends, ..known };
            let worth = price(&known).unwrap().value.value;
            let back = price(&Question { given: Given::Price(worth), ..known }).unwrap();
            assert!((back.volatility.value - 0.3).abs() < 1e-6, "{:?}", back.volatility);
        }
    }

    #[test]
    fn a_price_below_exercise_has_no_volatility() {
        for exercise in [Exercise::American, Exercise::European] {
            let told = price(&asked(exercise, Given::Price(0.001))).unwrap_err();
            assert!(matches!(told, Error::InvertOption(_)), "{told}");
        }
    }

    #[test]
    fn a_forward_takes_no_dividends() {
        let question = asked(Exercise::European, Given::Volatility(0.2));
        let dividends = vec![Dividend { years: 0.1, cash: 1.0 }];
        let underlying = Underlying::Forward(98.0);
        let told = price(&Question { underlying, dividends, yield_rate: 0.0, ..question });
        assert!(told.unwrap_err().to_string().contains("leave them out"));
    }

    #[test]
    fn a_payment_lowers_the_forward_by_what_it_grows_to() {
        let dividends = vec![Dividend { years: 0.5, cash: 2.0 }];
        let question = asked(Exercise::European, Given::Volatility(0.2));
        let found = Question { dividends, rate: 0.04, yield_rate: 0.0, ..question }.forward();
        assert!((found - (98.0 * 0.02_f64.exp() - 2.0)).abs() < 1e-12, "{found}");
    }
}
