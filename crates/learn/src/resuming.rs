//! Training that may be broken off: how it ends, and what it may be resumed on.

use base::Digest;
use serde::Serialize;

use crate::Error;
use crate::split::{Fold, Train};

/// How a training ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended<M, C> {
    /// With a model.
    Fitted(Box<M>),
    /// It was asked to stop; the checkpoint resumes, bit for bit.
    Stopped(C),
}

/// Names settings and rows, so that a checkpoint resumes nothing else.
pub(crate) fn problem(settings: &impl Serialize, train: &Fold<'_, Train>) -> Result<String, Error> {
    let settings = serde_json::to_string(settings)
        .map_err(|source| Error::WriteJson { what: "settings of a training", source })?;
    let all = format!("{settings} {} {:?}", train.samples().digest(), train.rows());
    Ok(Digest::of(all.as_bytes()).to_string())
}

/// Refuses a checkpoint of another format or problem: each is what was found and what is wanted.
pub(crate) fn check(format: [&str; 2], problem: [&str; 2]) -> Result<(), Error> {
    let refuse = |what: String| Err(Error::ReadCheckpoint { what });
    if format[0] != format[1] {
        return refuse(format!("its format is {:?}, not {:?}", format[0], format[1]));
    }
    if problem[0] != problem[1] {
        return refuse(
            "this checkpoint is of other rows, settings or another seed; train anew, or give \
             what it was made with"
                .to_owned(),
        );
    }
    Ok(())
}
