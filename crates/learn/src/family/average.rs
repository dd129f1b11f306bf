//! Models of several kinds or seeds that are averaged, and how much they disagree.
//!
//! Members differ in their kind, or in their seed alone; the forecast is the mean of theirs.
//! Where they disagree is a figure of its own: the mean over pairs of members of
//! `Σ |a − b|`, halved where a row has several numbers, so that of probabilities it is the total
//! variation distance, 0 for the same and 1 for certain of different things.

use base::{Panel, Prob};
use serde::{Deserialize, Serialize};

use super::framing::{frame, parts};
use super::{Family, FamilyEnded, FamilyLearner, FamilyWatch, Step, Trained};
use crate::split::{Fold, Train};
use crate::trees::Flow;
use crate::{Error, Forecasts, Model, Targets, resuming};

/// Most members.
const MOST: usize = 100;
/// Marks of stored bytes.
pub(super) const MODEL: &[u8] = b"trimtab average 1\n";
const CHECKPOINT: &[u8] = b"trimtab average checkpoint 1\n";

/// Settings: the members, each with its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AverageParams {
    /// The members; the seed of each is drawn from that of the whole by its place.
    pub members: Vec<Family>,
}

impl AverageParams {
    /// Refuses members that can't be averaged: fewer than two, averages themselves, or such whose
    /// numbers are read in different ways or whose sequences have different lengths.
    pub(super) fn check(&self) -> Result<(), Error> {
        let refuse = |what: String| Err(Error::Fit { model: "average", what });
        if !(2..=MOST).contains(&self.members.len()) {
            return refuse(format!("{} members; give 2 to {MOST}", self.members.len()));
        }
        let reading = self.members[0].reading();
        let mut steps = None;
        for (at, member) in self.members.iter().enumerate() {
            if matches!(member, Family::Average(_)) {
                return refuse(format!("member {at} is an average itself"));
            }
            if member.reading() != reading {
                let (name, first) = (member.name(), self.members[0].name());
                return refuse(format!(
                    "the numbers of member {at} ({name}) are read otherwise than those of member \
                     0 ({first})"
                ));
            }
            let own = member.steps();
            if own.is_some() && steps.is_some() && own != steps {
                return refuse("members read sequences of different lengths".to_owned());
            }
            steps = steps.or(own);
            member.check()?;
        }
        Ok(())
    }

    /// Rounds or epochs of all members.
    pub(super) fn rounds(&self) -> u32 {
        self.members.iter().map(Family::rounds).sum()
    }

    fn learner(&self, (whole, at): (&FamilyLearner, usize)) -> FamilyLearner {
        let seed = whole.seed.child("member").index(at as u64);
        FamilyLearner { family: self.members[at].clone(), seed }
    }
}

/// Models that are averaged.
#[derive(Debug, Clone, PartialEq)]
pub struct Average {
    /// Columns that any of them reads.
    features: Vec<String>,
    members: Vec<Trained>,
}

impl Average {
    fn of(members: Vec<Trained>) -> Average {
        let mut features: Vec<String> = Vec::new();
        for name in members.iter().flat_map(|member| member.features()) {
            if !features.contains(name) {
                features.push(name.clone());
            }
        }
        Average { features, members }
    }

    /// The members.
    pub fn members(&self) -> &[Trained] {
        &self.members
    }

    /// How much the members disagree on each row: 0 where all say the same; of probabilities 1
    /// where all are certain of different things, of numbers in units of the target.
    ///
    /// # Errors
    /// Those of [`Model::predict`].
    pub fn disagreement(&self, panel: &Panel) -> Result<Vec<f64>, Error> {
        let said = self.said(panel)?;
        let outputs = said[0].outputs();
        let share = if outputs > 1 { 0.5 } else { 1.0 };
        let pairs = (said.len() * (said.len() - 1) / 2) as f64;
        let mut apart = vec![0.0; panel.len()];
        for (at, one) in said.iter().enumerate() {
            for other in &said[..at] {
                let rows = apart.iter_mut().zip(one.rows().zip(other.rows()));
                for (apart, (a, b)) in rows {
                    let off = a.iter().zip(b).map(|(a, b)| f64::from(a - b).abs());
                    *apart += share * off.sum::<f64>() / pairs;
                }
            }
        }
        Ok(apart)
    }

    fn said(&self, panel: &Panel) -> Result<Vec<Forecasts>, Error> {
        let said: Vec<Forecasts> =
            self.members.iter().map(|member| member.predict(panel)).collect::<Result<_, _>>()?;
        match said.windows(2).all(|pair| pair[0].outputs() == pair[1].outputs()) {
            true => Ok(said),
            false => {
                let what = "members give different counts of numbers for a row".to_owned();
                Err(Error::Measure { what })
            }
        }
    }

    pub(super) fn notes(&self) -> Vec<String> {
        let told = |(at, member): (usize, &Trained)| {
            let line = move |note| format!("member {at}: {note}");
            member.notes().into_iter().map(line).collect::<Vec<_>>()
        };
        self.members.iter().enumerate().flat_map(told).collect()
    }

