//! A wire to Alpaca with nobody at the other end: a test answers what it asks.

use std::cell::RefCell;
use std::rc::Rc;

use base::Ts;
use brokers::alpaca::{Alpaca, Ask, Line, News, Waits};
use market::remote::{Heard, Wire as _};

use crate::rig::tape;

/// A wire, and what it asks of a far end that answers nothing by itself.
pub(crate) struct Stub {
    pub(crate) wire: Alpaca<Near>,
    pub(crate) far: Near,
    pub(crate) heard: Vec<Heard>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Near(pub(crate) Rc<RefCell<(Vec<Ask>, Vec<News>)>>);

impl Line for Near {
    fn ask(&mut self, ask: Ask) {
        self.0.borrow_mut().0.push(ask);
    }

    fn hear(&mut self, into: &mut Vec<News>) {
        into.append(&mut self.0.borrow_mut().1);
    }

    fn now(&self) -> Ts {
        Ts::from_seconds(0)
    }
}

impl Stub {
    pub(crate) fn open() -> Stub {
        let far = Near::default();
        let universe = tape(&[]).universe().clone();
        let wire = Alpaca::new(far.clone(), universe, Waits::default());
        Stub { wire, far, heard: Vec::new() }
    }

    pub(crate) fn tell(&mut self, news: News) {
        self.far.0.borrow_mut().1.push(news);
        self.wire.hear(&mut self.heard);
        self.wire.flush();
    }

    /// What was asked since the last call.
    pub(crate) fn asked(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.far.0.borrow_mut().0)
    }

    /// Answers all that is asked for the books of an account that holds nothing.
    pub(crate) fn read_books(&mut self, account: &str) {
        for _ in 0..5 {
            let asked = self.asked();
            let [ask] = asked.as_slice() else { panic!("{asked:?}") };
            let shown = if ask.path == "/v2/account" { account } else { "[]" };
            let body = serde_json::from_str(shown).unwrap();
            self.tell(News::Answer { number: ask.number, status: 200, body });
        }
    }
}
