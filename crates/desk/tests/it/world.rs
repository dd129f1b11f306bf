//! A market of a few instruments, a scripted book, and the driver that ties them together.

use base::{Day, Span, Ts};
use desk::engine::Change;
use desk::{
    Amount, Approval, Book, Decision, Engine, EngineConfig, Entry, ExitPlan, Intent, Limits,
    MemoryJournal, Mode, Record, State, View,
};
use market::{
    Bar, BarSize, Cash, Command, Corporate, Event, Instrument, InstrumentId, Price, Qty, Side,
    Universe, What,
};

use crate::broker::TinyBroker;

pub(crate) const A: InstrumentId = InstrumentId(0);
pub(crate) const B: InstrumentId = InstrumentId(1);
/// A spread of calls on A.
pub(crate) const SPREAD: InstrumentId = InstrumentId(2);

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn cash(units: i64) -> Cash {
    Cash::from_raw(units * Cash::SCALE)
}

/// What the book does once that many bars have been seen.
pub(crate) type Script = Vec<(usize, Step)>;

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Want(Box<Intent>),
    Do(Change),
}

impl From<Script> for ScriptedBook {
    fn from(script: Script) -> ScriptedBook {
        ScriptedBook { script, bars: 0 }
    }
}

#[derive(Debug, Default)]
pub(crate) struct ScriptedBook {
    script: Script,
    bars: usize,
}

impl Book for ScriptedBook {
    fn on(&mut self, event: &Event, _: &View<'_>, decision: &mut Decision) {
        if !matches!(event.what, What::Bar { .. }) {
            return;
        }
        self.bars += 1;
        for (_, step) in self.script.iter().filter(|(at, _)| *at == self.bars) {
            match step {
                Step::Want(intent) => decision.want((**intent).clone()),
                Step::Do(change) => decision.change(change.clone()),
            }
        }
    }
}

pub(crate) struct World {
    pub(crate) engine: Engine<ScriptedBook>,
    pub(crate) broker: TinyBroker,
    pub(crate) journal: MemoryJournal,
    pub(crate) day: i32,
}

pub(crate) fn universe() -> Universe {
    let named = |symbol: &str| Instrument { symbol: symbol.to_owned(), ..Instrument::default() };
    let spread = Instrument::american("A 2099-01-16 call 100/110");
    Universe::numbered(vec![named("A"), named("B"), spread]).unwrap()
}

pub(crate) fn config() -> EngineConfig {
    EngineConfig {
        mode: Mode::Paper,
        approval: Approval::Automatic,
        limits: Limits { position_fraction: 10.0, gross_leverage: 3.0, ..Limits::none() },
        ..EngineConfig::default()
    }
}

/// A long or short of 100 units with a plan.
pub(crate) fn planned(id: &str, side: Side, plan: ExitPlan) -> Intent {
    Intent {
        id: id.to_owned(),
        book: "test".to_owned(),
        instrument: A,
        side,
        entry: Entry { reference: Some(plan.entry), ..Entry::market() },
        amount: Amount::Units(Qty::whole(100)),
        plan: Some(plan),
        group: None,
        why: "test".to_owned(),
    }
}

impl World {
    pub(crate) fn new(config: EngineConfig, broker: TinyBroker, script: Script) -> World {
        let broker = TinyBroker { cash: config.capital, ..broker };
        let engine = Engine::new(config, &universe(), script.into()).unwrap();
        World { engine, broker, journal: MemoryJournal::default(), day: 19_000 }
    }

    pub(crate) fn bar(&mut self, text: &str) -> &mut World {
        let prices: Vec<Price> = text.split(' ').map(price).collect();
        let [open, high, low, close] = prices[..] else { panic!("four prices: {text}") };
        self.bar_of(Bar { open, high, low, close, volume: 1_000 })
    }

    pub(crate) fn bar_of(&mut self, bar: Bar) -> &mut World {
        self.day += 1;
        let start = Day::from_number(self.day).start() + Span::from_hours(14);
        let at = start + Span::from_hours(6);
        let what = What::Bar { instrument: A, size: BarSize::Daily, start, bar };
        self.take(Event { at, known: at, what })
    }

