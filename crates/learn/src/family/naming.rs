//! Families by name, and their settings by path.

use nets::layer::Activation;
use nets::loss::StopLoss;
use nets::net::mlp::Answer;
use nets::net::recurrent::Cell;
use nets::net::{DeepLob, Design, Dual, Health, KanNet, Mlp, Recurrent};
use nets::net::{RegimeGru, RegimeTransformer};
use serde_json::Value as Json;

use super::{AverageParams, Family};
use crate::logistic::LogisticParams;
use crate::networks::{self, NetworkParams};
use crate::trees::{Objective, TreeParams};
use crate::{Error, Reading, setting};

impl Family {
    /// Names of what can be trained, and what each is.
    pub const NAMES: [(&'static str, &'static str); 13] = [
        ("trees", "gradient-boosted trees"),
        ("logistic", "logistic regression with L1 and L2 penalties"),
        ("mlp", "dense layers"),
        ("gru", "GRU layers over steps"),
        ("lstm", "LSTM layers over steps"),
        ("regime_gru", "two GRUs with attention over their steps"),
        ("regime_transformer", "Transformer encoder with a class token"),
        ("kan", "Kolmogorov-Arnold network: a learned curve on each edge"),
        ("kan_stop_loss", "the same, taught by a simulated stop loss as dual is"),
        ("health", "autoencoder with three heads"),
        ("dual", "dense branch beside a liquid one with NCP wiring"),
        ("regime_ensemble", "average of regime_gru and regime_transformer; any others by + and *"),
        ("deep_lob", "convolutions over levels and time, inception, LSTM, three heads"),
    ];

    /// The family of this name with its usual settings; nothing for a name that is none. Names
    /// joined by `+` are averaged, and `*` says how often one is trained, each time with another
    /// seed: `gru+regime_transformer`, `mlp*5`, `gru*3+trees*3`.
    pub fn named(name: &str) -> Option<Family> {
        if name.contains(['+', '*']) {
            let mut members = Vec::new();
            for term in name.split('+') {
                let (kind, count) = term.split_once('*').unwrap_or((term, "1"));
                let count = count.trim().parse::<usize>().ok().filter(|count| *count <= 100)?;
                let member = Family::named(kind.trim())?;
                members.extend(std::iter::repeat_n(member, count));
            }
            return Some(Family::Average(AverageParams { members }));
        }
        let answer = Answer::Binary { count: 1, positive_weight: 1.0 };
        let recurrent = |cell: Cell, answer: Answer| {
            let (steps, inputs, units, layers) = (20, 1, 64, 2);
            Design::Recurrent(Recurrent { steps, inputs, cell, units, layers, answer })
        };
        let design = match name {
            "trees" => return Some(Family::Trees(TreeParams::default())),
            "logistic" => return Some(Family::Logistic(LogisticParams::default())),
            "mlp" => {
                let (inputs, hidden, activation) = (1, vec![64, 64], Activation::Relu);
                Design::Mlp(Mlp { inputs, hidden, activation, dropout: 0.0, answer })
            }
            "gru" => recurrent(Cell::Gru, answer),
            "lstm" => recurrent(Cell::Lstm, answer),
            "regime_gru" => Design::RegimeGru(RegimeGru::default()),
            "regime_transformer" => Design::RegimeTransformer(RegimeTransformer::default()),
            "kan" | "kan_stop_loss" => {
                let (inputs, hidden, intervals, degree) = (1, vec![16], 5, 3);
                let answer = match name {
                    "kan" => answer,
                    _ => Answer::Stopped(StopLoss::default()),
                };
                Design::Kan(KanNet { inputs, hidden, intervals, degree, answer })
            }
            "regime_ensemble" => return Family::named("regime_gru+regime_transformer"),
            "health" => Design::Health(Health::default()),
            "dual" => Design::Dual(Dual::default()),
            "deep_lob" => Design::DeepLob(DeepLob::default()),
            _ => return None,
        };
        Some(Family::Network(NetworkParams { design, ..NetworkParams::default() }))
    }

    /// The same family with one setting changed: a path of names with dots, as in
    /// `design.hidden`. A path that does not exist, or a value that does not fit, is refused with
    /// what there is.
    pub fn with(&self, path: &str, value: &Json) -> Result<Family, Error> {
        setting::changed(self, (path, value), &["family", "network"])
    }

