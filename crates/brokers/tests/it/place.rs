//! The simulator, in place: no line, no names of its own, no time on the way.

use std::sync::Arc;

use exchange::Tape;
use market::{Broker as _, BrokerEvent, ClientOrderId, OrderRequest, Snapshot};
use sim::{BarExchange, BarPrint, CostConfig, CostModel, ExchangeConfig};

use crate::rig::{A, Prices, Rig, begin, tape};

struct Place {
    exchange: BarExchange,
    bars: std::vec::IntoIter<BarPrint>,
    now: base::Ts,
}

pub(crate) fn rig(bars: &[Prices]) -> Box<dyn Rig> {
    let tape: Arc<Tape> = tape(bars);
    let costs = CostModel::new(CostConfig::free()).unwrap();
    let config = ExchangeConfig {
        cash: market::Cash::from_raw(100_000 * market::Cash::SCALE),
        participation: Some(0.1),
        ..ExchangeConfig::default()
    };
    let exchange = BarExchange::new(config, costs, 1).unwrap();
    let sessions = tape.sessions().iter().filter(|session| session.day >= begin());
    let bars: Vec<BarPrint> = sessions.flat_map(|session| tape.bars(A, session)).collect();
    let now = bars[0].start;
    Box::new(Place { exchange, bars: bars.into_iter(), now })
}

impl Rig for Place {
    fn submit(&mut self, order: &OrderRequest) {
        self.exchange.submit(self.now, order);
    }

    fn cancel(&mut self, order: &ClientOrderId) {
        self.exchange.cancel(self.now, order);
    }

    fn settle(&mut self) {}

    fn bar(&mut self) {
        let print = self.bars.next().unwrap();
        self.exchange.on_bar(&print).unwrap();
        self.now = print.end;
    }

    fn cut(&mut self) {}

    fn mend(&mut self) {}

    fn drain(&mut self, into: &mut Vec<BrokerEvent>) {
        self.exchange.drain(into);
    }

    fn truth(&self) -> Snapshot {
        self.exchange.snapshot()
    }
}
