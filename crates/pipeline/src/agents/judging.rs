//! Judging agents on bars: net of costs, with intervals over time and over seeds, beside holding
//! and staying flat; and how alike the members are.

use base::{Day, Digest, Seed, Ts};
use books::intraday::{BARS, BarEnv, BarEnvConfig};
use learn::split::{Opening, open_once};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use store::Store;

use super::keeping::{Crew, Part};
use super::measures::{Episode, Track, mean_of, over_time, ratio_of};
use super::scene::Scene;
use super::walk::{TOGETHER, Walk};
use super::{Eyes, Figure, Kept, Likeness, School, Tape, refuse};
use crate::modelling::judging::Asker;
use crate::vault::StoreVault;
use crate::{Error, Progress};

/// What one account made of the bars. Returns and costs in basis points of the price an episode;
/// intervals at 95 % over time unless said otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Whose: members of a school on average, their vote, or a baseline.
    pub who: String,
    /// Return after costs.
    pub net_bps: Figure,
    /// The same with its interval over members, that is over seeds; absent for one account.
    pub net_bps_over_seeds: Option<Figure>,
    /// Return before costs.
    pub gross_bps: Figure,
    /// Costs.
    pub paid_bps: Figure,
    /// Units traded a bar; 2 from short to long.
    pub turnover: Figure,
}

/// What agents that met costs do differently; members on average.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// Aware less naive: return after costs, basis points an episode.
    pub net_bps: Figure,
    /// The same before costs.
    pub gross_bps: Figure,
    /// Turnover of the aware over that of the naive.
    pub turnover_ratio: Figure,
}

/// What agents did on some bars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The bars that were traded.
    pub part: Part,
    /// Bars of an episode.
    pub episode: usize,
    /// Whole episodes; bars after the last are left out.
    pub episodes: usize,
    /// By account.
    pub lines: Vec<Line>,
    /// How alike members are, by school.
    pub likeness: Vec<(School, Likeness)>,
    /// Aware against naive, where there are both.
    pub contrast: Option<Contrast>,
    /// How often other experiments opened the same bars before; absent for other bars.
    pub openings_by_others: Option<usize>,
    /// True when the result was on record and the bars stayed locked.
    pub from_record: bool,
    /// What the reader must know.
    pub notes: Vec<String>,
}

/// What is traded on: all bars, for windows, of which those from one place on count.
#[derive(Clone, Copy)]
pub(super) struct Court<'a> {
    pub(super) tape: &'a Tape,
    /// The first bar that is traded, and the one after the last.
    pub(super) bars: (usize, usize),
    pub(super) market: BarEnvConfig,
    pub(super) eyes: Eyes,
}

/// Judges agents on bars that are not their own, all of them. A stopped work ends with
/// [`Error::Stopped`].
///
/// # Errors
/// [`Error::SetAgents`] for bars that make no episode.
pub fn evaluate(kept: &Kept, tape: &Tape, progress: &dyn Progress) -> Result<Judged, Error> {
    let card = &kept.card;
    let bars = (BARS, tape.bars.len());
    let court = Court { tape, bars, market: card.market, eyes: card.eyes };
    let mut judged = judge(&kept.crews, court, progress)?;
    judged.notes.extend(tape.notes.iter().cloned());
    if tape.minutes != card.minutes {
        judged.notes.push("these bars have another length than those they learned from".to_owned());
    }
    if tape.symbol == card.symbol && judged.part.from <= card.learned.to {
        judged.notes.push(format!(
            "they learned from bars of {} up to {}; what they score there flatters them. Without \
             bars of your own, evaluate opens the held-out ones",
            card.symbol, card.learned.to
        ));
    }
    Ok(judged)
}

/// Judges agents on the bars that were held out. A second time gives what is on record; where the
/// first was stopped, it is done.
///
/// # Errors
/// [`Error::SetAgents`] where the bars are not what they were.
pub fn open_held_out(
    kept: &Kept,
    tape: &Tape,
    asker: Asker,
    (store, progress): (&Store, &dyn Progress),
) -> Result<Judged, Error> {
    let card = &kept.card;
    if tape.digest != card.data {
        return refuse(format!(
            "the bars of {:?} are not what they were when they learned; train them anew, or give \
             bars to evaluate on",
            kept.name
        ));
    }
    let opening = Opening {
        experiment: format!("agents/{}", kept.name),
        by: asker.by,
        at: asker.at,
        subject: kept.digest.clone(),
    };
    let mut log = StoreVault { store, seed: card.seed };
    let cut = card.learned.bars;
    let bars = (cut, tape.bars.len());
    let court = Court { tape, bars, market: card.market, eyes: card.eyes };
    let vault: Digest = tape.digest_from(cut);
    // The vault knows no faults but those of its room.
    let mut fault = None;
    let score = || {
        judge(&kept.crews, court, progress).map_err(|found| {
            fault = Some(found);
            learn::Error::Stopped { done: 0, total: 1, unit: "judgements" }
        })
    };
    let opened = match open_once(&vault, opening, &mut log, score) {
        Ok(opened) => opened,
        Err(told) => return Err(fault.unwrap_or_else(|| told.into())),
    };
    let (mut judged, others) = (opened.result, opened.openings_by_others);
    judged.openings_by_others = Some(others);
    judged.from_record = opened.from_record;
    judged.notes.extend(tape.notes.iter().cloned());
    if others > 0 {
        judged.notes.push(format!(
            "other experiments have opened these bars {others} times; each look makes luck likelier"
        ));
    }
    Ok(judged)
}

