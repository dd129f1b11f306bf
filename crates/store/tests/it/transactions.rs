//! All or nothing, one after the other.

use proptest::prelude::*;
use serde_json::json;
use store::{Error, JournalRecord, Store, Written};

use crate::database::on_each;
use base::Ts;

#[test]
fn an_error_in_the_body_leaves_nothing() {
    on_each(|fresh| {
        let store = fresh.open();
        let outcome = store.transaction("spoil", |tx| {
            tx.set("a", json!(1))?;
            tx.append_journal(&record(1))?;
            Err::<(), _>(Error::Find { table: "nothing", key: "x".to_owned() })
        });
        assert!(matches!(outcome, Err(Error::Find { .. })));
        let left = store.read(|tx| Ok::<_, Error>((tx.get("a")?, tx.next_journal_seq()?)));
        assert_eq!(left.unwrap(), (None, 1), "{}", fresh.name);
    });
}

#[test]
fn a_panic_in_the_body_leaves_nothing_and_the_store_usable() {
    on_each(|fresh| {
        let store = fresh.open();
        let body = std::panic::AssertUnwindSafe(|| {
            store.transaction("spoil", |tx| {
                tx.set("a", json!(1))?;
                assert!(tx.get("b")?.is_some(), "there is no b");
                Ok::<_, Error>(())
            })
        });
        assert!(std::panic::catch_unwind(body).is_err());
        store.transaction("set", |tx| tx.set("b", json!(2))).unwrap();
        let found = store.read(|tx| Ok::<_, Error>((tx.get("a")?, tx.get("b")?))).unwrap();
        assert!(found.0.is_none() && found.1.is_some(), "{}", fresh.name);
    });
}

#[test]
fn a_refused_record_does_not_spoil_the_rest_of_the_transaction() {
    on_each(|fresh| {
        let store = fresh.open();
        store
            .transaction("append", |tx| {
                tx.append_journal(&record(1))?;
                let other = JournalRecord { kind: "other".to_owned(), ..record(1) };
                assert!(matches!(tx.append_journal(&other), Err(Error::RecordOnce { .. })));
                tx.append_journal(&record(2))
            })
            .unwrap();
        let kept = store.read(|tx| tx.journal_from(1, 10)).unwrap();
        assert_eq!(kept, vec![record(1), record(2)], "{}", fresh.name);
    });
}

#[test]
fn a_journal_has_no_gap() {
    on_each(|fresh| {
        let outcome = fresh.open().transaction("append", |tx| tx.append_journal(&record(2)));
        assert!(matches!(outcome, Err(Error::AppendJournal { given: 2, next: 1 })));
    });
}

#[test]
fn writers_at_once_lose_nothing() {
    on_each(|fresh| {
        let (first, second) = (fresh.open(), fresh.open());
        std::thread::scope(|scope| {
            for (store, name) in [(&first, "a"), (&first, "b"), (&second, "c"), (&second, "d")] {
                scope.spawn(move || {
                    for number in 0..10 {
                        let name = format!("{name}{number}");
                        let written = store.transaction("set", |tx| {
                            tx.set(&name, json!(number))?;
                            tx.set(&format!("{name}+"), json!(number))
                        });
                        written.unwrap();
                    }
                });
            }
        });
        for name in ["a", "b", "c", "d"] {
            for number in 0..10 {
                let found = first.read(|tx| tx.get(&format!("{name}{number}+"))).unwrap();
                assert_eq!(found.unwrap().body, json!(number), "{} {name}", fresh.name);
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_finite_number_and_any_text_comes_back_exactly(
        number in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL,
        whole: i64,
        text in "[^\0]{0,20}",
    ) {
        let store = Store::open("sqlite::memory:").unwrap();
        let body = json!({ "number": number, "whole": whole, "text": text });
        store.transaction("set", |tx| tx.set(&text, body.clone())).unwrap();
        prop_assert_eq!(store.read(|tx| tx.get(&text)).unwrap().unwrap().body, body);
    }
}

#[test]
fn the_same_record_twice_is_one() {
    on_each(|fresh| {
        let store = fresh.open();
        let append = || store.transaction("append", |tx| tx.append_journal(&record(1))).unwrap();
        assert_eq!((append(), append()), (Written::New, Written::Already), "{}", fresh.name);
    });
}

fn record(seq: i64) -> JournalRecord {
    let at = Ts::from_micros(1_700_000_000_000_001);
    JournalRecord { seq, at, kind: "note".to_owned(), record: json!({ "seq": seq }) }
}
