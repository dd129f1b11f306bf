//! Legs held together: what they bring at expiry, what can go wrong, what must be put up.

use pricing::margin::rules::required;
use pricing::margin::scan::{self, Range};
use pricing::margin::{Class, Requirement, Scan, Stage, Underlying};
use pricing::strategy::build::{self, Lot, Struck, Vertical};
use pricing::strategy::{Extreme, Instrument, Leg, Moment, Strategy, lognormal_below};
use pricing::surface::Term;
use pricing::{Greeks, Right, Vanilla, vanilla};
use serde::Serialize;

use crate::Error;

const DOING: &str = "draw a pay-off";

/// A strategy by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Two strikes of one right.
    Vertical(Vertical),
    /// Put bought, put sold, call sold, call bought.
    IronCondor,
    /// One low and one high strike bought, two of the middle sold.
    Butterfly(Right),
    /// Put and call of one strike bought.
    Straddle,
    /// Put and call of two strikes bought.
    Strangle,
    /// The near expiry sold and the far one bought.
    Calendar(Right),
    /// The underlying, and a call sold on it.
    CoveredCall,
    /// The underlying, a put bought and a call sold.
    Collar,
}

impl Shape {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Shape::Vertical(Vertical::BullCall) => "bull call spread",
            Shape::Vertical(Vertical::BearCall) => "bear call spread",
            Shape::Vertical(Vertical::BullPut) => "bull put spread",
            Shape::Vertical(Vertical::BearPut) => "bear put spread",
            Shape::IronCondor => "iron condor",
            Shape::Butterfly(_) => "butterfly",
            Shape::Straddle => "straddle",
            Shape::Strangle => "strangle",
            Shape::Calendar(_) => "calendar",
            Shape::CoveredCall => "covered call",
            Shape::Collar => "collar",
        }
    }

    /// Which options it has, in the order of their strikes and prices.
    fn options(self) -> Vec<Right> {
        let (call, put) = (Right::Call, Right::Put);
        match self {
            Shape::Vertical(Vertical::BullCall | Vertical::BearCall) => vec![call, call],
            Shape::Vertical(Vertical::BullPut | Vertical::BearPut) => vec![put, put],
            Shape::IronCondor => vec![put, put, call, call],
            Shape::Butterfly(right) => vec![right; 3],
            Shape::Straddle | Shape::Strangle | Shape::Collar => vec![put, call],
            Shape::Calendar(right) => vec![right; 2],
            Shape::CoveredCall => vec![call],
        }
    }

    /// How many strikes it takes: put and call of a straddle share one, as do both of a calendar.
    fn strikes(self) -> usize {
        match self {
            Shape::Straddle | Shape::Calendar(_) => 1,
            _ => self.options().len(),
        }
    }
}

/// A leg in words.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spelt {
    /// Right and strike of an option; none for the underlying.
    pub option: Option<(Right, f64)>,
    /// Years to expiry; those of the strategy when none.
    pub years: Option<f64>,
    /// Contracts, or lots of the underlying of a contract's size; negative is short.
    pub quantity: f64,
    /// Price a unit; that of the model when none.
    pub price: Option<f64>,
}

/// What is held.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// A strategy by its name.
    Named {
        /// Which.
        shape: Shape,
        /// Its strikes, ascending.
        strikes: Vec<f64>,
        /// Prices of its options in that order; those of the model when none.
        prices: Vec<f64>,
    },
    /// Legs spelt out.
    Legs(Vec<Spelt>),
}

/// A strategy and its market.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question {
    /// What is held.
    pub held: Held,
    /// How many; negative is the other side.
    pub quantity: f64,
    /// Units of the underlying in one contract.
    pub multiplier: f64,
    /// Price of the underlying.
    pub spot: f64,
    /// Years to (the first) expiry.
    pub years: f64,
    /// Years to the far expiry, of a calendar.
    pub far_years: Option<f64>,
    /// Interest a year.
    pub rate: f64,
    /// Yield of the underlying a year.
    pub yield_rate: f64,
    /// Volatility a year: for chances, for values before expiry, for prices not given.
    pub volatility: f64,
    /// What kind of underlying, for margin.
    pub class: Class,
}

