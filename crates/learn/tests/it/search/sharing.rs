//! Several processes on one study, played by threads that share a board.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use learn::search::{
    Claim, GpPlan, Method, Outcome, Ports, Run, Sharing, Silent, Study, TpePlan, Trial, TrialLog,
    TrialMemory,
};
use learn::trees::Flow;
use learn::{Error, PortError};

use super::{mixed, run_in, stepwise};

/// A study's trials and claims as several processes see them. Time passes when somebody waits.
#[derive(Default)]
struct Board {
    trials: TrialMemory,
    /// Owner and time of expiry, by trial.
    claims: BTreeMap<usize, (usize, u64)>,
    now: u64,
}

/// How long a claim lasts without renewal.
const LEASE: u64 = 50;

/// One process.
struct Worker {
    board: Arc<Mutex<Board>>,
    number: usize,
}

impl TrialLog for Worker {
    fn load(&self, study: &str) -> Result<Vec<Trial>, PortError> {
        self.board.lock().unwrap().trials.load(study)
    }

    fn append(&mut self, study: &str, trial: &Trial) -> Result<(), PortError> {
        self.board.lock().unwrap().trials.append(study, trial)
    }

    fn sharing(&mut self) -> Option<&mut dyn Sharing> {
        Some(self)
    }
}

impl Sharing for Worker {
    fn claim(&mut self, study: &str, claim: &Claim<'_>) -> Result<bool, PortError> {
        let mut board = self.board.lock().unwrap();
        let ended = board.trials.load(study)?.iter().any(|trial| trial.number == claim.number);
        let now = board.now;
        let held = board.claims.get(&claim.number).is_some_and(|(_, until)| *until > now);
        if !ended && !held {
            board.claims.insert(claim.number, (self.number, now + LEASE));
        }
        Ok(!ended && !held)
    }

    fn renew(&mut self, _: &str, number: usize) -> Result<(), PortError> {
        let mut board = self.board.lock().unwrap();
        let until = board.now + LEASE;
        board.claims.insert(number, (self.number, until));
        Ok(())
    }

    fn release(&mut self, _: &str, number: usize) -> Result<(), PortError> {
        self.board.lock().unwrap().claims.remove(&number);
        Ok(())
    }

    fn wait(&mut self) -> Result<(), PortError> {
        self.board.lock().unwrap().now += 1;
        std::thread::yield_now();
        Ok(())
    }
}

fn alone(study: &Study) -> Vec<Trial> {
    run_in(study, &stepwise, &mut TrialMemory::default()).unwrap()
}

fn worker(board: &Arc<Mutex<Board>>, number: usize) -> Worker {
    Worker { board: Arc::clone(board), number }
}

#[test]
fn three_processes_come_to_the_trials_of_one() {
    for method in [Method::Tpe(TpePlan::default()), Method::Gp(GpPlan::default())] {
        let study = mixed(method);
        let wanted = alone(&study);
        let board = Arc::new(Mutex::new(Board::default()));
        std::thread::scope(|scope| {
            let start = |number| {
                let (study, mut log) = (&study, worker(&board, number));
                scope.spawn(move || {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
                    pool.install(|| run_in(study, &stepwise, &mut log)).unwrap()
                })
            };
            let processes: Vec<_> = (0..3).map(start).collect();
            for process in processes {
                assert_eq!(process.join().unwrap(), wanted, "{method:?}");
            }
        });
    }
}

#[test]
fn trials_of_a_process_that_died_are_tried_when_its_claims_run_out() {
    let study = mixed(Method::Tpe(TpePlan::default()));
    let board = Arc::new(Mutex::new(Board::default()));
    // Claims that nobody will end: of the first batch, as by a process that was killed.
    board.lock().unwrap().claims.extend([(1, (9, LEASE)), (2, (9, LEASE))]);
    let trials = run_in(&study, &stepwise, &mut worker(&board, 0)).unwrap();
    assert_eq!(trials, alone(&study));
    assert!(board.lock().unwrap().now >= LEASE, "the claims were waited for");
}

#[test]
fn an_objective_that_breaks_gives_its_claim_back() {
    let study = mixed(Method::Random);
    let board = Arc::new(Mutex::new(Board::default()));
    let broken = |run: &mut Run<'_>| -> Result<Outcome, Error> {
        Err(Error::Fit { model: "test", what: format!("broken at {}", run.number) })
    };
    run_in(&study, &broken, &mut worker(&board, 0)).unwrap_err();
    assert!(board.lock().unwrap().claims.is_empty());
    assert_eq!(run_in(&study, &stepwise, &mut worker(&board, 1)).unwrap(), alone(&study));
    assert_eq!(board.lock().unwrap().now, 0, "nobody had to wait");
}

#[test]
fn a_long_step_keeps_its_claim_and_hears_that_it_shall_stop() {
    let study = Study { trials: 1, ..mixed(Method::Random) };
    let board = Arc::new(Mutex::new(Board::default()));
    let stop = AtomicBool::new(false);
    let objective = |run: &mut Run<'_>| -> Result<Outcome, Error> {
        for _ in 0..3 * LEASE {
            board.lock().unwrap().now += 1;
            assert_eq!(run.go_on(), Flow::Go);
            let board = board.lock().unwrap();
            assert_eq!(board.claims[&0].1, board.now + LEASE);
        }
        stop.store(true, Ordering::Relaxed);
        assert_eq!(run.go_on(), Flow::Stop);
        Ok(Outcome::Value(1.0))
    };
    let mut log = worker(&board, 0);
    let mut ports = Ports { log: &mut log, progress: &Silent, stop: &stop };
    assert_eq!(study.run(&objective, &mut ports).unwrap().len(), 1);
}
