//! Training: members of each school learn from the bars that are not held out.
//!
//! The work is a row of trainings, one a member, side by side where there are threads. Each leaves
//! its agent on a shelf under the key of the whole job, and one under way leaves a checkpoint, when
//! it is asked to stop and every so often. The same job run again finds them and goes on, bit for
//! bit; another job finds nothing. Members differ in their seed alone, and a naive and an aware
//! member of one number share theirs.

use std::sync::atomic::{AtomicU64, Ordering};

use base::{Digest, Seed, Ts};
use books::intraday::{BARS, BarEnv, BarEnvConfig};
use learn::agents::{Algorithm, Vectorised};
use rayon::prelude::*;

use super::judging::{self, Court};
use super::keeping::{self, Card, Crew, Kept};
use super::scene::Scene;
use super::{Eyes, School, Tape, Wanted, refuse};
use crate::modelling::Ports;
use crate::{Error, Progress};

/// Pieces of a training that a person sees.
const PIECES: u64 = 100;

/// What is trained, on what, how.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Name of the agents.
    pub name: String,
    /// The algorithm with its settings.
    pub algorithm: Algorithm,
    /// How they see the bars.
    pub eyes: Eyes,
    /// What they know of costs.
    pub schools: Vec<School>,
    /// Members of each school.
    pub members: usize,
    /// Steps of each, in all its environments.
    pub steps: u64,
    /// Environments of each.
    pub environments: usize,
    /// Assumed costs and episodes.
    pub market: BarEnvConfig,
    /// Where the bars came from, for the record.
    pub wanted: Wanted,
    /// Share of the bars held out, the latest ones.
    pub held_out_share: f64,
    /// Seed of all.
    pub seed: u64,
    /// Revision of the code, for the record.
    pub code_revision: String,
    /// When, told by the caller.
    pub at: Ts,
}

/// Trained agents.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The agents, kept.
    pub kept: Kept,
    /// What an earlier run of the same job had done.
    pub news: Option<String>,
}

/// Trains, or goes on training. A stopped one ends with [`Error::Stopped`].
///
/// # Errors
/// [`Error::SetAgents`] for too few bars or settings that make no sense, [`Error::Learn`] where
/// numbers ran away.
pub fn train(tape: &Tape, job: &Job, ports: &Ports<'_>) -> Result<Outcome, Error> {
    let cut = cut(tape, job)?;
    let work = Work::open((tape, cut), job, ports)?;
    let news = work.news();
    let crews = work.crews()?;
    let court = Court { tape, bars: (BARS, cut), market: job.market, eyes: job.eyes };
    let on_learned = judging::judge(&crews, court, ports.progress)?;
    let card = Card {
        algorithm: job.algorithm.clone(),
        eyes: job.eyes,
        schools: job.schools.clone(),
        members: job.members,
        steps: job.steps,
        environments: job.environments,
        market: job.market,
        seed: job.seed,
        wanted: job.wanted.clone(),
        symbol: tape.symbol.clone(),
        minutes: tape.minutes,
        synthetic: tape.origin == lake::Origin::Synthetic,
        data_version: tape.version.clone(),
        data: tape.digest.clone(),
        learned: judging::part(tape, (0, cut)),
        held_out: judging::part(tape, (cut, tape.bars.len())),
        on_learned,
        notes: tape.notes.clone(),
        code_revision: job.code_revision.clone(),
        created: job.at,
    };
    let kept = keeping::keep(ports.store, &job.name, card, crews)?;
    work.close();
    Ok(Outcome { kept, news })
}

/// The first bar that is held out.
fn cut(tape: &Tape, job: &Job) -> Result<usize, Error> {
    if !(job.held_out_share > 0.0 && job.held_out_share < 1.0) {
        return refuse(format!(
            "a share of {} held out; it must lie between 0 and 1",
            job.held_out_share
        ));
    }
    if job.members == 0 || job.environments == 0 || job.steps == 0 || job.schools.is_empty() {
        return refuse("agents need at least one member, environment, step and school");
    }
    let all = tape.bars.len();
    let held = (all as f64 * job.held_out_share).round() as usize;
    let cut = all - held.min(all);
    let episode = job.market.episode;
    if held < episode || cut < BARS + episode {
        return refuse(format!(
            "{all} bars are too few: {held} to judge on and {cut} to learn from, and an episode \
             has {episode}; give more bars, or a shorter --episode"
        ));
    }
    Ok(cut)
}

/// A job under way.
struct Work<'a> {
    job: &'a Job,
    ports: &'a Ports<'a>,
    tape: &'a Tape,
    cut: usize,
    key: String,
    /// How often a checkpoint was due so far: each training under way writes one then.
    due: AtomicU64,
}

impl<'a> Work<'a> {
    fn open(
        (tape, cut): (&'a Tape, usize),
        job: &'a Job,
        ports: &'a Ports<'a>,
    ) -> Result<Work<'a>, Error> {
        let shape = (job.eyes, job.steps, job.environments, job.market, job.seed, cut);
        let text =
            serde_json::to_vec(&(&job.algorithm, &tape.digest, shape)).map_err(Error::WriteCard)?;
        let key = Digest::of(&text).short().to_owned();
        Ok(Work { job, ports, tape, cut, key, due: AtomicU64::new(0) })
    }

    fn all(&self) -> Vec<(School, usize)> {
        let members = || 0..self.job.members;
        self.job.schools.iter().flat_map(|school| members().map(|at| (*school, at))).collect()
    }

