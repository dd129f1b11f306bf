//! Files and folders, with what to do where the disk refuses.

use std::io;
use std::path::Path;

use crate::failure::Failure;

/// What to do where the home folder refuses.
pub(crate) const OTHER_HOME: &str = "choose a folder that can be written to with --home";

/// Makes a folder and those above it; it may be there.
pub(crate) fn make_folder(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|error| {
        Failure::new(format!("make folder {}: {error}", path.display())).advise(OTHER_HOME)
    })
}

/// Reads a file, or says what is wrong.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::new(format!("read {}: {error}", path.display())).advise("check the path")
    })
}

/// Writes a file whole or not at all; `option` names the word that chooses another place.
pub(crate) fn write(path: &Path, bytes: &[u8], option: &str) -> Result<(), Failure> {
    write_whole(path, bytes).map_err(|error| {
        Failure::new(format!("write {}: {error}", path.display()))
            .advise(format!("free some space, or choose another place with {option}"))
    })
}

/// Writes beside the old file and renames, so that a reader never sees half of it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    let written = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    written.inspect_err(|_| drop(std::fs::remove_file(&part)))
}
