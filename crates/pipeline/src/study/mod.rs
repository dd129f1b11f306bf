//! Scan, train, judge once on held-out time, and say what was found.

pub mod account;
pub mod fades;
pub mod page;
pub mod report;

use std::sync::atomic::{AtomicUsize, Ordering};

use base::{Interval, Prob, Seed, Ts};
use books::breakout::gates::{self, Gate, GateLine, Scored};
use books::breakout::train::{Experiment, train};
use books::breakout::{BreakoutConfig, Candidate, find};
use learn::tune::{Provenance, TunePorts, Tuned};
use market::Side;
use rayon::prelude::*;
use store::Store;

use crate::backtest::{Backtest, ScoredSignal};
use crate::history::History;
use crate::study::fades::FadeLine;
use crate::trials::{Enrolment, StoreTrials};
use crate::vault::StoreVault;
use crate::{Error, Progress};

/// What a study is called, and by whom and when it is made.
#[derive(Debug, Clone)]
pub struct StudyRequest {
    /// Name of the experiment.
    pub name: String,
    /// Who asks.
    pub by: String,
    /// When, told by the caller.
    pub at: Ts,
    /// Seed of every draw.
    pub seed: u64,
    /// Numbers of the book.
    pub config: BreakoutConfig,
    /// Version of the data.
    pub data_version: String,
    /// Revision of the code.
    pub code_revision: String,
}

impl StudyRequest {
    /// The seed that all others come from.
    pub(crate) fn root(&self) -> Seed {
        Seed::root(self.seed)
    }
}

/// What one side's study found.
pub struct SideStudy {
    /// Which side.
    pub side: Side,
    /// The model and how it was judged.
    pub tuned: Tuned,
    /// The scanner alone and each gate, on held-out signals.
    pub gates: Vec<GateLine>,
    /// Net R of each held-out signal with a positive net expected value, by day.
    pub passed: Vec<(base::Day, f64)>,
    /// Their mean, with the interval that the verdict rests on.
    pub bet: Interval,
    /// Some of these, as examples.
    pub examples: Vec<Example>,
    /// All held-out signals with their confidence.
    pub held_out: Vec<ScoredSignal>,
    /// What fading those of low confidence would have given (BRK-24).
    pub fades: FadeLine,
}

/// A held-out trade to be drawn.
pub struct Example {
    /// The signal.
    pub candidate: Candidate,
    /// The model's confidence.
    pub confidence: Prob,
    /// Result in R after costs.
    pub net_r: f64,
}

/// What a study found.
pub struct Study {
    /// Signals of both sides, open ones included.
    pub signals: usize,
    /// Long, then short.
    pub sides: Vec<SideStudy>,
    /// The held-out signals of both sides with one account.
    pub account: Backtest,
}

/// Fewer held-out trades than this prove nothing.
pub const FEWEST_TRADES: usize = 30;

/// Coverage of a side's interval for the verdict. Two sides are judged, and one may pass by luck
/// alone: each is held to half the error (Bonferroni).
pub const VERDICT_LEVEL: f64 = 0.975;

/// Drawn trades a side.
const EXAMPLES: usize = 3;

/// Studies the book on a market.
pub fn run(
    history: &dyn History,
    request: &StudyRequest,
    store: &Store,
    progress: &dyn Progress,
) -> Result<Study, Error> {
    let candidates = scan(history, &request.config, progress)?;
    let mut sides = Vec::new();
    for side in [Side::Long, Side::Short] {
        sides.push(study_side(side, &candidates, (history, request), (store, progress))?);
    }
    let account = account::run(history, &sides, request, progress)?;
    Ok(Study { signals: candidates.len(), sides, account })
}

/// All signals of all stocks, by stock and time: the same for any number of threads.
pub fn scan(
    history: &dyn History,
    config: &BreakoutConfig,
    progress: &dyn Progress,
) -> Result<Vec<Candidate>, Error> {
    progress.begin("scanning", history.count() as u64);
    let found: Vec<Vec<Candidate>> = (0..history.count())
        .into_par_iter()
        .map(|place| {
            if progress.stop().load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
            let found = find(&*history.stock(place)?, history.context(), config)?;
            progress.step();
            Ok(found)
        })
        .collect::<Result<_, Error>>()?;
    progress.end();
    Ok(found.into_iter().flatten().collect())
}