/// Where prices of legs come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prices {
    /// All were given.
    Given,
    /// Some or all are the model's at the stated volatility.
    Model,
}

/// The chance of a profit if volatility were this.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Chance {
    /// Volatility a year.
    pub volatility: f64,
    /// Chance that the profit at the horizon is above nothing.
    pub of_profit: f64,
}

/// What must be put up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Margin {
    /// By the rules of the exchanges, on opening.
    pub initial: Requirement,
    /// By the rules, while it is held.
    pub maintenance: Requirement,
    /// Portfolio margin: the largest loss over a range of prices.
    pub scan: Scan,
}

/// A strategy taken apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Picture {
    /// The question.
    pub question: Question,
    /// Its name.
    pub name: String,
    /// Its legs.
    pub legs: Vec<Leg>,
    /// Where their prices come from.
    pub prices: Prices,
    /// What was paid for all; negative is a credit.
    pub cost: f64,
    /// What all are worth now at the stated volatility.
    pub worth: f64,
    /// The most that can be earned at the horizon.
    pub max_profit: Extreme,
    /// The most that can be lost, as a profit.
    pub max_loss: Extreme,
    /// True where both hold for every price; else they are those of the prices drawn.
    pub exact: bool,
    /// Prices of the underlying at which the profit at the horizon is nothing.
    pub breakevens: Vec<f64>,
    /// Chances of a profit: at the stated volatility, and at a fifth less and more.
    pub chances: Vec<Chance>,
    /// Sensitivities of all legs now, in money.
    pub greeks: Greeks,
    /// Margin.
    pub margin: Margin,
    /// Profit over prices at the horizon, the first expiry.
    pub at_expiry: Vec<(f64, f64)>,
    /// The same halfway there.
    pub halfway: Vec<(f64, f64)>,
    /// The same now.
    pub now: Vec<(f64, f64)>,
}

/// Standard deviations that are drawn to each side.
const REACH: f64 = 3.5;
/// Points of a curve.
const POINTS: usize = 241;

/// Takes a strategy apart.
///
/// # Errors
/// [`Error::AskOptions`] for strikes, prices or legs that do not make the strategy;
/// [`Error::ValueOptions`] for numbers that can't be.
pub fn picture(question: &Question) -> Result<Picture, Error> {
    let (strategy, prices) = question.strategy()?;
    let moment = Moment {
        elapsed_years: 0.0,
        spot: question.spot,
        rate: question.rate,
        yield_rate: question.yield_rate,
    };
    let horizon = question.horizon(&strategy)?;
    let smile = |_: f64, _: f64| question.volatility;
    let range = question.range(&strategy, horizon);
    let at = |years: f64| Moment { elapsed_years: years, ..moment };
    let curve = |years: f64| {
        strategy.curve(&at(years), &smile, (range.0, range.1, POINTS)).map_err(Error::ValueOptions)
    };
    let end = End::of(&strategy, &at(horizon), question, (range.0, range.1, POINTS))?;
    let valued = |found: Result<f64, pricing::Error>| found.map_err(Error::ValueOptions);
    let chances = [0.8, 1.0, 1.2].map(|part| end.chance(part * question.volatility));
    let underlying = Underlying { class: question.class, spot: question.spot };
    let asked = |stage| required(strategy.legs(), &underlying, stage).map_err(Error::ValueOptions);
    let scanned = scan::required(&strategy, &moment, &smile, question.scanned());
    Ok(Picture {
        name: question.name(),
        legs: strategy.legs().to_vec(),
        prices,
        cost: strategy.cost(),
        worth: valued(strategy.value(&moment, &smile))?,
        max_profit: end.max_profit,
        max_loss: end.max_loss,
        exact: end.exact,
        breakevens: end.breakevens.clone(),
        chances: chances.into_iter().collect::<Result<_, _>>()?,
        greeks: strategy.greeks(&moment, &smile).map_err(Error::ValueOptions)?,
        margin: Margin {
            initial: asked(Stage::Initial)?,
            maintenance: asked(Stage::Maintenance)?,
            scan: scanned.map_err(Error::ValueOptions)?,
        },
        at_expiry: end.curve.clone(),
        halfway: curve(0.5 * horizon)?,
        now: curve(0.0)?,
        question: question.clone(),
    })
}

