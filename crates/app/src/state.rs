//! Opens the store: SQLite in the home folder, or whatever URL is given.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::Ts;
use store::{Address, Clock, FailPoint, MachineClock, OpenOptions, Store};

use crate::failure::Failure;
use crate::files;

/// Ends the process at a named point, as a crash would, or writes down all points it passes.
/// Tests ask for it in the environment.
struct Watched {
    die_at: Option<String>,
    write_to: Option<PathBuf>,
}

impl FailPoint for Watched {
    fn reached(&self, name: &str) {
        if self.die_at.as_deref() == Some(name) {
            std::process::abort();
        }
        if let Some(path) = &self.write_to {
            let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
            // A list of points that can't be written fails the test that asked for it.
            let _ = file.and_then(|mut file| writeln!(file, "{name}"));
        }
    }
}

/// A clock that stands still, so that two runs can be compared row by row.
struct Standing(Ts);

impl Clock for Standing {
    fn now(&self) -> Ts {
        self.0
    }
}

fn clock() -> Arc<dyn Clock> {
    match std::env::var("TRIMTAB_TEST_CLOCK_SECONDS").ok().and_then(|text| text.parse().ok()) {
        Some(seconds) => Arc::new(Standing(Ts::from_seconds(seconds))),
        None => Arc::new(MachineClock),
    }
}

/// Opens the store of a home folder, or the one at a URL.
pub(crate) fn open(home: &Path, url: Option<&str>) -> Result<Store, Failure> {
    files::make_folder(home)?;
    let address = match url {
        Some(url) => Address::read(url)?,
        None => Address::file(&home.join("state.db")),
    };
    let watched = Watched {
        die_at: std::env::var("TRIMTAB_TEST_DIE_AT").ok(),
        write_to: std::env::var_os("TRIMTAB_TEST_POINTS").map(PathBuf::from),
    };
    let asked = watched.die_at.is_some() || watched.write_to.is_some();
    let fail_point = asked.then(|| Arc::new(watched) as Arc<dyn FailPoint>);
    Ok(Store::open_with(
        address,
        OpenOptions { clock: clock(), fail_point, ..OpenOptions::default() },
    )?)
}