    fn file(&self, (school, member): (School, usize), kind: &str) -> String {
        format!("{}-{}-{member}.{kind}", self.key, school.name())
    }

    /// What an earlier run of the same job left.
    fn news(&self) -> Option<String> {
        let all = self.all();
        let count = |kind: &str| {
            all.iter().filter(|one| self.ports.shelf.has(&self.file(**one, kind))).count()
        };
        let (done, begun) = (count("agent"), count("checkpoint"));
        (done + begun > 0).then(|| {
            let all = all.len();
            format!(
                "going on from an earlier run: {done} of {all} agents were done, {begun} under way"
            )
        })
    }

    /// Trains all members of all schools.
    fn crews(&self) -> Result<Vec<Crew>, Error> {
        let all = self.all();
        self.ports.progress.begin("learning", all.len() as u64 * PIECES);
        let learned: Vec<Result<Vec<u8>, Error>> =
            all.par_iter().map(|one| self.member(*one)).collect();
        self.ports.progress.end();
        let mut members = Vec::with_capacity(all.len());
        let mut stopped = false;
        for found in learned {
            match found {
                Ok(bytes) => members.push(bytes),
                Err(Error::Stopped) => stopped = true,
                Err(fault) => return Err(fault),
            }
        }
        if stopped {
            return Err(Error::Stopped);
        }
        let mut members = members.into_iter();
        let crew = |school: &School| Crew {
            school: *school,
            members: members.by_ref().take(self.job.members).collect(),
        };
        Ok(self.job.schools.iter().map(crew).collect())
    }

    /// One member, from the start or from where it was left; what it needs to act.
    fn member(&self, one: (School, usize)) -> Result<Vec<u8>, Error> {
        let (done, file) = (self.file(one, "agent"), self.file(one, "checkpoint"));
        let (shelf, progress) = (self.ports.shelf, self.ports.progress);
        if let Some(bytes) = self.read(&done)? {
            (0..PIECES).for_each(|_| progress.step());
            return Ok(bytes);
        }
        if self.is_stopping() {
            return Err(Error::Stopped);
        }
        let (school, member) = one;
        let job = self.job;
        let costs = job.market.costs.and_then(|assumed| school.costs(assumed));
        let env = BarEnv::new(&self.tape.bars[..self.cut], BarEnvConfig { costs, ..job.market })?;
        let seed = Seed::root(job.seed).child("member").index(member as u64);
        let scene = Scene { env, eyes: job.eyes };
        let mut envs = Vectorised::new(scene, job.environments, seed.child("environments"))?;
        let mut agent = match self.read(&file)? {
            None => job.algorithm.begin(&envs, seed.child("agent"))?,
            Some(bytes) => job.algorithm.resume(&bytes, &mut envs).map_err(|fault| {
                Error::ReadCheckpoint { key: self.key.clone(), source: Box::new(fault) }
            })?,
        };
        let mut teller = Teller::new(progress, one, job.steps);
        let mut due = self.due.load(Ordering::Relaxed);
        teller.tell(agent.steps(), None);
        while agent.steps() < job.steps {
            let found = agent.advance(&mut envs)?;
            teller.tell(found.steps, Some(found.reward));
            if self.is_stopping() {
                self.write(&file, &agent.save(&envs)?)?;
                return Err(Error::Stopped);
            }
            if (self.ports.is_due)() {
                self.due.fetch_add(1, Ordering::Relaxed);
            }
            let now = self.due.load(Ordering::Relaxed);
            if std::mem::replace(&mut due, now) != now {
                self.write(&file, &agent.save(&envs)?)?;
            }
        }
        let bytes = agent.save_to_act()?;
        self.write(&done, &bytes)?;
        shelf.remove(&file);
        Ok(bytes)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let read = self.ports.shelf.read(name);
        read.map_err(|source| Error::ReadShelf { name: name.to_owned(), source })
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.ports.shelf.write(name, bytes).map_err(|source| Error::shelve(name, source))
    }

    fn is_stopping(&self) -> bool {
        self.ports.progress.stop().load(Ordering::Relaxed)
    }

    /// The job is done and its agents kept: nothing is left to go on from.
    fn close(self) {
        for one in self.all() {
            self.ports.shelf.remove(&self.file(one, "agent"));
            self.ports.shelf.remove(&self.file(one, "checkpoint"));
        }
    }
}

/// Tells a person how far a member is, and what it earns.
struct Teller<'a> {
    progress: &'a dyn Progress,
    who: (School, usize),
    steps: u64,
    told: u64,
    /// Mean rewards of stretches since the last piece.
    rewards: Vec<f64>,
}

impl<'a> Teller<'a> {
    fn new(progress: &'a dyn Progress, who: (School, usize), steps: u64) -> Teller<'a> {
        Teller { progress, who, steps, told: 0, rewards: Vec::new() }
    }

    fn tell(&mut self, steps: u64, reward: Option<f64>) {
        self.rewards.extend(reward);
        let piece = (steps.min(self.steps) as f64 / self.steps as f64 * PIECES as f64) as u64;
        if piece <= self.told {
            return;
        }
        (self.told..piece).for_each(|_| self.progress.step());
        self.told = piece;
        if !self.rewards.is_empty() {
            let (school, member) = (self.who.0.name(), self.who.1);
            let mean = base::stats::mean(&self.rewards);
            self.progress.note(&format!("{school} {member} earns {mean:+.3} bp a bar"));
            self.rewards.clear();
        }
    }
}
