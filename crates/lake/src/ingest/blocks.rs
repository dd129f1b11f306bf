//! A file in blocks of whole lines, each read once and, where asked for, hashed on the way.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use base::Digest;
use base::hash::Hasher;

use crate::Error;

/// Bytes asked for at a time: a block stays in the processor's cache until its lines are read.
const BLOCK_BYTES: u64 = 1 << 20;

/// Whole lines of a file.
#[derive(Debug)]
pub(crate) struct Block {
    pub text: Vec<u8>,
    /// Number of the first line in the file, from 1.
    pub first_line: u64,
}

/// Reads a file to its end.
#[derive(Debug)]
pub(crate) struct Blocks {
    path: PathBuf,
    file: File,
    /// `None` where nobody asks for the hash.
    hasher: Option<Hasher>,
    bytes: u64,
    next_line: u64,
    // The beginning of the line that the last block did not hold whole.
    begun: Vec<u8>,
}

impl Blocks {
    /// Blocks that are hashed on the way.
    pub(crate) fn open(path: &Path) -> Result<Blocks, Error> {
        Ok(Blocks { hasher: Some(Hasher::default()), ..Blocks::unhashed(path)? })
    }

    /// Blocks alone.
    pub(crate) fn unhashed(path: &Path) -> Result<Blocks, Error> {
        let file = File::open(path).map_err(|e| Error::read(path, e))?;
        let (path, begun) = (path.to_owned(), Vec::new());
        Ok(Blocks { path, file, hasher: None, bytes: 0, next_line: 1, begun })
    }

    /// The next whole lines; nothing at the end of the file.
    pub(crate) fn next_block(&mut self) -> Result<Option<Block>, Error> {
        let mut text = std::mem::take(&mut self.begun);
        text.reserve_exact(BLOCK_BYTES as usize + 1);
        loop {
            let read = self.read(&mut text)?;
            let whole = match memchr::memrchr(b'\n', &text[text.len() - read..]) {
                Some(at) => text.len() - read + at + 1,
                None if read == 0 => text.len(),
                None => continue,
            };
            if whole == 0 {
                return Ok(None);
            }
            self.begun = text.split_off(whole);
            let first_line = self.next_line;
            self.next_line += memchr::memchr_iter(b'\n', &text).count() as u64;
            return Ok(Some(Block { text, first_line }));
        }
    }

    fn read(&mut self, text: &mut Vec<u8>) -> Result<usize, Error> {
        let before = text.len();
        let read = (&mut self.file).take(BLOCK_BYTES).read_to_end(text);
        let read = read.map_err(|e| Error::read(&self.path, e))?;
        let new = &text[before..];
        if memchr::memchr(0, new).is_some() {
            let fault = "it is not text; give a CSV or Parquet file".to_owned();
            return Err(Error::Ingest { path: self.path.clone(), fault });
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(new);
        }
        self.bytes += read as u64;
        Ok(read)
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes of the file and their hash, once it is read to its end; that of nothing where none was
    /// asked for.
    pub(crate) fn finish(self) -> (u64, Digest) {
        (self.bytes, self.hasher.unwrap_or_default().finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &[u8]) -> (Vec<Block>, (u64, Digest)) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut blocks = Blocks::open(file.path()).unwrap();
        let mut all = Vec::new();
        while let Some(block) = blocks.next_block().unwrap() {
            all.push(block);
        }
        (all, blocks.finish())
    }

    #[test]
    fn blocks_hold_every_line_once_with_its_number_and_the_hash_of_all() {
        let long = "x".repeat(3 << 20);
        for end in ["", "\n", "\nlast"] {
            let text = format!("{}{long}{end}", "a line\n".repeat(500_000));
            let (blocks, hash) = blocks(text.as_bytes());
            assert!(blocks.len() > 3);
            let mut line = 1;
            for block in &blocks[..blocks.len() - 1] {
                assert_eq!((block.first_line, block.text.last()), (line, Some(&b'\n')));
                line += block.text.iter().filter(|byte| **byte == b'\n').count() as u64;
            }
            assert_eq!(blocks[blocks.len() - 1].first_line, line);
            let whole: Vec<u8> = blocks.into_iter().flat_map(|block| block.text).collect();
            assert_eq!(whole, text.as_bytes());
            assert_eq!(hash, (text.len() as u64, Digest::of(text.as_bytes())));
        }
    }

    #[test]
    fn an_empty_file_has_no_block() {
        assert!(blocks(b"").0.is_empty());
    }
}
