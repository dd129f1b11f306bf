//! Columns of numbers as files that NumPy reads: raw, little-endian, no header.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Writes floats.
pub fn write_f64(path: &Path, values: impl IntoIterator<Item = f64>) -> Result<()> {
    write(path, values.into_iter().map(f64::to_le_bytes))
}

/// Writes short floats.
pub fn write_f32(path: &Path, values: impl IntoIterator<Item = f32>) -> Result<()> {
    write(path, values.into_iter().map(f32::to_le_bytes))
}

/// Writes integers.
pub fn write_i64(path: &Path, values: impl IntoIterator<Item = i64>) -> Result<()> {
    write(path, values.into_iter().map(i64::to_le_bytes))
}

/// Reads integers.
pub fn read_i64(path: &Path) -> Result<Vec<i64>> {
    let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
    let (parts, rest) = bytes.as_chunks::<8>();
    ensure!(rest.is_empty(), "read {}: {} bytes are too many", path.display(), rest.len());
    Ok(parts.iter().map(|part| i64::from_le_bytes(*part)).collect())
}

fn write<const N: usize>(path: &Path, values: impl Iterator<Item = [u8; N]>) -> Result<()> {
    let named = || format!("write {}", path.display());
    let mut file = BufWriter::new(std::fs::File::create(path).with_context(named)?);
    for value in values {
        file.write_all(&value).with_context(named)?;
    }
    file.flush().with_context(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_survive_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        write_i64(&path, [1, -2, i64::MAX]).unwrap();
        assert_eq!(read_i64(&path).unwrap(), [1, -2, i64::MAX]);
    }

    #[test]
    fn a_file_that_ends_inside_a_number_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, [0; 9]).unwrap();
        assert!(read_i64(&path).is_err());
    }
}
