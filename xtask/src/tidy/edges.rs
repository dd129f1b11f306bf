//! Data flow one way: which room may use which.

use std::path::Path;

use anyhow::{Context, Result};

use super::Breach;
use crate::tree;

/// A room and the rooms upstream of it. An edge that is not here is a breach.
const EDGES: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("nets", &["base"]),
    ("market", &["base"]),
    ("pricing", &["base", "market"]),
    ("parquets", &["base"]),
    ("tape", &["base", "market", "parquets"]),
    ("features", &["base", "market"]),
    ("learn", &["base", "nets"]),
    ("onnx", &["base", "learn"]),
    ("sim", &["base", "market", "pricing"]),
    ("desk", &["base", "market"]),
    ("books", &["base", "market", "pricing", "features", "learn", "sim", "desk"]),
    ("store", &["base", "market"]),
    ("lake", &["base", "market", "parquets"]),
    ("report", &["base"]),
    (
        "pipeline",
        &[
            "base", "market", "pricing", "tape", "features", "learn", "onnx", "sim", "desk",
            "books", "store", "lake", "report",
        ],
    ),
    ("exchange", &["base", "market", "pricing", "sim"]),
    ("brokers", &["base", "market", "desk"]),
    (
        "app",
        &[
            "base", "market", "pricing", "tape", "features", "learn", "onnx", "sim", "desk",
            "books", "store", "lake", "report", "pipeline", "exchange", "brokers",
        ],
    ),
];

/// Crates that only one room may use, so that their weight and their types stay there.
const KEPT: &[(&str, &[&str])] = &[
    ("sea-orm", &["store"]),
    ("datafusion", &["lake"]),
    ("parquet", &["lake", "parquets", "tape"]),
    ("dbn", &["tape"]),
    ("axum", &["exchange"]),
    ("ureq", &["brokers"]),
    ("clap", &["app", "proving", "xtask"]),
    ("anyhow", &["app", "proving", "xtask"]),
];

/// Checks every manifest under `crates/`.
pub(super) fn check(root: &Path) -> Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    let rooms: Vec<&str> = EDGES.iter().map(|(room, _)| *room).collect();
    for entry in std::fs::read_dir(root.join("crates")).context("list crates")? {
        let folder = entry?.path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let manifest: toml::Table = toml::from_str(&tree::read(&folder.join("Cargo.toml"))?)?;
        let place = format!("crates/{name}/Cargo.toml");
        let Some((_, upstream)) = EDGES.iter().find(|(room, _)| *room == name) else {
            breaches.push(Breach { place, rule: "a room that the table of edges lacks".into() });
            continue;
        };
        for used in dependencies(&manifest) {
            breaches.extend(
                fault(&name, &used, &rooms, upstream)
                    .map(|rule| Breach { place: place.clone(), rule }),
            );
        }
        if manifest.contains_key("features") {
            breaches.push(Breach { place, rule: "internal crates have no cargo features".into() });
        }
    }
    Ok(breaches)
}

fn fault(room: &str, used: &str, rooms: &[&str], upstream: &[&str]) -> Option<String> {
    if used == "proving" {
        return Some(format!("{room} may not use proving: it is for development only"));
    }
    if rooms.contains(&used) && !upstream.contains(&used) {
        return Some(format!("{room} may not use {used}: it does not lie upstream"));
    }
    let (_, keepers) = KEPT.iter().find(|(kept, _)| *kept == used)?;
    (!keepers.contains(&room)).then(|| format!("{used} is kept to {}", keepers.join(", ")))
}

fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let table = manifest.get("dependencies").and_then(toml::Value::as_table);
    table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_upstream_is_refused() {
        let rooms = ["base", "desk", "learn"];
        assert!(fault("desk", "learn", &rooms, &["base"]).is_some());
        assert_eq!(fault("desk", "base", &rooms, &["base"]), None);
        assert!(fault("desk", "proving", &rooms, &["base"]).is_some());
        assert!(fault("desk", "sea-orm", &rooms, &["base"]).is_some());
    }
}
