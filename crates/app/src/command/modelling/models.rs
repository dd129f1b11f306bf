//! `trimtab models`: what is on record, what can be trained, what comes from elsewhere.

use std::path::Path;

use learn::Model as _;
use learn::family::Family;
use pipeline::modelling::keeping;
use serde_json::json;
use store::{Clock as _, MachineClock, Store};

use super::write_out;
use crate::cli::modelling::{KeptArgs, ModelsCommand};
use crate::failure::Failure;
use crate::terminal::{Terminal, headed};
use crate::{files, state};

pub(crate) fn run(
    command: &ModelsCommand,
    (home, url): (&Path, Option<&str>),
    terminal: Terminal,
) -> Result<(), Failure> {
    match command {
        ModelsCommand::Kinds => kinds(terminal),
        ModelsCommand::Ls => list(&state::open(home, url)?, terminal),
        ModelsCommand::Register { file, contract } => {
            register((file, contract), &state::open(home, url)?, terminal)
        }
        ModelsCommand::Export { kept, out } => {
            export((kept, out), &state::open(home, url)?, terminal)
        }
    }
}

fn kinds(terminal: Terminal) -> Result<(), Failure> {
    let mut all = serde_json::Map::new();
    let mut text = String::new();
    for (name, what) in Family::NAMES {
        let settings = serde_json::to_value(Family::named(name))?;
        text.push_str(&format!("{name}: {what}\n  {settings}\n"));
        all.insert(name.to_owned(), json!({"what": what, "settings": settings}));
    }
    text.push_str("change one with --set, for example --set epochs=50 --set design.hidden=[32]");
    terminal.answer(&all, text)
}

fn list(store: &Store, terminal: Terminal) -> Result<(), Failure> {
    let all = keeping::list(store)?;
    let mut table = headed(["name", "version", "versions", "family", "made"]);
    for line in &all {
        table.add_row([
            line.name.clone(),
            line.version.clone(),
            line.versions.to_string(),
            line.family.clone(),
            line.created.to_string(),
        ]);
    }
    match all.is_empty() {
        true => terminal.answer(&all, "no model yet; `trimtab train` makes one"),
        false => terminal.answer(&all, table),
    }
}

fn register(
    (file, contract): (&Path, &Path),
    store: &Store,
    terminal: Terminal,
) -> Result<(), Failure> {
    let bytes = files::read(file)?;
    let contract = onnx::Contract::from_json(&files::read(contract)?).map_err(|fault| {
        Failure::of(&fault).advise("docs/howto/bring-a-model.md says what a contract holds")
    })?;
    let rows = contract.check.len();
    let kept = keeping::register(store, &bytes, contract, MachineClock.now())?;
    let (name, version) = (&kept.name, &kept.version);
    let text = format!(
        "{name} version {version} agrees with its contract on {rows} rows within {:e}; reads {}",
        onnx::TOLERANCE,
        kept.model.features().join(", ")
    );
    let answer = json!({
        "name": name, "version": version, "digest": kept.digest.to_string(),
        "features": kept.model.features(), "rows_checked": rows,
    });
    terminal.answer(&answer, text)
}

fn export(
    (args, out): (&KeptArgs, &Path),
    store: &Store,
    terminal: Terminal,
) -> Result<(), Failure> {
    let kept = keeping::find(store, &args.name, args.version.as_deref())?;
    write_out(&kept, Some(out))?;
    let text = format!("{} version {} written to {}", kept.name, kept.version, out.display());
    terminal.answer(&json!({"name": kept.name, "version": kept.version}), text)
}
