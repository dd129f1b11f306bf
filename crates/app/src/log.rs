//! What the rooms say of themselves while they work: lines on standard error, and in a file a day
//! where a command runs for long.
//!
//! Only the rooms of this workspace may go below a warning. What other crates say there is never
//! written, whatever the filter asks for: they show headers, and headers hold secrets.

mod facade;
mod file;

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use store::{Clock as _, MachineClock};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Registry};

use crate::failure::Failure;
use file::DailyFile;

/// Those whose words are ours.
const ROOMS: [&str; 20] = [
    "base", "books", "brokers", "desk", "exchange", "features", "lake", "learn", "market", "nets",
    "onnx", "parquets", "pipeline", "pricing", "report", "sim", "store", "tape", "trimtab", "app",
];
/// What is told without being asked for.
const USUAL: &str = "warn";

/// Which lines are wanted: a level, or levels of rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted(String);

impl Wanted {
    /// On top of what is told anyway, unless that is named anew.
    fn filter(&self) -> Result<EnvFilter, String> {
        let text = match self.0.trim() {
            "" => USUAL.to_owned(),
            text => format!("{USUAL},{text}"),
        };
        EnvFilter::builder().parse(text).map_err(|error| error.to_string())
    }
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Wanted, String> {
        let advice = "TRIMTAB_LOG is a level (error, warn, info, debug, trace, off) or levels of \
                      rooms, as info,brokers=debug";
        // A level with a slip in it would be taken for the name of a room that says nothing.
        let plain =
            |word: &&str| !word.is_empty() && !word.contains(['=', '[', ']', '{', '}', '"']);
        let is_known = |word: &str| word.parse::<LevelFilter>().is_ok() || is_room(word);
        let mut words = text.split(',').map(str::trim).filter(plain);
        if let Some(word) = words.find(|word| !is_known(word)) {
            return Err(format!("{word} is no level and no room; {advice}"));
        }
        let wanted = Wanted(text.to_owned());
        wanted.filter().map_err(|fault| format!("{fault}; {advice}"))?;
        Ok(wanted)
    }
}

/// Whether what a command says is kept beside standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Keep<'a> {
    /// No.
    Nowhere,
    /// In files of that folder, from `info` up.
    In(&'a Path),
}

/// Begins to listen to the rooms, once in a process.
pub(crate) fn listen(wanted: &Wanted, keep: Keep<'_>) -> Result<(), Failure> {
    let failed = |fault: String| Failure::new(format!("begin the log: {fault}"));
    let shown = layer(|| Quiet(io::stderr()), wanted, LevelFilter::OFF).map_err(failed)?;
    let kept = match keep {
        Keep::Nowhere => None,
        Keep::In(folder) => {
            let file = DailyFile::of(folder, || MachineClock.now().utc_day());
            Some(layer(file, wanted, LevelFilter::INFO).map_err(failed)?)
        }
    };
    tracing::subscriber::set_global_default(Registry::default().with(shown).with(kept))?;
    facade::listen();
    Ok(())
}

/// Lines that are wanted, and all down to that level besides.
fn layer<S, W>(writer: W, wanted: &Wanted, besides: LevelFilter) -> Result<impl Layer<S>, String>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let ours = filter_fn(may_be_told).with_max_level_hint(LevelFilter::TRACE);
    let filter = wanted.filter()?.or(besides).and(ours);
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_timer(Utc);
    Ok(lines.with_writer(writer).with_filter(filter))
}

/// Warnings of everyone; below that, what the rooms say.
fn may_be_told(line: &Metadata<'_>) -> bool {
    *line.level() <= Level::WARN || is_room(line.target())
}

fn is_room(target: &str) -> bool {
    let crate_name = target.split("::").next().unwrap_or_default();
    ROOMS.contains(&crate_name)
}

/// The machine's time, in UTC.
struct Utc;

impl FormatTime for Utc {
    fn format_time(&self, into: &mut Writer<'_>) -> fmt::Result {
        write!(into, "{}", MachineClock.now())
    }
}

/// A place that may be gone: trading goes on without a reader.
struct Quiet<W>(W);

