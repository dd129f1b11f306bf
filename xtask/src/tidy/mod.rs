//! House rules that a machine can check. They run as an ordinary test.

mod edges;
mod source;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use crate::tree;

/// One breach of a house rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Breach {
    /// File, and line where there is one.
    pub(crate) place: String,
    /// The rule, in words that say what to do.
    pub(crate) rule: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.rule)
    }
}

/// Fails with all breaches, or says that there are none.
pub(crate) fn run(root: &Path) -> Result<()> {
    let breaches = check(root)?;
    if breaches.is_empty() {
        println!("the tree is tidy");
        return Ok(());
    }
    let lines: Vec<String> = breaches.iter().map(Breach::to_string).collect();
    bail!("{} breaches of the house rules:\n{}", lines.len(), lines.join("\n"))
}

/// All breaches in the tree, sorted.
pub(crate) fn check(root: &Path) -> Result<Vec<Breach>> {
    let mut breaches = edges::check(root)?;
    for path in tree::rust_files(root)? {
        let place = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        breaches.extend(source::check(&place, &tree::read(&path)?));
    }
    breaches.sort();
    Ok(breaches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let breaches = check(&tree::root()).unwrap();
        let lines: Vec<String> = breaches.iter().map(Breach::to_string).collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }
}
