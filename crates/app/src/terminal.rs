//! What a person sees: progress bars on standard error, answers on standard output.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pipeline::Progress;
use serde::Serialize;

use crate::failure::Failure;

/// How answers are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// For programs: one JSON value.
    Json,
}

/// Whether bars are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bars {
    /// On standard error, when it is a terminal; plain lines otherwise.
    Shown,
    /// Not at all.
    Hidden,
}

/// Standard output and standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    /// How answers are given.
    pub form: Form,
    /// Whether bars are shown.
    pub bars: Bars,
}

/// Whether anyone still reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Yes.
    There,
    /// No: `head`, for one, has seen enough.
    Gone,
}

impl Terminal {
    /// Gives one line of an answer that goes on: as text, or as JSON in one line.
    pub(crate) fn line<T: Serialize>(
        &self,
        value: &T,
        text: impl Display,
    ) -> Result<Reader, Failure> {
        let text = match self.form {
            Form::Text => text.to_string(),
            Form::Json => serde_json::to_string(value)
                .map_err(|error| Failure::new(format!("write the answer as JSON: {error}")))?,
        };
        written(&text)
    }

    /// Gives the answer: as text, or as JSON of the value behind it.
    pub(crate) fn answer<T: Serialize>(
        &self,
        value: &T,
        text: impl Display,
    ) -> Result<(), Failure> {
        let text = match self.form {
            Form::Text => text.to_string(),
            Form::Json => serde_json::to_string_pretty(value)
                .map_err(|error| Failure::new(format!("write the answer as JSON: {error}")))?,
        };
        written(&text).map(drop)
    }
}

fn written(text: &str) -> Result<Reader, Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(Failure::new(format!("write the answer: {error}"))),
        Ok(()) => Ok(Reader::There),
    }
}

/// An empty table with these names over its columns.
pub(crate) fn headed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(names.into_iter().map(|name| name.as_ref().to_owned()));
    table
}

/// One bar at a time, on standard error.
#[derive(Debug)]
pub(crate) struct Bar {
    terminal: Terminal,
    bar: Mutex<ProgressBar>,
}

impl Bar {
    /// No work yet.
    pub(crate) fn new(terminal: Terminal) -> Bar {
        Bar { terminal, bar: Mutex::new(ProgressBar::hidden()) }
    }

    fn with(&self, act: impl FnOnce(&mut ProgressBar)) {
        // A thread that panicked while it held the bar leaves a bar that still can be drawn.
        act(&mut self.bar.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Bar {
    fn begin(&self, label: &str, total: u64) {
        let target = match self.terminal.bars {
            Bars::Shown => ProgressDrawTarget::stderr_with_hz(8),
            Bars::Hidden => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let template = "{prefix:<20} {bar:32} {pos:>6}/{len:<6} {elapsed:>4}, {eta:>4} left  {msg}";
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_prefix(label.to_owned());
        bar.enable_steady_tick(Duration::from_millis(250));
        self.with(|current| *current = bar);
    }

    fn step(&self) {
        self.with(|bar| bar.inc(1));
    }

    fn note(&self, text: &str) {
        self.with(|bar| bar.set_message(text.to_owned()));
    }

    fn say(&self, text: &str) {
        tracing::info!("{text}");
        if self.terminal.bars == Bars::Shown {
            self.with(|bar| bar.suspend(|| eprintln!("{text}")));
        }
    }

    fn end(&self) {
        self.with(|bar| bar.finish());
    }

    fn stop(&self) -> &AtomicBool {
        &crate::interrupt::ASKED
    }
}
