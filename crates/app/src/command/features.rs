//! `trimtab features`: what each calculator is.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};
use features::{Spec, find, specs};
use serde::Serialize;

use crate::cli::FeaturesCommand;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// A feature as given to programs.
#[derive(Serialize)]
struct Described {
    name: &'static str,
    formula: &'static str,
    window: usize,
    warmup: usize,
    inputs: Vec<String>,
    units: String,
    source: &'static str,
}

impl From<&'static Spec> for Described {
    fn from(spec: &'static Spec) -> Described {
        Described {
            name: spec.name,
            formula: spec.formula,
            window: spec.window,
            warmup: spec.warmup,
            inputs: spec.inputs.iter().map(ToString::to_string).collect(),
            units: spec.units.to_string(),
            source: spec.source,
        }
    }
}

pub(crate) fn run(command: FeaturesCommand, terminal: Terminal) -> Result<(), Failure> {
    match command {
        FeaturesCommand::List => {
            let all: Vec<Described> = specs().map(Described::from).collect();
            terminal.answer(&all, table(&all))
        }
        FeaturesCommand::Explain { name } => {
            let one = Described::from(find(&name)?.spec);
            terminal.answer(&one, explain(&one))
        }
    }
}

fn table(all: &[Described]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["name", "units", "window", "inputs", "formula"]);
    for one in all {
        let window = one.window.to_string();
        table.add_row([one.name, &one.units, &window, &one.inputs.join(" "), one.formula]);
    }
    table
}

fn explain(one: &Described) -> String {
    let mut text = String::new();
    let window = match one.window {
        0 => "unbounded, or set by the setup".to_owned(),
        bars => format!("{bars} bars"),
    };
    let lines = [
        ("formula", one.formula.to_owned()),
        ("units", one.units.clone()),
        ("window", window),
        ("first value", format!("bar {}", one.warmup)),
        ("inputs", one.inputs.join(", ")),
        ("source", one.source.to_owned()),
    ];
    text.push_str(one.name);
    for (label, value) in lines {
        let _ = write!(text, "\n  {label:<12}{value}");
    }
    text
}