    /// A bar of the other instrument, on the day of the last bar and known with it.
    pub(crate) fn other_bar(&mut self, text: &str) -> &mut World {
        self.bar_beside(B, text)
    }

    /// A bar of any other instrument, on the day of the last bar and known with it.
    pub(crate) fn bar_beside(&mut self, instrument: InstrumentId, text: &str) -> &mut World {
        let prices: Vec<Price> = text.split(' ').map(price).collect();
        let [open, high, low, close] = prices[..] else { panic!("four prices: {text}") };
        let start = Day::from_number(self.day).start() + Span::from_hours(14);
        let at = start + Span::from_hours(6);
        let bar = Bar { open, high, low, close, volume: 1_000 };
        let what = What::Bar { instrument, size: BarSize::Daily, start, bar };
        self.take(Event { at, known: at, what })
    }

    /// A split of the other instrument before the next session.
    pub(crate) fn split_other(&mut self, ratio: f64) -> &mut World {
        let at = Day::from_number(self.day + 1).start() + Span::from_hours(10);
        let action = Corporate::Split { ratio };
        self.take(Event { at, known: at, what: What::Corporate { instrument: B, action } })
    }

    pub(crate) fn corporate(&mut self, action: Corporate) -> &mut World {
        let at = Day::from_number(self.day + 1).start() + Span::from_hours(10);
        self.take(Event { at, known: at, what: What::Corporate { instrument: A, action } })
    }

    pub(crate) fn command(&mut self, command: Command) -> &mut World {
        let at = self.now();
        self.take(Event { at, known: at, what: What::Command(command) })
    }

    pub(crate) fn timer(&mut self, hours: i64) -> &mut World {
        let at = self.now() + Span::from_hours(hours);
        self.day += (hours / 24) as i32;
        let what = What::Timer { name: "tick".to_owned() };
        self.take(Event { at, known: at, what })
    }

    pub(crate) fn now(&self) -> Ts {
        self.engine.view().now().max(Ts::from_seconds(0))
    }

    /// The exchange first, then the engine; then the books are checked.
    pub(crate) fn take(&mut self, event: Event) -> &mut World {
        self.broker.on_event(&event);
        self.engine.step(&event, &mut self.broker, &mut self.journal).unwrap();
        self.check_books();
        self
    }

    fn check_books(&self) {
        let state = self.engine.state();
        let view = self.engine.view();
        let currency = market::Currency::USD;
        assert_eq!(state.ledger.sum(currency), Cash::ZERO, "postings must sum to zero");
        assert_eq!(view.cash(), self.broker.cash, "cash must be the broker's");
        assert_eq!(view.qty(A), self.broker.held.get(&A).copied().unwrap_or_default());
        let positions = view.positions().map(|(id, p)| view.mark(id).unwrap().times(p.qty));
        assert_eq!(view.equity(), view.cash() + positions.sum(), "equity = cash + positions");
    }

    /// The journal folds to the state, also after a round trip through JSON.
    pub(crate) fn check_fold(&self) {
        let folded = State::fold(&self.journal.lines).unwrap();
        assert_eq!(&folded, self.engine.state());
        let text = serde_json::to_string(&self.journal.lines).unwrap();
        let lines: Vec<desk::Line> = serde_json::from_str(&text).unwrap();
        assert_eq!(State::fold(&lines).unwrap(), folded);
    }

    pub(crate) fn closed(&self) -> Vec<desk::journal::Closed> {
        let records = self.journal.lines.iter().map(|line| &line.record);
        records
            .filter_map(|record| match record {
                Record::Closed(closed) => Some((**closed).clone()),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn exits(&self) -> Vec<String> {
        self.closed().iter().map(|c| format!("{:?} at {}", c.reason, c.exit)).collect()
    }

    pub(crate) fn held(&self) -> i64 {
        self.engine.view().qty(A).raw() / Qty::SCALE
    }
}
