//! `trimtab kill`: the kill switch, a file that halts trading at once.

use std::path::Path;

use pipeline::Error;
use pipeline::day::Brake;
use store::{Store, SwitchState};

use crate::cli::KillCommand;
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
    /// Pulls it: the file first, which counts even if the database is down.
    fn pull(&self, why: &str) -> Result<(), Error> {
        let file = self.home.join(FILE);
        std::fs::write(&file, why).map_err(|error| Error::ReadSwitch {
            fault: format!("write {}: {error}", file.display()),
        })?;
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

fn who() -> String {
    std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned())
}

pub(crate) fn run(
    command: KillCommand,
    home: &Path,
    url: Option<&str>,
    terminal: Terminal,
) -> Result<(), Failure> {
    let store = state::open(home, url)?;
    let file = home.join(FILE);
    match command {
        KillCommand::On { why } => Switch { home, store: &store }.pull(&why)?,
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
    let text = match pulled {
        true => "the kill switch is ON: nothing is sent",
        false => "the kill switch is off",
    };
    terminal.answer(&serde_json::json!({"on": pulled}), text)
}
