//! `trimtab parity`: two homes that were to do the same, side by side.

use std::path::Path;

use pipeline::day::parity::{Deeds, Parity, compare};

use crate::cli::ParityArgs;
use crate::failure::Failure;
use crate::terminal::{Terminal, headed};
use crate::{files, state};

pub(crate) fn run(
    args: &ParityArgs,
    home: &Path,
    url: Option<&str>,
    terminal: Terminal,
) -> Result<(), Failure> {
    if !args.against.is_dir() {
        let there = args.against.display();
        return Err(Failure::new(format!("compare with {there}: there is no such folder"))
            .advise("the --home of the other run"));
    }
    let here = Deeds::read(&state::open(home, url)?)?;
    let there = Deeds::read(&state::open(&args.against, None)?)?;
    let found = compare(&here, &there);
    if let Some(path) = &args.page {
        let (one, other) = (home.display().to_string(), args.against.display().to_string());
        let revision = concat!("trimtab ", env!("CARGO_PKG_VERSION"));
        let page = found.page([&here, &there], [&one, &other], revision);
        files::write(path, page.html().as_bytes(), "--page")?;
    }
    terminal.answer(&found, told(&found))
}

fn told(found: &Parity) -> String {
    let mut text = format!(
        "{} intents and {} orders in either; {} orders filled alike in both\n",
        found.intents, found.orders, found.same_fills
    );
    if found.differences.is_empty() {
        text.push_str("nothing differs");
        return text;
    }
    let mut table = headed(["differs", "what", "symbol", "here", "there", "cost here"]);
    for it in &found.differences {
        let cost = if it.cost == market::Cash::ZERO { String::new() } else { it.cost.to_string() };
        table.add_row([it.kind.word(), &it.name, &it.symbol, &it.here, &it.there, &cost]);
    }
    text.push_str(&format!(
        "{table}\nprices and fees cost {} here beyond there, over fills that both had; one run, so \
         no interval",
        found.cost
    ));
    text
}
