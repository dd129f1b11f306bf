//! Fitted flows on disk.

use base::{Digest, Ts};
use market::depth::Grid;
use serde::{Deserialize, Serialize};
use sim::flow::{FlowSizes, HawkesFlow, ZeroFlow};

use super::crowd::CrowdNumbers;
use super::fit::{FitSettings, Fitted};
use super::seen::Observation;
use crate::Error;

/// The recording that flows were fitted to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Digest of its bytes.
    pub digest: String,
    /// True where a program made it.
    pub synthetic: bool,
    /// First moment looked at.
    pub from: Ts,
    /// How long.
    pub seconds: f64,
    /// Events within the distance.
    pub events: u64,
    /// Steps of prices and sizes.
    pub grid: Grid,
    /// Farthest that an order counted, ticks from the other side's best price.
    pub nearest_ticks: i64,
    /// Step of the recorder's clock.
    pub clock_seconds: f64,
}

/// Flows as they are stored, in JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowFile {
    /// [`FlowFile::FORMAT`].
    pub format: String,
    /// [`FlowFile::VERSION`].
    pub version: u32,
    /// Revision of the code that fitted.
    pub code: String,
    /// What it was fitted to.
    pub source: Source,
    /// How it was fitted.
    pub settings: FitSettings,
    /// Middle at the beginning, ticks.
    pub begin_ticks: f64,
    /// Sizes of orders of the zero-intelligence flow.
    pub sizes: FlowSizes,
    /// The zero-intelligence flow.
    pub zero: ZeroFlow,
    /// The Hawkes flow, where there is one.
    pub hawkes: Option<HawkesFlow>,
    /// Sizes of its orders; those of a feed of sizes hold all that was told at one moment.
    pub hawkes_sizes: Option<FlowSizes>,
    /// Numbers of a crowd.
    pub crowd: CrowdNumbers,
}

/// A file with the figures of its fit beside it, for people and programs; they are not read back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kept<'a> {
    /// What is read back.
    #[serde(flatten)]
    pub file: &'a FlowFile,
    /// Figures with intervals.
    pub fit: &'a Fitted,
}

/// The two words that are looked at first.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

impl FlowFile {
    /// What such a file calls itself.
    pub const FORMAT: &str = "trimtab flow";
    /// Its layout.
    pub const VERSION: u32 = 1;

    /// The file of a fit.
    pub fn new(
        (name, digest): (&str, &Digest),
        grid: Grid,
        seen: &Observation,
        (settings, fitted): (&FitSettings, &Fitted),
        code: &str,
    ) -> FlowFile {
        let begin_ticks = seen.watched.touches.first().map_or(0.0, sim::flow::watch::Touch::mid);
        FlowFile {
            format: FlowFile::FORMAT.to_owned(),
            version: FlowFile::VERSION,
            code: code.to_owned(),
            source: Source {
                name: name.to_owned(),
                digest: digest.to_string(),
                synthetic: seen.synthetic,
                from: seen.from,
                seconds: seen.watched.seconds,
                events: seen.watched.events.len() as u64,
                grid,
                nearest_ticks: seen.nearest_ticks,
                clock_seconds: seen.clock_seconds,
            },
            settings: *settings,
            begin_ticks,
            sizes: fitted.sizes.clone(),
            zero: fitted.zero.clone(),
            hawkes: fitted.hawkes.as_ref().map(|found| found.flow.clone()),
            hawkes_sizes: fitted.hawkes.as_ref().map(|found| found.sizes.clone()),
            crowd: fitted.crowd,
        }
    }

    /// As text, with the figures of the fit.
    ///
    /// # Errors
    /// Where a number can't be written.
    pub fn text(&self, fitted: &Fitted) -> Result<String, Error> {
        serde_json::to_string_pretty(&Kept { file: self, fit: fitted }).map_err(Error::WriteFlow)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Where it is no such file, of another version, or damaged; says what to do.
    pub fn read(name: &str, text: &str) -> Result<FlowFile, Error> {
        let fault = |what: String| Error::ReadFlow { name: name.to_owned(), what };
        let head: Head = serde_json::from_str(text).map_err(|error| {
            fault(format!("it is no file of `trimtab flow fit` ({error}); fit one"))
        })?;
        if head.format != FlowFile::FORMAT {
            return Err(fault(format!("it calls itself {:?}; fit one anew", head.format)));
        }
        if head.version != FlowFile::VERSION {
            let (found, known) = (head.version, FlowFile::VERSION);
            return Err(fault(format!(
                "it is of version {found}, and version {known} is read; fit it anew"
            )));
        }
        let read: Result<FlowFile, _> = serde_json::from_str(text);
        read.map_err(|error| fault(format!("{error}; it is damaged, fit it anew")))
    }
}