impl Question {
    fn name(&self) -> String {
        let side = if self.quantity < 0.0 { "sold " } else { "" };
        match &self.held {
            Held::Named { shape, .. } => format!("{side}{}", shape.name()),
            Held::Legs(legs) => format!("{side}{} legs", legs.len()),
        }
    }

    fn scanned(&self) -> Range {
        match self.class {
            Class::BroadIndex => Range::BroadIndex,
            Class::Equity | Class::NarrowIndex => Range::Equity,
        }
    }

    /// The first expiry of the options; without one, the years asked for.
    fn horizon(&self, strategy: &Strategy) -> Result<f64, Error> {
        let years = strategy.legs().iter().filter_map(|leg| match leg.instrument {
            Instrument::Option { years, .. } => Some(years),
            _ => None,
        });
        let first = years.fold(f64::INFINITY, f64::min);
        let found = if first.is_finite() { first } else { self.years };
        match found > 0.0 && self.volatility > 0.0 {
            true => Ok(found),
            false => Err(asked("days and volatility must be above 0".to_owned())),
        }
    }

    /// Prices drawn: so many deviations to each side, every strike inside.
    fn range(&self, strategy: &Strategy, horizon: f64) -> (f64, f64) {
        let wide = REACH * self.volatility * horizon.sqrt();
        let (mut low, mut high) = (self.spot * (-wide).exp(), self.spot * wide.exp());
        for leg in strategy.legs() {
            if let Instrument::Option { strike, .. } = leg.instrument {
                (low, high) = (low.min(0.97 * strike), high.max(1.03 * strike));
            }
        }
        (low, high)
    }

    fn strategy(&self) -> Result<(Strategy, Prices), Error> {
        match &self.held {
            Held::Named { shape, strikes, prices } => self.named(*shape, strikes, prices),
            Held::Legs(legs) => self.spelt(legs),
        }
    }

    fn modelled(&self, right: Right, strike: f64, years: f64) -> Result<f64, Error> {
        let Question { spot, rate, yield_rate, volatility, .. } = *self;
        let market = pricing::Market { spot, rate, yield_rate, volatility };
        let option = Vanilla { right, strike, years };
        vanilla::price(&option, &market).map_err(Error::ValueOptions)
    }

    fn spelt(&self, legs: &[Spelt]) -> Result<(Strategy, Prices), Error> {
        let mut from = Prices::Given;
        let mut leg = |it: &Spelt| -> Result<Leg, Error> {
            let years = it.years.unwrap_or(self.years);
            let (instrument, usual) = match it.option {
                None => (Instrument::Underlying, self.spot),
                Some((right, strike)) => {
                    from = if it.price.is_none() { Prices::Model } else { from };
                    let usual = match it.price {
                        Some(price) => price,
                        None => self.modelled(right, strike, years)?,
                    };
                    (Instrument::Option { right, strike, years }, usual)
                }
            };
            let (quantity, multiplier) = (it.quantity * self.quantity, self.multiplier);
            Ok(Leg { instrument, quantity, multiplier, price: it.price.unwrap_or(usual) })
        };
        let legs: Vec<Leg> = legs.iter().map(&mut leg).collect::<Result<_, _>>()?;
        Ok((Strategy::new(legs).map_err(Error::ValueOptions)?, from))
    }

