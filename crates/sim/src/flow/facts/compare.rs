//! Recorded against simulated, fact by fact.

use std::fmt;

use base::bootstrap::Interval;
use serde::{Deserialize, Serialize};

use super::{Measured, Place};

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The simulated interval lies within the band.
    Agrees,
    /// It lies wholly outside.
    Differs,
    /// It reaches over an end of the band: more data would tell.
    Unclear,
    /// One of the streams does not tell this fact.
    NotMeasured,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Agrees => "agrees",
            Verdict::Differs => "differs",
            Verdict::Unclear => "unclear",
            Verdict::NotMeasured => "not measured",
        })
    }
}

/// One fact of two streams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// What was measured.
    pub name: String,
    /// In what.
    pub unit: String,
    /// The recorded figure.
    pub recorded: Interval,
    /// The simulated one.
    pub simulated: Interval,
    /// Where the simulated one must lie: the recorded interval, made wider.
    pub band: (f64, f64),
    /// Whether it does.
    pub verdict: Verdict,
    /// Where it lies on a curve, for facts that make one.
    #[serde(default)]
    pub place: Option<Place>,
}

/// How much wider than the recorded interval a band is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Comparison {
    /// Part of the recorded figure's magnitude that is added at each end. Default 0.25: a model
    /// within a quarter is taken to be right.
    pub tolerance: f64,
    /// Added at each end of facts without a unit or scale, whose figure may be near zero.
    /// Default 0.05.
    pub floor: f64,
}

impl Default for Comparison {
    fn default() -> Comparison {
        Comparison { tolerance: 0.25, floor: 0.05 }
    }
}

/// Puts the facts of two streams, measured alike, beside each other. A fact that only one of them
/// has is kept and not measured in the other.
pub fn compare(recorded: &[Measured], simulated: &[Measured], how: &Comparison) -> Vec<Fact> {
    let unknown = |level| Interval { value: f64::NAN, low: f64::NAN, high: f64::NAN, level };
    let find = |all: &[Measured], name: &str| all.iter().find(|it| it.name == name).cloned();
    let only_simulated = simulated.iter().filter(|it| find(recorded, &it.name).is_none());
    let names = recorded.iter().chain(only_simulated);
    names
        .map(|it| {
            let of = |all| find(all, &it.name).map_or(unknown(it.figure.level), |m| m.figure);
            let (recorded, simulated) = (of(recorded), of(simulated));
            let floor = if it.unit.is_empty() { how.floor } else { 0.0 };
            let wider = (how.tolerance * recorded.value.abs()).max(floor);
            let band = (recorded.low - wider, recorded.high + wider);
            let verdict = judge(&simulated, band);
            Fact {
                name: it.name.clone(),
                unit: it.unit.clone(),
                recorded,
                simulated,
                band,
                verdict,
                place: it.place,
            }
        })
        .collect()
}

fn judge(simulated: &Interval, (low, high): (f64, f64)) -> Verdict {
    let all = [simulated.low, simulated.high, low, high];
    if all.iter().any(|end| !end.is_finite()) {
        Verdict::NotMeasured
    } else if simulated.low >= low && simulated.high <= high {
        Verdict::Agrees
    } else if simulated.high < low || simulated.low > high {
        Verdict::Differs
    } else {
        Verdict::Unclear
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |it: &Interval| format!("{:.4} ({:.4} to {:.4})", it.value, it.low, it.high);
        write!(
            f,
            "{:<46} {:>34} {:>34} {} {}",
            self.name,
            shown(&self.recorded),
            shown(&self.simulated),
            self.verdict,
            self.unit
        )
    }
}
