//! An account on the disk: `state.json`, and journals of the changes that came after it.
//!
//! A journal is named after the count of changes that it begins with. When a state is to be kept
//! anew, a new journal is begun at once and the state is written beside the old one in a thread
//! of its own; journals that the new state holds are removed once it is there. So at every moment
//! the state that is there and all journals together are the account.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use exchange::journal::HEADING;
use exchange::{Keep, Snapshot, Tape, Venue};

use crate::failure::Failure;
use crate::files;

const STATE: &str = "state.json";
/// Digits of a journal's number: names stand in the order of the journals.
const DIGITS: usize = 20;

/// The account that lies in a folder; `None` where there is none.
pub(super) fn read(folder: &Path, tape: &Arc<Tape>) -> Result<Option<Venue>, Failure> {
    let path = folder.join(STATE);
    let journals = journals(folder).map_err(|error| {
        Failure::new(format!("list the journals in {}: {error}", folder.display()))
    })?;
    let state = match std::fs::read(&path) {
        Ok(state) => state,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return match journals.iter().all(|(_, path)| is_bare(path)) {
                true => Ok(None),
                false => Err(Failure::new(format!("read {}: it is gone", path.display()))
                    .advise("put it back: the journals beside it go on from it")),
            };
        }
        Err(error) => return Err(Failure::new(format!("read {}: {error}", path.display()))),
    };
    let mut venue = Venue::restore(Arc::clone(tape), &state).map_err(|error| {
        Failure::of(&error)
            .advise("give the same market as before, or choose another account with --name")
    })?;
    for (_, path) in journals {
        let replayed = venue.replay(&files::read(&path)?).map_err(|error| {
            let failure = Failure::of(&error);
            failure.advise(format!("it is {}; put another copy in its place", path.display()))
        })?;
        if replayed.cut > 0 && !is_bare(&path) {
            let (path, cut) = (path.display(), replayed.cut);
            eprintln!("{path}: {cut} bytes at its end were written in part and are left out");
        }
    }
    Ok(Some(venue))
}

/// True for a journal that nothing was written to.
fn is_bare(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.len() <= HEADING.len() as u64)
}

/// The journals of a folder with their numbers, the oldest first.
fn journals(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix("journal-").and_then(|rest| rest.strip_suffix(".log"));
        if let Some(Ok(number)) = number.map(str::parse) {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found)
}

/// The folder of an account that is open.
pub(super) struct Disk {
    folder: PathBuf,
    journal: Option<File>,
    /// The thread that writes a state; how many bytes it wrote.
    writing: Option<JoinHandle<io::Result<u64>>>,
    kept: u64,
}

impl Disk {
    pub(super) fn new(folder: PathBuf) -> Disk {
        Disk { folder, journal: None, writing: None, kept: 0 }
    }
}

impl Keep for Disk {
    fn append(&mut self, page: &[u8]) -> io::Result<()> {
        let missing = || io::Error::other("no journal was begun");
        let journal = self.journal.as_mut().ok_or_else(missing)?;
        journal.write_all(page)?;
        journal.sync_data()
    }

    fn renew(&mut self, snapshot: Snapshot) -> io::Result<()> {
        self.wait()?;
        let number = snapshot.version();
        let path = self.folder.join(format!("journal-{number:0DIGITS$}.log"));
        // One that is there has no change that was told: it would begin with this one.
        let mut journal = OpenOptions::new().create(true).write(true).truncate(true).open(path)?;
        journal.write_all(HEADING)?;
        journal.sync_all()?;
        sync(&self.folder)?;
        self.journal = Some(journal);
        let folder = self.folder.clone();
        self.writing = Some(std::thread::spawn(move || write(&folder, &snapshot)));
        Ok(())
    }

    fn kept(&mut self) -> io::Result<Option<u64>> {
        if self.writing.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Ok(None);
        }
        self.wait()?;
        Ok(Some(self.kept))
    }

    fn wait(&mut self) -> io::Result<()> {
        if let Some(thread) = self.writing.take() {
            let broken = |_| Err(io::Error::other("the thread that writes states broke"));
            self.kept = thread.join().unwrap_or_else(broken)?;
        }
        Ok(())
    }
}

/// Writes a state beside the old one, brings it to the disk, renames it, and removes the journals
/// that it holds.
fn write(folder: &Path, snapshot: &Snapshot) -> io::Result<u64> {
    let part = folder.join("state.part");
    let mut to = BufWriter::with_capacity(1 << 16, File::create(&part)?);
    snapshot.write(&mut to)?;
    let file = to.into_inner()?;
    file.sync_all()?;
    let length = file.metadata()?.len();
    std::fs::rename(&part, folder.join(STATE))?;
    // The new name must survive too.
    sync(folder)?;
    for (number, path) in journals(folder)? {
        if number < snapshot.version() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(length)
}

/// Brings the names in a folder to the disk.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
