//! The engine between two steps: folded from its journal; the broker's account from its table.

use ::desk::journal::Line;
use ::desk::{Approval, Engine, EngineConfig, MemoryJournal, Mode};
use base::{Day, Ts};
use books::breakout::BreakoutBook;
use market::{
    Broker, BrokerEvent, ClientOrderId, Event, Instrument, InstrumentId, OrderRequest, OrderState,
    Snapshot, Universe,
};
use sim::exchange::ExchangeConfig;
use sim::{BarExchange, CostModel};
use store::{Order, Tx};

use super::{BOOK, Sending, Walk};
use crate::journal::lines;
use crate::{Error, backtest};

/// Name of the note that numbers the symbols.
const UNIVERSE: &str = "universe/breakout";
/// Time a person has to approve: a day.
const APPROVAL: base::Span = base::Span::from_days(1);

/// Symbols by number. A number once given stays: the journal speaks of numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Numbers(pub(crate) Vec<String>);

impl Numbers {
    pub(crate) fn read(tx: &Tx<'_>) -> Result<Numbers, Error> {
        let note = tx.get(UNIVERSE)?;
        let names = note.and_then(|note| serde_json::from_value(note.body).ok());
        Ok(Numbers(names.unwrap_or_default()))
    }

    /// Numbers new symbols behind those there are.
    pub(crate) fn extend<'a>(
        tx: &Tx<'_>,
        symbols: impl Iterator<Item = &'a str>,
    ) -> Result<Numbers, Error> {
        let mut numbers = Numbers::read(tx)?;
        let before = numbers.0.len();
        let mut known: std::collections::BTreeSet<String> = numbers.0.iter().cloned().collect();
        for symbol in symbols {
            if known.insert(symbol.to_owned()) {
                numbers.0.push(symbol.to_owned());
            }
        }
        if numbers.0.len() > before {
            tx.set(UNIVERSE, numbers.0.clone().into())?;
        }
        Ok(numbers)
    }

    pub(crate) fn of(&self, symbol: &str) -> Option<InstrumentId> {
        let found = self.0.iter().position(|known| known == symbol)?;
        Some(InstrumentId(found as u32))
    }

    pub(crate) fn symbol(&self, instrument: InstrumentId) -> &str {
        self.0.get(instrument.index()).map_or("?", String::as_str)
    }

    pub(crate) fn universe(&self) -> Result<Universe, Error> {
        let instruments = self.0.iter().map(|symbol| Instrument::american(symbol));
        Ok(Universe::numbered(instruments.collect())?)
    }
}

/// The engine with the lines it writes from here on.
pub(crate) struct Desk {
    pub(crate) engine: Engine<BreakoutBook>,
    pub(crate) journal: MemoryJournal,
    /// The lines it was restored from.
    pub(crate) before: Vec<Line>,
    pub(crate) numbers: Numbers,
    pub(crate) account: BarExchange,
}

/// Takes orders down without sending them: they go out once they are in the store.
#[derive(Debug, Default)]
pub(crate) struct Outbox;

impl Broker for Outbox {
    fn submit(&mut self, _at: Ts, _order: &OrderRequest) {}
    fn cancel(&mut self, _at: Ts, _order: &ClientOrderId) {}
    fn drain(&mut self, _into: &mut Vec<BrokerEvent>) {}
    fn snapshot(&self) -> Snapshot {
        Snapshot::default()
    }
}

