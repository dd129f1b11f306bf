//! The life of certificates as a page.

use base::Interval;
use report::chart::equity::{self, Curve};
use report::chart::execution::{CostBar, waterfall};
use report::chart::{Chart, Heading, reliability};
use report::page::Outcome as Word;
use report::table::signed;
use report::{Cell, Page, Part, Provenance, Section, Table, Verdict};
use sim::knockout::{Happened, Record, Rule, Unwind, Watch};

use super::{Ended, Life, Pick, Rung, SideRule, Trade};

/// Rows of a table that a reader can go through.
const MOST_ROWS: usize = 150;

/// The page.
pub fn page(found: &Life, provenance: &Provenance) -> Page {
    let table = |title: &str, table: Table| Part::Table {
        title: title.to_owned(),
        table,
        provenance: provenance.clone(),
    };
    let mut deaths = vec![
        table("Deaths before the planned sale; intervals at 95 %", rungs(found)),
        Part::Text(READING.to_owned()),
    ];
    deaths.extend(curve(found, provenance).map(Part::Chart));
    let sections = vec![
        Section {
            title: "Account".to_owned(),
            parts: vec![
                Part::Chart(account(found, provenance)),
                table("Key figures", figures(found)),
            ],
        },
        Section { title: "Knock-outs".to_owned(), parts: deaths },
        Section {
            title: "Costs".to_owned(),
            parts: vec![
                Part::Beside(vec![
                    Part::Chart(costs_chart(found, provenance)),
                    table("Mean of a certificate, % of what was paid; 95 %", costs(found)),
                ]),
                Part::Text(COSTS.to_owned()),
            ],
        },
        Section {
            title: "Certificates".to_owned(),
            parts: vec![
                table(&cut("One row a certificate", found.trades.len()), trades(found)),
                table(
                    &cut("Fills and deaths, each with its evidence", found.fills.len()),
                    fills(found),
                ),
            ],
        },
        Section {
            title: "What was assumed, and how coarse the data are".to_owned(),
            parts: vec![Part::List(assumed(found))],
        },
    ];
    Page {
        title: format!("Knock-out certificates on {}", found.bars.symbol),
        subtitle: rule(found),
        provenance: provenance.clone(),
        verdicts: vec![result(found), calibrated(&found.calibration.rungs[0])],
        sections,
    }
}

/// How the table of deaths is read.
const READING: &str = "Expected is the sum of what was said of each certificate when it was \
    bought. More than said is the part that died less the part that was said to; its interval \
    draws blocks as long as a quarter, since certificates of one quarter meet one market. The \
    rows beside the held one are certificates that nobody bought, followed by the same exchange \
    from the same fill to the same planned sale: they meet the same index, so eleven rows are \
    not eleven proofs. Nor are the buckets of the curve independent; Wilson's interval takes \
    them as if they were.";

/// How the costs are read.
const COSTS: &str = "Index is what its way brought, up to the barrier for those that died. The \
    parts come out to the result exactly. Of a certificate whose barrier is its strike nothing is \
    left beyond the barrier to lose: a leap costs its holder nothing more.";

/// The rule in a sentence.
pub fn rule(found: &Life) -> String {
    let settings = &found.settings;
    let side = match settings.side {
        SideRule::Long => "always long".to_owned(),
        SideRule::Short => "always short".to_owned(),
        SideRule::Alternate => "long and short in turn".to_owned(),
        SideRule::Trend { sessions } => {
            format!("long above the mean of the last {sessions} closes, else short")
        }
    };
    let barrier = match &settings.pick {
        Pick::Distance(distance) => format!("its barrier {:.2} % away", 100.0 * distance),
        Pick::Sigmas(sigmas) => {
            format!("its barrier {sigmas} deviations of the index over the time held away")
        }
        Pick::Best { distances, weighed } => format!(
            "the best of {} barriers by {}, if any is better than none",
            distances.len(),
            weighed.words()
        ),
    };
    format!(
        "The rule: {side}; {barrier}; sold when {} sessions have begun since; {:.1} % of the \
         equity at a time, at most one purchase a session.",
        settings.hold,
        100.0 * settings.stake
    )
}

fn result(found: &Life) -> Verdict {
    let part = found.return_of_one;
    let ends = part.ends(|value| format!("{} %", signed(100.0 * value, 2)));
    let ended = found.trades.iter().filter(|trade| trade.ended != Ended::Open).count();
    let title = match (part.low > 0.0, part.high < 0.0) {
        (true, _) => "The rule earned: the interval lies above zero",
        (_, true) => "The rule lost: the interval lies below zero",
        _ => "The result may be zero",
    };
    Verdict {
        outcome: if part.high < 0.0 { Word::Refused } else { Word::Noted },
        title: title.to_owned(),
        reason: format!(
            "{} % of what was paid a certificate after all costs ({ends} at 95 %, {ended} \
             certificates in {} sessions). The index went by {} % meanwhile: what a side earns \
             on its way is no skill. One index over one stretch; the rule forecasts nothing.{}",
            signed(100.0 * part.value, 2),
            found.sessions,
            signed(100.0 * index_moved(found), 1),
            match found.unaffordable > 0 {
                true => " At times the money did not buy one piece: the account was ruined.",
                false => "",
            }
        ),
    }
}

