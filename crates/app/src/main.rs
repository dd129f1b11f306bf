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
mod random;
mod state;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::terminal::{Bars, Form, Terminal};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal {
        form: if cli.json { Form::Json } else { Form::Text },
        bars: if cli.quiet { Bars::Hidden } else { Bars::Shown },
    };
    match interrupt::listen().and_then(|()| command::run(cli, terminal)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
