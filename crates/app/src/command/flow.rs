//! `trimtab flow`: models of the flow of orders, judged and put to work.

mod told;

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use base::Digest;
use pipeline::depth::Recorded;
use pipeline::flow::{
    FactsRun, FitSettings, Fitted, FlowChoice, FlowFile, Made, Making, Observation, Outcome,
    PlainMarket, Watching, facts_page, fit, fit_page, judge, make, observe,
};
use report::{Page, Provenance};
use serde::Serialize;
use sim::flow::FlowEdge;
use sim::flow::facts::Comparison;
use tape::pack::Packer;
use tape::unpack::Wrapping;

use super::depth::{provenance, recorded};
use super::execute::moment;
use crate::cli::depth::FileArgs;
use crate::cli::flow::{FactsArgs, FitArgs, FlowCommand, ModelArg, SynthFlowArgs, WatchArgs};
use crate::failure::Failure;
use crate::files;
use crate::terminal::Terminal;

/// Revision that stands in a file of flows.
const CODE: &str = concat!("trimtab ", env!("CARGO_PKG_VERSION"));

pub(crate) fn run(command: &FlowCommand, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    match command {
        FlowCommand::Fit(args) => fitted(args, home, terminal),
        FlowCommand::Facts(args) => facts(args, home, terminal),
        FlowCommand::Synth(args) => synth(args, terminal),
    }
}

/// A recording that was watched.
struct Watched {
    name: String,
    digest: Digest,
    recorded: Recorded,
    seen: Observation,
    provenance: Provenance,
}

fn watched(file: &FileArgs, args: &WatchArgs) -> Result<Watched, Failure> {
    let recorded = recorded(file)?;
    let name = file.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let day = recorded.messages.first().map(|message| message.known.utc_day());
    let watching = Watching {
        from: args.from.as_deref().map(|text| moment("--from", text, day)).transpose()?,
        to: args.to.as_deref().map(|text| moment("--to", text, day)).transpose()?,
        nearest_ticks: args.nearest,
        clock_seconds: args.clock_ms.map(|ms| ms / 1e3),
    };
    let seen = observe(&recorded, &watching)?;
    let digest = Digest::of(&files::read(&file.file)?);
    let provenance = provenance(&name, &file.file, recorded.origin(), recorded.messages.len())?;
    Ok(Watched { name, digest, recorded, seen, provenance })
}

impl Watched {
    fn fit(&self, settings: &FitSettings) -> Result<(FlowFile, Fitted), Failure> {
        let fitted = fit(&self.seen, settings)?;
        let named = (self.name.as_str(), &self.digest);
        let parts = (settings, &fitted);
        let file = FlowFile::new(named, self.recorded.grid, &self.seen, parts, CODE);
        Ok((file, fitted))
    }
}

/// Writes a page into the home folder and says where it is.
fn put(page: &Page, home: &Path, name: &str) -> Result<String, Failure> {
    let reports = home.join("reports");
    files::make_folder(&reports)?;
    let path = reports.join(format!("{name}.html"));
    files::write(&path, page.html().as_bytes(), "--home")?;
    Ok(std::path::absolute(&path).unwrap_or(path).display().to_string())
}

/// What a fit answers to programs.
#[derive(Serialize)]
struct FitAnswer<'a> {
    model: String,
    report: String,
    file: &'a FlowFile,
    fit: &'a Fitted,
}

fn fitted(args: &FitArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let watched = watched(&args.file, &args.watch)?;
    let settings = FitSettings { kernels: args.kernels, seed: args.seed, ..FitSettings::default() };
    let (file, fit) = watched.fit(&settings)?;
    let path = match &args.out {
        Some(path) => path.clone(),
        None => {
            let folder = home.join("flows");
            files::make_folder(&folder)?;
            folder.join(format!("{}.json", watched.name))
        }
    };
    files::write(&path, file.text(&fit)?.as_bytes(), "--out")?;
    let page = fit_page(&file, &fit, &watched.provenance);
    let report = put(&page, home, &format!("flow-fit-{}", watched.name))?;
    let model = std::path::absolute(&path).unwrap_or(path).display().to_string();
    let text = format!("{}\n{model}\n{report}", told::fitted(&file, &fit));
    terminal.answer(&FitAnswer { model, report, file: &file, fit: &fit }, text)
}

/// What facts answer to programs.
#[derive(Serialize)]
struct FactsAnswer {
    report: String,
    outcome: Outcome,
}

const fn choice(model: ModelArg) -> FlowChoice {
    match model {
        ModelArg::Zi => FlowChoice::Zero,
        ModelArg::Hawkes => FlowChoice::Hawkes,
        ModelArg::Crowd => FlowChoice::Crowd,
    }
}