fn study_side(
    side: Side,
    candidates: &[Candidate],
    (history, request): (&dyn History, &StudyRequest),
    (store, progress): (&Store, &dyn Progress),
) -> Result<SideStudy, Error> {
    let experiment = Experiment {
        name: request.name.clone(),
        seed: request.root().child(&request.name),
        threads: rayon::current_num_threads(),
        provenance: Provenance {
            data_version: request.data_version.clone(),
            code_revision: request.code_revision.clone(),
            opened_by: request.by.clone(),
            opened_at: request.at,
        },
    };
    let heard = Heard::new(progress, format!("training {side}"));
    let enrolment = Enrolment {
        at: request.at,
        data_version: request.data_version.clone(),
        seed: request.seed,
        spec: serde_json::json!({ "study": request.name }),
    };
    let ports = TunePorts {
        trials: &mut StoreTrials::alone(store, enrolment),
        vault: &mut StoreVault { store, seed: request.seed },
        progress: &heard,
        stop: progress.stop(),
    };
    let tuned = train(side, candidates, &request.config, &experiment, ports);
    progress.end();
    let tuned = tuned?;
    let scored = gates::join(&tuned.held_out.result, candidates, side, &request.config.costs);
    let gates = gates::table(&scored, experiment.seed.child("gates"));
    let passing: Vec<&Scored<'_>> = scored.iter().filter(|s| s.net_ev_r() > 0.0).collect();
    let passed: Vec<(base::Day, f64)> =
        passing.iter().map(|s| (s.candidate.setup.day, s.net_r)).collect();
    let bet = gates::mean_net_r(&passed, VERDICT_LEVEL);
    let step = (passing.len() / EXAMPLES).max(1);
    let examples = passing.iter().step_by(step).take(EXAMPLES).map(|s| Example {
        candidate: s.candidate.clone(),
        confidence: s.confidence,
        net_r: s.net_r,
    });
    let examples = examples.collect();
    let held_out = scored
        .iter()
        .map(|s| ScoredSignal { candidate: s.candidate.clone(), confidence: Some(s.confidence) });
    let held_out: Vec<ScoredSignal> = held_out.collect();
    let fades = fades::line(history, &held_out, &request.config, experiment.seed.child("fades"))?;
    Ok(SideStudy { side, tuned, gates, passed, bet, examples, held_out, fades })
}

impl SideStudy {
    /// The line of the signals that the book would bet on: those whose expected value is positive
    /// after costs (BRK-20). The verdict rests on it, whatever the other gates say.
    pub fn bet_gate(&self) -> Option<&GateLine> {
        self.gates.iter().find(|line| line.gate == Gate::PositiveNetEv)
    }

    /// True when there are enough such held-out trades and the lower end of their net result lies
    /// above zero, at [`VERDICT_LEVEL`].
    pub fn has_edge(&self) -> bool {
        self.passed.len() >= FEWEST_TRADES && self.bet.low > 0.0
    }
}

/// Passes the search's progress on.
struct Heard<'a> {
    progress: &'a dyn Progress,
    label: String,
    done: AtomicUsize,
}

impl<'a> Heard<'a> {
    fn new(progress: &'a dyn Progress, label: String) -> Heard<'a> {
        Heard { progress, label, done: AtomicUsize::new(usize::MAX) }
    }
}

impl learn::search::Progress for Heard<'_> {
    fn step(&self, done: usize, total: usize, _note: &str) {
        let before = self.done.swap(done, Ordering::Relaxed);
        if before == usize::MAX || done < before {
            self.progress.begin(&self.label, total as u64);
        }
        let known = if before == usize::MAX || done < before { 0 } else { before };
        (known..done).for_each(|_| self.progress.step());
    }
}
