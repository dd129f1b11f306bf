//! `trimtab explain`: what a kept model looks at.

use std::path::Path;

use pipeline::modelling::{Explained, explain};
use serde::Serialize;

use super::{Asked, show};
use crate::cli::modelling::ExplainArgs;
use crate::failure::Failure;
use crate::terminal::{Bar, Terminal, headed};

#[derive(Serialize)]
struct Answer<'a> {
    name: &'a str,
    version: &'a str,
    #[serde(flatten)]
    explained: &'a Explained,
}

pub(crate) fn run(
    args: &ExplainArgs,
    place: (&Path, Option<&str>),
    terminal: Terminal,
) -> Result<(), Failure> {
    let Asked { kept, rows, own, .. } = Asked::open("explain", (&args.kept, &args.rows), place)?;
    let rows = if own { rows.developed(&kept)? } else { rows };
    let bar = Bar::new(terminal);
    let explained = explain(&kept, &rows.latest(args.most_rows), args.shuffles, &bar)?;
    let (name, version) = (kept.name.as_str(), kept.version.as_str());
    let text = format!(
        "{}{name} version {version} asked about {} rows{}\n{}",
        show::notes(&explained.notes),
        explained.rows,
        if own { " it learned from" } else { "" },
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
    if !explained.gains.is_empty() {
        let mut table = headed(["column", "sum of gains", "mean gain", "splits"]);
        for line in &explained.gains {
            let (sum, mean) = (show::number(line.total_gain), show::number(line.gain));
            table.add_row([line.feature.clone(), sum, mean, line.weight.to_string()]);
        }
        parts.push(format!(
            "what splits gained in training (counted, so without an interval; it favours columns \
             of many values):\n{table}"
        ));
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
