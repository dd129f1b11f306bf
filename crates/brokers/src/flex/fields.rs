//! The attributes of a row, read one by one; what can't be read is a fault of the row.

use base::{Day, Fixed};

use super::decimals::decimal;
use super::rows::Fault;
use super::times::{Moment, Reading, moment};

/// Characters of a value that are shown where it can't be read.
const SHOWN: usize = 60;

/// The attributes of one element.
pub(super) struct Fields<'a> {
    pub(super) element: &'a str,
    /// Its number in the document, from 1.
    pub(super) row: usize,
    pub(super) attributes: &'a [(String, String)],
    pub(super) reading: &'a Reading,
    /// What could not be read.
    pub(super) faults: &'a mut Vec<Fault>,
}

impl Fields<'_> {
    /// A value as it stands; `None` where there is none or it is empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name)?;
        Some(found.1.trim()).filter(|value| !value.is_empty())
    }

    /// The same; empty where there is none.
    pub(super) fn words(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }

    /// A value that may be left open; statements write `--` or `N/A` for none.
    fn value(&self, name: &str) -> Option<String> {
        let is_value = |value: &&str| !matches!(*value, "-" | "--" | "N/A");
        self.text(name).filter(is_value).map(str::to_owned)
    }

    pub(super) fn fault(&mut self, name: &str, value: &str, why: &'static str) {
        self.faults.push(Fault {
            element: self.element.to_owned(),
            row: self.row,
            attribute: name.to_owned(),
            value: value.chars().take(SHOWN).collect(),
            why,
        });
    }

    /// A number, at most so large.
    pub(super) fn number<const DECIMALS: u32>(
        &mut self,
        name: &str,
        largest: i64,
    ) -> Option<Fixed<DECIMALS>> {
        let value = self.value(name)?;
        let number = decimal::<DECIMALS>(&value);
        let fits = |number: &Fixed<DECIMALS>| {
            number.raw().unsigned_abs() / Fixed::<DECIMALS>::SCALE.unsigned_abs()
                < largest.unsigned_abs()
        };
        let found = number.filter(fits);
        if found.is_none() {
            let why = if number.is_some() { "a number too large" } else { "no number" };
            self.fault(name, &value, why);
        }
        found
    }

    /// A day and perhaps a time.
    pub(super) fn moment(&mut self, name: &str) -> Option<Moment> {
        let value = self.value(name)?;
        match moment(&value, self.reading) {
            Ok(moment) => Some(moment),
            Err(why) => {
                self.fault(name, &value, why);
                None
            }
        }
    }

    /// A day.
    pub(super) fn day(&mut self, name: &str) -> Option<Day> {
        self.moment(name).map(|moment| moment.day)
    }

    /// A fault where something that a row can't do without is not there.
    pub(super) fn need<T>(&mut self, name: &str, found: Option<T>) -> Option<T> {
        let is_said = self.faults.iter().any(|f| f.row == self.row && f.attribute == name);
        if found.is_none() && !is_said {
            self.fault(name, "", "missing: choose it in the query");
        }
        found
    }
}
