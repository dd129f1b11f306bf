//! Numbers of a book, read from TOML into typed structs. A key that nobody knows is refused,
//! with the nearest known key as a suggestion.

use serde::de::DeserializeOwned;

use crate::Error;

/// Reads settings from text; `file` is named in errors.
pub fn read<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|source| Error::ReadSettings {
        file: file.to_owned(),
        place: place(text, source.span()),
        fault: source.message().to_owned(),
        hint: hint(source.message()).unwrap_or_default(),
    })
}

fn place(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let Some(before) = span.and_then(|span| text.get(..span.start)) else {
        return String::new();
    };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    format!(":{line}:{column}")
}

/// serde says: unknown field `x`, expected one of `a`, `b`.
fn hint(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field `")?;
    let (given, rest) = rest.split_once('`')?;
    let known = rest.split('`').skip(1).step_by(2);
    let nearest = known
        .map(|known| (strsim::damerau_levenshtein(given, known), known))
        .filter(|(distance, known)| *distance <= known.len().max(3) / 2)
        .min()?;
    Some(format!("; did you mean `{}`?", nearest.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(default)]
        stop_distance_bps: f64,
        #[serde(default)]
        gate: f64,
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_place_and_the_nearest_key() {
        let text = "gate = 0.5\nstop_distanse_bps = 3.0\n";
        let error = read::<Sample>(text, "books/breakout.toml").unwrap_err().to_string();
        assert!(error.starts_with("read settings books/breakout.toml:2:1: "), "{error}");
        assert!(error.ends_with("did you mean `stop_distance_bps`?"), "{error}");
    }

    #[test]
    fn good_settings_are_read() {
        let read: Sample = read("gate = 0.5\nstop_distance_bps = 3", "x").unwrap();
        assert_eq!((read.gate, read.stop_distance_bps), (0.5, 3.0));
    }
}