    fn named(
        &self,
        shape: Shape,
        strikes: &[f64],
        prices: &[f64],
    ) -> Result<(Strategy, Prices), Error> {
        let (rights, name) = (shape.options(), shape.name());
        if strikes.len() != shape.strikes() {
            let (wanted, given) = (shape.strikes(), strikes.len());
            return Err(asked(format!("{name}: it has {wanted} strikes, not {given}: --strikes")));
        }
        if !prices.is_empty() && prices.len() != rights.len() {
            let (wanted, given) = (rights.len(), prices.len());
            return Err(asked(format!("{name}: it has {wanted} prices, not {given}: --prices")));
        }
        let far = match (shape, self.far_years) {
            (Shape::Calendar(_), None) => {
                return Err(asked("a calendar has a later expiry: give --far-days".to_owned()));
            }
            (Shape::Calendar(_), Some(years)) => years,
            _ => self.years,
        };
        let struck = |at: usize| -> Result<Struck, Error> {
            let strike = strikes[at.min(strikes.len() - 1)];
            let years = if at + 1 == rights.len() { far } else { self.years };
            let price = match prices.get(at) {
                Some(price) => *price,
                None => self.modelled(rights[at], strike, years)?,
            };
            Ok(Struck { strike, price })
        };
        let at: Vec<Struck> = (0..rights.len()).map(struck).collect::<Result<_, _>>()?;
        let lot = Lot { quantity: self.quantity, multiplier: self.multiplier, years: self.years };
        let made = match (shape, &at[..]) {
            (Shape::Vertical(kind), &[low, high]) => build::vertical(kind, low, high, lot),
            (Shape::IronCondor, &[a, b, c, d]) => build::iron_condor([a, b, c, d], lot),
            (Shape::Butterfly(right), &[a, b, c]) => build::butterfly(right, [a, b, c], lot),
            (Shape::Straddle, &[put, call]) => build::straddle(put, call, lot),
            (Shape::Strangle, &[put, call]) => build::strangle(put, call, lot),
            (Shape::Calendar(right), &[near, later]) => {
                build::calendar(right, near, later, far, lot)
            }
            (Shape::CoveredCall, &[call]) => build::covered_call(self.spot, call, lot),
            (Shape::Collar, &[put, call]) => build::collar(self.spot, put, call, lot),
            _ => return Err(asked(format!("{name}: it has other legs"))),
        };
        let from = if prices.is_empty() { Prices::Model } else { Prices::Given };
        Ok((made.map_err(Error::ValueOptions)?, from))
    }
}

fn asked(what: String) -> Error {
    Error::AskOptions { doing: DOING, what }
}

/// What the strategy brings at its horizon.
struct End<'a> {
    strategy: &'a Strategy,
    moment: Moment,
    question: &'a Question,
    range: (f64, f64, usize),
    max_profit: Extreme,
    max_loss: Extreme,
    exact: bool,
    breakevens: Vec<f64>,
    curve: Vec<(f64, f64)>,
}

