//! Alpaca's door with a clerk for spreads beside it, over the same bad line.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use base::Ts;
use brokers::alpaca::{Alpaca, Ask, Line, Method, News, Spreads, Talk, Waits};
use brokers::both::Both;
use brokers::both::clerk::AtOnce;
use brokers::spread::{Series, legs_of};
use desk::courier::Patience;
use exchange::{Turn, Venue};
use market::{Instrument, InstrumentId, Kind, Qty, Universe, Vertical};
use serde_json::Value;

use crate::alpaca::{AlpacaDoor, request};
use crate::world::{Door, Near, World, get};

/// Spreads on the first share; two pairs have a leg in common, one of them the other way round.
const SPREADS: [&str; 4] = [
    "AAA 2024-01-19 call 100/103",
    "AAA 2024-01-19 call 99/103",
    "AAA 2024-01-19 call 103/106",
    "AAA 2024-01-19 put 101/98",
];

#[derive(Default)]
pub(crate) struct SpreadDoor(AlpacaDoor);

/// The way that is waited for.
pub(crate) struct Beside(Rc<RefCell<World<SpreadDoor>>>);

impl std::fmt::Debug for Beside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Beside")
    }
}

impl Talk for Beside {
    fn talk(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), String> {
        let (path, body) = (path.to_owned(), body.cloned());
        let ask = Ask { number: 0, method, path, body };
        self.0.borrow_mut().wait_for(&request(&ask))
    }
}

impl Line for Near<SpreadDoor> {
    fn ask(&mut self, ask: Ask) {
        Near::ask(self, ask);
    }

    fn hear(&mut self, into: &mut Vec<News>) {
        Near::hear(self, into);
    }

    fn now(&self) -> Ts {
        Near::now(self)
    }
}

impl Door for SpreadDoor {
    type Ask = Ask;
    type News = News;
    type Wire = Both<Alpaca<Near<SpreadDoor>>, AtOnce<Spreads<Beside>>>;

    const ONE_LINE: bool = false;

    fn begin(&mut self, venue: &mut Venue) -> Vec<News> {
        self.0.begin(venue)
    }

    fn lost(&mut self) -> News {
        self.0.lost()
    }

    fn ask(&mut self, venue: &mut Venue, ask: &Ask) -> (Option<News>, Vec<News>) {
        self.0.ask(venue, ask)
    }

    fn unanswered(ask: &Ask) -> Option<News> {
        AlpacaDoor::unanswered(ask)
    }

    fn tell(&mut self, venue: &mut Venue, turn: &Turn) -> Vec<News> {
        self.0.tell(venue, turn)
    }

    fn words(ask: &Ask) -> String {
        AlpacaDoor::words(ask)
    }

    fn told_words(news: &News) -> String {
        AlpacaDoor::told_words(news)
    }

    fn covered(&mut self, venue: &mut Venue, symbol: &str, side: &str) -> Qty {
        self.0.covered(venue, symbol, side)
    }

    fn wire(near: Near<SpreadDoor>, universe: Universe) -> Self::Wire {
        let clerk = AtOnce::new(Spreads::new(Beside(Rc::clone(&near.0))));
        let shares = Alpaca::new(near, universe.clone(), Waits::default());
        Both::new(shares, clerk, &universe)
    }

    fn universe(listed: &Universe) -> Universe {
        let shares = listed.iter().map(|(_, instrument)| instrument.clone());
        let spread = |name: &&str| Instrument {
            symbol: (*name).to_owned(),
            kind: Kind::Spread,
            ..Instrument::default()
        };
        Universe::numbered(shares.chain(SPREADS.iter().map(spread)).collect()).unwrap()
    }

    fn patience() -> Patience {
        AlpacaDoor::patience()
    }
}

/// The options that units of spreads are, and what is no spread.
pub(crate) fn split(
    held: &BTreeMap<InstrumentId, Qty>,
    universe: &Universe,
) -> (BTreeMap<Series, i64>, BTreeMap<InstrumentId, Qty>) {
    let (mut options, mut shares) = (BTreeMap::new(), BTreeMap::new());
    for (id, qty) in held {
        let Ok(spread) = universe.get(*id).symbol.parse::<Vertical>() else {
            shares.insert(*id, *qty);
            continue;
        };
        for leg in legs_of(&spread) {
            let count = qty.raw() / Qty::SCALE * i64::from(leg.ratio);
            *options.entry(leg.series).or_default() += count;
        }
    }
    options.retain(|_, count| *count != 0);
    (options, shares)
}

/// Options on the account, asked without the line.
pub(crate) fn held(venue: &mut Venue) -> BTreeMap<Series, i64> {
    struct Whole<'a>(&'a mut Venue);
    impl Talk for Whole<'_> {
        fn talk(
            &mut self,
            _method: Method,
            path: &str,
            _body: Option<&Value>,
        ) -> Result<(u16, Value), String> {
            Ok((200, get(self.0, path)))
        }
    }
    let mut broker = Spreads::new(Whole(venue));
    brokers::spread::Spreads::held(&mut broker).unwrap().into_iter().collect()
}
