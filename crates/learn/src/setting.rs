//! Settings as data, changed one by one by their paths.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::Error;

/// The same settings with one changed: a path of names and places with dots, as in `design.hidden` or
/// `members.0.epochs`. Names in
/// `hidden` say what the settings are of and can't be changed.
///
/// # Errors
/// [`Error::ReadSetting`] for a path that does not exist, or a value that does not fit, with what
/// there is.
pub(crate) fn changed<T: Serialize + DeserializeOwned>(
    whole: &T,
    (path, value): (&str, &Json),
    hidden: &[&str],
) -> Result<T, Error> {
    let refuse = |what: String| Error::ReadSetting { path: path.to_owned(), what };
    let mut whole = serde_json::to_value(whole)
        .map_err(|source| Error::WriteJson { what: "settings", source })?;
    let mut at = &mut whole;
    for name in path.split('.') {
        if let Some(count) = at.as_array().map(Vec::len) {
            let place = name.parse::<usize>().ok().filter(|place| *place < count);
            let Some(place) = place else {
                return Err(refuse(format!(
                    "there is no {name:?} among 0 to {}",
                    count.max(1) - 1
                )));
            };
            at = &mut at[place];
            continue;
        }
        let Some(fields) = at.as_object_mut() else {
            return Err(refuse(format!("{name:?} asks for a part of what has none")));
        };
        let known = || {
            let names = fields.keys().filter(|name| !hidden.contains(&&***name));
            names.cloned().collect::<Vec<_>>().join(", ")
        };
        match fields.contains_key(name) && !hidden.contains(&name) {
            true => at = &mut fields[name],
            false => return Err(refuse(format!("there is no {name:?}; there is {}", known()))),
        }
    }
    let before = at.clone();
    *at = value.clone();
    serde_json::from_value(whole)
        .map_err(|fault| refuse(format!("{value} does not fit; it is {before} now: {fault}")))
}
