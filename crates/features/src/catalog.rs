//! The sorted table of every feature. One line here enrols a newcomer in the command line's list
//! and in the conformance suite.
//!
//! A name appears once: a breakout feature that is a plain indicator (`rsi_14`) is that indicator.

use crate::spec::Spec;
use crate::{Error, Feature};

/// One line of the catalog.
#[derive(Clone, Copy)]
pub struct Entry {
    /// What the feature is.
    pub spec: &'static Spec,
    /// Makes a fresh calculator that has seen no bar.
    pub make: fn() -> Box<dyn Feature>,
}

/// Every feature, sorted by name.
pub static CATALOG: &[Entry] = &[];

/// Descriptions of all features, sorted by name.
pub fn specs() -> impl ExactSizeIterator<Item = &'static Spec> {
    CATALOG.iter().map(|entry| entry.spec)
}

/// The line of that name; an unknown name is answered with the nearest one there is.
pub fn find(name: &str) -> Result<&'static Entry, Error> {
    match CATALOG.binary_search_by(|entry| entry.spec.name.cmp(name)) {
        Ok(at) => Ok(&CATALOG[at]),
        Err(_) => Err(unknown(name)),
    }
}

/// A fresh calculator of that name.
pub fn make(name: &str) -> Result<Box<dyn Feature>, Error> {
    find(name).map(|entry| (entry.make)())
}

fn unknown(name: &str) -> Error {
    let hint = specs()
        .map(|spec| (strsim::damerau_levenshtein(spec.name, name), spec.name))
        .min()
        .filter(|(distance, _)| *distance <= 1 + name.len() / 3)
        .map(|(_, near)| format!("; did you mean {near:?}?"))
        .unwrap_or_default();
    Error::FindFeature { name: name.to_owned(), count: CATALOG.len(), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_each_name_appears_once() {
        let names: Vec<_> = specs().map(|spec| spec.name).collect();
        for pair in names.windows(2) {
            assert!(pair[0] < pair[1], "{} must come before {}", pair[1], pair[0]);
        }
    }

    #[test]
    fn each_line_makes_the_feature_it_describes() {
        for entry in CATALOG {
            assert_eq!((entry.make)().spec(), entry.spec);
        }
    }
}
