//! What must hold of any bytes that are said to be a statement. Fuzzing runs this too.

use std::collections::BTreeSet;

use brokers::flex::{
    Booked, Differs, Errand, Page, Patience, Reading, Slashes, Step, Tolerance, compare, read,
};

/// An error, or rows that can be compared with themselves and differ in nothing.
pub(crate) fn flex(bytes: &[u8]) {
    for slashes in [None, Some(Slashes::MonthFirst), Some(Slashes::DayFirst)] {
        let Ok(report) = read(bytes, &Reading { slashes, ..Reading::default() }) else { continue };
        assert!(report.faults.len() <= 100);
        for fault in &report.faults {
            assert!(!fault.to_string().is_empty() && fault.value.len() <= 4 * 60);
        }
        for statement in &report.statements {
            let booked: Vec<Booked> = statement.executions().filter_map(booked).collect();
            let found = compare(&statement.trades, &booked, &Tolerance::default());
            let executions = statement.executions().count();
            assert!(found.executions <= executions);
            // Of several corrections of one execution only the newest is there.
            let names = booked.iter().filter_map(|one| one.execution.as_ref());
            let stems: BTreeSet<&str> = names
                .map(|name| name.0.rsplit_once('.').map_or(name.0.as_str(), |(stem, _)| stem))
                .collect();
            if booked.len() == executions && stems.len() == executions {
                let is_there = |differs| differs == Differs::MissingThere;
                let missing = found.differences.iter().filter(|one| is_there(one.differs));
                assert_eq!(missing.count(), 0, "{found:?}");
            }
            let nothing = compare(&statement.trades, &[], &Tolerance::default());
            assert!(nothing.differences.iter().all(|one| one.differs == Differs::MissingHere));
        }
    }
    answer(bytes);
}

/// The same bytes as an answer of the service: it waits, refuses, or asks where it may.
fn answer(bytes: &[u8]) {
    let mut errand = Errand::new("https://there", "1", Patience::default());
    for _ in 0..3 {
        match errand.step() {
            Step::Ask(request) => {
                assert!(request.address.starts_with("https://there/"));
                let page = Page { status: 200, body: bytes.to_vec() };
                errand.hear(Ok(page), |address| address.starts_with("https://there/"));
            }
            Step::Wait(wait) => assert!(wait.seconds() > 0.0),
            Step::Done(_) | Step::Refused(_) => return,
        }
    }
}

/// An execution as a book would have it that misses nothing.
fn booked(trade: &brokers::flex::Trade) -> Option<Booked> {
    Some(Booked {
        execution: trade.execution.clone(),
        corrects: None,
        order: market::ClientOrderId::from_text(trade.order_reference.clone()?),
        symbol: trade.symbol.clone(),
        at: base::Ts::from_seconds(0),
        qty: trade.qty,
        price: trade.price,
        fee: -trade.commission.unwrap_or_default() - trade.taxes.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::SAMPLE;

    #[test]
    fn the_sample_holds() {
        super::flex(SAMPLE);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_damage_to_the_sample_holds(
            at in 0..SAMPLE.len(),
            cut in 0usize..40,
            put in prop::collection::vec(any::<u8>(), 0..8),
        ) {
            let mut bytes = SAMPLE.to_vec();
            bytes.splice(at..(at + cut).min(SAMPLE.len()), put);
            super::flex(&bytes);
        }

        #[test]
        fn any_bytes_hold(bytes: Vec<u8>) {
            super::flex(&bytes);
        }
    }
}
