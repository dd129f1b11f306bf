//! One file a command.

pub(crate) mod data;
mod day;
mod demo;
mod experiments;
mod features;
mod kill;
mod orders;
mod study;
mod synth;

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
        Command::Kill(command) => kill::run(command, &cli.home, cli.db.as_deref(), terminal),
        Command::Data(command) => data::run(command, &cli.home, terminal),
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
