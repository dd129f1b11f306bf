//! Fills: each known by its order and its number in that order, so that none counts twice.

use base::Ts;
use market::{Cash, ClientOrderId, Evidence, Fill, InstrumentId, Price, Qty};

use crate::record::record;
use crate::{Error, Tx, Written};

record! {
    /// A fill as stored. Times are kept to the microsecond.
    FillRecord in "fills" by [order_id, seq] {
        /// The order.
        order_id: ClientOrderId,
        /// Its number among the fills of the order, from 0.
        seq: u32,
        /// The symbol.
        symbol: String,
        /// The number of the instrument in the universe of that day.
        instrument: u32,
        /// When it happened.
        at: Ts,
        /// Signed quantity.
        qty: Qty,
        /// Price, slippage included.
        price: Price,
        /// Commission and fees.
        fee: Cash,
        /// What a simulated fill rests on.
        evidence: Option<Evidence>,
    }
}

impl FillRecord {
    /// The record of a fill, with its number in its order and the symbol.
    pub fn new(fill: &Fill, seq: u32, symbol: &str) -> FillRecord {
        FillRecord {
            order_id: fill.order.clone(),
            seq,
            symbol: symbol.to_owned(),
            instrument: fill.instrument.0,
            at: fill.at,
            qty: fill.qty,
            price: fill.price,
            fee: fill.fee,
            evidence: fill.evidence,
        }
    }

    /// The fill itself.
    pub fn fill(&self) -> Fill {
        Fill {
            order: self.order_id.clone(),
            instrument: InstrumentId(self.instrument),
            at: self.at,
            qty: self.qty,
            price: self.price,
            fee: self.fee,
            evidence: self.evidence,
            execution: None,
        }
    }
}

impl Tx<'_> {
    /// Writes down a fill. The same again changes nothing; another under its number is refused.
    pub fn record_fill(&self, fill: &FillRecord) -> Result<Written, Error> {
        self.insert_once(fill)
    }

    /// The fills of an order, first to last.
    pub fn fills_of_order(&self, id: &ClientOrderId) -> Result<Vec<FillRecord>, Error> {
        self.select("where order_id = $1 order by seq", vec![id.as_str().into()])
    }

    /// The fills from one time up to before another, in order of time.
    pub fn fills_between(&self, from: Ts, until: Ts) -> Result<Vec<FillRecord>, Error> {
        let values = vec![from.micros().into(), until.micros().into()];
        self.select("where at >= $1 and at < $2 order by at, order_id, seq", values)
    }
}