impl<W: Write> Write for Quiet<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Whom should it be told?
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Lines that are read back.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn told(wanted: &str, besides: LevelFilter, say: impl FnOnce()) -> String {
        let paper = Paper::default();
        let copy = paper.clone();
        let layer = layer(move || copy.clone(), &wanted.parse().unwrap(), besides).unwrap();
        tracing::subscriber::with_default(Registry::default().with(layer), say);
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn all_levels() {
        tracing::warn!(target: "brokers::alpaca", "louder");
        tracing::info!(target: "brokers::alpaca", "usual");
        tracing::debug!(target: "store", "quieter");
    }

    #[test]
    fn no_filter_brings_what_other_crates_say_below_a_warning() {
        let key = "PK-PLANTED";
        for wanted in ["trace", "ureq_proto=trace,brokers=trace", "[request]=trace"] {
            let text = told(wanted, LevelFilter::TRACE, || {
                let span = tracing::info_span!(target: "hyper::client", "request", key);
                let _inside = span.enter();
                tracing::trace!(target: "ureq_proto::client", key, "send a header");
                tracing::info!(target: "tungstenite::handshake", "authorization: {key}");
                tracing::debug!(target: "storehouse", "{key}");
                tracing::trace!(target: "brokers::alpaca::online", "ask");
                tracing::warn!(target: "rustls::conn", "a certificate is old");
            });
            assert!(!text.contains(key), "{wanted}: {text}");
            assert!(text.contains("ask") && text.contains("a certificate is old"), "{text}");
        }
    }

    #[test]
    fn of_crates_that_speak_through_the_facade_warnings_are_told_and_nothing_below() {
        let text = told("trace", LevelFilter::TRACE, || {
            for level in [log::Level::Error, log::Level::Warn, log::Level::Info] {
                let said = format_args!("{level} of the line");
                let mut record = log::Record::builder();
                facade::hear(&record.level(level).target("ibapi::client").args(said).build());
            }
        });
        assert!(text.contains("WARN log: WARN of the line from=\"ibapi::client\""), "{text}");
        assert!(text.contains("ERROR of the line") && !text.contains("INFO of"), "{text}");
    }

    #[test]
    fn warnings_are_told_unless_asked_otherwise_and_rooms_one_by_one() {
        let shown = |wanted| {
            let text = told(wanted, LevelFilter::OFF, all_levels);
            ["louder", "usual", "quieter"].map(|word| text.contains(word))
        };
        assert_eq!(shown(""), [true, false, false]);
        assert_eq!(shown("error"), [false; 3]);
        assert_eq!(shown("info"), [true, true, false]);
        assert_eq!(shown("store=debug"), [true, false, true]);
        assert_eq!(shown("off,brokers=info"), [true, true, false]);
    }

    #[test]
    fn what_is_kept_holds_at_least_what_went_well() {
        for (wanted, quieter) in [("", false), ("error", false), ("debug", true)] {
            let text = told(wanted, LevelFilter::INFO, all_levels);
            assert!(text.contains("louder") && text.contains("usual"), "{wanted}: {text}");
            assert_eq!(text.contains("quieter"), quieter, "{wanted}: {text}");
        }
    }

    #[test]
    fn a_line_says_when_in_utc_how_loud_and_who() {
        let text = told("", LevelFilter::OFF, all_levels);
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(words[0].contains('T') && words[0].ends_with('Z'), "{text}");
        assert_eq!(words[1..], ["WARN", "brokers::alpaca:", "louder"]);
    }

    #[test]
    fn a_filter_with_a_slip_in_it_is_refused() {
        for text in ["inof", "store=loud", "info,[", "warn=info=debug"] {
            let fault = text.parse::<Wanted>().unwrap_err();
            assert!(fault.contains("TRIMTAB_LOG"), "{text}: {fault}");
        }
        for text in ["", " ", "INFO", "brokers", "brokers::alpaca=debug", "info,store=trace"] {
            assert!(text.parse::<Wanted>().is_ok(), "{text}");
        }
    }

    #[test]
    fn every_room_is_known() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for room in std::fs::read_dir(folder).unwrap() {
            let name = room.unwrap().file_name().into_string().unwrap();
            assert!(is_room(&name), "{name}");
        }
    }
}
