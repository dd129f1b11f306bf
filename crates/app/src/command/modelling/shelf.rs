//! Checkpoints as files in the home folder.

use std::io;
use std::path::{Path, PathBuf};

use pipeline::modelling::Shelf;

use crate::failure::Failure;

/// A folder of checkpoints.
pub(crate) struct FileShelf {
    folder: PathBuf,
}

impl FileShelf {
    /// The shelf of a home folder.
    pub(crate) fn open(home: &Path) -> Result<FileShelf, Failure> {
        let folder = home.join("checkpoints");
        std::fs::create_dir_all(&folder).map_err(|error| {
            Failure::new(format!("make folder {}: {error}", folder.display()))
                .advise("choose a folder that can be written to with --home")
        })?;
        Ok(FileShelf { folder })
    }
}

impl Shelf for FileShelf {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(self.folder.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        write_whole(&self.folder.join(name), bytes)
    }

    fn remove(&self, name: &str) {
        // What can't be taken away is found again and costs nothing but room.
        let _ = std::fs::remove_file(self.folder.join(name));
    }
}

/// Writes a file whole or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    let written = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    written.inspect_err(|_| drop(std::fs::remove_file(&part)))
}