impl<'a> End<'a> {
    fn of(
        strategy: &'a Strategy,
        moment: &Moment,
        question: &'a Question,
        range: (f64, f64, usize),
    ) -> Result<End<'a>, Error> {
        let moment = *moment;
        if let Ok(payoff) = strategy.payoff() {
            return Ok(End {
                strategy,
                moment,
                question,
                range,
                max_profit: payoff.max_profit(),
                max_loss: payoff.max_loss(),
                exact: true,
                breakevens: payoff.breakevens(),
                curve: payoff.samples(range.0, range.1),
            });
        }
        // Options with time left at the first expiry: values there are the model's.
        let smile = |_: f64, _: f64| question.volatility;
        let curve = strategy.curve(&moment, &smile, range).map_err(Error::ValueOptions)?;
        let profits = || curve.iter().map(|point| point.1);
        let breakevens = strategy.breakevens_at(&moment, &smile, range);
        Ok(End {
            strategy,
            moment,
            question,
            range,
            max_profit: Extreme::Bounded(profits().fold(f64::NEG_INFINITY, f64::max)),
            max_loss: Extreme::Bounded(profits().fold(f64::INFINITY, f64::min)),
            exact: false,
            breakevens: breakevens.map_err(Error::ValueOptions)?,
            curve,
        })
    }

    /// The chance of a profit if the underlying ends lognormal with this volatility.
    fn chance(&self, volatility: f64) -> Result<Chance, Error> {
        let Question { spot, rate, yield_rate, .. } = *self.question;
        let years = self.moment.elapsed_years;
        let market = pricing::Market { spot, rate, yield_rate, volatility };
        let (forward, discount) = (market.forward(years), market.discount(years));
        let below = lognormal_below(Term { years, forward, discount }, volatility)
            .map_err(Error::ValueOptions)?;
        let of_profit = match self.strategy.payoff() {
            Ok(payoff) => payoff.probability_of_profit(below),
            Err(_) => {
                let smile = |_: f64, _: f64| self.question.volatility;
                self.strategy
                    .probability_of_profit_at(&self.moment, &smile, self.range, below)
                    .map_err(Error::ValueOptions)?
            }
        };
        Ok(Chance { volatility, of_profit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_for(shape: Shape, strikes: &[f64], prices: &[f64]) -> Question {
        let held = Held::Named { shape, strikes: strikes.to_vec(), prices: prices.to_vec() };
        Question {
            held,
            quantity: 1.0,
            multiplier: 100.0,
            spot: 100.0,
            years: 0.25,
            far_years: None,
            rate: 0.0,
            yield_rate: 0.0,
            volatility: 0.2,
            class: Class::Equity,
        }
    }

    #[test]
    fn a_condor_s_credit_width_and_breakevens_add_up() {
        let strikes = [90.0, 95.0, 105.0, 110.0];
        let found = picture(&asked_for(Shape::IronCondor, &strikes, &[0.5, 1.2, 1.3, 0.4]));
        let found = found.unwrap();
        assert!((found.cost + 160.0).abs() < 1e-9, "{}", found.cost);
        assert_eq!(found.breakevens.len(), 2);
        assert!((found.breakevens[0] - 93.4).abs() < 1e-9);
        let Extreme::Bounded(loss) = found.max_loss else { panic!("{:?}", found.max_loss) };
        assert!((loss + 340.0).abs() < 1e-9);
        assert!((found.margin.initial.deposit() - 340.0).abs() < 1e-9);
        let [low, mid, high] = [0, 1, 2].map(|at: usize| found.chances[at].of_profit);
        assert!(low > mid && mid > high, "{:?}", found.chances);
    }

    #[test]
    fn at_the_stated_volatility_a_strategy_is_worth_its_cost() {
        let table = [
            (Shape::Straddle, vec![100.0]),
            (Shape::Butterfly(Right::Call), vec![95.0, 100.0, 105.0]),
            (Shape::CoveredCall, vec![105.0]),
            (Shape::Collar, vec![95.0, 105.0]),
            (Shape::Strangle, vec![95.0, 105.0]),
            (Shape::Vertical(Vertical::BearPut), vec![95.0, 100.0]),
        ];
        for (shape, strikes) in table {
            let found = picture(&asked_for(shape, &strikes, &[])).unwrap();
            assert_eq!(found.prices, Prices::Model);
            assert!((found.worth - found.cost).abs() < 1e-9, "{shape:?}");
            assert!(found.chances[1].of_profit > 0.0 && found.chances[1].of_profit < 1.0);
        }
    }

    #[test]
    fn a_calendar_is_valued_at_its_first_expiry_and_says_so() {
        let question = asked_for(Shape::Calendar(Right::Call), &[100.0], &[]);
        assert!(picture(&question).unwrap_err().to_string().contains("--far-days"));
        let found = picture(&Question { far_years: Some(0.5), ..question }).unwrap();
        assert!(!found.exact);
        assert_eq!(found.breakevens.len(), 2, "{:?}", found.breakevens);
        let Extreme::Bounded(loss) = found.max_loss else { panic!("{:?}", found.max_loss) };
        assert!(loss >= -found.cost - 1e-9, "{loss} {}", found.cost);
    }

    #[test]
    fn legs_spelt_out_are_the_strategy_of_that_name() {
        let named = asked_for(Shape::Straddle, &[100.0], &[3.0, 4.0]);
        let leg = |right, price| Spelt {
            option: Some((right, 100.0)),
            years: None,
            quantity: 1.0,
            price: Some(price),
        };
        let held = Held::Legs(vec![leg(Right::Put, 3.0), leg(Right::Call, 4.0)]);
        let spelt = picture(&Question { held, ..named.clone() }).unwrap();
        let named = picture(&named).unwrap();
        assert_eq!((spelt.legs, spelt.breakevens), (named.legs, named.breakevens));
    }

    #[test]
    fn strikes_that_do_not_fit_are_told() {
        let told = picture(&asked_for(Shape::IronCondor, &[90.0, 95.0], &[])).unwrap_err();
        assert!(told.to_string().contains("4 strikes, not 2"), "{told}");
        let told = picture(&asked_for(Shape::Straddle, &[100.0], &[1.0])).unwrap_err();
        assert!(told.to_string().contains("2 prices, not 1"), "{told}");
        let falls = asked_for(Shape::Vertical(Vertical::BullCall), &[105.0, 100.0], &[]);
        assert!(picture(&falls).is_err());
    }
}
