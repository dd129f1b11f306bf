//! Orders that open a position and stand at a broker outside when the switch is pulled.
//!
//! A day that runs takes them back by itself. Where none runs they go on standing: here they are
//! taken back, or it is said that they stand. Nothing is placed, and no exit is touched.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::PoisonError;

use market::remote::{Books, Heard, Report, Said, Wire};
use market::{ClientOrderId, Instrument, OrderState, Qty, Universe};
use pipeline::day::approvals::last_intents;
use pipeline::day::{BOOK, Outside};
use serde::Serialize;
use store::Store;

use crate::cli::broker::BrokerArg;
use crate::cli::kill::PullArgs;
use crate::command::{broker, live};
use crate::failure::Failure;

/// Name of the note with which the day keeps whose account this home belongs to.
const ACCOUNT: &str = "day/account";
/// What it says of the broker in this process.
const SIMULATED: &str = "simulated";
/// How often the broker is listened to for an answer, five times a second; after how many turns a
/// question is asked again, and after how many where the answer was not what is waited for.
const MOST_TURNS: u32 = 300;
const AGAIN: u32 = 50;
const PAUSE: u32 = 5;
const UNDONE: &str = "the kill switch is ON, but entries may stand at the broker";
const BY_HAND: &str = "take them back at the broker itself, or start `trimtab day`, which does";

/// An order that opens a position, and what became of it.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    order: String,
    symbol: String,
    state: String,
    filled: String,
}

/// What is known of entries once the switch is on.
#[derive(Debug, Default, Serialize)]
pub(super) struct Standing {
    /// Whether a `trimtab day` runs, which takes back by itself.
    day_runs: bool,
    /// Whether the broker was asked.
    asked: bool,
    /// Taken back now.
    taken_back: Vec<Entry>,
    /// Filled before they could be.
    filled: Vec<Entry>,
    /// Those that stand, or stood when they were last heard of.
    stand: Vec<Entry>,
}

/// Asks the broker, where one was named, to take entries back.
pub(super) fn take_back(args: &PullArgs, home: &Path, store: &Store) -> Result<Standing, Failure> {
    // Held until all is taken back: no day begins in the middle.
    let lock = match store.lock("day") {
        Ok(lock) => lock,
        Err(store::Error::Lock { .. }) => {
            return Ok(Standing { day_runs: true, ..Standing::default() });
        }
        Err(error) => return Err(error.into()),
    };
    let ours = Ours::read(store)?;
    let standing = match args.broker.broker {
        BrokerArg::Simulated => ours.as_last_heard(),
        _ => {
            let done = at_broker(args, home, (store, &ours));
            done.map_err(|failure| failure.within(UNDONE).advise_too(BY_HAND))?
        }
    };
    drop(lock);
    Ok(standing)
}

/// What this home has sent that opens a position.
struct Ours {
    /// The account, where a day ever traded.
    account: Option<String>,
    /// Symbols by order.
    entries: BTreeMap<ClientOrderId, String>,
    /// Those of them that stood when they were last heard of.
    open: Vec<(ClientOrderId, OrderState)>,
}

impl Ours {
    fn read(store: &Store) -> Result<Ours, Failure> {
        // The last thing that was sent before a crash may be in no table yet: its name follows
        // from what was wanted.
        let wanted = last_intents(store)?.into_iter();
        let mut entries: BTreeMap<ClientOrderId, String> = wanted
            .map(|intent| (ClientOrderId::derive(&intent.id, "entry"), intent.symbol))
            .collect();
        let note = store.read(|tx| tx.get(ACCOUNT))?;
        let account = note.and_then(|note| note.body.as_str().map(str::to_owned));
        let mut open = Vec::new();
        for order in store.read(|tx| tx.open_orders(BOOK))? {
            if !order.request.reduce_only {
                entries.insert(order.id.clone(), order.symbol);
                open.push((order.id, order.state));
            }
        }
        Ok(Ours { account, entries, open })
    }

    fn entry(&self, order: &ClientOrderId, state: OrderState, filled: Qty) -> Entry {
        let symbol = self.entries.get(order).cloned().unwrap_or_default();
        let state = format!("{state:?}").to_lowercase();
        Entry { order: order.to_string(), symbol, state, filled: filled.to_string() }
    }

    /// Without a word from the broker. What the simulated one holds, the next day takes back.
    fn as_last_heard(&self) -> Standing {
        let is_outside = self.account.as_deref().is_some_and(|account| account != SIMULATED);
        // What was written down may have been sent: only the broker knows.
        let stand = self.open.iter().filter(|_| is_outside);
        let stand = stand.map(|(order, state)| self.entry(order, *state, Qty::ZERO)).collect();
        Standing { stand, ..Standing::default() }
    }

    /// The instruments of all of them.
    fn universe(&self) -> Result<Universe, Failure> {
        let symbols: BTreeSet<&String> = self.entries.values().collect();
        let instruments = symbols.into_iter().map(|symbol| Instrument::american(symbol));
        Ok(Universe::new(instruments.collect())?)
    }
}