/// Return of the index over the bars.
fn index_moved(found: &Life) -> f64 {
    match (found.days.first(), found.days.last()) {
        (Some(first), Some(last)) => last.2 / first.2 - 1.0,
        _ => 0.0,
    }
}

/// Whether what was said of deaths came true, in words.
pub fn calibrated(held: &Rung) -> Verdict {
    let more = held.more.ends(|value| format!("{} %", signed(100.0 * value, 1)));
    let said = format!(
        "{} of {} certificates held died before their planned sale; {:.1} were expected by paths \
         and {:.1} by the closed form. Died more than paths said: {} % ({more} at 95 %).",
        held.died,
        held.count,
        held.expected,
        held.expected_closed_form,
        signed(100.0 * held.more.value, 1)
    );
    let (outcome, title) = match (held.is_too_short(), held.more.low, held.more.high) {
        (true, ..) => (Word::Noted, "Too short a sample to judge P(knock-out)"),
        (_, low, _) if low > 0.0 => (Word::Refused, "More died than was said"),
        (.., high) if high < 0.0 => (Word::Refused, "Fewer died than was said"),
        _ => (Word::Passed, "Deaths do not contradict P(knock-out)"),
    };
    let short = match held.is_too_short() {
        true => {
            " To judge it takes 30 certificates that are over, of which five are expected to die \
             and five to live, in four quarters."
        }
        false => "",
    };
    Verdict { outcome, title: title.to_owned(), reason: format!("{said}{short}") }
}

fn account(found: &Life, provenance: &Provenance) -> Chart {
    let start = found.settings.cash.to_f64();
    let first = found.days.first().map_or(1.0, |day| day.2);
    let points = |of: &dyn Fn(&(base::Day, f64, f64)) -> f64| {
        found.days.iter().map(|day| (day.0, of(day))).collect()
    };
    let curves = [
        Curve { name: "account".to_owned(), points: points(&|day| day.1) },
        Curve { name: "index, scaled".to_owned(), points: points(&|day| start * day.2 / first) },
    ];
    let heading = Heading {
        title: "Account over time".to_owned(),
        caption: "Cash and positions at the issuer's bid, after all costs; the index scaled to \
                  the same start, without costs and dividends, for the eye alone."
            .to_owned(),
        provenance: provenance.clone(),
    };
    equity::chart(heading, &curves)
}

fn figures(found: &Life) -> Table {
    let mut table = Table::new(["figure", "value"]);
    let count = |wanted: fn(&&Trade) -> bool| found.trades.iter().filter(wanted).count() as u64;
    let leapt = count(|trade| trade.leapt());
    let equity: Vec<f64> = found.days.iter().map(|day| day.1).collect();
    let fall = base::stats::max_drawdown(&equity);
    let rows = [
        ("certificates bought", Cell::Count(found.trades.len() as u64)),
        ("sold by the rule", Cell::Count(count(|trade| trade.ended == Ended::Sold))),
        ("knocked out", Cell::Count(count(|trade| trade.ended == Ended::KnockedOut))),
        ("of those leapt over the barrier", Cell::Count(leapt)),
        ("still held at the end", Cell::Count(count(|trade| trade.ended == Ended::Open))),
        ("purchases not filled", Cell::Count(found.missed)),
        ("times the money did not buy one piece", Cell::Count(found.unaffordable)),
        ("sessions in which no barrier was worth it", Cell::Count(found.stayed_out)),
        ("money at the start", Cell::Exact(found.settings.cash.to_string())),
        ("money at the end", Cell::Exact(found.equity.to_string())),
        ("deepest fall of the account", Cell::Exact(format!("{:.1} %", 100.0 * fall))),
        (
            "mean return of a certificate, % of what was paid; 95 %",
            Cell::estimate(hundred(found.return_of_one), 2),
        ),
    ];
    table.rows = rows.into_iter().map(|(name, cell)| vec![Cell::text(name), cell]).collect();
    table
}

fn hundred(interval: Interval) -> Interval {
    let Interval { value, low, high, level } = interval;
    Interval { value: 100.0 * value, low: 100.0 * low, high: 100.0 * high, level }
}

