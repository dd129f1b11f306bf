//! `trimtab agents train`: members of an ensemble learn from the earlier bars.

use std::path::Path;

use books::intraday::{BarEnvConfig, Costs, Fee};
use pipeline::agents::{Eyes, Job, Outcome, School, Tape, train};
use serde::Serialize;
use store::{Clock as _, MachineClock};

use super::{algorithm, show, wanted};
use crate::cli::agents::{AgentsTrainArgs, CostArgs, CostsArg};
use crate::command::data::lake;
use crate::command::modelling::Workshop;
use crate::failure::Failure;
use crate::terminal::Terminal;

#[derive(Serialize)]
struct Answer<'a> {
    name: &'a str,
    version: &'a str,
    digest: String,
    #[serde(flatten)]
    card: &'a pipeline::agents::Card,
    news: &'a Option<String>,
}

pub(super) fn run(
    args: &AgentsTrainArgs,
    (home, url): (&Path, Option<&str>),
    terminal: Terminal,
) -> Result<(), Failure> {
    let Some(wanted) = wanted(&args.tape)? else {
        return Err(Failure::new("train agents: there are no bars")
            .advise("name a file, a --dataset with --symbol, or --made-sessions 60"));
    };
    let eyes = if args.recurrent { Eyes::Sequence } else { Eyes::Window };
    let algorithm = algorithm(args.agent.name(), (args.steps, eyes), &args.set)?;
    let tape = wanted.read(&lake(home))?;
    let job = Job {
        name: args.name.clone().unwrap_or_else(|| name_of(&tape, args)),
        algorithm,
        eyes,
        schools: match args.costs {
            CostsArg::On => vec![School::Aware],
            CostsArg::Off => vec![School::Naive],
            CostsArg::Both => vec![School::Naive, School::Aware],
        },
        members: args.members,
        steps: args.steps,
        environments: args.environments,
        market: BarEnvConfig {
            costs: Some(costs(&args.cost)),
            episode: args.episode.unwrap_or_else(|| tape.usual_episode()),
            ..BarEnvConfig::default()
        },
        wanted,
        held_out_share: args.held_out,
        seed: args.tape.seed,
        code_revision: concat!("trimtab ", env!("CARGO_PKG_VERSION")).to_owned(),
        at: MachineClock.now(),
    };
    let outcome = Workshop::open((home, url), terminal)?.with(|ports| train(&tape, &job, ports))?;
    let Outcome { kept, news } = &outcome;
    let (name, version) = (kept.name.as_str(), kept.version.as_str());
    let (digest, card) = (kept.digest.to_string(), &kept.card);
    let text = format!(
        "{}{}\nON THE BARS THEY LEARNED FROM, which flatters them; `trimtab agents evaluate {name}` \
         opens the {} held-out bars from {} to {}, once\n{}\nkept as {name} version {version}",
        show::notes(card.notes.iter().chain(&card.on_learned.notes).chain(news)),
        show::heading(card),
        card.held_out.bars,
        card.held_out.from,
        card.held_out.to,
        show::judged(&card.on_learned),
    );
    terminal.answer(&Answer { name, version, digest, card, news }, text)
}

fn costs(args: &CostArgs) -> Costs {
    let fee = match args.fee_per_share {
        Some(rate) => Fee::PerShare(rate),
        None => Fee::OfValuePct(args.fee_percent),
    };
    Costs { half_spread_bps: args.half_spread_bps, fee, impact: args.impact }
}

fn name_of(tape: &Tape, args: &AgentsTrainArgs) -> String {
    format!("{}-{}", tape.symbol.to_lowercase(), args.agent.name())
}
