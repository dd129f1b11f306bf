//! Settings of a family from words and files.

use std::path::Path;

use learn::family::Family;
use learn::search::{Domain, Space};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::cli::modelling::LearnArgs;
use crate::failure::Failure;
use crate::files;

/// The family with its settings, and the steps of a sequence it reads; `still` columns stand
/// beside it.
pub(super) fn family(
    args: &LearnArgs,
    (steps, still): (Option<usize>, usize),
) -> Result<(Family, usize), Failure> {
    let Some(mut family) = Family::named(&args.model) else {
        let names = Family::NAMES.map(|(name, _)| name).join(", ");
        return Err(Failure::new(format!("read --model {:?}: there is no such kind", args.model))
            .advise(format!("one of {names}, or several by + and *: gru+trees, mlp*5")));
    };
    if let Some(path) = &args.settings {
        family = put_in(family, "", &read(path)?)?;
    }
    for text in &args.set {
        let Some((path, value)) = text.split_once('=') else {
            return Err(Failure::new(format!("read --set {text:?}: it is not PATH=VALUE"))
                .advise("write for example --set epochs=50"));
        };
        let value = serde_json::from_str(value).unwrap_or_else(|_| Json::String(value.to_owned()));
        family = family.with(path, &value)?;
    }
    if family.is_dual() && steps.is_some() && still == 0 {
        return Err(Failure::new(
            "train dual: a row of its series has no columns that stand still",
        )
        .advise("name one or more with --still, or leave --steps out for rows laid out whole"));
    }
    if still > 0 {
        family = family.beside(still)?;
    }
    match (family.steps(), steps) {
        (own, Some(steps)) if own.is_some() || family.is_dual() => {
            Ok((family.stepped(steps)?, steps))
        }
        (Some(own), None) => Ok((family, own)),
        (_, told) => Ok((family, told.unwrap_or(1))),
    }
}

/// Puts the values of a table in: each where its path says, a table as a whole where it fits.
fn put_in(family: Family, path: &str, value: &Json) -> Result<Family, Failure> {
    if !path.is_empty() {
        let whole = family.with(path, value);
        match (whole, value) {
            (Ok(changed), _) => return Ok(changed),
            (Err(fault), Json::Object(fields)) if fields.is_empty() => return Err(fault.into()),
            (Err(_), Json::Object(_)) => {}
            (Err(fault), _) => return Err(fault.into()),
        }
    }
    let Json::Object(fields) = value else { return Ok(family) };
    fields.iter().try_fold(family, |family, (name, value)| {
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        put_in(family, &below, value)
    })
}

/// A space from a file, or the usual one of the family.
pub(super) fn space(family: &Family, path: Option<&Path>) -> Result<Space, Failure> {
    let Some(path) = path else { return Ok(family.space()?) };
    let domains: std::collections::BTreeMap<String, Domain> = read(path)?;
    Ok(Space::new(domains)?)
}

/// Reads TOML, or JSON where the name ends so.
fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let refuse = |fault: String| {
        Failure::new(format!("read {}: {fault}", path.display()))
            .advise("mend that line; `trimtab models kinds` shows the settings there are")
    };
    let bytes = files::read(path)?;
    let text = String::from_utf8(bytes).map_err(|_| refuse("it is not text".to_owned()))?;
    match path.extension().is_some_and(|extension| extension == "json") {
        true => serde_json::from_str(&text).map_err(|fault| refuse(fault.to_string())),
        false => toml::from_str(&text).map_err(|fault| refuse(fault.to_string())),
    }
}
