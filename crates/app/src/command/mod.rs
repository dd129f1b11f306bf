//! One file a command.

mod agents;
pub(crate) mod broker;
mod data;
mod day;
mod demo;
pub(crate) mod depth;
mod exchange;
mod execute;
mod experiments;
mod features;
mod flow;
mod kill;
mod knockout;
mod live;
mod modelling;
mod options;
mod orders;
mod parity;
mod statement;
mod study;
mod synth;
mod watch;

use std::path::Path;

use clap::CommandFactory;

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Does what the command line asks.
pub(crate) fn run(cli: Cli, terminal: Terminal) -> Result<(), Failure> {
    if let Some(threads) = cli.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build_global().map_err(|error| Failure::new(format!("start threads: {error}")))?;
    }
    match cli.command {
        Command::Demo(args) => demo::run(&args, &cli.home, terminal),
        Command::Day(args) => day::run(&args, &cli.home, cli.db.as_deref(), terminal),
        Command::Orders(command) => orders::run(command, &cli.home, cli.db.as_deref(), terminal),
        Command::Parity(args) => parity::run(&args, &cli.home, cli.db.as_deref(), terminal),
        Command::Watch(args) => watch::run(&args, terminal),
        Command::Live(command) => live::run(&command, &cli.home, terminal),
        Command::Kill(command) => kill::run(command, &cli.home, cli.db.as_deref(), terminal),
        Command::Data(command) => data::run(command, &cli.home, terminal),
        Command::Train(args) => modelling::train::run(&args, place(&cli.home, &cli.db), terminal),
        Command::Tune(args) => modelling::tune::run(&args, place(&cli.home, &cli.db), terminal),
        Command::Evaluate(args) => {
            modelling::evaluate::run(&args, place(&cli.home, &cli.db), terminal)
        }
        Command::Explain(args) => {
            modelling::explain::run(&args, place(&cli.home, &cli.db), terminal)
        }
        Command::Models(command) => {
            modelling::models::run(&command, place(&cli.home, &cli.db), terminal)
        }
        Command::Agents(command) => agents::run(&command, place(&cli.home, &cli.db), terminal),
        Command::Depth(command) => depth::run(&command, &cli.home, terminal),
        Command::Execute(args) => execute::run(&args, &cli.home, terminal),
        Command::Exchange(args) => exchange::run(&args, &cli.home, terminal),
        Command::Flow(command) => flow::run(&command, &cli.home, terminal),
        Command::KnockOut(command) => knockout::run(&command, &cli.home, terminal),
        Command::Options(command) => options::run(&command, &cli.home, terminal),
        Command::Synth(args) => synth::run(&args, &cli.home, terminal),
        Command::Study(args) => study::run(&args, &cli.home, terminal),
        Command::Experiments => experiments::run(&cli.home, terminal),
        Command::Features(command) => features::run(command, terminal),
        Command::Completions { shell } => {
            let mut words = Cli::command();
            clap_complete::generate(shell, &mut words, "trimtab", &mut std::io::stdout());
            Ok(())
        }
    }
}

/// Home folder, and URL of the state store where one is given.
fn place<'a>(home: &'a Path, url: &'a Option<String>) -> (&'a Path, Option<&'a str>) {
    (home, url.as_deref())
}
