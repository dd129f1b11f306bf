//! What a plan over option quotes did, as a page.

use std::collections::BTreeMap;

use market::Cash;
use pricing::margin::Class;
use report::chart::Heading;
use report::chart::lines::{self, Across, Axes, Line, Stroke, at};
use report::page::Outcome as Word;
use report::{Cell, Page, Part, Provenance, Section, Table, Verdict};
use sim::options::backtest::{Ended, Exit, Trade};
use sim::options::{Asset, FillAt, MarginRule, OptionFill, Refusal};

use super::backtest::{Mark, Outcome};
use super::words;

/// Points of a line that a screen can show.
const MOST_POINTS: usize = 1_500;
/// Rows of a table that a person reads.
const MOST_ROWS: usize = 600;

/// The page; `around` says in sentences what the recording did not.
pub fn page(found: &Outcome, title: &str, around: &[String], provenance: &Provenance) -> Page {
    let titled = |title: &str, table: Table| Part::Table {
        title: title.to_owned(),
        table,
        provenance: provenance.clone(),
    };
    let drawn = Drawn { found, provenance };
    let account = Section {
        title: "The account".to_owned(),
        parts: vec![
            titled("Key figures", figures(found)),
            Part::Chart(drawn.equity()),
            Part::Beside(vec![Part::Chart(drawn.margin()), Part::Chart(drawn.spot())]),
        ],
    };
    let mut trades = vec![titled("One row a trade; a single trade has no interval", trades(found))];
    trades.push(titled("Every fill, and the quote it rests on", fills(found)));
    trades.extend(more(found.report.fills.len()));
    if !found.report.happened.is_empty() {
        trades.push(titled("What happened without an order", happened(found)));
    }
    let refused = Section {
        title: "Refused, and counted".to_owned(),
        parts: vec![
            Part::Text(format!(
                "{} quotes came. Those below were not to be traded on at the moment they came.",
                found.quotes
            )),
            Part::Beside(vec![
                titled("Quotes as they came", refusals(&found.refused_quotes)),
                titled("Quotes passed over while choosing", refusals(&found.report.passed)),
            ]),
            Part::Beside(vec![
                titled("Orders refused", refusals(&found.report.tally.refused)),
                titled(
                    "Values kept, for want of a quote",
                    refusals(&found.report.tally.marks_kept),
                ),
            ]),
            titled("Times that nothing was chosen", choices(found)),
        ],
    };
    Page {
        title: title.to_owned(),
        subtitle: "A plan over option quotes, filled at bid and ask, with fees and margin."
            .to_owned(),
        provenance: provenance.clone(),
        verdicts: vec![verdict(found)],
        sections: vec![
            account,
            Section { title: "Trades and fills".to_owned(), parts: trades },
            refused,
            assumed(found, around),
        ],
    }
}

/// What may be said of the figures, in a title and a sentence.
pub fn claim(found: &Outcome) -> (Word, String, String) {
    let profit = found.figures.profit_a_trade;
    let told = format!(
        "{} after fees of {}, {}, most margin {}.",
        found.profit,
        found.report.fees,
        report::counted(found.report.trades.len(), "trade"),
        found.most_margin
    );
    if !found.too_short.is_empty() {
        let why = found.too_short.join("; ");
        let title = "Too short for any claim".to_owned();
        let reason = format!("{told} {why}: it shows how fills come about, not whether it pays.");
        return (Word::Noted, title, reason);
    }
    let ends = profit.ends(|value| format!("{value:.2}"));
    let reason = format!("{told} Mean of a trade {:.2} ({ends} at 95 %).", profit.value);
    match (profit.low > 0.0, profit.high < 0.0) {
        (true, _) => (Word::Passed, "Earned more than it lost on these quotes".to_owned(), reason),
        (_, true) => (Word::Noted, "Lost on these quotes".to_owned(), reason),
        _ => (Word::Noted, "Not told apart from zero".to_owned(), reason),
    }
}

fn verdict(found: &Outcome) -> Verdict {
    let (outcome, title, reason) = claim(found);
    Verdict { outcome, title, reason }
}

fn figures(found: &Outcome) -> Table {
    let mut table = Table::new([
        "days",
        "trades",
        "still open",
        "profit after fees",
        "fees",
        "deepest fall",
        "most margin",
        "won",
        "profit a trade",
        "profit a day",
        "Sharpe ratio a year",
    ]);
    let open = found.report.trades.iter().filter(|trade| trade.ended == Ended::StillOpen).count();
    table.rows.push(vec![
        Cell::Count(found.days as u64),
        Cell::Count(found.report.trades.len() as u64),
        Cell::Count(open as u64),
        money(found.profit),
        money(found.report.fees),
        money(found.report.drawdown),
        money(found.most_margin),
        Cell::share(found.figures.win_rate),
        Cell::estimate(found.figures.profit_a_trade, 2),
        Cell::estimate(found.figures.profit_a_day, 2),
        Cell::estimate(found.figures.sharpe, 2),
    ]);
    table
}

