//! The wire of the tests of this crate.

use market::remote::{Heard, Said, Wire};

/// A wire whose far end is the test.
#[derive(Debug, Default)]
pub(crate) struct Tin {
    pub said: Vec<Said>,
    pub heard: Vec<Heard>,
}

impl Wire for Tin {
    fn say(&mut self, said: &Said) {
        self.said.push(said.clone());
    }

    fn hear(&mut self, into: &mut Vec<Heard>) {
        into.append(&mut self.heard);
    }
}
