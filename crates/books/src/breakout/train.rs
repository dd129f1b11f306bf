//! One model a side: boosted trees, tuned, pruned of weak features, calibrated on out-of-fold
//! scores, judged once on held-out time (BRK-13 … 16).

use base::{Panel, RowKey, Seed, Span, Ts};
use features::label::Outcome;
use learn::search::{Method, Pruning, TpePlan};
use learn::tune::{Aim, Provenance, SearchPlan, TuneJob, TunePorts, Tuned, tree_space, tune};
use learn::{LabelSpan, Samples};
use market::Side;

use super::candidates::Candidate;
use super::config::BreakoutConfig;
use crate::Error;

/// What a training run is called and what it stands on.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// Its name; with the side behind it, it opens the held-out part once.
    pub name: String,
    /// Seed of every draw.
    pub seed: Seed,
    /// Threads; no part of the result.
    pub threads: usize,
    /// Data, code, who and when.
    pub provenance: Provenance,
}

/// Labelled rows of one side, ordered by time and instrument.
pub fn samples(side: Side, candidates: &[Candidate]) -> Result<Samples, Error> {
    let names: &[&str] = match side {
        Side::Long => &features::breakout::LONG,
        Side::Short => &features::breakout::SHORT,
    };
    let mut decided: Vec<&Candidate> =
        candidates.iter().filter(|c| c.setup.side == side && c.label.is_some()).collect();
    decided.sort_by_key(|c| (c.setup.day, c.instrument));
    let mut panel = Panel::new(names.iter().copied());
    let (mut labels, mut spans) = (Vec::new(), Vec::new());
    for candidate in decided {
        let Some(label) = candidate.label else { continue };
        let starts = known(candidate);
        panel.push(RowKey { at: starts, id: candidate.instrument.0 }, &candidate.row)?;
        labels.push(label.outcome == Outcome::Win);
        spans.push(LabelSpan { starts, ends: label.known });
    }
    Samples::new(panel, labels, spans).map_err(|source| Error::Train { side, source })
}

/// When a signal was known: at the end of its day.
pub fn known(candidate: &Candidate) -> Ts {
    candidate.setup.day.plus(1).start()
}

/// Trains one side and judges it once. Interrupted and run again, it goes on from its trials.
pub fn train(
    side: Side,
    candidates: &[Candidate],
    config: &BreakoutConfig,
    experiment: &Experiment,
    ports: TunePorts<'_>,
) -> Result<Tuned, Error> {
    let samples = samples(side, candidates)?;
    let wanted = config.train.min_signals;
    if samples.len() < wanted {
        return Err(Error::CountSignals { side, found: samples.len(), wanted });
    }
    let fault = |source| Error::Train { side, source };
    let job = job(side, config, experiment).map_err(fault)?;
    tune(&samples, &job, ports).map_err(fault)
}

fn job(
    side: Side,
    config: &BreakoutConfig,
    experiment: &Experiment,
) -> Result<TuneJob, learn::Error> {
    let train = &config.train;
    let search = SearchPlan {
        space: tree_space()?,
        method: Method::Tpe(TpePlan::default()),
        trials: train.trials,
        trials_again: train.trials_again,
        batch: 4,
        pruning: Some(Pruning::Median { warm_trials: 8, warm_steps: 1 }),
    };
    Ok(TuneJob {
        experiment: format!("{}/{side}", experiment.name),
        aim: match side {
            Side::Long => Aim::PrecisionWeighted,
            Side::Short => Aim::Brier,
        },
        search,
        elimination: Some(train.elimination),
        folds: train.folds,
        embargo: Span::from_days(train.embargo_days),
        held_out_share: train.held_out_share,
        seed: experiment.seed.child(&side.to_string()),
        threads: experiment.threads,
        provenance: experiment.provenance.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_signals_are_refused_in_words_that_say_what_to_do() {
        let experiment = Experiment {
            name: "few".to_owned(),
            seed: Seed::root(1),
            threads: 1,
            provenance: Provenance {
                data_version: "none".to_owned(),
                code_revision: "test".to_owned(),
                opened_by: "test".to_owned(),
                opened_at: Ts::default(),
            },
        };
        let ports = TunePorts {
            trials: &mut learn::search::TrialMemory::default(),
            vault: &mut learn::split::VaultMemory::default(),
            progress: &learn::search::Silent,
            stop: &std::sync::atomic::AtomicBool::new(false),
        };
        let config = BreakoutConfig::default();
        let error = train(Side::Long, &[], &config, &experiment, ports).unwrap_err().to_string();
        assert!(error.contains("0 signals of 200 needed; add symbols or years"), "{error}");
    }
}