fn rungs(found: &Life) -> Table {
    let mut table = Table::new([
        "certificates",
        "over",
        "died",
        "expected by paths",
        "by closed form",
        "part that died",
        "more than paths said, %",
        "more than closed form, %",
    ]);
    for rung in &found.calibration.rungs {
        table.rows.push(vec![
            Cell::text(rung.name.clone()),
            Cell::Count(rung.count as u64),
            Cell::Count(rung.died as u64),
            Cell::Exact(format!("{:.1}", rung.expected)),
            Cell::Exact(format!("{:.1}", rung.expected_closed_form)),
            Cell::share(rung.share),
            Cell::estimate(hundred(rung.more), 1),
            Cell::estimate(hundred(rung.more_closed_form), 1),
        ]);
    }
    table
}

fn curve(found: &Life, provenance: &Provenance) -> Option<Chart> {
    let measured = found.calibration.reliability.as_ref()?;
    let bucket = |it: &learn::calibrate::Bucket| {
        let ((low, high), value) = (it.interval?, it.win_rate?);
        let observed = Interval { value, low, high, level: 0.95 };
        let count = it.count as u64;
        Some(reliability::Bucket { predicted: it.mean_probability?, observed, count })
    };
    let buckets: Vec<reliability::Bucket> = measured.buckets.iter().filter_map(bucket).collect();
    let heading = Heading {
        title: "P(knock-out) by paths against what came".to_owned(),
        caption: "The ten certificates beside each one held, in ten buckets. On the dashed line \
                  as many died as was said; above it more."
            .to_owned(),
        provenance: provenance.clone(),
    };
    Some(reliability::chart(heading, &buckets))
}

fn costs_chart(found: &Life, provenance: &Provenance) -> Chart {
    let mut bars = vec![CostBar { name: "index".to_owned(), size: -found.split.index, base: 0.0 }];
    let mut base = -found.split.index;
    for (name, size) in found.split.parts() {
        bars.push(CostBar { name: name.to_owned(), size, base });
        base += size;
    }
    bars.push(CostBar { name: "loss, all".to_owned(), size: base, base: 0.0 });
    let heading = Heading {
        title: "Where the money went".to_owned(),
        caption: "All certificates that ended, in money; up costs, down earns.".to_owned(),
        provenance: provenance.clone(),
    };
    waterfall(heading, &bars)
}

fn costs(found: &Life) -> Table {
    let mut table = Table::new(["cost", "mean of one, %", "all, money"]);
    for ((name, mean), (_, sum)) in found.costs_of_one.iter().zip(found.split.parts()) {
        table.rows.push(vec![
            Cell::text(name.clone()),
            Cell::estimate(hundred(*mean), 3),
            Cell::Exact(signed(sum, 2)),
        ]);
    }
    table.rows.push(vec![
        Cell::text("result"),
        Cell::estimate(hundred(found.return_of_one), 3),
        Cell::Exact(signed(found.split.result(), 2)),
    ]);
    table
}

fn cut(title: &str, rows: usize) -> String {
    match rows > MOST_ROWS {
        true => format!("{title}; the last {MOST_ROWS} of {rows}, --json has all"),
        false => title.to_owned(),
    }
}

fn last<T>(rows: &[T]) -> &[T] {
    &rows[rows.len().saturating_sub(MOST_ROWS)..]
}

fn trades(found: &Life) -> Table {
    let mut table = Table::new([
        "no.",
        "bought",
        "side",
        "index",
        "strike",
        "barrier",
        "leverage",
        "P, paths",
        "P, closed",
        "pieces",
        "paid",
        "received",
        "ended",
        "result",
        "return",
    ]);
    for trade in last(&found.trades) {
        let bought = &trade.bought;
        let leverage = bought.turbo.leverage(bought.index).unwrap_or(f64::NAN);
        let ended = match (trade.ended, trade.leapt()) {
            (Ended::Sold, _) => "sold",
            (Ended::Open, _) => "still held",
            (Ended::KnockedOut, true) => "leapt over the barrier",
            (Ended::KnockedOut, false) => "touched the barrier",
        };
        let received =
            trade.closed.map_or(Cell::Missing, |it| Cell::Exact(it.received.to_string()));
        let result = trade.closed.map(|_| trade.split.result());
        table.rows.push(vec![
            Cell::Count(trade.number as u64),
            Cell::text(bought.at.to_string()),
            Cell::text(trade.side().to_string()),
            Cell::Exact(format!("{:.2}", bought.index)),
            Cell::Exact(format!("{:.2}", bought.turbo.strike())),
            Cell::Exact(format!("{:.2}", bought.turbo.barrier())),
            Cell::Exact(format!("{leverage:.1}")),
            Cell::Exact(format!("{:.1} %", 100.0 * trade.chance.by_paths)),
            Cell::Exact(format!("{:.1} %", 100.0 * trade.chance.closed_form)),
            Cell::Count(bought.pieces.unsigned_abs()),
            Cell::Exact(bought.paid.to_string()),
            received,
            Cell::text(ended),
            result.map_or(Cell::Missing, |it| Cell::Exact(signed(it, 2))),
            trade
                .part()
                .map_or(Cell::Missing, |it| Cell::Exact(format!("{} %", signed(100.0 * it, 1)))),
        ]);
    }
    table
}

