//! `trimtab options backtest`.

use std::fmt::Write as _;
use std::path::Path;

use base::{Day, Seed};
use market::{OptionQuote, OptionRight, Price};
use pipeline::options::backtest::{Outcome, run as backtest};
use pipeline::options::backtest_page::{age, claim, exits, page};
use pipeline::options::moments::{Around, Moments};
use pipeline::options::recorded::{Hints, Rows, UNDERLYING};
use pipeline::options::words;
use pricing::margin::Class;
use report::Origin;
use serde::Serialize;
use sim::options::backtest::{Exit, Plan};
use sim::options::life::EarlyAssignment;
use sim::options::select::{Stance, Structure, Target};
use sim::options::synthetic::{SyntheticChains, SyntheticConfig};
use sim::options::{
    Arrival, Asset, Assumed, FillAt, MarginRule, OptionExchangeConfig, OptionFees, QuoteRules,
    Rules,
};

use super::{carry, provenance, recorded, write};
use crate::cli::options::{
    ArrivalArg, BacktestArgs, FeesArg, FillArg, MarginArg, PlanArgs, RightArg, StanceArg,
    StrategyArg,
};
use crate::command::depth::span;
use crate::failure::Failure;
use crate::terminal::{Terminal, headed};

/// Fills shown on the terminal.
const MOST_FILLS: usize = 12;

/// What it answers to programs.
#[derive(Serialize)]
struct Answer {
    report: String,
    outcome: Outcome,
}

pub(super) fn run(args: &BacktestArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let plan = plan(args)?;
    let (found, name, page) = match (&args.file, &args.made) {
        (Some(file), _) => on_file(args, file, &plan)?,
        (None, made) => on_made(args, made.as_deref().unwrap_or_default(), &plan)?,
    };
    let report = write(&page, home, &name)?;
    let text = told(&found, &report);
    terminal.answer(&Answer { report, outcome: found }, text)
}

type Done = (Outcome, String, report::Page);

fn on_file(args: &BacktestArgs, file: &Path, plan: &Plan) -> Result<Done, Failure> {
    let (file, digest) = recorded(file, &args.recorded, Hints::default())?;
    let Rows::Quotes(quotes) = &file.rows else {
        return Err(Failure::new(format!("run a plan over {}: it is {}", file.name, file.form))
            .advise("name a file of quotes: nothing can be bought at a last price"));
    };
    let inside = |quote: &&OptionQuote| {
        let day = quote.known.utc_day();
        args.from.is_none_or(|from| day >= from) && args.to.is_none_or(|to| day <= to)
    };
    let quotes: Vec<OptionQuote> = quotes.iter().filter(inside).copied().collect();
    let around = Around {
        carry: carry(&args.recorded.carry)?,
        splits: args.split.iter().map(|text| split(text)).collect::<Result<_, _>>()?,
        oldest: plan.exchange.rules.quotes.oldest,
    };
    let found = backtest(plan, Moments::new(&quotes, &around))?;
    let mut said = vec![
        "The file holds no price of the underlying: its bid and ask are those of the tightest \
         pair of call and put near the money, of the nearest expiry with three pairs. Shares are \
         bought and sold at them."
            .to_owned(),
        "Settlement is by the middle of that price at the last moment of a session, not by the \
         official close."
            .to_owned(),
        format!(
            "{} splits and {} payments were given.",
            around.splits.len(),
            around.carry.dividends.len()
        ),
    ];
    if !around.carry.dividends.is_empty() {
        said.push("Payments are taken to be announced before the first day.".to_owned());
    }
    let data = format!("{}, {} quotes of {}, {digest}", file.name, quotes.len(), file.symbol);
    let title = format!("{} on {}", words_of(args.plan.strategy), file.symbol);
    let page = page(&found, &title, &said, &provenance(data, Origin::Recorded, None));
    let name = format!("options-{}-{}", file.symbol, word_of(args.plan.strategy));
    Ok((found, name, page))
}

fn on_made(args: &BacktestArgs, made: &str, plan: &Plan) -> Result<Done, Failure> {
    let wrong = || {
        Failure::new(format!("read --made {made:?}: it is no stretch of days"))
            .advise("write it as 2022-01-03..2023-12-29")
    };
    let (from, to) = made.split_once("..").ok_or_else(wrong)?;
    let days: (Day, Day) = (from.parse().map_err(|_| wrong())?, to.parse().map_err(|_| wrong())?);
    let config = SyntheticConfig { underlying: UNDERLYING, ..SyntheticConfig::default() };
    let chains = SyntheticChains::new(config, days, Seed::root(args.seed))?;
    let found = backtest(plan, chains)?;
    let said = vec![format!(
        "Made chains: a lognormal walk whose volatility reverts to {:.0} %, options worth what \
         they cost on average; a profit here says nothing of any market.",
        100.0 * config.volatility
    )];
    let (data, seed) = (format!("made chains, {made}"), Some(args.seed));
    let title = format!("{} on made chains", words_of(args.plan.strategy));
    let page = page(&found, &title, &said, &provenance(data, Origin::Synthetic, seed));
    Ok((found, format!("options-made-{}", word_of(args.plan.strategy)), page))
}

