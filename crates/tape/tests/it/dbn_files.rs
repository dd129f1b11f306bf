//! The vendor's own sample files.

use std::collections::BTreeMap;

use market::Qty;
use market::depth::DepthChange;
use tape::Messages;
use tape::dbn::{Options, Reader, definitions};
use tape::unpack::unpack;

use crate::samples::{committed, grid};

#[test]
fn each_sample_says_what_its_records_hold() {
    let cases = [
        ("mbo.v1", "reduce 2"),
        ("mbo.v2", "reduce 2"),
        ("mbo.v3", "reduce 2"),
        ("mbp-1.v1", "best 3"),
        ("mbp-1.v3", "best 3"),
        ("mbp-10.v3", "level 21"),
        ("tbbo.v2", "best 4, trade 2"),
        ("trades.v1", "trade 2"),
        ("trades.v3", "trade 2"),
        ("cmbp-1.v3", "best 3"),
        ("bbo-1s.v3", "best 7"),
        ("cbbo-1s.v3", "best 3"),
        ("ohlcv-1s.v3", "skipped ohlcv-1s 2"),
        ("status.v3", "skipped status 4"),
        ("statistics.v1", "skipped statistics 2"),
        ("definition.v2", "skipped instrument-def 2"),
    ];
    for (name, wanted) in cases {
        let bytes = committed(&format!("test_data.{name}.dbn.zst"));
        let source = unpack(bytes.as_slice()).unwrap();
        let mut reader = Reader::new(source, Options::new(grid("0.25", "1"))).unwrap();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for message in reader.read_all().unwrap() {
            *counts.entry(word(&message.change).to_owned()).or_insert(0) += 1;
        }
        let skipped = reader.skipped().iter();
        counts.extend(skipped.map(|(name, times)| (format!("skipped {name}"), *times)));
        let got: Vec<String> =
            counts.iter().map(|(name, times)| format!("{name} {times}")).collect();
        assert_eq!(got.join(", "), wanted, "{name}");
        assert_eq!(reader.faults().total(), 0, "{name}");
    }
}

fn word(change: &DepthChange) -> &'static str {
    match change {
        DepthChange::Best { .. } => "best",
        DepthChange::Level { .. } => "level",
        DepthChange::Reduce { .. } => "reduce",
        DepthChange::Trade { .. } => "trade",
        _ => "other",
    }
}

#[test]
fn definitions_of_all_versions_say_the_same() {
    let of = |version: u8| {
        let bytes = committed(&format!("test_data.definition.v{version}.dbn.zst"));
        definitions(unpack(bytes.as_slice()).unwrap()).unwrap()
    };
    let newest = of(3);
    assert_eq!(newest.iter().map(|it| it.id).collect::<Vec<_>>(), [6819, 6830]);
    assert!(newest.iter().all(|it| it.symbol == "MSFT" && it.lot == Qty::whole(1)));
    assert_eq!(of(1), newest);
    assert_eq!(of(2), newest);
}

#[test]
fn a_definition_without_a_step_of_prices_has_no_grid() {
    let bytes = committed("test_data.definition.v3.dbn.zst");
    let all = definitions(unpack(bytes.as_slice()).unwrap()).unwrap();
    let error = all[0].grid().unwrap_err().to_string();
    assert!(error.contains("the definition of MSFT gives no step of prices"), "{error}");
}
