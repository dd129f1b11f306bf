//! The engine: one synchronous value. Events go in; commands to the broker and journal records
//! come out. Backtest, paper and live run this same code; feed, broker and journal differ.
//!
//! For each event the driver lets the exchange see it first, then the engine:
//! `exchange.on_event(&event)?; engine.step(&event, &mut exchange, &mut journal)?;`. The engine
//! drains the broker's answers itself, before the event and after its own orders.
//!
//! Start reading at [`Engine::step`].

mod answers;
mod core;
mod decision;
mod exposure;
mod halt;
mod intake;
mod retry;
mod view;
mod watched;

pub use decision::{Book, Change, Decision};
pub use view::View;

use base::Span;
use market::{Broker, Cash, Currency, Event, InstrumentId, Price, Universe};
use serde::{Deserialize, Serialize};

use self::core::{Core, Listed, Ports};
use crate::Error;
use crate::journal::{Journal, Line, State};
use crate::live::Licence;
use crate::risk::Limits;
use crate::size::SizeConfig;

/// What the engine does with approved orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Writes down what it would send, and sends nothing.
    #[default]
    DryRun,
    /// Sends to a simulated or a paper account.
    Paper,
    /// Sends to a real account, as a person has signed.
    Live(Licence),
}

/// The same in words, which give nobody a licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModeWord {
    /// [`Mode::DryRun`].
    #[default]
    DryRun,
    /// [`Mode::Paper`].
    Paper,
    /// [`Mode::Live`].
    Live,
}

impl Mode {
    /// Its word.
    pub const fn word(self) -> ModeWord {
        match self {
            Mode::DryRun => ModeWord::DryRun,
            Mode::Paper => ModeWord::Paper,
            Mode::Live(_) => ModeWord::Live,
        }
    }
}

/// Who lets an intent trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Risk alone.
    Automatic,
    /// A person, within that time.
    Human {
        /// How long an intent waits, in nanoseconds.
        expires_after: Span,
    },
}

/// What the kill switch does to positions. Entries are taken back either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnKill {
    /// Keeps them behind their stops and targets.
    #[default]
    KeepProtected,
    /// Closes them at the market.
    Flatten,
}

/// How an engine works.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineConfig {
    /// Dry run, paper or live.
    pub mode: Mode,
    /// Who lets an intent trade.
    pub approval: Approval,
    /// What the kill switch does to positions.
    pub on_kill: OnKill,
    /// Money at the start.
    pub capital: Cash,
    /// Currency of the account.
    pub currency: Currency,
    /// Limits.
    pub limits: Limits,
    /// Sizes of bets.
    pub size: SizeConfig,
}

impl Default for EngineConfig {
    /// A dry run in which a person has a day to approve, with $100,000.
    fn default() -> EngineConfig {
        EngineConfig {
            mode: Mode::DryRun,
            approval: Approval::Human { expires_after: Span::from_days(1) },
            on_kill: OnKill::KeepProtected,
            capital: Cash::from_raw(100_000 * Cash::SCALE),
            currency: Currency::USD,
            limits: Limits::default(),
            size: SizeConfig::default(),
        }
    }
}

/// The engine with its book.
#[derive(Debug)]
pub struct Engine<K> {
    core: Core,
    book: K,
    decision: Decision,
}

impl<K: Book> Engine<K> {
    /// A fresh engine for a universe.
    pub fn new(config: EngineConfig, universe: &Universe, book: K) -> Result<Engine<K>, Error> {
        let listed = universe.iter().map(|(_, it)| Listed {
            currency: it.currency,
            kind: it.kind,
            gains_from_fall: it.gains_from_fall(),
        });
        let core = Core::new(config, listed.collect())?;
        Ok(Engine { core, book, decision: Decision::default() })
    }

    /// The engine a journal left: the restart takes the same path as the start.
    pub fn restore(
        config: EngineConfig,
        universe: &Universe,
        book: K,
        lines: &[Line],
    ) -> Result<Engine<K>, Error> {
        let mut engine = Engine::new(config, universe, book)?;
        engine.core.restore(State::fold(lines)?, lines);
        Ok(engine)
    }

    /// Takes in an event: the broker's answers, then the event, then what the book makes of it.
    pub fn step<B: Broker, J: Journal>(
        &mut self,
        event: &Event,
        broker: &mut B,
        journal: &mut J,
    ) -> Result<(), Error> {
        let mut ports = Ports { broker, journal };
        self.core.take(event, &mut ports)?;
        if !self.decision.is_empty() {
            // An error broke off the last one.
            self.decision.clear();
        }
        self.book.on(event, &self.core.view(), &mut self.decision);
        if !self.decision.is_empty() {
            self.core.carry_out(&mut self.decision, &mut ports)?;
            self.core.answers(&mut ports)?;
        }
        Ok(())
    }

    /// Takes back all orders of an instrument. Plans send those anew that protect what they hold.
    pub fn take_back<B: Broker, J: Journal>(
        &mut self,
        instrument: InstrumentId,
        broker: &mut B,
        journal: &mut J,
    ) {
        self.core.take_back_all(instrument, &mut Ports { broker, journal });
    }

    /// Closes the last day, so that the equity curve has its last point.
    pub fn finish<J: Journal>(&mut self, journal: &mut J) {
        let next = self.core.state().day.plus(1);
        self.core.begin_day(next, journal);
    }

    /// All that the engine remembers.
    pub fn state(&self) -> &State {
        self.core.state()
    }

    /// What a book would see now.
    pub fn view(&self) -> View<'_> {
        self.core.view()
    }

    /// Cash and positions at the last prices seen.
    pub fn equity(&self) -> Cash {
        self.core.equity()
    }

    /// Tells the engine a price it has not seen a bar of, for example after a restart.
    pub fn mark(&mut self, instrument: InstrumentId, price: Price) -> Result<(), Error> {
        self.core.mark(instrument, price)
    }

    /// Writes down something that a person should look at.
    pub fn report<J: Journal>(&mut self, incident: String, journal: &mut J) {
        self.core.incident(incident, journal);
    }

    /// The book.
    pub fn book(&self) -> &K {
        &self.book
    }
}
