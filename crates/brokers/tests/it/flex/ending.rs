//! What is left at the end of a statement against what is left here.

use std::collections::BTreeMap;

use brokers::flex::{Ending, Tolerance, compare_ending};
use market::Qty;

use super::{SAMPLE, changed, report};

/// Differences as short words.
fn told(bytes: &[u8], here: &Ending) -> Vec<String> {
    let statement = report(bytes).statements.remove(0);
    let found = compare_ending(&statement, here, &Tolerance::default());
    let word = |one: brokers::flex::Difference| {
        format!("{:?} {} {}|{}", one.differs, one.symbol, one.here, one.there)
    };
    found.into_iter().map(word).collect()
}

fn held(shares: &[(&str, i64)]) -> Ending {
    let shares = shares.iter().map(|(symbol, qty)| ((*symbol).to_owned(), Qty::whole(*qty)));
    Ending { held: shares.collect::<BTreeMap<_, _>>(), cash: None }
}

fn cash(amount: &str) -> Ending {
    let cash = Some((amount.parse().unwrap(), "USD".to_owned()));
    Ending { cash, ..held(&[("SPY", 150)]) }
}

/// The sample with a report of cash.
fn with_cash() -> Vec<u8> {
    let report = "<CashReport><CashReportCurrency currency=\"BASE_SUMMARY\" endingCash=\"9\"/>\
                  <CashReportCurrency currency=\"USD\" endingCash=\"1234.5678\"/></CashReport>\
                  <OpenPositions>";
    changed("<OpenPositions>", report)
}

#[test]
fn the_same_shares_differ_in_nothing() {
    assert_eq!(told(SAMPLE, &held(&[("SPY", 150)])), [""; 0]);
}

#[test]
fn shares_that_one_side_has_not_or_has_more_of_are_told() {
    let found = told(SAMPLE, &held(&[("SPY", 100), ("XYZ", -7)]));
    assert_eq!(found, ["Position SPY 100|150", "Position XYZ -7|0"]);
}

#[test]
fn lots_are_not_counted_beside_their_sum() {
    let lot = "<OpenPositions><OpenPosition assetCategory=\"STK\" symbol=\"SPY\" position=\"150\" \
               levelOfDetail=\"LOT\"/>";
    let changed = changed("<OpenPositions>", lot);
    assert_eq!(told(&changed, &held(&[("SPY", 150)])), [""; 0]);
}

#[test]
fn a_statement_that_tells_no_positions_is_not_held_against_any() {
    let text = str::from_utf8(SAMPLE).unwrap().replace("OpenPositions", "NotAsked");
    assert_eq!(told(text.as_bytes(), &held(&[("XYZ", 1)])), [""; 0]);
}

#[test]
fn cash_is_held_to_the_cent_where_both_sides_tell_it() {
    assert_eq!(told(&with_cash(), &cash("1234.57")), [""; 0]);
    assert_eq!(told(&with_cash(), &cash("1234.60")), ["Cash USD 1234.6|1234.5678"]);
    assert_eq!(told(SAMPLE, &cash("1234.60")), [""; 0]);
}
