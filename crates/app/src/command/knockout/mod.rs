//! `trimtab knockout`: certificates quoted, chosen and held.

mod life;

use std::fmt::Write as _;
use std::path::Path;

use base::Interval;
use market::Side;
use pipeline::knockout::ladder::{self, Barriers, Chosen, Ladder, Weighed};
use pipeline::knockout::{Asked, Cases, Gaps, Kind, Level, Quoted, View, quote};
use pricing::knockout::{Financing, Utility};
use report::{Origin, Page, Provenance};
use serde::Serialize;

use crate::cli::knockout::{
    ChooseArgs, DirectionArg, KnockOutCommand, OfferArgs, QuoteArgs, UtilityArg, UtilityArgs,
    ViewArgs,
};
use crate::failure::Failure;
use crate::files;
use crate::terminal::{Terminal, headed};

pub(crate) fn run(
    command: &KnockOutCommand,
    home: &Path,
    terminal: Terminal,
) -> Result<(), Failure> {
    match command {
        KnockOutCommand::Quote(args) => quoted(args, terminal),
        KnockOutCommand::Choose(args) => chosen(args, home, terminal),
        KnockOutCommand::Life(args) => life::run(args, home, terminal),
    }
}

fn quoted(args: &QuoteArgs, terminal: Terminal) -> Result<(), Failure> {
    let level = match (args.strike, args.distance_percent) {
        (Some(strike), _) => Level::Strike { strike, barrier: args.barrier },
        (None, distance) => Level::Distance(distance.unwrap_or_default() / 100.0),
    };
    let asked = Asked { side: side(args.side), index: args.index, level };
    let draws = (args.view.paths, args.view.seed);
    let found = quote(asked, &kind(&args.offer, 0.0)?, &view(&args.view), draws)?;
    terminal.answer(&found, told(&found))
}

fn told(found: &Quoted) -> String {
    let (offer, view) = (&found.offer, &found.view);
    let ends = |interval: &Interval, digits: usize| {
        interval.ends(|value| format!("{:.digits$} %", 100.0 * value))
    };
    let mut text = format!(
        "{} certificate · index {} · strike {:.2} · barrier {:.2} · ratio {}",
        found.side, found.asked.index, found.strike, found.barrier, offer.ratio
    );
    let _ = write!(
        text,
        "\n  value         {:.4}; bid {}, ask {} ({:.2} % of the ask, {:.3} points)",
        found.value,
        found.bid,
        found.ask,
        100.0 * found.spread_part,
        offer.spread_points
    );
    let _ = write!(text, "\n  leverage      {:.2}", found.leverage);
    let _ = write!(
        text,
        "\n  to barrier    {:.3} % of the index, {:.2} daily sigmas",
        100.0 * found.distance,
        found.distance_sigmas
    );
    let _ = write!(
        text,
        "\n  P(knock-out)  over {} sessions, volatility {:.2} %:\
         \n    closed form {:.2} %, watched day and night, no jumps\
         \n    by paths    {:.2} % ({} at 95 %, {} paths), {:.0} % of a day's variance in \
         unwatched nights, {:.2} % of nights with a jump",
        view.sessions,
        100.0 * view.volatility,
        100.0 * found.closed_form,
        100.0 * found.by_paths.value,
        ends(&found.by_paths, 2),
        found.paths,
        100.0 * view.gaps.night_share,
        100.0 * view.gaps.jump_chance
    );
    let _ = write!(
        text,
        "\n  financing     {:+.5} a night, {:+.5} a weekend: {:+.3} % of the value a night; \
         positive costs",
        found.financing.night,
        found.financing.weekend,
        100.0 * found.financing.part_a_night
    );
    let _ = write!(
        text,
        "\n  held to then  {:+.2} % of the ask on average by the view ({} at 95 %), all costs in",
        100.0 * found.held.value,
        ends(&found.held, 2)
    );
    text
}

/// What a choice answers to programs.
#[derive(Serialize)]
struct Answer {
    report: String,
    outcome: Chosen,
}

