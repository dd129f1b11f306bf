//! The part of time that is kept locked until the end.

use std::collections::BTreeMap;

use base::{Digest, Span, Ts};
use serde::{Deserialize, Serialize};

use super::purge::{Forbidden, by_time};
use crate::samples::Samples;
use crate::{Error, PortError};

/// The latest samples, locked. There is no way to the rows but [`HeldOut::open`].
#[derive(Debug)]
pub struct HeldOut {
    samples: Samples,
    digest: Digest,
}

/// Who opens a held-out part, when, for which experiment, to judge what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Name of the experiment; one experiment opens once.
    pub experiment: String,
    /// Who.
    pub by: String,
    /// When, told by the caller.
    pub at: Ts,
    /// Digest of the model that is judged.
    pub subject: Digest,
}

/// An opening as kept on record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpeningRecord {
    /// Digest of the held-out rows.
    pub vault: Digest,
    /// Who, when, what for.
    pub opening: Opening,
    /// What was found; absent when work broke off before the result was kept.
    pub result: Option<serde_json::Value>,
}

/// Keeps openings where no one forgets them.
pub trait VaultLog: Send {
    /// The opening of that experiment, if any.
    fn find(&self, experiment: &str) -> Result<Option<OpeningRecord>, PortError>;

    /// How often other experiments opened that vault.
    fn count_others(&self, vault: &Digest, experiment: &str) -> Result<usize, PortError>;

    /// Keeps an opening, replacing the record of the same experiment. Called before the rows are
    /// given out, and again with the result.
    fn keep(&mut self, record: &OpeningRecord) -> Result<(), PortError>;
}

/// What an opening brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened<R> {
    /// What was found on the rows.
    pub result: R,
    /// How often other experiments opened the same rows before; to be shown with the result.
    pub openings_by_others: usize,
    /// True when the result was on record and the rows stayed locked.
    pub from_record: bool,
}

/// Cuts off the latest share of the samples. Rows before the border are purged against the
/// held-out labels; the embargo widens the gap. Answers the rows to develop on and the vault.
pub fn hold_out(samples: &Samples, share: f64, embargo: Span) -> Result<(Samples, HeldOut), Error> {
    if !(share > 0.0 && share < 1.0) {
        return Err(Error::SplitSamples {
            what: format!("the held-out share is {share}; it must lie between 0 and 1"),
        });
    }
    let rows = by_time(samples);
    let held = ((rows.len() as f64 * share).round() as usize).max(1);
    if held >= rows.len() {
        return Err(Error::SplitSamples {
            what: format!("{} rows are too few to hold out {share} of them", rows.len()),
        });
    }
    let (early, late) = rows.split_at(rows.len() - held);
    // The embargo belongs after test labels; here nothing is learnt after them, so it is laid
    // before them: a training label must end that long before the first held-out row.
    let ahead = late.iter().map(|&row| {
        let span = samples.spans()[row];
        let starts = Ts::from_nanos(span.starts.nanos().saturating_sub(embargo.nanos()));
        crate::LabelSpan { starts, ..span }
    });
    let kept = Forbidden::around(ahead, Span::ZERO).keep_clear(samples, early);
    if kept.is_empty() {
        return Err(Error::SplitSamples {
            what: "the held-out labels overlap every earlier row; use more data".to_owned(),
        });
    }
    let locked = samples.take(late);
    let digest = locked.digest();
    Ok((samples.take(&kept), HeldOut { samples: locked, digest }))
}

impl HeldOut {
    /// Number of rows; no secret.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// True when nothing is held out.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Digest of the rows, labels included.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// When the first held-out row was known and the last outcome was.
    pub fn period(&self) -> (Ts, Ts) {
        self.samples.period()
    }

    /// Puts the opening on record, then scores. An experiment that opened before gets its stored
    /// result back; with another model or other rows it is refused. An opening that broke off
    /// before its result was kept may be finished by the same model.
    pub fn open<R: Serialize + for<'de> Deserialize<'de>>(
        self,
        opening: Opening,
        log: &mut dyn VaultLog,
        score: impl FnOnce(&Samples) -> Result<R, Error>,
    ) -> Result<Opened<R>, Error> {
        open_once(&self.digest, opening, log, || score(&self.samples))
    }
}

/// Opens what was held out and has this digest, whatever it is: as [`HeldOut::open`] does for
/// samples. `score` is called only where it may look.
///
/// # Errors
/// [`Error::OpenVault`] where the experiment opened other rows, or for another model;
/// [`Error::UseLog`] where the log fails, and what `score` gives.
pub fn open_once<R: Serialize + for<'de> Deserialize<'de>>(
    vault: &Digest,
    opening: Opening,
    log: &mut dyn VaultLog,
    score: impl FnOnce() -> Result<R, Error>,
) -> Result<Opened<R>, Error> {
    let asking =
        |source| Error::UseLog { what: "ask the log of held-out openings".to_owned(), source };
    let before = log.find(&opening.experiment).map_err(asking)?;
    let openings_by_others = log.count_others(vault, &opening.experiment).map_err(asking)?;
    if let Some(record) = before {
        if record.vault != *vault || record.opening.subject != opening.subject {
            let Opening { experiment, by, at, .. } = record.opening;
            return Err(Error::OpenVault { experiment, by, at });
        }
        if let Some(stored) = record.result {
            let result = serde_json::from_value(stored).map_err(|source| Error::UseLog {
                what: format!("read the stored result of {:?}", opening.experiment),
                source: Box::new(source),
            })?;
            return Ok(Opened { result, openings_by_others, from_record: true });
        }
    }
    let mut record = OpeningRecord { vault: vault.clone(), opening, result: None };
    let keeping = |source| Error::UseLog { what: "keep a held-out opening".to_owned(), source };
    log.keep(&record).map_err(keeping)?;
    let result = score()?;
    let stored = serde_json::to_value(&result)
        .map_err(|source| Error::WriteJson { what: "held-out result", source })?;
    record.result = Some(stored);
    log.keep(&record).map_err(keeping)?;
    Ok(Opened { result, openings_by_others, from_record: false })
}