    pub(super) fn predict(&self, panel: &Panel) -> Result<Forecasts, Error> {
        let said = self.said(panel)?;
        let count = said.len() as f64;
        let mean = |at: usize| said.iter().map(|one| f64::from(one.values()[at])).sum::<f64>();
        let values = (0..said[0].values().len()).map(|at| (mean(at) / count) as f32).collect();
        Ok(Forecasts::new(said[0].outputs(), values))
    }

    pub(super) fn predict_proba(&self, panel: &Panel) -> Result<Vec<Prob>, Error> {
        let said: Vec<Vec<Prob>> = self
            .members
            .iter()
            .map(|member| member.predict_proba(panel))
            .collect::<Result<_, _>>()?;
        let count = said.len() as f64;
        let of_row = |row: usize| {
            let mean = said.iter().map(|one| one[row].get()).sum::<f64>() / count;
            Prob::new(mean.clamp(0.0, 1.0)).map_err(|source| Error::Predict { row, source })
        };
        (0..panel.len()).map(of_row).collect()
    }

    pub(super) fn features(&self) -> &[String] {
        &self.features
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let members: Vec<Vec<u8>> =
            self.members.iter().map(Model::to_bytes).collect::<Result<_, _>>()?;
        Ok(frame(MODEL, &members.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Average, Error> {
        let refuse = |what: &str| Error::ReadModel { what: format!("an average: {what}") };
        let found = parts(MODEL, bytes).ok_or_else(|| refuse("it was cut short"))?;
        if !(2..=MOST).contains(&found.len()) {
            return Err(refuse("it has too few or too many members"));
        }
        let members = found.into_iter().map(Trained::plain_from_bytes).collect::<Result<_, _>>()?;
        Ok(Average::of(members))
    }
}

/// Trains the members one after the other while a watcher looks on.
pub(super) fn fit(
    (whole, params): (&FamilyLearner, &AverageParams),
    train: &Fold<'_, Train>,
    watch: FamilyWatch<'_>,
) -> Result<FamilyEnded, Error> {
    params.check()?;
    if matches!(train.samples().targets(), Targets::Ranks { .. }) {
        let what = "scores that order rows have no common scale; train one member alone".to_owned();
        return Err(Error::Fit { model: "average", what });
    }
    let problem = resuming::problem(whole, train)?;
    let (mut done, mut checkpoint) = match watch.resume {
        None => (Vec::new(), None),
        Some(bytes) => read(bytes, &problem)?,
    };
    let total = params.rounds();
    while done.len() < params.members.len() {
        let at = done.len();
        let before: u32 = params.members[..at].iter().map(Family::rounds).sum();
        let last = at + 1 == params.members.len();
        let mut stop = false;
        let mut after_step = |step: Step| {
            let flow = (watch.after_step)(Step { done: before + step.done, total, ..step });
            stop = flow == Flow::Stop;
            flow
        };
        let inner = FamilyWatch { after_step: &mut after_step, resume: checkpoint.as_deref() };
        let ended = params.learner((whole, at)).fit_watched(train, inner)?;
        checkpoint = None;
        match ended {
            FamilyEnded::Fitted(model) => done.push(*model),
            FamilyEnded::Stopped(bytes) => {
                return Ok(FamilyEnded::Stopped(write(&problem, &done, Some(&bytes))?));
            }
        }
        if stop && !last {
            return Ok(FamilyEnded::Stopped(write(&problem, &done, None)?));
        }
    }
    Ok(FamilyEnded::Fitted(Box::new(Trained::Average(Average::of(done)))))
}

/// The problem, the checkpoint of the member under way (empty where none is), the members done.
fn write(problem: &str, done: &[Trained], under_way: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let done: Vec<Vec<u8>> = done.iter().map(Model::to_bytes).collect::<Result<_, _>>()?;
    let mut all = vec![problem.as_bytes(), under_way.unwrap_or_default()];
    all.extend(done.iter().map(Vec::as_slice));
    Ok(frame(CHECKPOINT, &all))
}

fn read(bytes: &[u8], problem: &str) -> Result<(Vec<Trained>, Option<Vec<u8>>), Error> {
    let refuse = |what: &str| Error::ReadCheckpoint { what: what.to_owned() };
    let found = parts(CHECKPOINT, bytes);
    let found =
        found.ok_or_else(|| refuse("it is no checkpoint of an average, or was cut short"))?;
    let [of, under_way, done @ ..] = &found[..] else {
        return Err(refuse("it was cut short"));
    };
    let of = String::from_utf8_lossy(of);
    resuming::check(["", ""], [&of, problem])?;
    let done =
        done.iter().map(|bytes| Trained::plain_from_bytes(bytes)).collect::<Result<_, _>>()?;
    Ok((done, (!under_way.is_empty()).then(|| under_way.to_vec())))
}
