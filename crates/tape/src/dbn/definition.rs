//! What a file of schema `definition` says about instruments.

use std::io::Read;

use base::Ts;
use dbn::decode::dbn::Decoder;
use dbn::{InstrumentDefMsg, VersionUpgradePolicy, rtype};
use market::depth::Grid;
use market::{Price, Qty};

use super::head::Head;
use super::mbo::PRICE_SCALE;
use super::record::{HEADER_BYTES, time};
use crate::Error;

/// Records lie one behind the other; each begins where its numbers of eight bytes may. A time at
/// the end of a record takes as many.
const ALIGNMENT_BYTES: usize = 8;

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
pub fn definitions(mut source: impl Read) -> Result<Vec<Definition>, Error> {
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(|source| Error::ReadBytes { offset: 0, source })?;
    let head = Head::read(&mut bytes.as_slice())?;
    let sound = definitions_alone(&bytes, &head)?;
    let policy = VersionUpgradePolicy::UpgradeToV3;
    let mut decoder = Decoder::with_upgrade_policy(sound.as_slice(), policy)
        .map_err(|error| Error::ReadHead { format: "DBN", fault: error.to_string() })?;
    let mut found = Vec::new();
    loop {
        let number = found.len() as u64;
        let record = decoder
            .decode_ref()
            .map_err(|error| Error::ReadRecord { record: number, fault: error.to_string() })?;
        let Some(record) = record else { return Ok(found) };
        found.extend(record.get::<InstrumentDefMsg>().map(definition));
    }
}

/// The head and the records of definitions, each seen to be whole: the decoder believes the length
/// that a record says, and breaks off where it is not that of its kind.
fn definitions_alone(bytes: &[u8], head: &Head) -> Result<Vec<u8>, Error> {
    let needed = match head.version {
        1 => size_of::<dbn::v1::InstrumentDefMsg>(),
        2 => size_of::<dbn::v2::InstrumentDefMsg>(),
        _ => size_of::<InstrumentDefMsg>(),
    };
    let needed = needed + if head.has_sending_times { ALIGNMENT_BYTES } else { 0 };
    let (before, mut rest) = bytes.split_at(head.bytes as usize);
    let (mut kept, mut number) = (before.to_vec(), 0);
    while let Some(first) = rest.first() {
        let length = usize::from(*first) * 4;
        let told = |fault: String| Error::ReadRecord { record: number, fault };
        if length < HEADER_BYTES {
            return Err(told(format!("a length of {length} bytes can't be: damaged")));
        }
        let Some((record, behind)) = rest.split_at_checked(length) else {
            return Err(told(format!(
                "the file ends {} bytes into it: fetch it again",
                rest.len()
            )));
        };
        if record[1] == rtype::INSTRUMENT_DEF {
            if length < needed || length % ALIGNMENT_BYTES != 0 {
                let fault = format!("{length} bytes are no definition, which has {needed}");
                return Err(told(fault));
            }
            kept.extend_from_slice(record);
        }
        (rest, number) = (behind, number + 1);
    }
    Ok(kept)
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
