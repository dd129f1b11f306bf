//! Text files: while the lines of one wave are parsed on all threads, the next wave is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::Digest;
use rayon::prelude::*;

use super::blocks::Blocks;
use super::columns::Names;
use super::csv::Csv;
use super::gathered::Gathered;
use crate::Error;
use crate::rows::RefusedRow;

/// Blocks of a wave; two waves are in memory at a time.
const WAVE_PARTS: usize = 32;

/// Reads text files one after the other; gives their rows, and bytes and hash of each.
/// `told` hears of the bytes read so far.
pub(crate) fn gather(
    files: &[PathBuf],
    names: &Names,
    told: &dyn Fn(u64),
) -> Result<(Gathered, Vec<(u64, Digest)>), Error> {
    let mut reading = Reading { files, names, open: None, done: Vec::new(), bytes_done: 0 };
    let (mut all, mut tally) = (Gathered::default(), Tally::default());
    let mut wave = reading.wave()?;
    while !wave.is_empty() {
        let (parsed, next) = rayon::join(
            || wave.par_iter().map(Part::parse).collect::<Vec<Gathered>>(),
            || reading.wave(),
        );
        for (part, gathered) in wave.iter().zip(parsed) {
            tally.add(&part.csv.path, &gathered)?;
            all.absorb(gathered);
        }
        told(reading.bytes());
        wave = next?;
    }
    tally.check()?;
    Ok((all, reading.done))
}

/// Some lines of a file.
struct Part {
    csv: Arc<Csv>,
    text: Vec<u8>,
    /// Where the lines begin, behind the header.
    start: usize,
    first_line: u64,
}

impl Part {
    fn parse(&self) -> Gathered {
        self.csv.parse(&self.text[self.start..], self.first_line)
    }
}

struct Reading<'a> {
    files: &'a [PathBuf],
    names: &'a Names,
    open: Option<(Blocks, Arc<Csv>)>,
    done: Vec<(u64, Digest)>,
    bytes_done: u64,
}

impl Reading<'_> {
    fn wave(&mut self) -> Result<Vec<Part>, Error> {
        let mut wave = Vec::with_capacity(WAVE_PARTS);
        while wave.len() < WAVE_PARTS {
            let Some(part) = self.part()? else { break };
            wave.push(part);
        }
        Ok(wave)
    }

    /// The next lines of this file or of the next; nothing at the end of the last.
    fn part(&mut self) -> Result<Option<Part>, Error> {
        if let Some((blocks, csv)) = &mut self.open {
            if let Some(block) = blocks.next_block()? {
                let (csv, text, first_line) = (csv.clone(), block.text, block.first_line);
                return Ok(Some(Part { csv, text, start: 0, first_line }));
            }
            self.close();
        }
        let Some(path) = self.files.get(self.done.len()) else { return Ok(None) };
        let mut blocks = Blocks::open(path)?;
        let text = blocks.next_block()?.map(|block| block.text).unwrap_or_default();
        let (csv, start) = Csv::of(path, &text, self.names)?;
        let csv = Arc::new(csv);
        self.open = Some((blocks, csv.clone()));
        Ok(Some(Part { csv, text, start, first_line: 2 }))
    }

    fn close(&mut self) {
        if let Some((blocks, _)) = self.open.take() {
            self.bytes_done += blocks.bytes();
            self.done.push(blocks.finish());
        }
    }

    fn bytes(&self) -> u64 {
        self.bytes_done + self.open.as_ref().map_or(0, |(blocks, _)| blocks.bytes())
    }
}

/// Counts the rows of the file at hand: a file without a row that can be read is an error.
#[derive(Default)]
struct Tally {
    path: PathBuf,
    rows_in: u64,
    refused: u64,
    first: Option<RefusedRow>,
}

impl Tally {
    fn add(&mut self, path: &Path, part: &Gathered) -> Result<(), Error> {
        if self.path != path {
            self.check()?;
            *self = Tally { path: path.to_owned(), ..Tally::default() };
        }
        self.rows_in += part.rows_in;
        self.refused += part.refused.len() as u64;
        if self.first.is_none() {
            self.first = part.refused.first().cloned();
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        match &self.first {
            Some(first) if self.refused == self.rows_in => {
                let fault = format!(
                    "no row can be read; the first, line {}, fails: {} in {}",
                    first.line, first.reason, first.row
                );
                Err(Error::Ingest { path: self.path.clone(), fault })
            }
            _ => Ok(()),
        }
    }
}
