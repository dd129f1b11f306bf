//! One file a day, by the date in UTC, to which lines are appended.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base::Day;
use tracing_subscriber::fmt::MakeWriter;

/// A disk that refuses stops nothing: it is said once, and each further line is tried again.
pub(super) struct DailyFile {
    folder: PathBuf,
    today: fn() -> Day,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    file: Option<(Day, File)>,
    is_refusal_told: bool,
}

impl DailyFile {
    /// Files of that folder; nothing is made before the first line.
    pub(super) fn of(folder: &Path, today: fn() -> Day) -> DailyFile {
        DailyFile { folder: folder.to_owned(), today, open: Mutex::default() }
    }

    /// The refusal, where it is the first.
    fn append(&self, line: &[u8]) -> Option<String> {
        // Whoever panicked here left a file that can still be appended to.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let error = open.append(&self.folder, (self.today)(), line).err()?;
        open.file = None;
        if std::mem::replace(&mut open.is_refusal_told, true) {
            return None;
        }
        Some(format!("write the log in {}: {error}; this goes on without", self.folder.display()))
    }
}

impl Open {
    fn append(&mut self, folder: &Path, today: Day, line: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some((day, file)) if *day == today => file,
            other => {
                std::fs::create_dir_all(folder)?;
                let path = folder.join(format!("{today}.log"));
                let file = OpenOptions::new().append(true).create(true).open(path)?;
                &mut other.insert((today, file)).1
            }
        };
        file.write_all(line)
    }
}

impl Write for &DailyFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(refusal) = self.append(line) {
            // Standard error may be gone as well.
            let _ = writeln!(io::stderr(), "{refusal}");
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for DailyFile {
    type Writer = &'a DailyFile;

    fn make_writer(&'a self) -> &'a DailyFile {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI32, Ordering};

    use super::*;

    static TODAY: AtomicI32 = AtomicI32::new(0);

    fn today() -> Day {
        let first: Day = "2024-06-28".parse().unwrap();
        first.plus(TODAY.load(Ordering::Relaxed))
    }

    #[test]
    fn lines_go_to_the_file_of_their_day_behind_those_there_are() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("logs");
        assert_eq!(DailyFile::of(&folder, today).append(b"one\n"), None);
        let again = DailyFile::of(&folder, today);
        assert_eq!(again.append(b"two\n"), None);
        TODAY.store(1, Ordering::Relaxed);
        assert_eq!(again.append(b"three\n"), None);
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(read("2024-06-28.log"), "one\ntwo\n");
        assert_eq!(read("2024-06-29.log"), "three\n");
    }

    #[test]
    fn a_folder_that_refuses_is_told_once_and_tried_again() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("logs");
        std::fs::write(&folder, "in the way").unwrap();
        let file = DailyFile::of(&folder, || "2024-07-01".parse().unwrap());
        let told = file.append(b"lost\n").unwrap();
        assert!(told.contains("goes on without"), "{told}");
        assert_eq!(file.append(b"lost too\n"), None);
        std::fs::remove_file(&folder).unwrap();
        assert_eq!(file.append(b"kept\n"), None);
        assert_eq!(std::fs::read_to_string(folder.join("2024-07-01.log")).unwrap(), "kept\n");
    }
}
