//! `trimtab orders statement`: what the broker says was done, held against what was booked here.

use std::path::Path;
use std::time::Duration;

use base::Ts;
use brokers::flex::{
    Booked, Comparison, Differs, Ending, Errand, Patience, Reading, Report, Slashes, Statement,
    Tolerance, Trade, Web, compare, compare_ending, read,
};
use pipeline::day::BOOK;
use serde::Serialize;
use store::Store;

use crate::cli::statement::{SlashesArg, StatementArgs};
use crate::failure::Failure;
use crate::files;
use crate::state;
use crate::terminal::{Terminal, headed};

/// What is said of a statement.
#[derive(Debug, Serialize)]
struct Shown {
    accounts: Vec<String>,
    /// Fills booked here in the statement's period.
    fills: usize,
    #[serde(flatten)]
    found: Comparison,
    /// Executions that the statement tells more than once.
    doubled: usize,
    /// Values of the statement that can't be read.
    faults: Vec<String>,
}

pub(crate) fn run(
    args: &StatementArgs,
    home: &Path,
    url: Option<&str>,
    terminal: Terminal,
) -> Result<(), Failure> {
    if let Some(query) = &args.fetch {
        fetch(args, query)?;
    }
    let slashes = args.slashes.map(|slashes| match slashes {
        SlashesArg::MonthFirst => Slashes::MonthFirst,
        SlashesArg::DayFirst => Slashes::DayFirst,
    });
    let name = args.file.display();
    let report = read(&files::read(&args.file)?, &Reading { slashes, ..Reading::default() })
        .map_err(|error| {
            Failure::new(format!("{name}: {error}"))
                .advise("the answer of an Activity Flex Query, as XML")
        })?;
    let store = state::open(home, url)?;
    let booked =
        booked(&report, &store).map_err(|failure| Failure::new(format!("{name}: {failure}")))?;
    let trades: Vec<Trade> =
        report.statements.iter().flat_map(|statement| statement.trades.clone()).collect();
    let mut found = compare(&trades, &booked, &Tolerance::default());
    // A home belongs to one account.
    if let [statement] = report.statements.as_slice() {
        let ending = ending(statement, &store)?;
        found.differences.extend(compare_ending(statement, &ending, &Tolerance::default()));
    }
    let mut faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    if report.more_faults > 0 {
        faults.push(format!("and {} more", report.more_faults));
    }
    let accounts = report.statements.iter().map(|statement| statement.account.clone()).collect();
    let doubled = report.doubled;
    let shown = Shown { accounts, fills: booked.len(), found, doubled, faults };
    terminal.answer(&shown, told(&shown))
}

/// The fills of the statements' periods.
fn booked(report: &Report, store: &Store) -> Result<Vec<Booked>, Failure> {
    let mut booked = Vec::new();
    let periods = report.statements.iter().map(brokers::flex::Statement::period);
    let Some(periods) = periods.collect::<Option<Vec<_>>>() else {
        return Err(Failure::new("a statement without fromDate and toDate"));
    };
    // Statements of several accounts cover the same days.
    let (from, until) = (periods.iter().map(|p| p.0).min(), periods.iter().map(|p| p.1).max());
    if let (Some(from), Some(until)) = (from, until) {
        let fills = store.read(|tx| tx.fills_between(from, until))?;
        booked.extend(fills.iter().map(|fill| Booked::of_fill(&fill.fill(), &fill.symbol)));
    }
    Ok(booked)
}

/// What was left here at the end of a statement: what is held now less what traded since, and the
/// cash as it was written down at the end of its last session.
fn ending(statement: &Statement, store: &Store) -> Result<Ending, Failure> {
    let mut ending = Ending::default();
    let (Some((_, until)), Some(last)) = (statement.period(), statement.to) else {
        return Ok(ending);
    };
    let (held, since, equity) = store.read(|tx| {
        let since = tx.fills_between(until, Ts::MAX)?;
        Ok::<_, store::Error>((tx.open_positions(BOOK)?, since, tx.equity_curve(BOOK)?))
    })?;
    for position in held {
        *ending.held.entry(position.symbol).or_default() += position.qty;
    }
    for fill in since {
        *ending.held.entry(fill.symbol).or_default() -= fill.qty;
    }
    let equity = equity.into_iter().find(|equity| equity.day == last);
    ending.cash = equity.map(|equity| (equity.cash, format!("{:?}", equity.currency)));
    Ok(ending)
}

fn fetch(args: &StatementArgs, query: &str) -> Result<(), Failure> {
    let Some(token) = args.token.clone().filter(|token| !token.is_empty()) else {
        return Err(Failure::new("fetch the statement: no token was given")
            .advise("set TRIMTAB_FLEX_TOKEN; Client Portal, Settings, Flex Web Service"));
    };
    let mut web = match &args.service {
        Some(address) => Web::at(address, token)?,
        None => Web::new(token)?,
    };
    let errand = Errand::new(web.service(), query, Patience::default());
    let mut rest = |wait: base::Span| {
        std::thread::sleep(Duration::from_nanos(wait.nanos().unsigned_abs()));
    };
    let bytes = errand
        .run(&mut web, &mut rest)
        .map_err(|refusal| Failure::new(format!("fetch the statement: {refusal}")))?;
    files::write(&args.file, &bytes, "FILE")
}

fn word(differs: Differs) -> &'static str {
    match differs {
        Differs::MissingHere => "missing here",
        Differs::MissingThere => "missing there",
        Differs::TakenBack => "taken back",
        Differs::Symbol => "symbol",
        Differs::Quantity => "quantity",
        Differs::Price => "price",
        Differs::Fee => "fee",
        Differs::Position => "position",
        Differs::Cash => "cash",
    }
}

fn told(shown: &Shown) -> String {
    let found = &shown.found;
    let mut text = format!(
        "{}: {} fills booked here; {} executions and {} orders in both\n",
        shown.accounts.join(", "),
        shown.fills,
        found.executions,
        found.orders
    );
    if !shown.faults.is_empty() {
        text.push_str(&format!("not read: {}\n", shown.faults.join("; ")));
    }
    if found.differences.is_empty() {
        text.push_str("nothing differs");
        return text;
    }
    let mut table = headed(["differs", "order", "execution", "symbol", "here", "statement"]);
    for it in &found.differences {
        let execution = it.execution.as_deref().unwrap_or_default();
        table.add_row([word(it.differs), &it.order, execution, &it.symbol, &it.here, &it.there]);
    }
    text.push_str(&table.to_string());
    text
}