fn money(cash: Cash) -> Cell {
    Cell::Exact(cash.to_cents().to_string().replace('-', "\u{2212}"))
}

fn legs(trade: &Trade) -> String {
    let leg = |leg: &sim::options::Leg| format!("{:+} {}", leg.ratio, asset(&leg.asset));
    trade.legs.iter().map(leg).collect::<Vec<_>>().join("; ")
}

fn asset(asset: &Asset) -> String {
    match asset {
        Asset::Option(contract) => words::contract(contract),
        Asset::Shares(_) => "shares".to_owned(),
    }
}

fn trades(found: &Outcome) -> Table {
    let mut table =
        Table::new(["opened", "closed", "legs", "paid for options", "fees", "profit", "why"]);
    for trade in found.report.trades.iter().take(MOST_ROWS) {
        table.rows.push(vec![
            Cell::text(trade.opened.to_string()),
            Cell::text(trade.closed.to_string()),
            Cell::text(legs(trade)),
            money(trade.entry),
            money(trade.fees),
            money(trade.profit),
            Cell::text(words::ended(trade.ended)),
        ]);
    }
    table
}

/// One side of a quote.
fn side(offer: Option<market::Offer>) -> String {
    match offer {
        Some(offer) if offer.size == u32::MAX => offer.price.to_string(),
        Some(offer) => format!("{} × {}", offer.price, offer.size),
        None => "none".to_owned(),
    }
}

/// How old a quote was, in words.
pub fn age(fill: &OptionFill) -> String {
    format!("{:.0} s", fill.evidence.age.seconds())
}

fn fills(found: &Outcome) -> Table {
    let mut table = Table::new([
        "at",
        "order",
        "what",
        "contracts",
        "price",
        "fee",
        "bid",
        "ask",
        "age",
        "because",
    ]);
    for fill in found.report.fills.iter().take(MOST_ROWS) {
        table.rows.push(vec![
            Cell::text(fill.at.to_string()),
            Cell::Count(fill.order.0),
            Cell::text(asset(&fill.asset)),
            Cell::Exact(fill.qty.to_string().replace('-', "\u{2212}")),
            Cell::Exact(fill.price.to_string()),
            money(fill.fee),
            Cell::Exact(side(fill.evidence.bid)),
            Cell::Exact(side(fill.evidence.ask)),
            Cell::Exact(age(fill)),
            Cell::text(words::basis(fill.evidence.basis)),
        ]);
    }
    table
}

fn more(count: usize) -> Option<Part> {
    (count > MOST_ROWS).then(|| {
        Part::Text(format!("The first {MOST_ROWS} of {count} fills; --json gives all of them."))
    })
}

fn happened(found: &Outcome) -> Table {
    let mut table = Table::new(["at", "what", "contracts", "it was"]);
    for happened in found.report.happened.iter().take(MOST_ROWS) {
        table.rows.push(vec![
            Cell::text(happened.at.to_string()),
            Cell::text(asset(&happened.asset)),
            Cell::Exact(happened.qty.to_string().replace('-', "\u{2212}")),
            Cell::text(words::event(happened.event)),
        ]);
    }
    table
}

fn refusals(counts: &BTreeMap<Refusal, u64>) -> Table {
    let mut table = Table::new(["reason", "times"]);
    for (reason, times) in counts {
        table.rows.push(vec![Cell::text(words::refusal(*reason)), Cell::Count(*times)]);
    }
    if counts.is_empty() {
        table.rows.push(vec![Cell::text("none"), Cell::Count(0)]);
    }
    table
}

fn choices(found: &Outcome) -> Table {
    let mut table = Table::new(["reason", "times"]);
    for (reason, times) in &found.report.no_choice {
        table.rows.push(vec![Cell::text(words::no_choice(*reason)), Cell::Count(*times)]);
    }
    let (back, without) = (found.report.withdrawn, found.without_spot);
    table.rows.push(vec![Cell::text("orders taken back, no quote came"), Cell::Count(back)]);
    table.rows.push(vec![Cell::text("moments without a price"), Cell::Count(without)]);
    table
}