fn facts(args: &FactsArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let against = args.against.as_deref().map(read).transpose()?;
    let watched = watched(&args.file, &args.watch)?;
    let file = match against {
        Some(file) => Some(file),
        None if args.alone => None,
        None => {
            let settings =
                FitSettings { kernels: args.kernels, seed: args.seed, ..FitSettings::default() };
            Some(watched.fit(&settings)?.0)
        }
    };
    if let Some(file) = &file
        && file.source.grid.tick() != watched.recorded.grid.tick()
    {
        let (theirs, ours) = (file.source.grid.tick(), watched.recorded.grid.tick());
        return Err(Failure::new(format!(
            "compare flows of a tick of {theirs} with a recording of a tick of {ours}"
        ))
        .advise("give --tick and --lot, the same for both"));
    }
    let has_hawkes = file.as_ref().is_some_and(|file| file.hawkes.is_some());
    let choices = match args.model.is_empty() {
        true => FlowChoice::ALL
            .into_iter()
            .filter(|choice| has_hawkes || *choice != FlowChoice::Hawkes)
            .collect(),
        false => args.model.iter().map(|model| choice(*model)).collect(),
    };
    let run = FactsRun {
        choices,
        seconds: args.minutes.map(|minutes| 60.0 * minutes),
        seed: args.seed,
        comparison: Comparison::default(),
    };
    let digest = watched.digest.to_string();
    let outcome = judge(&watched.seen, file.as_ref().map(|file| (file, digest.as_str())), &run)?;
    let page = facts_page(&outcome, &watched.name, &watched.provenance);
    let report = put(&page, home, &format!("flow-facts-{}", watched.name))?;
    let text = format!("{}\n{report}", told::facts(&outcome));
    terminal.answer(&FactsAnswer { report, outcome }, text)
}

fn read(path: &Path) -> Result<FlowFile, Failure> {
    let bytes = files::read(path)?;
    let name = path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(format!("read flow model {name}: it is no text"))
            .advise("give a file of `trimtab flow fit`")
    })?;
    Ok(FlowFile::read(&name, &text)?)
}

/// What a made recording answers to programs.
#[derive(Serialize)]
struct SynthAnswer {
    file: String,
    digest: String,
    made: Made,
}

fn synth(args: &SynthFlowArgs, terminal: Terminal) -> Result<(), Failure> {
    let making = making(args)?;
    let name = args.out.file_name().unwrap_or_default().to_string_lossy();
    let wrapping = match () {
        () if name.ends_with(".dbn") => Wrapping::Plain,
        () if name.ends_with(".dbn.zst") => Wrapping::Zstandard,
        () => {
            return Err(Failure::new(format!("write {}: no such format", args.out.display()))
                .advise("end the name in .dbn or .dbn.zst"));
        }
    };
    let part = PathBuf::from(format!("{}.part", args.out.display()));
    let refused = |error: std::io::Error| {
        Failure::new(format!("write {}: {error}", args.out.display()))
            .advise("free some space, or choose another place with --out")
    };
    let written = || -> Result<Made, Failure> {
        let sink = BufWriter::new(File::create(&part).map_err(refused)?);
        let mut packer = Packer::new(sink, wrapping).map_err(refused)?;
        let made = make(&making, &mut packer)?;
        packer.finish().map_err(refused)?;
        std::fs::rename(&part, &args.out).map_err(refused)?;
        Ok(made)
    };
    let made = written().inspect_err(|_| drop(std::fs::remove_file(&part)))?;
    let digest = Digest::of(&files::read(&args.out)?).to_string();
    let file = std::path::absolute(&args.out).unwrap_or_else(|_| args.out.clone());
    let file = file.display().to_string();
    let text = format!("{}\n{file}", told::made(&made, &digest));
    terminal.answer(&SynthAnswer { file, digest, made }, text)
}

fn making(args: &SynthFlowArgs) -> Result<Making, Failure> {
    let edge = match args.planted_ticks {
        0.0 => FlowEdge::None,
        ticks => FlowEdge::Imbalance { ticks, interval_seconds: args.planted_over_s },
    };
    let (market, grid) = match &args.file {
        Some(path) => {
            let file = read(path)?;
            let usual = if file.hawkes.is_some() { FlowChoice::Hawkes } else { FlowChoice::Zero };
            let asked = match args.crowd {
                true => FlowChoice::Crowd,
                false => args.model.map_or(usual, choice),
            };
            (file.market(asked, edge)?, file.source.grid)
        }
        None if args.crowd => (PlainMarket::market(edge), PlainMarket::grid()?),
        None => {
            return Err(Failure::new("make a recording of no flow").advise(
                "name a file of `trimtab flow fit`, or say --crowd for a built-in market",
            ));
        }
    };
    let (symbol, seed, seconds) = (args.symbol.clone(), args.seed, 60.0 * args.minutes);
    Ok(Making { market, grid, symbol, seed, seconds })
}
