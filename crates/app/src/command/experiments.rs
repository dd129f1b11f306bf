//! `trimtab experiments`: which experiment opened its held-out part, when, and who asked.

use std::path::Path;

use comfy_table::{Table, presets};
use serde::Serialize;
use store::Store;

use crate::failure::Failure;
use crate::terminal::Terminal;

#[derive(Serialize)]
struct Opened {
    experiment: String,
    at: String,
    who: String,
    held_out: String,
    result: serde_json::Value,
}

pub(crate) fn run(home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let path = home.join("state.db");
    if !path.is_file() {
        return Err(Failure::new(format!("open {}: there is no such file", path.display()))
            .advise("`trimtab demo` makes one, or name another folder with --home"));
    }
    let store = Store::open_file(&path)?;
    let openings = store.read(|tx| tx.vault_openings())?;
    let opened: Vec<Opened> = openings
        .into_iter()
        .map(|opening| Opened {
            experiment: opening.experiment,
            at: opening.at.to_string(),
            who: opening.who,
            held_out: opening.data_version,
            result: opening.result,
        })
        .collect();
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["experiment", "at", "who", "held-out rows"]);
    for one in &opened {
        let held_out: String = one.held_out.chars().take(12).collect();
        table.add_row([&one.experiment, &one.at, &one.who, &held_out]);
    }
    terminal.answer(&opened, table)
}
