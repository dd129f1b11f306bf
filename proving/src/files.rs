//! Files that are read cold: written through to the disk and dropped from memory.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// All files below a folder.
pub fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(below(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// Bytes of all files below a folder.
pub fn bytes_below(folder: &Path) -> Result<u64> {
    below(folder)?.iter().map(|path| Ok(std::fs::metadata(path)?.len())).sum()
}

/// Writes all files below a folder to the disk and asks the kernel to forget them.
pub fn make_cold(folder: &Path) -> Result<()> {
    for path in below(folder)? {
        let named = || format!("forget {}", path.display());
        std::fs::File::open(&path).and_then(|file| file.sync_all()).with_context(named)?;
        // GNU dd asks for nothing and advises the kernel to drop the whole file.
        let mut dd = Command::new("dd");
        dd.args(["iflag=nocache", "count=0", "status=none"]);
        let status = dd.arg(format!("if={}", path.display())).status().with_context(named)?;
        ensure!(status.success(), "{}: dd ended with {status}", named());
    }
    Ok(())
}

/// Bytes that this process has had read from a disk so far.
pub fn read_from_disk() -> Result<u64> {
    let text = std::fs::read_to_string("/proc/self/io").context("read /proc/self/io")?;
    let line = text.lines().find_map(|line| line.strip_prefix("read_bytes:"));
    Ok(line.context("find read_bytes in /proc/self/io")?.trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_in_folders_in_folders_are_found_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a").join("b"), "12345").unwrap();
        assert_eq!(bytes_below(folder.path()).unwrap(), 5);
        make_cold(folder.path()).unwrap();
        assert_eq!(bytes_below(folder.path()).unwrap(), 5);
    }
}
