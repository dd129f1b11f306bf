//! Orders of a Databento file made messages, beside the `dbn` crate that only decodes them.

use anyhow::Result;
use dbn::MboMsg;
use dbn::decode::{DbnMetadata as _, DecodeRecord as _, dbn::Decoder};
use tape::{Messages as _, dbn as ours};

use super::recording;
use crate::Bench;
use crate::clock::{best, timed};
use crate::line::{Bar, Line};

/// What a machine must do, unless the crate itself can't.
const RECORDS_A_SECOND: f64 = 12e6;

/// Unpacked bytes to messages.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let name = "decoding/orders_per_second";
    let bytes = match recording::order_bytes(bench) {
        Ok(bytes) => bytes,
        Err(error) => {
            let bar = Bar::AtLeast(RECORDS_A_SECOND);
            return Ok(vec![Line::missing(name, format!("{error:#}"), bar)]);
        }
    };
    let (mut mine, mut crates, mut records) = (Vec::new(), Vec::new(), 0);
    let mut messages = Vec::new();
    for _ in 0..bench.size.pick(25, 5) {
        let (seconds, read) = timed(|| read_ours(&bytes, &mut messages));
        records = read?;
        mine.push(seconds);
        let (seconds, read) = timed(|| read_crate(&bytes));
        anyhow::ensure!(read? == records, "the crate reads another number of records");
        crates.push(seconds);
    }
    Ok(vec![Line {
        name: name.to_owned(),
        ours: Some(records as f64 / best(&mine)),
        peer: Some(records as f64 / best(&crates)),
        who: "crate dbn, records only".to_owned(),
        bar: Bar::AtLeast(RECORDS_A_SECOND),
    }])
}

/// Messages into memory that is there already; how many records they were.
fn read_ours(bytes: &[u8], messages: &mut Vec<market::depth::DepthMessage>) -> Result<u64> {
    messages.clear();
    let options = ours::Options::new(recording::order_grid()?);
    let mut reader = ours::Reader::new(bytes, options)?;
    loop {
        let before = messages.len();
        reader.read(messages)?;
        if messages.len() == before {
            return Ok(reader.records());
        }
    }
}

/// Records decoded and looked at.
fn read_crate(bytes: &[u8]) -> Result<u64> {
    let mut decoder = Decoder::new(bytes)?;
    std::hint::black_box(decoder.metadata());
    let mut records = 0;
    while let Some(record) = decoder.decode_record::<MboMsg>()? {
        std::hint::black_box(record.order_id);
        records += 1;
    }
    Ok(records)
}
