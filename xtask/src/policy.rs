//! Licences, sources and bans of dependencies, read from `deny.toml` and checked offline.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::tree;

#[derive(Deserialize)]
struct Policy {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    clarify: Vec<Clarified>,
}

/// The licence of a package that ships its text but names no expression.
#[derive(Deserialize)]
struct Clarified {
    #[serde(rename = "crate")]
    name: String,
    expression: String,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

/// Checks every package that a build for this machine can reach.
pub(crate) fn run(root: &Path) -> Result<()> {
    let policy: Policy = toml::from_str(&tree::read(&root.join("deny.toml"))?)?;
    let platform = "x86_64-unknown-linux-gnu";
    let printed = tree::output(
        Command::new("cargo")
            .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", platform])
            .current_dir(root),
    )?;
    let metadata: Metadata = serde_json::from_str(&printed).context("read cargo metadata")?;
    let reached: BTreeSet<&str> =
        metadata.resolve.nodes.iter().map(|node| node.id.as_str()).collect();
    let packages: Vec<&Package> =
        metadata.packages.iter().filter(|package| reached.contains(package.id.as_str())).collect();
    let faults: Vec<String> =
        packages.iter().filter_map(|package| fault(package, &policy)).collect();
    if !faults.is_empty() {
        bail!("dependencies against deny.toml:\n{}", faults.join("\n"));
    }
    println!("{} packages keep to deny.toml", packages.len());
    Ok(())
}

fn fault(package: &Package, policy: &Policy) -> Option<String> {
    let named = format!("  {} {}", package.name, package.version);
    if policy.bans.deny.iter().any(|banned| banned.name == package.name) {
        return Some(format!("{named}: banned"));
    }
    let Some(source) = &package.source else { return None };
    if !source.starts_with("registry+") {
        return Some(format!("{named}: comes from {source}, only registries are allowed"));
    }
    let clarified = policy.licenses.clarify.iter().find(|clarified| clarified.name == package.name);
    let clarified = clarified.map(|clarified| &clarified.expression);
    let Some(license) = package.license.as_ref().or(clarified) else {
        return Some(format!("{named}: states no licence"));
    };
    match allowed(license, &policy.licenses.allow) {
        Ok(true) => None,
        Ok(false) => Some(format!("{named}: licence {license} is not allowed")),
        Err(error) => Some(format!("{named}: licence {license:?} can't be read: {error}")),
    }
}

fn allowed(license: &str, allow: &[String]) -> Result<bool> {
    let expression = spdx::Expression::parse_mode(license, spdx::ParseMode::LAX)?;
    Ok(expression.evaluate(|requirement| {
        let text = requirement.to_string();
        allow.contains(&text)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        let text =
            "[licenses]\nallow = [\"MIT\"]\nclarify = [{ crate = \"a\", expression = \"MIT\" },
            { crate = \"b\", expression = \"MIT AND GPL-3.0-only\" }]\n[bans]\ndeny = []\n";
        toml::from_str(text).unwrap()
    }

    fn silent(name: &str) -> Package {
        Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: None,
            source: Some("registry+https://github.com/rust-lang/crates.io-index".to_owned()),
        }
    }

    #[test]
    fn a_package_that_names_no_licence_needs_an_allowed_one_written_down() {
        assert_eq!(fault(&silent("a"), &policy()), None);
        assert!(fault(&silent("b"), &policy()).unwrap().contains("is not allowed"));
        assert!(fault(&silent("c"), &policy()).unwrap().contains("states no licence"));
    }

    #[test]
    fn one_allowed_choice_of_an_or_is_enough_and_an_and_needs_both() {
        let allow = ["MIT".to_owned(), "Apache-2.0".to_owned()];
        let cases = [
            ("MIT OR GPL-3.0-only", true),
            ("MIT AND GPL-3.0-only", false),
            ("MIT/Apache-2.0", true),
            ("GPL-2.0-or-later", false),
        ];
        for (license, expected) in cases {
            assert_eq!(allowed(license, &allow).unwrap(), expected, "{license}");
        }
    }
}