fn chosen(args: &ChooseArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let part = |percent: &f64| percent / 100.0;
    let barriers = match (&args.utility.distances, &args.barriers) {
        (Some(distances), _) => Barriers::Distances(distances.iter().map(part).collect()),
        (None, Some(levels)) => Barriers::Levels(levels.clone()),
        (None, None) => Barriers::Usual,
    };
    let weighed = Weighed {
        stop_loss: args.stop_loss_percent.as_ref().map(part),
        ..weighed(&args.utility, args.stake_percent)
    };
    let found = ladder::weigh(Ladder {
        side: side(args.side),
        index: args.index,
        barriers,
        kind: kind(&args.offer, args.buffer_percent)?,
        view: view(&args.view),
        weighed,
        paths: args.view.paths,
        seed: args.view.seed,
    })?;
    // Nothing was recorded: the numbers are the user's, the paths are drawn.
    let provenance = Provenance {
        data_version: "a stated view, no market data".to_owned(),
        origin: Origin::Synthetic,
        seed: Some(args.view.seed),
        code_revision: concat!("trimtab ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let page = ladder::page::page(&found, &provenance);
    let report = keep(&page, home, &format!("knockout-choose-{}.html", found.ladder.side))?;
    let text = choice(&found, &report);
    terminal.answer(&Answer { report, outcome: found }, text)
}

fn choice(found: &Chosen, report: &str) -> String {
    let mut names = vec!["", "barrier", "away", "sigmas", "leverage", "ask"];
    names.extend(["P closed form", "P by paths", "return on stake", "utility, bp"]);
    let mut table = headed(&names);
    let over = |interval: &Interval, factor: f64, unit: &str| match interval.value.is_finite() {
        true => format!(
            "{:+.2}{unit}\n{}",
            factor * interval.value,
            interval.ends(|value| format!("{:+.2}", factor * value))
        ),
        false => "n/a".to_owned(),
    };
    for (at, rung) in found.rungs.iter().enumerate() {
        table.add_row([
            match (found.best == Some(at), rung.is_borne) {
                (true, _) => "→".to_owned(),
                (false, true) => String::new(),
                (false, false) => "×".to_owned(),
            },
            format!("{:.2}", rung.barrier),
            format!("{:.2} %", 100.0 * rung.distance),
            format!("{:.2}", rung.distance_sigmas),
            format!("{:.1}", rung.leverage),
            rung.ask.to_string(),
            format!("{:.2} %", 100.0 * rung.closed_form),
            over(&rung.knock_out, 100.0, " %").replace('+', ""),
            over(&rung.return_on_stake, 100.0, " %"),
            over(&rung.utility, 1e4, ""),
        ]);
    }
    let word = match found.best.map(|best| &found.rungs[best]) {
        Some(best) => format!(
            "→ barrier {:.2}, {:.2} % away: greatest by {}{}{}",
            best.barrier,
            100.0 * best.distance,
            found.ladder.weighed.words(),
            match best.utility.low > 0.0 {
                true => "",
                false => "; its interval holds zero: staying out may be as good",
            },
            match found.is_at_an_end() {
                true => "; at an end of the ladder: a better one may lie beyond (--distances)",
                false => "",
            }
        ),
        None => format!("stay out: none is better by {}", found.ladder.weighed.words()),
    };
    format!("{table}\n{word}\nintervals at 95 % over {} paths\n{report}", found.ladder.paths)
}

/// Writes a page into the reports of the home folder and says where.
fn keep(page: &Page, home: &Path, name: &str) -> Result<String, Failure> {
    let reports = home.join("reports");
    files::make_folder(&reports)?;
    let path = reports.join(name);
    files::write(&path, page.html().as_bytes(), "--home")?;
    Ok(std::path::absolute(&path).unwrap_or(path).display().to_string())
}

const fn side(side: DirectionArg) -> Side {
    match side {
        DirectionArg::Long => Side::Long,
        DirectionArg::Short => Side::Short,
    }
}

fn kind(args: &OfferArgs, buffer_percent: f64) -> Result<Kind, Failure> {
    Ok(Kind {
        ratio: args.ratio,
        financing: Financing {
            reference_rate: args.rate_percent / 100.0,
            margin: args.margin_percent / 100.0,
            year_days: args.year_days,
        },
        buffer: buffer_percent / 100.0,
        spread_points: args.spread_points,
        tick: args.tick.parse()?,
    })
}

fn view(args: &ViewArgs) -> View {
    let cases = match (args.up_chance, args.move_percent) {
        (Some(up_chance), Some(by)) => Cases::UpOrDown { up_chance, by: by / 100.0 },
        _ => Cases::Drift(args.drift_percent / 100.0),
    };
    let gaps = Gaps {
        night_share: args.night_percent / 100.0,
        jump_chance: args.jump_chance_percent / 100.0,
        jump_deviation: args.jump_percent / 100.0,
    };
    View { cases, volatility: args.volatility / 100.0, sessions: args.sessions, gaps }
}

fn weighed(args: &UtilityArgs, stake_percent: f64) -> Weighed {
    let utility = match args.utility.unwrap_or(UtilityArg::Log) {
        UtilityArg::Log => Utility::LogGrowth,
        UtilityArg::Crra => Utility::Crra { aversion: args.aversion },
        UtilityArg::MeanVariance => Utility::MeanVariance { aversion: args.aversion },
        UtilityArg::Expected => Utility::MeanVariance { aversion: 0.0 },
    };
    let most_knock_out = args.max_knock_out_percent.map(|percent| percent / 100.0);
    Weighed { stake: stake_percent / 100.0, stop_loss: None, utility, most_knock_out }
}
