//! `trimtab options price`.

use std::fmt::Write as _;

use pipeline::options::price::{Answer, Figure, Given, Method, Question, Underlying, price};
use pricing::Vanilla;
use pricing::american::grid::Best;
use pricing::american::{Dividend, Exercise};

use super::{carry, right};
use crate::cli::options::{PriceArgs, TimeArgs};
use crate::failure::Failure;
use crate::terminal::{Terminal, headed};

/// Days of a year, as they are counted throughout.
const DAYS_A_YEAR: f64 = 365.25;

pub(super) fn run(args: &PriceArgs, terminal: Terminal) -> Result<(), Failure> {
    let found = price(&question(args)?)?;
    terminal.answer(&found, told(&found))
}

fn question(args: &PriceArgs) -> Result<Question, Failure> {
    let carry = carry(&args.carry)?;
    let years = years(&args.time)?;
    let dividend = |(day, cash): &(base::Day, f64)| match args.time.at {
        Some(at) if *day > at => {
            Ok(Dividend { years: f64::from(*day - at) / DAYS_A_YEAR, cash: *cash })
        }
        Some(at) => Err(Failure::new(format!("read --dividend: {day} is not after --at {at}"))
            .advise("what went ex by then is no longer in the price; leave it out")),
        None => Err(Failure::new("read --dividend: days are counted from --at")
            .advise("give --at, the day for which the price is asked")),
    };
    let dividends = carry.dividends.iter().map(dividend).collect::<Result<Vec<_>, _>>()?;
    // A forward needs no more than one of the two, which the words see to.
    let underlying = match (args.spot, args.forward) {
        (Some(spot), _) => Underlying::Spot(spot),
        (None, forward) => Underlying::Forward(forward.unwrap_or(f64::NAN)),
    };
    let given = match (args.volatility, args.price) {
        (Some(volatility), _) => Given::Volatility(volatility),
        (None, price) => Given::Price(price.unwrap_or(f64::NAN)),
    };
    Ok(Question {
        option: Vanilla { right: right(args.right), strike: args.strike, years },
        exercise: if args.american { Exercise::American } else { Exercise::European },
        underlying,
        rate: carry.rate,
        yield_rate: carry.yield_rate,
        dividends,
        given,
    })
}

fn years(args: &TimeArgs) -> Result<f64, Failure> {
    let found = match (args.years, args.days, args.expiry, args.at) {
        (Some(years), ..) => years,
        (_, Some(days), ..) => days / DAYS_A_YEAR,
        (_, _, Some(expiry), Some(at)) => f64::from(expiry - at) / DAYS_A_YEAR,
        _ => {
            return Err(Failure::new("read the time to expiry: there is none")
                .advise("give --years, --days, or --expiry with --at"));
        }
    };
    match found > 0.0 {
        true => Ok(found),
        false => Err(Failure::new(format!("price an option with {found:.4} years left"))
            .advise("it has expired, or --at and --expiry are the wrong way around")),
    }
}

fn shown(figure: Figure, digits: usize) -> String {
    match figure.error {
        None => format!("{:.digits$}", figure.value),
        Some(error) => format!("{:.digits$} ± {error:.1e}", figure.value),
    }
}

fn told(found: &Answer) -> String {
    let method = match found.method {
        Method::BlackScholesMerton => "Black-Scholes-Merton, exact to rounding",
        Method::Black76 => "Black-76, exact to rounding",
        Method::Grid => {
            "finite differences, 801 prices by 200 steps; ± is what half as fine differs"
        }
    };
    let mut text = format!("value         {}\n  method      {method}", shown(found.value, 6));
    let volatility = shown(found.volatility, 8);
    let from = match found.question.given {
        Given::Volatility(_) => "given",
        Given::Price(_) => "that of the price",
    };
    let _ = write!(text, "\n  volatility  {volatility}, {from}");
    let _ = write!(text, "\n  forward     {:.6}", found.forward);
    let _ = write!(text, "\n  exercise    {:.6} now", found.intrinsic);
    if let Some(more) = found.early_exercise {
        let _ = write!(text, "; the right to it adds {more:.6}");
    }
    if let Some(best) = found.best {
        let word = match best {
            Best::Hold => "hold",
            Best::Exercise => "exercise",
        };
        let _ = write!(text, "\n  best now    {word}");
    }
    if let Some(tree) = found.tree {
        let _ = write!(text, "\n  by a tree   {tree:.6}, of 801 steps (Leisen and Reimer)");
    }
    let mut table = headed(["", "figure", "of what"]);
    for it in &found.sensitivities {
        table.add_row([it.name.to_owned(), shown(it.figure, 6), it.unit.to_owned()]);
    }
    let _ = write!(text, "\n{table}");
    text.push_str("\n1.00 of volatility is a hundred points; a 365th of a year is a day");
    text
}
