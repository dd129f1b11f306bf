//! Where the database is: a URL whose password is never shown.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::Error;

/// The address of a database. Its `Display` and `Debug` hide the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    url: String,
    shown: String,
    place: Place,
}

/// Which database an address names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A SQLite database in memory, gone when closed.
    Memory,
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL server.
    Postgres,
}

impl Address {
    /// Reads a URL: `sqlite::memory:`, `sqlite:///folder/state.db` or `postgres://user@host/name`.
    pub fn read(url: &str) -> Result<Address, Error> {
        let shown = without_secrets(url);
        let wrong = |fault: &str| Error::ReadUrl { shown: shown.clone(), fault: fault.to_owned() };
        if let Some(rest) = url.strip_prefix("sqlite:") {
            let place = sqlite_place(rest).ok_or_else(|| wrong("no file is named"))?;
            return Ok(Address { url: url.to_owned(), shown, place });
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(wrong("neither sqlite nor postgres"));
        }
        let parsed = url::Url::parse(url).map_err(|fault| wrong(&fault.to_string()))?;
        if parsed.path().trim_start_matches('/').is_empty() {
            return Err(wrong("no database is named after the host"));
        }
        Ok(Address { url: url.to_owned(), shown, place: Place::Postgres })
    }

    /// The SQLite database in this file.
    pub fn file(path: &Path) -> Address {
        // The driver reads `?` as the start of options and `%` as an escape.
        let escaped = path.display().to_string().replace('%', "%25").replace('?', "%3F");
        let url = format!("sqlite://{escaped}");
        Address { shown: url.clone(), url, place: Place::File(path.to_path_buf()) }
    }

    /// Which database this is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.url.split_once('?').is_some_and(|(_, query)| query.contains("mode=ro"))
    }

    pub(crate) fn names_a_mode(&self) -> bool {
        self.url.split_once('?').is_some_and(|(_, query)| query.contains("mode="))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.shown)
    }
}

fn sqlite_place(rest: &str) -> Option<Place> {
    let path = rest.split('?').next().unwrap_or_default();
    if path == ":memory:" || path == "//:memory:" {
        return Some(Place::Memory);
    }
    let path = path.strip_prefix("//").unwrap_or(path);
    (!path.is_empty()).then(|| Place::File(PathBuf::from(without_escapes(path))))
}

fn without_escapes(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let code = code.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match code {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Hides what stands between the user's name and the last `@` before the path, and every value of
/// the query, where drivers also accept passwords. Works on text that is no valid URL at all.
fn without_secrets(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        let known = url.starts_with("sqlite:");
        return if known { url.to_owned() } else { "(not a url)".to_owned() };
    };
    if scheme == "sqlite" {
        return url.to_owned();
    }
    let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, query)| (rest, query));
    let host_and_path = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let user = rest.rsplit_once('@').map(|(user, _)| match user.split_once(':') {
        Some((name, _)) => format!("{name}:***@"),
        None => format!("{user}@"),
    });
    let query = if query.is_empty() { "" } else { "?***" };
    format!("{scheme}://{}{host_and_path}{query}", user.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let cases = [
            "postgres://kim:s3cret@db.example:5432/state",
            "postgres://kim:s3cret/@:s3cret@db.example/state",
            "postgres://kim@db.example/state?password=s3cret",
            "postgresql://kim:s3cret@[not a host/state",
            "mysql://kim:s3cret@db/state",
            "kim:s3cret@db",
        ];
        for url in cases {
            let shown = match Address::read(url) {
                Ok(address) => format!("{address} {address:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains("s3cret"), "{url} shows as {shown}");
        }
    }

    #[test]
    fn addresses_name_their_place() {
        let cases = [
            ("sqlite::memory:", Place::Memory),
            ("sqlite:///a/b.db?mode=rwc", Place::File("/a/b.db".into())),
            ("sqlite://b.db", Place::File("b.db".into())),
            ("sqlite://50%25%3F.db", Place::File("50%?.db".into())),
            ("sqlite://50%.db", Place::File("50%.db".into())),
            ("postgres://kim@host/state", Place::Postgres),
            ("postgresql://kim@host/state", Place::Postgres),
        ];
        for (url, place) in cases {
            assert_eq!(*Address::read(url).unwrap().place(), place, "{url}");
        }
    }

    #[test]
    fn a_url_without_a_database_is_refused() {
        for url in ["sqlite:", "sqlite://", "postgres://host", "mysql://host/x", "", "state.db"] {
            assert!(matches!(Address::read(url), Err(Error::ReadUrl { .. })), "{url}");
        }
    }
}