/// The rules of a plan's exits in words.
pub fn exits(exit: &Exit) -> String {
    let rules = [
        exit.days_left.map(|days| format!("at {days} days to expiry")),
        exit.held_days.map(|days| format!("after {days} days")),
        exit.profit.map(|part| format!("at a profit of {:.0} % of the premium", 100.0 * part)),
        exit.stop.map(|part| format!("at a loss of {:.0} % of the premium", 100.0 * part)),
    ];
    let rules: Vec<String> = rules.into_iter().flatten().collect();
    match rules.is_empty() {
        true => "held until it expires".to_owned(),
        false => format!("closed {}", rules.join(", or ")),
    }
}

fn assumed(found: &Outcome, around: &[String]) -> Section {
    let (plan, rules) = (&found.plan, &found.plan.exchange.rules);
    let fees = &rules.fees;
    let mut lines = vec![
        format!(
            "{}: {} units, {} to {} days to expiry at entry; {}; then opened anew.",
            words::structure(&plan.structure),
            plan.units,
            plan.days.0,
            plan.days.1,
            exits(&plan.exit)
        ),
        match rules.fill_at {
            FillAt::Touch => "A purchase pays the ask, a sale gets the bid; all legs of an order \
                              fill together or none does, and no more than the quotes show."
                .to_owned(),
            FillAt::Mid => "FILLED HALFWAY between bid and ask, which hardly any order is: for \
                            comparison alone."
                .to_owned(),
        },
        format!(
            "A quote older than {:.0} s, crossed, locked, one-sided, without a bid, or below what \
             exercise is worth fills nothing.",
            rules.quotes.oldest.seconds()
        ),
        format!(
            "Costs: {}, at least {} an order; {} a contract for exchange, {} regulatory, {} \
             clearing; fees on sales as of their day.",
            words::commission(fees.commission),
            fees.minimum,
            fees.exchange,
            fees.regulatory,
            fees.clearing
        ),
        match rules.margin {
            MarginRule::None => "No margin is asked.".to_owned(),
            MarginRule::WorstCase => "Margin: cash covers the worst at expiry; calls without \
                                      cover also a fifth of the underlying."
                .to_owned(),
            MarginRule::StrategyBased(class) => format!(
                "Margin by the rules of the exchanges on opening, for {}; house rules ask for more.",
                match class {
                    Class::Equity => "options on stocks and funds",
                    Class::NarrowIndex => "options on indices of one industry",
                    Class::BroadIndex => "options on broad indices",
                }
            ),
        },
        match plan.early {
            Some(early) => format!(
                "Of short contracts that pay to exercise, {:.0} % are assigned early: a model, not \
                 a record.",
                100.0 * early.share
            ),
            None => "Nobody is assigned early.".to_owned(),
        },
        "Positions are valued at what closing would bring: bid of what is held, ask of what is \
         owed."
            .to_owned(),
        "Nobody in a recording reacts to an order.".to_owned(),
    ];
    lines.extend_from_slice(around);
    Section { title: "What was assumed".to_owned(), parts: vec![Part::List(lines)] }
}

/// Lines over time.
struct Drawn<'a> {
    found: &'a Outcome,
    provenance: &'a Provenance,
}

impl Drawn<'_> {
    fn over_time(
        &self,
        [title, caption, side]: [&str; 3],
        value: impl Fn(&Mark) -> Option<f64>,
    ) -> report::Chart {
        let course = &self.found.course;
        let step = course.len().div_ceil(MOST_POINTS).max(1);
        let shown = course.iter().step_by(step).chain(course.last());
        let points = shown.filter_map(|mark| Some((at(mark.at), value(mark)?))).collect();
        let line = Line { name: title.to_lowercase(), points, stroke: Stroke::Stepped };
        let heading = Heading {
            title: title.to_owned(),
            caption: caption.to_owned(),
            provenance: self.provenance.clone(),
        };
        let bottom = "UTC".to_owned();
        let axes = Axes { across: Across::Time, bottom, side: side.to_owned() };
        lines::chart(heading, &axes, &[line])
    }

    fn equity(&self) -> report::Chart {
        let caption = "Cash after fees and holdings at what closing them would bring.";
        self.over_time(["Equity", caption, "money"], |mark| Some(mark.equity.to_f64()))
    }

    fn margin(&self) -> report::Chart {
        let caption = "Cash that must be there for what is held.";
        self.over_time(["Margin", caption, "money"], |mark| Some(mark.margin.to_f64()))
    }

    fn spot(&self) -> report::Chart {
        let caption = "Price of the underlying, halfway between bid and ask.";
        self.over_time(["Underlying", caption, "price"], |mark| mark.spot)
    }
}
