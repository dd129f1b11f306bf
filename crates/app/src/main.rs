//! The one binary.
//!
//! The only composition root: it alone reads settings, the clock and the environment, opens the
//! store, and gives it to the rooms upstream. Start reading at [`cli`], then
//! [`command`].

// The composition root is where clock, environment, files and terminal enter.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

mod cli;
mod command;
mod failure;
mod files;
mod interrupt;
mod log;
mod random;
mod state;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::log::Keep;
use crate::terminal::{Bars, Form, Terminal};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal {
        form: if cli.json { Form::Json } else { Form::Text },
        bars: if cli.quiet { Bars::Hidden } else { Bars::Shown },
    };
    match begin(&cli).and_then(|()| command::run(cli, terminal)) {
        Ok(()) => {
            tracing::info!("ended well");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            tracing::info!("ended: {failure}");
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Begins to listen, to the person and to the rooms.
fn begin(cli: &Cli) -> Result<(), Failure> {
    let folder = cli.home.join("logs");
    let keep = if cli.command.keeps_log() { Keep::In(&folder) } else { Keep::Nowhere };
    log::listen(&cli.log, keep)?;
    interrupt::listen()
}
