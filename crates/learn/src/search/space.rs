//! Named settings and the values they may take.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Error;

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// One of the named choices.
    Choice(String),
}

/// Values by the name of the setting.
pub type Params = BTreeMap<String, Value>;

impl Value {
    /// The value as a number; `None` for a choice.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Int(value) => Some(*value as f64),
            Value::Float(value) => Some(*value),
            Value::Choice(_) => None,
        }
    }
}

/// What values a setting may take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// Numbers from low to high.
    Float {
        /// Least value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// Positive numbers, searched by their logarithm.
    LogFloat {
        /// Least value, above 0.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// Whole numbers from low to high, both included.
    Int {
        /// Least value.
        low: i64,
        /// Largest value.
        high: i64,
    },
    /// One of some names.
    Choice(Vec<String>),
}

/// Settings in order of their names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Domain>", into = "BTreeMap<String, Domain>")]
pub struct Space {
    domains: BTreeMap<String, Domain>,
}

impl Space {
    /// Refuses empty spaces and domains without a value.
    pub fn new(domains: impl IntoIterator<Item = (String, Domain)>) -> Result<Space, Error> {
        let domains: BTreeMap<String, Domain> = domains.into_iter().collect();
        if domains.is_empty() {
            let what = "is missing: the space has none".to_owned();
            return Err(Error::BuildSpace { name: String::new(), what });
        }
        for (name, domain) in &domains {
            if let Some(what) = domain.fault() {
                return Err(Error::BuildSpace { name: name.clone(), what });
            }
        }
        Ok(Space { domains })
    }

    /// Settings and their domains, by name.
    pub fn domains(&self) -> &BTreeMap<String, Domain> {
        &self.domains
    }

    /// True when these are values for all settings, each inside its domain.
    pub fn holds(&self, params: &Params) -> bool {
        params.len() == self.domains.len()
            && self
                .domains
                .iter()
                .all(|(name, domain)| params.get(name).is_some_and(|value| domain.holds(value)))
    }

    /// Values from points of the unit cube, one a setting in order of names.
    pub(super) fn decode(&self, point: &[f64]) -> Params {
        let named = self.domains.iter().zip(point);
        named.map(|((name, domain), &at)| (name.clone(), domain.decode(at))).collect()
    }

    /// Points of the unit cube from values.
    pub(super) fn encode(&self, params: &Params) -> Vec<f64> {
        let place = |(name, domain): (&String, &Domain)| {
            params.get(name).map_or(0.5, |value| domain.encode(value))
        };
        self.domains.iter().map(place).collect()
    }
}

impl TryFrom<BTreeMap<String, Domain>> for Space {
    type Error = Error;
    fn try_from(domains: BTreeMap<String, Domain>) -> Result<Space, Error> {
        Space::new(domains)
    }
}

impl From<Space> for BTreeMap<String, Domain> {
    fn from(space: Space) -> BTreeMap<String, Domain> {
        space.domains
    }
}

impl Domain {
    fn fault(&self) -> Option<String> {
        match self {
            Domain::Float { low, high } | Domain::LogFloat { low, high }
                if !(low.is_finite() && high.is_finite() && low <= high) =>
            {
                Some(format!("runs from {low} to {high}"))
            }
            Domain::LogFloat { low, .. } if *low <= 0.0 => {
                Some(format!("starts at {low}; a logarithm needs a positive number"))
            }
            Domain::Int { low, high } if low > high => Some(format!("runs from {low} to {high}")),
            Domain::Choice(names) if names.is_empty() => Some("has no choice".to_owned()),
            _ => None,
        }
    }

    fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (Domain::Float { low, high } | Domain::LogFloat { low, high }, Value::Float(value)) => {
                (low..=high).contains(&value)
            }
            (Domain::Int { low, high }, Value::Int(value)) => (low..=high).contains(&value),
            (Domain::Choice(names), Value::Choice(name)) => names.contains(name),
            _ => false,
        }
    }

    /// Number of equally wide steps on the unit interval; `None` when it is continuous.
    pub(super) fn steps(&self) -> Option<f64> {
        match self {
            Domain::Float { .. } | Domain::LogFloat { .. } => None,
            Domain::Int { low, high } => Some((high - low + 1) as f64),
            Domain::Choice(names) => Some(names.len() as f64),
        }
    }

    fn decode(&self, at: f64) -> Value {
        let step = |count: usize| ((at * count as f64) as usize).min(count - 1);
        match self {
            Domain::Float { low, high } => {
                Value::Float((low + at * (high - low)).clamp(*low, *high))
            }
            Domain::LogFloat { low, high } => {
                let value = (low.ln() + at * (high.ln() - low.ln())).exp();
                Value::Float(value.clamp(*low, *high))
            }
            Domain::Int { low, high } => Value::Int(low + step((high - low + 1) as usize) as i64),
            Domain::Choice(names) => Value::Choice(names[step(names.len())].clone()),
        }
    }

    fn encode(&self, value: &Value) -> f64 {
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.5 };
        match (self, value) {
            (Domain::Float { low, high }, Value::Float(value)) => share(value - low, high - low),
            (Domain::LogFloat { low, high }, Value::Float(value)) => {
                share(value.ln() - low.ln(), high.ln() - low.ln())
            }
            (Domain::Int { low, high }, Value::Int(value)) => {
                ((value - low) as f64 + 0.5) / (high - low + 1) as f64
            }
            (Domain::Choice(names), Value::Choice(name)) => {
                let at = names.iter().position(|known| known == name).unwrap_or(0);
                (at as f64 + 0.5) / names.len() as f64
            }
            _ => 0.5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn space() -> Space {
        let choices = ["a", "b", "c"].map(str::to_owned).to_vec();
        Space::new([
            ("depth".to_owned(), Domain::Int { low: 2, high: 9 }),
            ("kind".to_owned(), Domain::Choice(choices)),
            ("rate".to_owned(), Domain::LogFloat { low: 1e-3, high: 1.0 }),
            ("share".to_owned(), Domain::Float { low: -1.0, high: 1.0 }),
        ])
        .unwrap()
    }

    #[test]
    fn impossible_domains_are_named() {
        let cases = [
            Domain::Float { low: 1.0, high: 0.0 },
            Domain::Float { low: f64::NAN, high: 0.0 },
            Domain::LogFloat { low: 0.0, high: 1.0 },
            Domain::Int { low: 3, high: 2 },
            Domain::Choice(Vec::new()),
        ];
        for domain in cases {
            let error = Space::new([("odd".to_owned(), domain)]).unwrap_err();
            assert!(error.to_string().contains("\"odd\""), "{error}");
        }
    }

    proptest! {
        #[test]
        fn every_point_is_a_value_that_leads_back(
            point in prop::collection::vec(0.0f64..1.0, 4..5),
        ) {
            let params = space().decode(&point);
            prop_assert!(space().holds(&params));
            let again = space().decode(&space().encode(&params));
            prop_assert_eq!(&params["depth"], &again["depth"]);
            prop_assert_eq!(&params["kind"], &again["kind"]);
            let gap = params["rate"].number().unwrap() - again["rate"].number().unwrap();
            prop_assert!(gap.abs() < 1e-12);
        }
    }
}
