//! `trimtab features`: what each calculator is.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};
use features::breakout::sides;
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
    /// Sides of the breakout book whose model may use it.
    sides: Vec<String>,
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
            sides: sides(spec.name).iter().map(ToString::to_string).collect(),
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
    table.set_header(["name", "units", "window", "inputs", "sides", "formula"]);
    for one in all {
        let window = match one.window {
            0 => "-".to_owned(),
            bars => bars.to_string(),
        };
        let (inputs, sides) = (one.inputs.join(" "), one.sides.join(" "));
        table.add_row([one.name, &one.units, &window, &inputs, &sides, one.formula]);
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
        ("used by", used_by(&one.sides)),
        ("source", one.source.to_owned()),
    ];
    text.push_str(one.name);
    for (label, value) in lines {
        let _ = write!(text, "\n  {label:<12}{value}");
    }
    text
}

fn used_by(sides: &[String]) -> String {
    match sides {
        [] => "no book yet".to_owned(),
        sides => format!("breakout book, {}", sides.join(" and ")),
    }
}
