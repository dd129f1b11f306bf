//! Checkpoints as files in the home folder.

use std::io;
use std::path::{Path, PathBuf};

use pipeline::modelling::Shelf;

use crate::failure::Failure;
use crate::files;

/// A folder of checkpoints.
pub(crate) struct FileShelf {
    folder: PathBuf,
}

impl FileShelf {
    /// The shelf of a home folder.
    pub(crate) fn open(home: &Path) -> Result<FileShelf, Failure> {
        let folder = home.join("checkpoints");
        files::make_folder(&folder)?;
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

    fn has(&self, name: &str) -> bool {
        self.folder.join(name).is_file()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        files::write_whole(&self.folder.join(name), bytes)
    }

    fn remove(&self, name: &str) {
        // What can't be taken away is found again and costs nothing but room.
        let _ = std::fs::remove_file(self.folder.join(name));
    }
}