fn fills(found: &Life) -> Table {
    let mut table = Table::new([
        "at the latest",
        "known",
        "what",
        "pieces",
        "price",
        "because",
        "bar from",
        "open, high, low, close",
    ]);
    table.rows = last(&found.fills).iter().map(fill).collect();
    table
}

fn fill(record: &Record) -> Vec<Cell> {
    let (what, pieces, price) = match &record.what {
        Happened::Filled { pieces, price, .. } if *pieces > 0 => ("bought", *pieces, *price),
        Happened::Filled { pieces, price, .. } => ("sold", -pieces, *price),
        Happened::KnockedOut { pieces, residual, .. } => ("knocked out", *pieces, *residual),
        Happened::Financed { .. } => ("financed", 0, market::Price::ZERO),
    };
    let (print, bar) = (&record.proof.print, record.proof.print.bar());
    vec![
        Cell::text(record.at.to_string()),
        Cell::text(record.known.to_string()),
        Cell::text(what),
        Cell::Count(pieces.unsigned_abs()),
        Cell::Exact(price.to_string()),
        Cell::text(because(record.proof.rule)),
        Cell::text(print.begins().to_string()),
        Cell::text(format!("{}, {}, {}, {}", bar.open, bar.high, bar.low, bar.close)),
    ]
}

const fn because(rule: Rule) -> &'static str {
    match rule {
        Rule::QuoteAtOpen => "the issuer's quote at the opening",
        Rule::LimitAtOpen => "the quote was within the limit at the opening",
        Rule::LimitTouched => "the quote reached the limit",
        Rule::StopGap => "the quote was beyond the stop at the opening",
        Rule::StopTouched => "the quote reached the stop",
        Rule::BarrierGap => "the opening lies at the barrier or beyond",
        Rule::BarrierTouched => "high or low reached the barrier",
        Rule::Overnight => "a night passed",
    }
}

fn assumed(found: &Life) -> Vec<String> {
    let (settings, bars) = (&found.settings, &found.bars);
    let (rules, offer) = (&settings.rules, &settings.offer);
    let length = bars.minutes.map_or("a whole session".to_owned(), |it| format!("{it} minutes"));
    let watch = match rules.watch {
        Watch::IndexHours => "in the index's hours",
        Watch::IssuerHours => "in the issuer's hours",
        Watch::Always => "in every bar",
    };
    let unwind = match rules.unwind {
        Unwind::AtBarrier => "at the barrier itself, the best that can be hoped for",
        Unwind::WorstOfCandle => "at the worst price of the bar, so what slid is an upper bound",
    };
    vec![
        format!(
            "{} bars of {length} from {} to {}, {} sessions; {} rows were set aside. Between two \
             prices of a bar nothing is seen: high and low tell whether a barrier was touched, \
             not when. The median bar spans {:.3} % of the index.",
            bars.prints.len(),
            found.from,
            found.to,
            found.sessions,
            bars.set_aside,
            100.0 * found.median_range
        ),
        format!(
            "A barrier counts {watch}. A touch inside a bar is unwound {unwind}. A leap is unwound \
             at the first price beyond, or the worst of its bar."
        ),
        format!(
            "The issuer quotes from minute {} to minute {} of the local day, spread {:.3} points: \
             twice in the first ten minutes and while the index is shut, never less than 5 % of \
             the mean bar. Steps of {}; orders take {:.1} s and fill at the first opening after.",
            rules.hours.opens_minute,
            rules.hours.closes_minute,
            rules.spread.points,
            rules.tick,
            rules.latency.seconds()
        ),
        format!(
            "Ratio {}, reference rate {:.2} % for the whole time, margin {:.2} %, a year of {:.0} \
             days. Prices of the file are taken as those of the index: a fund pays dividends, a \
             broker's contract has a spread and a financing of its own.",
            offer.ratio,
            100.0 * offer.financing.reference_rate,
            100.0 * offer.financing.margin,
            offer.financing.year_days
        ),
        format!(
            "P(knock-out): volatility by day from squared log returns of bars, by night from gaps, \
             both over {} sessions that were over; gaps beyond four usual ones are jumps, counted \
             over all nights before. Drift {:.2} % a year, {} paths. One volatility for all days \
             ahead: quiet and wild spells mix.",
            settings.window,
            100.0 * settings.drift,
            settings.paths
        ),
    ]
}
