//! A statement against books.

use base::Ts;
use brokers::flex::{Booked, Comparison, Differs, Tolerance, Trade, compare};
use market::{BrokerRef, Cash, ClientOrderId, Qty};

use super::{SAMPLE, changed, report};

/// What was booked of the sample, to the last digit; the purchase in London was made by hand.
fn books() -> Vec<Booked> {
    let booked =
        |order: &str, symbol: &str, (name, shares): (&str, i64), price: &str, fee: &str| Booked {
            execution: Some(BrokerRef(format!("0000e0d5.6966a00{name}.01.01"))),
            corrects: None,
            order: ClientOrderId::from_text(order),
            symbol: symbol.to_owned(),
            at: Ts::from_seconds(0),
            qty: Qty::whole(shares),
            price: price.parse().unwrap(),
            fee: fee.parse().unwrap(),
        };
    vec![
        booked("spy-long-entry", "SPY", ("1", 100), "690.125", "1.000326"),
        booked("spy-long-entry", "SPY", ("2", 50), "690.13", "0.5"),
        booked("spy-call", "SPY260220C700", ("3", -2), "5.35", "1.31"),
    ]
}

fn trades(bytes: &[u8]) -> Vec<Trade> {
    report(bytes).statements.remove(0).trades
}

fn against(bytes: &[u8], books: &[Booked]) -> Comparison {
    compare(&trades(bytes), books, &Tolerance::default())
}

/// Differences as short words.
fn told(found: &Comparison) -> Vec<String> {
    let word = |one: &brokers::flex::Difference| {
        format!("{:?} {} {} {}|{}", one.differs, one.order, one.symbol, one.here, one.there)
    };
    found.differences.iter().map(word).collect()
}

const BY_HAND: &str = "MissingHere  VOD |1000 at 0.9142";

#[test]
fn what_was_booked_to_the_last_digit_differs_in_nothing() {
    let found = against(SAMPLE, &books());
    assert_eq!((found.executions, found.orders), (3, 0));
    assert_eq!(told(&found), [BY_HAND]);
}

#[test]
fn names_kept_without_the_count_of_corrections_are_the_same_names() {
    let mut books = books();
    for one in &mut books {
        let name = one.execution.as_ref().unwrap().0.strip_suffix(".01").unwrap().to_owned();
        one.execution = Some(BrokerRef(name));
    }
    let found = against(SAMPLE, &books);
    assert_eq!((found.executions, found.orders), (3, 0));
    assert_eq!(told(&found), [BY_HAND]);
}

#[test]
fn a_book_without_names_of_executions_is_compared_by_order() {
    let mut books = books();
    for one in &mut books {
        one.execution = None;
    }
    let found = against(SAMPLE, &books);
    assert_eq!((found.executions, found.orders), (0, 2));
    assert_eq!(told(&found), [BY_HAND]);
    // One fill in place of two, at the average.
    books.remove(1);
    books[0].qty = Qty::whole(150);
    books[0].price = "690.12666667".parse().unwrap();
    books[0].fee = "1.500326".parse().unwrap();
    assert_eq!(told(&against(SAMPLE, &books)), [BY_HAND]);
}

#[test]
fn each_difference_is_told_with_both_sides() {
    type Change = fn(&mut Vec<Booked>);
    let cases: [(Change, &str); 7] = [
        (|books| drop(books.remove(1)), "MissingHere spy-long-entry SPY |50 at 690.13"),
        (
            |books| books[2].execution = Some(BrokerRef("x".to_owned())),
            // By order it is there.
            "",
        ),
        (
            |books| {
                books[2].execution = Some(BrokerRef("x".to_owned()));
                books[2].order = ClientOrderId::from_text("another");
            },
            "MissingThere another SPY260220C700 -2 at 5.35|; \
             MissingHere spy-call SPY   260220C00700000 |-2 at 5.35",
        ),
        (|books| books[0].qty = Qty::whole(90), "Quantity spy-long-entry SPY 90|100"),
        (|books| books[0].price = "690".parse().unwrap(), "Price spy-long-entry SPY 690|690.125"),
        (|books| books[0].fee = Cash::ZERO, "Fee spy-long-entry SPY 0|1.000326"),
        (|books| books[1].symbol = "SPX".to_owned(), "Symbol spy-long-entry SPX SPX|SPY"),
    ];
    for (change, wanted) in cases {
        let mut books = books();
        change(&mut books);
        let found = against(SAMPLE, &books);
        let told: Vec<String> = told(&found).into_iter().filter(|one| one != BY_HAND).collect();
        assert_eq!(told.join("; "), wanted);
    }
}

#[test]
fn a_correction_takes_the_place_of_what_it_corrects_on_both_sides() {
    let text = str::from_utf8(SAMPLE).unwrap();
    let row = text.lines().find(|line| line.contains("71001")).unwrap();
    let newer = row.replace(".01.01\"", ".01.02\"").replace("690.125", "690.2");
    let bytes = changed(row, &format!("{row}\n{newer}"));
    let found = against(&bytes, &books());
    assert_eq!(told(&found)[1..], ["Price spy-long-entry SPY 690.125|690.2"]);
    let mut books = books();
    let mut correction = books[0].clone();
    correction.corrects = correction.execution.clone();
    correction.execution = Some(BrokerRef("0000e0d5.6966a001.01.02".to_owned()));
    correction.price = "690.2".parse().unwrap();
    books.push(correction);
    assert_eq!(told(&against(&bytes, &books)), [BY_HAND]);
}

#[test]
fn a_trade_that_the_broker_took_back_is_said() {
    let text = str::from_utf8(SAMPLE).unwrap();
    let row = text.lines().find(|line| line.contains("71003")).unwrap();
    let back = row.replace("\"SELL\"", "\"SELL (Ca.)\"").replace("\"-2\"", "\"2\"");
    let found = against(&changed(row, &format!("{row}\n{back}")), &books());
    assert_eq!(told(&found)[1..], ["TakenBack spy-call SPY260220C700 -2 at 5.35|"]);
}

#[test]
fn fees_in_another_currency_and_taxes_are_said() {
    let bytes = changed("ibCommissionCurrency=\"USD\"", "ibCommissionCurrency=\"CHF\"");
    let found = against(&bytes, &books());
    assert!(told(&found)[1].contains("1.000326|not told in the trade's currency"));
    let mut books = books();
    let mut london = books[0].clone();
    london.execution = Some(BrokerRef("0000e0d5.6966a004.01.01".to_owned()));
    london.symbol = "VOD".to_owned();
    london.qty = Qty::whole(1_000);
    london.price = "0.9142".parse().unwrap();
    london.fee = "7.57".parse().unwrap();
    books.push(london);
    let found = against(SAMPLE, &books);
    assert_eq!((found.executions, found.differences.len()), (4, 0), "{found:?}");
}

#[test]
fn differences_within_the_tolerance_are_none() {
    let mut books = books();
    books[0].price = "690.1251".parse().unwrap();
    books[0].fee = "1.0103".parse().unwrap();
    assert_eq!(told(&against(SAMPLE, &books)), [BY_HAND]);
    books[0].price = "690.12511".parse().unwrap();
    let found = against(SAMPLE, &books);
    assert_eq!(found.differences[1].differs, Differs::Price);
}