/// What one account did.
struct Told {
    school: Option<School>,
    who: String,
    episodes: Vec<Vec<Episode>>,
}

/// Lets all agents trade, each by itself and each school by its vote.
pub(super) fn judge(
    crews: &[Crew],
    court: Court<'_>,
    progress: &dyn Progress,
) -> Result<Judged, Error> {
    let (first, end) = court.bars;
    let (bars, episode) = (end - first, court.market.episode);
    if bars < episode {
        return refuse(format!(
            "{bars} bars to judge on make no episode of {episode}; give more bars, or a shorter \
             --episode"
        ));
    }
    let scene =
        Scene { env: BarEnv::new(&court.tape.bars[..end], court.market)?, eyes: court.eyes };
    let accounts: usize = crews.iter().map(|crew| crew.members.len() + 1).sum();
    progress.begin("judging", (accounts * bars.div_ceil(TOGETHER)) as u64);
    let walk = Walk { scene: &scene, first, bars, progress };
    let told = crews.par_iter().map(|crew| walk.crew(crew)).collect::<Result<Vec<_>, Error>>();
    progress.end();
    let told = told?;
    let starts: Vec<Ts> =
        court.tape.starts[first..end].chunks_exact(episode).map(|part| part[0]).collect();
    let seed = Seed::root(0).child("agents judged");
    let (mut all, mut likeness) = (Vec::new(), Vec::new());
    for (crew, (members, vote, said)) in crews.iter().zip(told) {
        let name = crew.school.name();
        let count = members.len();
        let of = |track: &Track| track.episodes(episode);
        let school = Some(crew.school);
        all.push(Told {
            school,
            who: if count == 1 { name.to_owned() } else { format!("{name}, one of {count}") },
            episodes: members.iter().map(of).collect(),
        });
        if count > 1 {
            let who = format!("{name}, their vote");
            all.push(Told { school: None, who, episodes: vec![of(&vote)] });
            let seed = seed.child("likeness").child(name);
            likeness.push((crew.school, Likeness::of(&said, episode, seed)));
        }
    }
    for (who, position) in [("always long", 1), ("always short", -1), ("flat", 0)] {
        let track = walk.fixed(position);
        let episodes = vec![track.episodes(episode)];
        all.push(Told { school: None, who: who.to_owned(), episodes });
    }
    Ok(Judged {
        part: part(court.tape, (first, end)),
        episode,
        episodes: starts.len(),
        lines: all.iter().map(|told| told.line(&starts, seed)).collect(),
        contrast: contrast(&all, &starts, seed),
        notes: notes(&likeness),
        likeness,
        openings_by_others: None,
        from_record: false,
    })
}

/// A stretch of bars in words.
pub(super) fn part(tape: &Tape, (first, end): (usize, usize)) -> Part {
    let day = |at: usize| tape.starts.get(at).map_or(Day::MIN, |start| start.utc_day());
    Part { bars: end - first, from: day(first), to: day(end - 1) }
}

fn notes(likeness: &[(School, Likeness)]) -> Vec<String> {
    let mut notes = Vec::new();
    for (school, found) in likeness {
        let name = school.name();
        if found.idle > 0 {
            notes.push(format!(
                "{} of {} {name} agents wanted one position throughout",
                found.idle, found.members
            ));
        }
        if found.is_one_gambler() {
            notes.push(format!("the {name} agents are one gambler: they nearly always agree"));
        }
    }
    notes
}

impl Told {
    /// Members on average, episode by episode.
    fn mean(&self, of: impl Fn(&Episode) -> f64) -> Vec<f64> {
        let count = self.episodes.len() as f64;
        let whole = self.episodes.first().map_or(0, Vec::len);
        (0..whole)
            .map(|at| self.episodes.iter().map(|one| of(&one[at])).sum::<f64>() / count)
            .collect()
    }

    fn line(&self, starts: &[Ts], seed: Seed) -> Line {
        let plan = over_time(starts, seed.child(&self.who));
        let mean = |of: fn(&Episode) -> f64| mean_of(&self.mean(of), plan);
        let by_seed: Vec<f64> = self
            .episodes
            .iter()
            .map(|one| one.iter().map(Episode::net).sum::<f64>() / one.len() as f64)
            .collect();
        let seeds = base::bootstrap::Plan::independent(seed.child("seeds").child(&self.who));
        Line {
            who: self.who.clone(),
            net_bps: mean(Episode::net),
            net_bps_over_seeds: self.school.map(|_| mean_of(&by_seed, seeds)),
            gross_bps: mean(|one| one.gross),
            paid_bps: mean(|one| one.paid),
            turnover: mean(|one| one.traded / one.bars),
        }
    }
}

fn contrast(all: &[Told], starts: &[Ts], seed: Seed) -> Option<Contrast> {
    let of = |school| all.iter().find(|told| told.school == Some(school));
    let (naive, aware) = (of(School::Naive)?, of(School::Aware)?);
    let plan = |name: &str| over_time(starts, seed.child("contrast").child(name));
    let less = |of: fn(&Episode) -> f64| -> Vec<f64> {
        aware.mean(of).iter().zip(naive.mean(of)).map(|(aware, naive)| aware - naive).collect()
    };
    let traded = |told: &Told| told.mean(|one| one.traded);
    Some(Contrast {
        net_bps: mean_of(&less(Episode::net), plan("net")),
        gross_bps: mean_of(&less(|one| one.gross), plan("gross")),
        turnover_ratio: ratio_of((&traded(aware), &traded(naive)), plan("turnover")),
    })
}
