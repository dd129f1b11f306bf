//! Named settings and the values they may take.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::layout::Layout;
use crate::Error;

/// Whole numbers up to here are exact as `f64`.
const MOST_STEPS: i64 = 1 << 53;

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
    /// A setting that exists only where another one, a choice, has one of some values.
    When {
        /// The choice it depends on; it may depend on a choice in turn.
        setting: String,
        /// Values of that choice which bring it into being.
        is: Vec<String>,
        /// Its values then.
        then: Box<Domain>,
    },
}

/// Settings in order of their names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Domain>", into = "BTreeMap<String, Domain>")]
pub struct Space {
    domains: BTreeMap<String, Domain>,
    layout: Layout,
}

impl Space {
    /// Refuses empty spaces, domains without a value, and conditions that can't be met.
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
        let layout = Layout::new(&domains)?;
        Ok(Space { domains, layout })
    }

    /// Settings and their domains, by name.
    pub fn domains(&self) -> &BTreeMap<String, Domain> {
        &self.domains
    }

    /// True when these are values for exactly the settings that exist together, each inside its
    /// domain.
    pub fn holds(&self, params: &Params) -> bool {
        let inside = |(name, value): (&String, &Value)| {
            self.domains.get(name).is_some_and(|domain| domain.plain().holds(value))
        };
        params.iter().all(inside) && self.layout.active(&self.encode(params)) == self.given(params)
    }

    fn given(&self, params: &Params) -> Vec<bool> {
        self.domains.keys().map(|name| params.contains_key(name)).collect()
    }

    /// Where each setting stands in the unit cube, and when it exists.
    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Values from points of the unit cube, one a setting in order of names. Coordinates of
    /// settings that don't exist at this point are not looked at.
    pub(super) fn decode(&self, point: &[f64]) -> Params {
        let active = self.layout.active(point);
        let named = self.domains.iter().zip(point).zip(active);
        named
            .filter(|(_, active)| *active)
            .map(|(((name, domain), &at), _)| (name.clone(), domain.plain().decode(at)))
            .collect()
    }

    /// Points of the unit cube from values; NaN for a setting that does not exist.
    pub(super) fn encode(&self, params: &Params) -> Vec<f64> {
        // Both are in order of name: one walk finds them all.
        let mut given = params.iter().peekable();
        let place = |(name, domain): (&String, &Domain)| {
            while given.next_if(|(other, _)| *other < name).is_some() {}
            let value = given.next_if(|(other, _)| *other == name);
            value.map_or(f64::NAN, |(_, value)| domain.plain().encode(value))
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
    /// The domain without its condition.
    pub(super) fn plain(&self) -> &Domain {
        match self {
            Domain::When { then, .. } => then,
            plain => plain,
        }
    }

    fn fault(&self) -> Option<String> {
        match self {
            Domain::When { then, .. } if matches!(**then, Domain::When { .. }) => {
                Some("has a condition inside a condition; let it depend on one setting".to_owned())
            }
            Domain::When { then, .. } => then.fault(),
            Domain::Float { low, high } | Domain::LogFloat { low, high }
                if !(low.is_finite() && high.is_finite() && low <= high) =>
            {
                Some(format!("runs from {low} to {high}"))
            }
            Domain::LogFloat { low, .. } if *low <= 0.0 => {
                Some(format!("starts at {low}; a logarithm needs a positive number"))
            }
            Domain::Int { low, high } if low > high => Some(format!("runs from {low} to {high}")),
            Domain::Int { low, high } if high.checked_sub(*low).is_none_or(|w| w > MOST_STEPS) => {
                Some(format!("runs from {low} to {high}, more than {MOST_STEPS} steps"))
            }
            Domain::Choice(names) if names.is_empty() => Some("has no choice".to_owned()),
            Domain::Choice(names) => {
                let twice = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name));
                twice.map(|(_, name)| format!("names {name:?} twice"))
            }
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
            Domain::When { then, .. } => then.decode(at),
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

    fn choice(names: &[&str]) -> Domain {
        Domain::Choice(names.iter().map(|&name| name.to_owned()).collect())
    }

    fn when(setting: &str, is: &str, then: Domain) -> Domain {
        let (setting, is) = (setting.to_owned(), vec![is.to_owned()]);
        Domain::When { setting, is, then: Box::new(then) }
    }

    /// A net has a cell, a long cell has gates; a tree has a depth.
    fn domains() -> [(String, Domain); 6] {
        [
            ("cell", when("kind", "net", choice(&["short", "long"]))),
            ("depth", when("kind", "tree", Domain::Int { low: 2, high: 9 })),
            ("gates", when("cell", "long", Domain::Float { low: 0.0, high: 1.0 })),
            ("kind", choice(&["tree", "net", "line"])),
            ("rate", Domain::LogFloat { low: 1e-3, high: 1.0 }),
            ("share", Domain::Float { low: -1.0, high: 1.0 }),
        ]
        .map(|(name, domain)| (name.to_owned(), domain))
    }

    fn space() -> Space {
        Space::new(domains()).unwrap()
    }

    #[test]
    fn impossible_domains_are_named() {
        let cases = [
            Domain::Float { low: 1.0, high: 0.0 },
            Domain::Float { low: f64::NAN, high: 0.0 },
            Domain::LogFloat { low: 0.0, high: 1.0 },
            Domain::Int { low: 3, high: 2 },
            Domain::Int { low: i64::MIN, high: i64::MAX },
            Domain::Choice(Vec::new()),
            choice(&["a", "a"]),
            when("kind", "net", Domain::Int { low: 3, high: 2 }),
            when("kind", "net", when("kind", "net", Domain::Int { low: 1, high: 2 })),
            when("kind", "none such", Domain::Int { low: 1, high: 2 }),
            when("rate", "net", Domain::Int { low: 1, high: 2 }),
            when("missing", "net", Domain::Int { low: 1, high: 2 }),
            when("odd", "net", Domain::Int { low: 1, high: 2 }),
        ];
        for domain in cases {
            let all = domains().into_iter().chain([("odd".to_owned(), domain)]);
            let error = Space::new(all).unwrap_err();
            assert!(error.to_string().contains("\"odd\""), "{error}");
        }
    }

    #[test]
    fn conditions_in_a_circle_are_refused() {
        let circle = [("a", when("b", "x", choice(&["x"]))), ("b", when("a", "x", choice(&["x"])))];
        let error = Space::new(circle.map(|(name, domain)| (name.to_owned(), domain))).unwrap_err();
        assert!(error.to_string().contains("in a circle"), "{error}");
    }

    #[test]
    fn settings_that_do_not_exist_together_are_not_held() {
        let mut params = space().decode(&[0.9, 0.5, 0.5, 0.5, 0.5, 0.5]);
        let names: Vec<&str> = params.keys().map(String::as_str).collect();
        assert_eq!(names, ["cell", "gates", "kind", "rate", "share"]);
        params.insert("depth".to_owned(), Value::Int(3));
        assert!(!space().holds(&params));
        params.remove("depth");
        params.remove("gates");
        assert!(!space().holds(&params));
    }

    #[test]
    fn a_space_reads_back_from_json() {
        let text = serde_json::to_string(&space()).unwrap();
        assert!(
            text.contains(r#"{"when":{"setting":"kind","is":["tree"],"then":{"int""#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Space>(&text).unwrap(), space());
    }

    proptest! {
        #[test]
        fn every_point_is_a_value_that_leads_back(
            point in prop::collection::vec(0.0f64..1.0, 6..7),
        ) {
            let params = space().decode(&point);
            prop_assert!(space().holds(&params));
            let again = space().decode(&space().encode(&params));
            prop_assert_eq!(params.len(), again.len());
            for (name, value) in &params {
                match value.number() {
                    None => prop_assert_eq!(value, &again[name]),
                    Some(number) => {
                        prop_assert!((number - again[name].number().unwrap()).abs() < 1e-12);
                    }
                }
            }
        }
    }
}