/// The name of a strategy on the command line.
fn word_of(strategy: StrategyArg) -> String {
    use clap::ValueEnum as _;
    strategy.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn words_of(strategy: StrategyArg) -> String {
    let words = word_of(strategy).replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn split(text: &str) -> Result<(Day, u32, u32), Failure> {
    let wrong = || {
        Failure::new(format!("read --split {text:?}: it is no split"))
            .advise("write its first day and new for old shares as 2014-06-09=7:1")
    };
    let (day, ratio) = text.split_once('=').ok_or_else(wrong)?;
    let (new, old) = ratio.split_once(':').ok_or_else(wrong)?;
    let number = |text: &str| text.parse::<u32>().ok().filter(|it| *it > 0).ok_or_else(wrong);
    Ok((day.parse().map_err(|_| wrong())?, number(new)?, number(old)?))
}

fn plan(args: &BacktestArgs) -> Result<Plan, Failure> {
    let (plan, terms, carry) = (&args.plan, &args.terms, carry(&args.recorded.carry)?);
    let (rate, yield_rate) = (carry.rate, carry.yield_rate);
    let oldest = span("--oldest-min", 60_000.0 * args.recorded.oldest_min)?;
    if !(0.0..=1.0).contains(&terms.assigned) {
        return Err(Failure::new(format!("read --assigned: {} is not in 0..=1", terms.assigned)));
    }
    if plan.units == 0 {
        return Err(Failure::new("trade nothing").advise("give --units above zero"));
    }
    let seed = Seed::root(args.seed).child("assignment");
    let early = EarlyAssignment { rate, share: terms.assigned, seed };
    let rules = Rules {
        quotes: QuoteRules { oldest, rate, ..QuoteRules::default() },
        fill_at: match terms.fill {
            FillArg::Touch => FillAt::Touch,
            FillArg::Mid => FillAt::Mid,
        },
        fees: match terms.fees {
            FeesArg::Ibkr => OptionFees::default(),
            FeesArg::None => OptionFees::free(),
        },
        margin: match terms.margin {
            MarginArg::None => MarginRule::None,
            MarginArg::WorstCase => MarginRule::WorstCase,
            MarginArg::Equity => MarginRule::StrategyBased(Class::Equity),
            MarginArg::BroadIndex => MarginRule::StrategyBased(Class::BroadIndex),
        },
    };
    let arrival = match terms.arrival {
        ArrivalArg::Standing => Arrival::Standing,
        ArrivalArg::Next => Arrival::NextQuote,
    };
    Ok(Plan {
        underlying: UNDERLYING,
        structure: structure(plan)?,
        days: days(&plan.days)?,
        units: plan.units,
        exit: Exit {
            days_left: plan.close_days,
            held_days: plan.hold_days,
            profit: plan.take,
            stop: plan.stop,
        },
        assumed: Assumed { rate, yield_rate },
        early: (terms.assigned > 0.0).then_some(early),
        exchange: OptionExchangeConfig {
            cash: terms.cash.parse()?,
            rules,
            arrival,
            ..OptionExchangeConfig::default()
        },
    })
}

fn days(text: &str) -> Result<(i32, i32), Failure> {
    let read = || {
        let (least, most) = text.split_once("..")?;
        let (least, most) = (least.parse::<i32>().ok()?, most.parse::<i32>().ok()?);
        (0 <= least && least <= most && most <= 10_000).then_some((least, most))
    };
    read().ok_or_else(|| {
        Failure::new(format!("read --days {text:?}: it is no stretch of days"))
            .advise("write least and most days to expiry as 20..45")
    })
}

fn structure(args: &PlanArgs) -> Result<Structure, Failure> {
    let right = match args.right {
        RightArg::Call => OptionRight::Call,
        RightArg::Put => OptionRight::Put,
    };
    let stance = match args.stance {
        StanceArg::Long => Stance::Long,
        StanceArg::Short => Stance::Short,
    };
    let width = || -> Result<Price, Failure> {
        let text = args.width.as_deref().ok_or_else(|| {
            Failure::new(format!("choose the outer strikes of a {}", word_of(args.strategy)))
                .advise("give --width, their distance in the underlying's price")
        })?;
        let width: Price = text.parse()?;
        match width > Price::ZERO {
            true => Ok(width),
            false => Err(Failure::new(format!("read --width {text}: it is not above 0"))),
        }
    };
    let put = target(args, args.delta)?;
    let call = target(args, args.call_delta.or(args.delta))?;
    let one = if args.right == RightArg::Call { call } else { put };
    Ok(match args.strategy {
        StrategyArg::Vertical => Structure::Vertical { right, stance, near: one, width: width()? },
        StrategyArg::IronCondor => Structure::IronCondor { put, call, width: width()? },
        StrategyArg::Butterfly => Structure::Butterfly { right, centre: one, width: width()? },
        StrategyArg::Straddle => Structure::Straddle { stance, centre: call },
        StrategyArg::Calendar => Structure::Calendar { right, centre: one, apart: args.apart },
        StrategyArg::CoveredCall => Structure::CoveredCall { call },
        StrategyArg::Collar => Structure::Collar { put, call },
        StrategyArg::Strangle | StrategyArg::Legs => {
            return Err(Failure::new(format!("test a plan of {}", word_of(args.strategy)))
                .advise("choose vertical, iron-condor, butterfly, straddle, calendar, covered-call or collar"));
        }
    })
}

fn target(args: &PlanArgs, delta: Option<f64>) -> Result<Target, Failure> {
    match (delta, args.moneyness) {
        (Some(delta), _) if delta > 0.0 && delta < 1.0 => Ok(Target::Delta(delta)),
        (Some(delta), _) => Err(Failure::new(format!("read --delta: {delta} is not in 0..1"))
            .advise("give its magnitude, for puts too")),
        (None, Some(part)) if part > 0.1 && part < 10.0 => Ok(Target::Moneyness(part)),
        (None, Some(part)) => {
            Err(Failure::new(format!("read --moneyness: {part} is not in 0.1..10"))
                .advise("1 is at the money, 0.95 a strike 5 % below"))
        }
        (None, None) => Err(Failure::new("choose a strike: there is no rule")
            .advise("give --delta 0.25, or --moneyness 1")),
    }
}

fn told(found: &Outcome, report: &str) -> String {
    let (_, title, reason) = claim(found);
    let mut text = format!("{title}: {reason}");
    if let (Some(first), Some(last)) = (found.first, found.last) {
        let moments = found.report.moments;
        let _ = write!(text, "\n  {moments} moments of {} days, {first} to {last}", found.days);
    }
    let _ = write!(text, "\n  {}", exits(&found.plan.exit));
    let figures = &found.figures;
    for (name, it) in [("trade", figures.profit_a_trade), ("day", figures.profit_a_day)] {
        if !it.value.is_finite() {
            let _ = write!(text, "\n  profit a {name:<6} none to take a mean of");
            continue;
        }
        let ends = it.ends(|value| format!("{value:.2}"));
        let _ = write!(text, "\n  profit a {name:<6} {:.2} ({ends} at 95 %)", it.value);
    }
    let _ = write!(text, "\n  deepest fall   {}", found.report.drawdown);
    let _ = write!(text, "\n  quotes         {}", found.quotes);
    for (reason, times) in &found.refused_quotes {
        let _ = write!(text, "\n    {times} {}", words::refusal(*reason));
    }
    for (reason, times) in &found.report.tally.refused {
        let _ = write!(text, "\n  {times} orders refused: {}", words::refusal(*reason));
    }
    for (reason, times) in &found.report.no_choice {
        let _ = write!(text, "\n  {times} times nothing chosen: {}", words::no_choice(*reason));
    }
    for (event, times) in &found.report.events {
        let _ = write!(text, "\n  {times} {}", words::event(*event));
    }
    let _ = write!(text, "\n{}", fills(found));
    let more = found.report.fills.len().saturating_sub(MOST_FILLS);
    if more > 0 {
        let _ = write!(text, "\n{more} more fills on the page, all of them with --json");
    }
    let _ = write!(text, "\n{report}");
    text
}

fn fills(found: &Outcome) -> comfy_table::Table {
    let mut table = headed(["at", "what", "contracts", "price", "bid", "ask", "age", "fee"]);
    let price = |offer: Option<market::Offer>| {
        offer.map_or("none".to_owned(), |offer| offer.price.to_string())
    };
    for fill in found.report.fills.iter().take(MOST_FILLS) {
        let what = match &fill.asset {
            Asset::Option(contract) => words::contract(contract),
            Asset::Shares(_) => "shares".to_owned(),
        };
        table.add_row([
            fill.at.to_string(),
            what,
            format!("{:+}", fill.qty),
            fill.price.to_string(),
            price(fill.evidence.bid),
            price(fill.evidence.ask),
            age(fill),
            fill.fee.to_cents().to_string(),
        ]);
    }
    table
}
