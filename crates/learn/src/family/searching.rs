//! Settings of a family that are worth a search, and how a trial's settings are put in.

use serde_json::{Value as Json, json};

use super::Family;
use crate::Error;
use crate::networks::NetworkParams;
use crate::search::{Domain, Params, Space, Value};
use crate::tune::tree_space;
use nets::net::Design;

impl Family {
    /// The settings we would search first, by path, with their domains.
    pub fn space(&self) -> Result<Space, Error> {
        let log = |low, high| Domain::LogFloat { low, high };
        let even = |low, high| Domain::Float { low, high };
        let layers = || choice(&["[32]", "[64]", "[64,64]", "[128,64]"]);
        let units = || choice(&["16", "32", "64"]);
        let mut domains = match self {
            Family::Trees(_) => return tree_space(),
            Family::Logistic(_) => {
                return named(vec![("penalty", log(1e-6, 1.0)), ("l1_share", even(0.0, 1.0))]);
            }
            Family::Average(params) => return of_members(&params.members),
            Family::Network(NetworkParams { design, .. }) => match design {
                Design::Mlp(_) => {
                    vec![("design.hidden", layers()), ("design.dropout", even(0.0, 0.5))]
                }
                Design::Recurrent(_) => {
                    vec![("design.units", units()), ("design.layers", choice(&["1", "2"]))]
                }
                Design::RegimeGru(_) => {
                    vec![("design.units", units()), ("design.dropout", even(0.0, 0.5))]
                }
                Design::RegimeTransformer(_) => vec![
                    ("design.layers", choice(&["1", "2", "3"])),
                    ("design.dropout", even(0.0, 0.5)),
                ],
                Design::Kan(_) => vec![
                    ("design.hidden", choice(&["[8]", "[16]", "[32]"])),
                    ("design.intervals", Domain::Int { low: 3, high: 8 }),
                ],
                Design::Dual(_) => vec![("design.dropout", even(0.0, 0.5))],
                Design::Health(_) | Design::DeepLob(_) => Vec::new(),
            },
        };
        domains.push(("schedule.constant.rate", log(1e-4, 1e-2)));
        domains.push(("batch", choice(&["32", "64", "128"])));
        named(domains)
    }

    /// The same family with the settings of a trial: names are paths, and a choice that reads as
    /// JSON is what it says, `[64,64]` for example.
    pub fn with_params(&self, params: &Params) -> Result<Family, Error> {
        let mut family = self.clone();
        for (path, value) in params {
            let value = match value {
                Value::Int(number) => json!(number),
                Value::Float(number) => json!(number),
                Value::Choice(text) => {
                    serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.clone()))
                }
            };
            family = family.with(path, &value)?;
        }
        Ok(family)
    }
}

/// What each member would search, below its place.
fn of_members(members: &[Family]) -> Result<Space, Error> {
    let mut domains = Vec::new();
    for (at, member) in members.iter().enumerate() {
        let own = member.space()?;
        let below =
            |(name, domain): (&String, &Domain)| (format!("members.{at}.{name}"), domain.clone());
        domains.extend(own.domains().iter().map(below));
    }
    Space::new(domains)
}

fn choice(names: &[&str]) -> Domain {
    Domain::Choice(names.iter().map(|&name| name.to_owned()).collect())
}

fn named(domains: Vec<(&str, Domain)>) -> Result<Space, Error> {
    Space::new(domains.into_iter().map(|(name, domain)| (name.to_owned(), domain)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Method, Ports, Run, Silent, Study, TrialMemory};
    use base::Seed;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn every_point_of_every_space_is_a_family() {
        for (name, _) in Family::NAMES {
            let family = Family::named(name).unwrap();
            let space = family.space().unwrap();
            let (method, seed) = (Method::Random, Seed::root(3));
            let (name, pruning) = (name.to_owned(), None);
            let study = Study { name, space, method, trials: 20, batch: 5, pruning, seed };
            let tried = |run: &mut Run<'_>| {
                let family = family.with_params(run.params)?;
                family.check()?;
                Ok(crate::search::Outcome::Value(0.0))
            };
            let (mut log, stop) = (TrialMemory::default(), AtomicBool::new(false));
            let mut ports = Ports { log: &mut log, progress: &Silent, stop: &stop };
            assert_eq!(study.run(&tried, &mut ports).unwrap().len(), 20);
        }
    }
}
