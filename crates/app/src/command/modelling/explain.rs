//! `trimtab explain`: what a kept model looks at.

use std::path::Path;

use comfy_table::{Table, presets};
use pipeline::modelling::{Explained, Labelled, explain, keeping};
use serde::Serialize;

use super::{roles, show, source};
use crate::cli::modelling::ExplainArgs;
use crate::command::data::lake;
use crate::failure::Failure;
use crate::state;
use crate::terminal::Terminal;

#[derive(Serialize)]
struct Answer<'a> {
    name: &'a str,
    version: &'a str,
    #[serde(flatten)]
    explained: &'a Explained,
}

pub(crate) fn run(
    args: &ExplainArgs,
    (home, url): (&Path, Option<&str>),
    terminal: Terminal,
) -> Result<(), Failure> {
    let (store, lake) = (state::open(home, url)?, lake(home));
    let kept = keeping::find(&store, &args.kept.name, args.kept.version.as_deref())?;
    let told = source(&args.rows);
    let rows = told.clone().or_else(|| kept.card().map(|card| card.source.clone()));
    let Some(rows) = rows else {
        return Err(Failure::new(format!("explain {}: it has no rows of its own", kept.name))
            .advise("name a CSV or Parquet file with --target, or ask the lake with --sql"));
    };
    let roles = roles(&args.rows, kept.roles());
    if roles.target.is_empty() {
        return Err(Failure::new("explain: no column is named as the target")
            .advise("say which column is foretold with --target"));
    }
    let mut labelled = Labelled::of(&rows.read(&lake)?, &roles, kept.texts())?;
    if told.is_none() {
        labelled = labelled.developed(&kept)?;
    }
    let explained = explain(&kept, &labelled.latest(args.most_rows), args.shuffles)?;
    let (name, version) = (kept.name.as_str(), kept.version.as_str());
    let text = format!(
        "{}{name} version {version} asked about {} rows{}\n{}",
        show::notes(&explained.notes),
        explained.rows,
        if told.is_none() { " it learned from" } else { "" },
        tables(&explained)
    );
    terminal.answer(&Answer { name, version, explained: &explained }, text)
}

fn tables(explained: &Explained) -> String {
    let mut parts = Vec::new();
    for (class, lines) in explained.contributions.iter().enumerate() {
        let which = match explained.contributions.len() {
            1 => String::new(),
            _ => format!(" of class {class}"),
        };
        let mut table = headed(["column", "mean |Shapley value|", "95 % interval"]);
        for line in lines {
            let found = &line.mean_absolute;
            table.add_row([line.feature.clone(), show::number(found.value), show::range(found)]);
        }
        parts.push(format!("what moves the margin{which}:\n{table}"));
    }
    if !explained.slopes.is_empty() {
        let mut table = headed(["column", "log odds a deviation", ""]);
        for (name, slope) in &explained.slopes {
            table.add_row([name.clone(), show::number(*slope), String::new()]);
        }
        parts.push(format!("slopes, as fitted:\n{table}"));
    }
    let mut table = headed(["column", "rise", "95 % interval over shuffles"]);
    for line in &explained.rises {
        table.add_row([
            line.feature.clone(),
            show::number(line.rise.value),
            show::range(&line.rise),
        ]);
    }
    parts.push(format!("rise of {} when a column is shuffled:\n{table}", explained.loss));
    parts.join("\n")
}

fn headed(names: [&str; 3]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(names);
    table
}
