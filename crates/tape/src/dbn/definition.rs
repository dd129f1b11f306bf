//! What a file of schema `definition` says about instruments.

use std::io::Read;

use base::Ts;
use dbn::decode::dbn::Decoder;
use dbn::{InstrumentDefMsg, VersionUpgradePolicy};
use market::depth::Grid;
use market::{Price, Qty};

use super::mbo::PRICE_SCALE;
use super::record::time;
use crate::Error;

/// One instrument, as its venue defines it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The venue's number.
    pub id: u32,
    /// The venue's symbol.
    pub symbol: String,
    /// The step of prices; `None` where the venue gives none.
    pub tick: Option<Price>,
    /// The step of sizes; one unit where the venue gives none.
    pub lot: Qty,
    /// Units of the underlying in one contract; `None` where the venue gives none.
    pub multiplier: Option<Qty>,
    /// When it ends; `None` for instruments that don't.
    pub expiry: Option<Ts>,
}

impl Definition {
    /// Steps of prices and sizes.
    ///
    /// # Errors
    /// Where the venue gives no step of prices.
    pub fn grid(&self) -> Result<Grid, Error> {
        let fault = || format!("the definition of {} gives no step of prices", self.symbol);
        let tick = self.tick.ok_or_else(|| Error::FindGrid { fault: fault() })?;
        let refused = |error: market::Error| Error::FindGrid { fault: error.to_string() };
        Grid::new(tick, self.lot).map_err(refused)
    }
}

/// All definitions of a file, in its order; compressed bytes are to be unpacked before.
///
/// # Errors
/// Where the file is damaged. Records of other kinds are passed over.
pub fn definitions(source: impl Read) -> Result<Vec<Definition>, Error> {
    let policy = VersionUpgradePolicy::UpgradeToV3;
    let mut decoder = Decoder::with_upgrade_policy(source, policy)
        .map_err(|error| Error::ReadHead { format: "DBN", fault: error.to_string() })?;
    let mut found = Vec::new();
    let mut number = 0;
    loop {
        let record = decoder
            .decode_ref()
            .map_err(|error| Error::ReadRecord { record: number, fault: error.to_string() })?;
        let Some(record) = record else { return Ok(found) };
        found.extend(record.get::<InstrumentDefMsg>().map(definition));
        number += 1;
    }
}

fn definition(record: &InstrumentDefMsg) -> Definition {
    let symbol = record.raw_symbol().unwrap_or_default().to_owned();
    let price = |raw: i64| (raw > 0 && raw != dbn::UNDEF_PRICE).then_some(raw / PRICE_SCALE);
    let whole = |units: i32| (units > 0 && units != i32::MAX).then_some(units);
    // Not the round lot: odd lots rest and trade beside round ones.
    let lot = whole(record.min_lot_size).unwrap_or(1);
    let contract = whole(record.contract_multiplier).map(|units| Qty::whole(i64::from(units)));
    Definition {
        id: record.hd.instrument_id,
        symbol,
        tick: price(record.min_price_increment).filter(|raw| *raw > 0).map(Price::from_raw),
        lot: Qty::whole(i64::from(lot)),
        multiplier: contract.or(price(record.unit_of_measure_qty).map(Qty::from_raw)),
        expiry: time(record.expiration),
    }
}