fn at_broker(args: &PullArgs, home: &Path, here: (&Store, &Ours)) -> Result<Standing, Failure> {
    let (store, ours) = here;
    let live = match &args.live_terms {
        Some(terms) => Some(live::check(terms, home, store.now().utc_day())?),
        None => None,
    };
    let Some(account) = broker::outside(&args.broker, live.as_ref())? else {
        return Ok(ours.as_last_heard());
    };
    let mut outside = account.outside.lock().unwrap_or_else(PoisonError::into_inner);
    // Names follow from what was wanted: another home may have given the same ones.
    if let Some(known) = ours.account.as_deref().filter(|known| *known != outside.account()) {
        let asked = outside.account();
        return Err(Failure::new(format!("this home belongs to {known}, not to {asked}")));
    }
    let wire = outside.wire(&ours.universe()?).map_err(Failure::new)?;
    let mut talk = Talk { wire, outside: &mut *outside, number: 0, heard: Vec::new() };
    talk.take_back(ours).map_err(Failure::new)
}

/// Questions and answers over a wire.
struct Talk<'a> {
    wire: Box<dyn Wire>,
    outside: &'a mut dyn Outside,
    number: u64,
    heard: Vec<Heard>,
}

impl Talk<'_> {
    fn take_back(&mut self, ours: &Ours) -> Result<Standing, String> {
        let is_open =
            |report: &&Report| !report.state.is_done() && ours.entries.contains_key(&report.order);
        // Of what has filled in part the rest stays: without it some brokers let go of the stops,
        // and nobody is here to place them again.
        let whole = |report: &&Report| is_open(report) && report.filled == Qty::ZERO;
        let before = self.books(|_| true)?;
        let names = |wanted: &dyn Fn(&&Report) -> bool| -> Vec<ClientOrderId> {
            before.orders.iter().filter(wanted).map(|report| report.order.clone()).collect()
        };
        let (stood, due) = (names(&is_open), names(&whole));
        for order in &due {
            tracing::info!(%order, "take an entry back");
            self.wire.say(&Said::Cancel(order.clone()));
        }
        let is_gone = |books: &Books| {
            books.orders.iter().filter(is_open).all(|report| !due.contains(&report.order))
        };
        let after = if due.is_empty() { before } else { self.books(is_gone)? };
        let mut standing = Standing { asked: true, ..Standing::default() };
        for report in after.orders.iter().filter(|report| stood.contains(&report.order)) {
            let entry = ours.entry(&report.order, report.state, report.filled);
            match report.state {
                OrderState::Filled => standing.filled.push(entry),
                state if state.is_done() => standing.taken_back.push(entry),
                _ => standing.stand.push(entry),
            }
        }
        Ok(standing)
    }

    /// Asks for the account; where the time can't be had, at a later turn.
    fn ask(&mut self) {
        let Ok(clocks) = self.outside.clocks() else { return };
        self.number += 1;
        let since = clocks.wall - self.outside.patience().reach;
        self.wire.say(&Said::AskBooks { number: self.number, since });
    }

    /// The account, once it is as wanted; as it is, where it does not become so.
    fn books(&mut self, is_wanted: impl Fn(&Books) -> bool) -> Result<Books, String> {
        let mut last = None;
        let mut due = 0;
        for turn in 0..MOST_TURNS {
            if turn == due {
                due = turn + AGAIN;
                self.ask();
            }
            self.wire.flush();
            self.outside.wait();
            self.wire.hear(&mut self.heard);
            for heard in self.heard.drain(..) {
                match heard {
                    Heard::Books(books) if is_wanted(&books) => return Ok(books),
                    Heard::Books(books) => {
                        last = Some(books);
                        due = turn + PAUSE;
                    }
                    _ => {}
                }
            }
        }
        last.ok_or_else(|| "the broker does not answer".to_owned())
    }
}

impl Standing {
    /// In words for the person who pulled the switch.
    pub(super) fn told(&self) -> String {
        let line = |entry: &Entry| {
            let Entry { order, symbol, state, filled } = entry;
            format!("\n  {symbol:<6} {order}  {state}, filled {filled}")
        };
        let lines = |entries: &[Entry]| entries.iter().map(line).collect::<String>();
        let mut text = String::new();
        if self.day_runs {
            text.push_str("\nthe `trimtab day` that runs takes back what stands at the broker");
        }
        if !self.taken_back.is_empty() {
            text.push_str(&format!("\ntaken back at the broker:{}", lines(&self.taken_back)));
        } else if self.asked && self.stand.is_empty() {
            text.push_str("\nat the broker no order stands that opens a position");
        }
        if !self.filled.is_empty() {
            text.push_str(&format!("\nfilled before they were taken back:{}", lines(&self.filled)));
        }
        if !self.stand.is_empty() {
            let how = match self.asked {
                true => "still at the broker",
                false => {
                    "standing at the broker, as far as is known here, while no day takes them back"
                }
            };
            let advice = match self.asked {
                true => BY_HAND.to_owned(),
                false => format!("`trimtab kill on --broker …`, or {BY_HAND}"),
            };
            text.push_str(&format!("\n{how}:{}\n  try: {advice}", lines(&self.stand)));
        }
        text
    }
}
