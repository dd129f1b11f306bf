//! `trimtab options payoff`.

use std::fmt::Write as _;
use std::path::Path;

use pipeline::options::payoff::{Held, Picture, Prices, Question, Shape, Spelt, picture};
use pipeline::options::payoff_page::{breakevens, extreme, leg_words, page};
use pricing::Right;
use pricing::strategy::Vertical;
use report::Origin;
use serde::Serialize;

use super::{class, provenance, right, write};
use crate::cli::options::{PayoffArgs, StanceArg, StrategyArg};
use crate::failure::Failure;
use crate::terminal::{Terminal, headed};

const DAYS_A_YEAR: f64 = 365.25;

/// What it answers to programs.
#[derive(Serialize)]
struct Answer {
    report: String,
    picture: Picture,
}

pub(super) fn run(args: &PayoffArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let found = picture(&question(args)?)?;
    let provenance = provenance("of the command line".to_owned(), Origin::Given, None);
    let name = format!("payoff-{}", found.name.replace(' ', "-"));
    let report = write(&page(&found, &provenance), home, &name)?;
    let text = told(&found, &report);
    terminal.answer(&Answer { report, picture: found }, text)
}

fn question(args: &PayoffArgs) -> Result<Question, Failure> {
    let (held, side) = held(args)?;
    Ok(Question {
        held,
        quantity: side * args.quantity,
        multiplier: args.multiplier,
        spot: args.spot,
        years: args.days / DAYS_A_YEAR,
        far_years: args.far_days.map(|days| days / DAYS_A_YEAR),
        rate: args.rate,
        yield_rate: args.yield_rate,
        volatility: args.volatility,
        class: class(args.class),
    })
}

/// What is held, and which side of it.
fn held(args: &PayoffArgs) -> Result<(Held, f64), Failure> {
    let right = right(args.right);
    let side = if args.stance == StanceArg::Short { -1.0 } else { 1.0 };
    let shape = match (args.strategy, args.stance, right) {
        (StrategyArg::Legs, ..) => {
            if args.leg.is_empty() {
                return Err(Failure::new("draw legs: there is none")
                    .advise("give each as --leg '+1 call 105 @2.10'"));
            }
            let legs = args.leg.iter().map(|text| leg(text)).collect::<Result<_, _>>()?;
            return Ok((Held::Legs(legs), side));
        }
        // Each vertical has a name of its own for either side.
        (StrategyArg::Vertical, StanceArg::Long, Right::Call) => {
            Shape::Vertical(Vertical::BullCall)
        }
        (StrategyArg::Vertical, StanceArg::Short, Right::Call) => {
            Shape::Vertical(Vertical::BearCall)
        }
        (StrategyArg::Vertical, StanceArg::Long, Right::Put) => Shape::Vertical(Vertical::BearPut),
        (StrategyArg::Vertical, StanceArg::Short, Right::Put) => Shape::Vertical(Vertical::BullPut),
        (StrategyArg::IronCondor, ..) => Shape::IronCondor,
        (StrategyArg::Butterfly, ..) => Shape::Butterfly(right),
        (StrategyArg::Straddle, ..) => Shape::Straddle,
        (StrategyArg::Strangle, ..) => Shape::Strangle,
        (StrategyArg::Calendar, ..) => Shape::Calendar(right),
        (StrategyArg::CoveredCall, ..) => Shape::CoveredCall,
        (StrategyArg::Collar, ..) => Shape::Collar,
    };
    if !args.leg.is_empty() {
        return Err(Failure::new("draw a strategy by its name and by legs at once")
            .advise("say `legs` in place of the name"));
    }
    let side = if args.strategy == StrategyArg::Vertical { 1.0 } else { side };
    let (strikes, prices) = (args.strikes.clone(), args.prices.clone());
    Ok((Held::Named { shape, strikes, prices }, side))
}

/// A leg like `+1 call 105 60d @2.10` or `-1 shares @100`.
fn leg(text: &str) -> Result<Spelt, Failure> {
    let wrong = || {
        Failure::new(format!("read --leg {text:?}: it is no leg"))
            .advise("write number, call, put or shares, strike, and days and price where needed: '+1 call 105 60d @2.10'")
    };
    let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
    let mut words = text.split_whitespace();
    let quantity = words.next().and_then(number).filter(|it| *it != 0.0).ok_or_else(wrong)?;
    let option = match words.next() {
        Some("shares") => None,
        Some(word @ ("call" | "put")) => {
            let strike = words.next().and_then(number).ok_or_else(wrong)?;
            Some((if word == "call" { Right::Call } else { Right::Put }, strike))
        }
        _ => return Err(wrong()),
    };
    let mut found = Spelt { option, years: None, quantity, price: None };
    for word in words {
        let days = word.strip_suffix('d').and_then(number);
        let price = word.strip_prefix('@').and_then(number);
        match (days, price) {
            (Some(days), _) if option.is_some() => found.years = Some(days / DAYS_A_YEAR),
            (None, Some(price)) => found.price = Some(price),
            _ => return Err(wrong()),
        }
    }
    Ok(found)
}

fn told(found: &Picture, report: &str) -> String {
    let mut table = headed(["leg", "contracts", "price"]);
    for leg in &found.legs {
        let quantity = format!("{:+}", leg.quantity);
        table.add_row([leg_words(leg), quantity, format!("{:.4}", leg.price)]);
    }
    let mut text = format!("{}\n{table}", found.name);
    let from = match found.prices {
        Prices::Given => "prices as given",
        Prices::Model => "prices by the formula at the stated volatility, where none was given",
    };
    let paid = if found.cost < 0.0 { "credit" } else { "cost" };
    let _ = write!(text, "\n  {paid:<11} {:.2}; {from}", found.cost.abs());
    let _ = write!(text, "\n  most        {}", extreme(found.max_profit));
    let _ = write!(text, "\n  worst       {}", extreme(found.max_loss));
    if !found.exact {
        text.push_str("\n  of several expiries: over the prices drawn, at the first expiry");
    }
    let _ = write!(text, "\n  breakevens  {}", breakevens(found));
    for chance in &found.chances {
        let _ = write!(
            text,
            "\n  chance      {:.1} % of a profit at a volatility of {:.1} %",
            100.0 * chance.of_profit,
            100.0 * chance.volatility
        );
    }
    let margin = &found.margin;
    let _ = write!(
        text,
        "\n  margin      {:.2} to open, {:.2} to hold beside the proceeds; {:.2} by price range",
        margin.initial.deposit(),
        margin.maintenance.deposit(),
        margin.scan.required
    );
    text.push_str("\nchances follow from the stated volatility, not from data; fees are left out");
    let _ = write!(text, "\n{report}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_is_read_word_by_word() {
        let found = leg("-2 put 95.5 60d @1.25").unwrap();
        assert_eq!((found.option, found.quantity), (Some((Right::Put, 95.5)), -2.0));
        assert_eq!(found.price, Some(1.25));
        assert!((found.years.unwrap() * DAYS_A_YEAR - 60.0).abs() < 1e-9);
        assert_eq!(leg("+1 shares @100").unwrap().option, None);
        for wrong in
            ["", "1", "1 call", "0 call 100", "1 cat 100", "1 call 100 many", "1 shares 9d"]
        {
            assert!(leg(wrong).is_err(), "{wrong:?}");
        }
    }
}
