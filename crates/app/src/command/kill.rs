//! `trimtab kill`: the kill switch, a file that halts trading at once.

mod entries;

use std::path::Path;

use pipeline::Error;
use pipeline::day::Brake;
use serde::Serialize;
use store::{Store, SwitchState};

use crate::cli::kill::KillCommand;
use crate::failure::Failure;
use crate::interrupt;
use crate::state;
use crate::terminal::Terminal;

/// Name of the file; its being there is enough, whoever made it.
const FILE: &str = "KILL";

/// The switch as it stands: on by the file, or by the store.
pub(crate) struct Switch<'a> {
    pub(crate) home: &'a Path,
    pub(crate) store: &'a Store,
}

impl Switch<'_> {
    /// Pulls it: the file first, which counts by itself.
    fn pull(&self, why: &str) -> Result<(), Error> {
        leave_file(self.home, why)?;
        self.keep(why)
    }

    /// Keeps in the store that it was pulled.
    fn keep(&self, why: &str) -> Result<(), Error> {
        let who = who();
        self.store.transaction("kill", |tx| {
            tx.set_kill_switch(SwitchState::Pulled, &who, why).map(drop)
        })?;
        Ok(())
    }

    /// Whether trading is halted.
    pub(crate) fn is_on(&self) -> Result<bool, Failure> {
        Ok(self.is_pulled()?)
    }
}

impl Brake for Switch<'_> {
    fn is_pulled(&self) -> Result<bool, Error> {
        if interrupt::is_kill_asked() {
            tracing::info!("SIGUSR1 pulls the kill switch");
            self.pull("SIGUSR1")?;
            interrupt::kill_is_kept();
        }
        let file = self.home.join(FILE);
        // A file that can't be looked for may be there.
        let is_there = file.try_exists().map_err(|error| Error::ReadSwitch {
            fault: format!("look for {}: {error}", file.display()),
        })?;
        let last = self.store.read(|tx| tx.kill_switch())?;
        Ok(is_there || last.is_some_and(|change| change.state != SwitchState::Armed))
    }
}

/// Leaves the file that halts, whether or not there is a database.
fn leave_file(home: &Path, why: &str) -> Result<(), Error> {
    let fault = |what: &str, at: &Path, error: std::io::Error| Error::ReadSwitch {
        fault: format!("{what} {}: {error}", at.display()),
    };
    std::fs::create_dir_all(home).map_err(|error| fault("make", home, error))?;
    let file = home.join(FILE);
    std::fs::write(&file, why).map_err(|error| fault("write", &file, error))
}

fn who() -> String {
    std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned())
}

pub(crate) fn run(
    command: KillCommand,
    home: &Path,
    url: Option<&str>,
    terminal: Terminal,
) -> Result<(), Failure> {
    if let KillCommand::On(args) = &command {
        leave_file(home, &args.why)?;
    }
    let store = state::open(home, url).map_err(|failure| match &command {
        KillCommand::On(_) => {
            failure.within("the file KILL is written, which halts by itself; keep it in the store")
        }
        _ => failure,
    })?;
    let file = home.join(FILE);
    let mut standing = None;
    match command {
        KillCommand::On(args) => {
            Switch { home, store: &store }.keep(&args.why)?;
            standing = Some(entries::take_back(&args, home, &store)?);
        }
        KillCommand::Off { why } => {
            let who = who();
            store.transaction("kill", |tx| {
                tx.set_kill_switch(SwitchState::Armed, &who, &why).map(drop)
            })?;
            if file.exists() {
                std::fs::remove_file(&file)
                    .map_err(|error| Failure::new(format!("delete {}: {error}", file.display())))?;
            }
        }
        KillCommand::Status => {}
    }
    let pulled = Switch { home, store: &store }.is_on()?;
    let mut text = match pulled {
        true => "the kill switch is ON: nothing is sent".to_owned(),
        false => "the kill switch is off".to_owned(),
    };
    if let Some(standing) = &standing {
        text.push_str(&standing.told());
    }
    terminal.answer(&Answer { on: pulled, standing }, text)
}

/// What is said to programs.
#[derive(Serialize)]
struct Answer {
    on: bool,
    #[serde(flatten)]
    standing: Option<entries::Standing>,
}