impl Walk<'_> {
    /// The engine as its journal left it, with the book's plans of the day.
    pub(crate) fn desk(&self, book: BreakoutBook) -> Result<Desk, Error> {
        let (lines, numbers, account) = self.store.read(|tx| -> Result<_, Error> {
            Ok((lines(tx)?, Numbers::read(tx)?, tx.simulated_account(BOOK)?))
        })?;
        let universe = numbers.universe()?;
        let config = self.engine_config();
        let engine = match lines.is_empty() {
            true => Engine::new(config, &universe, book)?,
            false => Engine::restore(config, &universe, book, &lines)?,
        };
        let mut account: BarExchange = match account {
            Some(found) => serde_json::from_value(found.state).map_err(Error::ReadAccount)?,
            None => self.new_account(&universe)?,
        };
        account.list(universe.len());
        let journal = MemoryJournal::default();
        Ok(Desk { engine, journal, before: lines, numbers, account })
    }

    /// The journal so far, and the numbers it speaks of.
    pub(crate) fn journal(&self) -> Result<(Vec<Line>, Numbers), Error> {
        self.store.read(|tx| Ok((lines(tx)?, Numbers::read(tx)?)))
    }

    pub(crate) fn engine_config(&self) -> EngineConfig {
        let request = self.request;
        EngineConfig {
            mode: match (request.sending, &request.live) {
                (Sending::DryRun, _) => Mode::DryRun,
                (_, Some(live)) => Mode::Live(live.licence()),
                (_, None) => Mode::Paper,
            },
            approval: match request.sending {
                Sending::DryRun => Approval::Automatic,
                Sending::Approved | Sending::Unattended => {
                    Approval::Human { expires_after: APPROVAL }
                }
            },
            on_kill: request.config.on_kill,
            capital: request.cash,
            limits: match &request.live {
                Some(live) => live.bound(request.config.limits.clone()),
                None => request.config.limits.clone(),
            },
            size: request.config.size,
            ..EngineConfig::default()
        }
    }

    fn new_account(&self, universe: &Universe) -> Result<BarExchange, Error> {
        let config = ExchangeConfig { cash: self.request.cash, ..ExchangeConfig::default() };
        let costs = CostModel::new(backtest::costs(&self.request.config))?;
        Ok(BarExchange::new(config, costs, universe.len())?)
    }
}

impl Desk {
    /// An event for the engine alone; orders wait in the journal.
    pub(crate) fn tell(&mut self, event: &Event) -> Result<(), Error> {
        Ok(self.engine.step(event, &mut Outbox, &mut self.journal)?)
    }

    /// An event for the exchange, then the engine.
    pub(crate) fn happen(&mut self, event: &Event) -> Result<(), Error> {
        self.account.on_event(event)?;
        Ok(self.engine.step(event, &mut self.account, &mut self.journal)?)
    }
}

/// Orders that are written down and that the broker has not heard of, entries first: a stop
/// without its entry is refused by a broker, and sent anew by the desk.
pub(crate) fn unsent(tx: &Tx<'_>) -> Result<Vec<Order>, Error> {
    let mut orders = tx.open_orders(BOOK)?;
    orders.retain(|order| order.state == OrderState::Draft);
    orders.sort_by_key(|order| order.request.parent.is_some());
    Ok(orders)
}

/// A day that a note holds.
pub(crate) fn noted_day(tx: &Tx<'_>, name: &str) -> Result<Option<Day>, Error> {
    let note = tx.get(name)?;
    Ok(note.and_then(|note| note.body.as_str().and_then(|day| day.parse().ok())))
}

/// Keeps what the simulated broker knows.
pub(crate) fn save(tx: &Tx<'_>, desk: &Desk) -> Result<(), Error> {
    let state = serde_json::to_value(&desk.account).map_err(Error::ReadAccount)?;
    Ok(tx.put_simulated_account(BOOK, state)?)
}

#[cfg(test)]
mod tests {
    use market::Kind;

    use super::*;

    #[test]
    fn a_number_once_given_stays_though_a_symbol_before_it_comes_later() {
        let names = ["MSFT", "MSFT 2024-07-19 call 190/200", "AAPL"];
        let numbers = Numbers(names.map(str::to_owned).to_vec());
        let universe = numbers.universe().unwrap();
        for name in names {
            assert_eq!(numbers.of(name), universe.find(name).ok(), "{name}");
        }
        assert_eq!(universe.get(InstrumentId(1)).kind, Kind::Spread);
    }
}