/// Openings kept in memory, for tests and for runs that leave nothing behind.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct VaultMemory {
    records: BTreeMap<String, OpeningRecord>,
}

impl VaultLog for VaultMemory {
    fn find(&self, experiment: &str) -> Result<Option<OpeningRecord>, PortError> {
        Ok(self.records.get(experiment).cloned())
    }

    fn count_others(&self, vault: &Digest, experiment: &str) -> Result<usize, PortError> {
        let others = self
            .records
            .iter()
            .filter(|(name, record)| name.as_str() != experiment && record.vault == *vault);
        Ok(others.count())
    }

    fn keep(&mut self, record: &OpeningRecord) -> Result<(), PortError> {
        self.records.insert(record.opening.experiment.clone(), record.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LabelSpan;
    use base::{Panel, RowKey};

    fn samples() -> Samples {
        let mut panel = Panel::new(["x"]);
        let mut spans = Vec::new();
        for row in 0..100 {
            let at = Ts::from_seconds(row * 10);
            panel.push(RowKey { at, id: 0 }, &[row as f64]).unwrap();
            spans.push(LabelSpan { starts: at, ends: at + Span::from_seconds(25) });
        }
        Samples::new(panel, (0..100).map(|row| row % 2 == 0).collect(), spans).unwrap()
    }

    fn opening(experiment: &str, subject: &str) -> Opening {
        let subject = Digest::of(subject.as_bytes());
        Opening {
            experiment: experiment.to_owned(),
            by: "a test".to_owned(),
            at: Ts::from_seconds(1),
            subject,
        }
    }

    #[test]
    fn rows_kept_end_before_the_held_out_part_begins() {
        let (kept, held) = hold_out(&samples(), 0.25, Span::from_seconds(30)).unwrap();
        let (begins, _) = held.period();
        assert_eq!(begins, Ts::from_seconds(750));
        assert!(kept.spans().iter().all(|s| s.ends + Span::from_seconds(30) < begins));
        assert_eq!((kept.len(), held.len()), (70, 25));
    }

    #[test]
    fn a_second_opening_gives_the_stored_result_without_the_rows() {
        let mut log = VaultMemory::default();
        let vault = || hold_out(&samples(), 0.25, Span::ZERO).unwrap().1;
        let first = vault().open(opening("e", "m"), &mut log, |rows| Ok(rows.len())).unwrap();
        assert_eq!((first.result, first.from_record), (25, false));
        let again = vault().open(opening("e", "m"), &mut log, |_| -> Result<usize, Error> {
            panic!("the rows were given out twice")
        });
        assert_eq!(again.unwrap(), Opened { result: 25, openings_by_others: 0, from_record: true });
    }

    #[test]
    fn another_model_of_the_same_experiment_is_refused() {
        let mut log = VaultMemory::default();
        let vault = || hold_out(&samples(), 0.25, Span::ZERO).unwrap().1;
        vault().open(opening("e", "m"), &mut log, |_| Ok(1)).unwrap();
        let error = vault().open(opening("e", "n"), &mut log, |_| Ok(1)).unwrap_err();
        assert!(matches!(error, Error::OpenVault { .. }), "{error}");
    }

    #[test]
    fn openings_by_other_experiments_are_counted() {
        let mut log = VaultMemory::default();
        let vault = || hold_out(&samples(), 0.25, Span::ZERO).unwrap().1;
        vault().open(opening("e", "m"), &mut log, |_| Ok(1)).unwrap();
        let other = vault().open(opening("f", "n"), &mut log, |_| Ok(2)).unwrap();
        assert_eq!(other.openings_by_others, 1);
    }

    #[test]
    fn an_opening_that_broke_off_is_on_record_and_can_be_finished() {
        let mut log = VaultMemory::default();
        let vault = || hold_out(&samples(), 0.25, Span::ZERO).unwrap().1;
        let broken = Error::Measure { what: "broke off".to_owned() };
        let failed: Result<Opened<usize>, Error> =
            vault().open(opening("e", "m"), &mut log, |_| Err(broken));
        assert!(failed.is_err());
        assert!(log.find("e").unwrap().is_some_and(|record| record.result.is_none()));
        assert!(!vault().open(opening("e", "m"), &mut log, |_| Ok(3)).unwrap().from_record);
    }
}