    /// Steps of a sequence that the family reads, where it reads sequences of one width.
    pub fn steps(&self) -> Option<usize> {
        match self {
            Family::Network(NetworkParams { design: Design::Recurrent(it), .. }) => Some(it.steps),
            Family::Network(NetworkParams { design: Design::RegimeGru(it), .. }) => Some(it.steps),
            Family::Network(NetworkParams { design: Design::RegimeTransformer(it), .. }) => {
                Some(it.steps)
            }
            Family::Network(NetworkParams { design: Design::DeepLob(it), .. }) => Some(it.steps),
            Family::Average(params) => params.members.iter().find_map(Family::steps),
            _ => None,
        }
    }

    /// The same family reading so many steps, all its members that read sequences; nothing else
    /// is changed.
    ///
    /// # Errors
    /// [`Error::ReadSetting`] where the count does not fit.
    pub fn stepped(&self, steps: usize) -> Result<Family, Error> {
        match self {
            Family::Average(params) => {
                let members = params.members.iter().map(|member| member.stepped(steps));
                Ok(Family::Average(AverageParams { members: members.collect::<Result<_, _>>()? }))
            }
            other if other.steps().is_some() || other.is_dual() => {
                other.with("design.steps", &Json::from(steps))
            }
            other => Ok(other.clone()),
        }
    }

    /// The same family with so many columns that stand still, in front of a series; nothing is
    /// changed where the family has no branch for them.
    ///
    /// # Errors
    /// [`Error::ReadSetting`] where the count does not fit.
    pub fn beside(&self, still: usize) -> Result<Family, Error> {
        match self {
            Family::Average(params) => {
                let members = params.members.iter().map(|member| member.beside(still));
                Ok(Family::Average(AverageParams { members: members.collect::<Result<_, _>>()? }))
            }
            own if own.is_dual() => own.with("design.still", &Json::from(still)),
            other => Ok(other.clone()),
        }
    }

    /// True for the network that reads columns that stand still beside a series, and for an average
    /// with such a member.
    pub fn is_dual(&self) -> bool {
        match self {
            Family::Network(params) => matches!(params.design, Design::Dual(_)),
            Family::Average(params) => params.members.iter().any(Family::is_dual),
            _ => false,
        }
    }

    /// How its numbers are to be read.
    pub fn reading(&self) -> Reading {
        match self {
            Family::Trees(TreeParams { objective: Objective::Quantile { alpha }, .. }) => {
                Reading::Quantiles(vec![*alpha])
            }
            Family::Network(params) => networks::reading(&params.design),
            Family::Average(params) => {
                params.members.first().map(Family::reading).unwrap_or_default()
            }
            _ => Reading::Plain,
        }
    }

    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Family::Trees(params) => params.check(),
            Family::Logistic(params) => params.check(),
            Family::Network(params) => params.check(),
            Family::Average(params) => params.check(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_name_is_a_family_whose_settings_read_back() {
        for (name, _) in Family::NAMES {
            let family = Family::named(name).unwrap();
            let text = serde_json::to_string(&family).unwrap();
            assert_eq!(serde_json::from_str::<Family>(&text).unwrap(), family, "{name}");
        }
        assert_eq!(Family::named("forest"), None);
    }

    #[test]
    fn members_are_named_by_plus_and_times() {
        let Some(Family::Average(found)) = Family::named("gru*2+trees") else { panic!() };
        let names: Vec<&str> = found.members.iter().map(Family::name).collect();
        assert_eq!(names, ["network", "network", "trees"]);
        let stepped = Family::Average(found).stepped(7).unwrap();
        assert_eq!(stepped.steps(), Some(7));
        let changed = stepped.with("members.2.max_depth", &json!(3)).unwrap();
        assert_ne!(changed, stepped);
        assert_eq!((Family::named("gru+forest"), Family::named("gru*x")), (None, None));
    }

    #[test]
    fn members_whose_numbers_are_read_otherwise_are_not_averaged() {
        let said = Family::named("dual+mlp").unwrap().check().unwrap_err().to_string();
        assert!(said.contains("read otherwise"), "{said}");
    }

    #[test]
    fn a_setting_is_changed_by_its_path() {
        let family = Family::named("mlp").unwrap();
        let changed = family.with("design.hidden", &json!([8])).unwrap();
        assert_ne!(changed, family);
        assert_eq!(changed.with("design.hidden", &json!([64, 64])).unwrap(), family);
    }

    #[test]
    fn a_path_that_does_not_exist_is_refused_with_what_there_is() {
        let family = Family::named("trees").unwrap();
        for (path, value, words) in [
            ("depth", json!(3), "there is no \"depth\"; there is"),
            ("max_depth.more", json!(3), "asks for a part of what has none"),
            ("max_depth", json!("deep"), "does not fit; it is 6 now"),
            ("family", json!("logistic"), "there is no \"family\""),
        ] {
            let said = family.with(path, &value).unwrap_err().to_string();
            assert!(said.contains(words), "{said}");
        }
    }
}
