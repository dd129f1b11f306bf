//! Opening: what is refused, and what the message says.

use std::time::Duration;

use store::{Address, Error, OpenOptions, Store, Trouble};

use crate::database::{Fresh, on_each, postgres_server};

fn impatient(url: &str) -> Result<Store, Error> {
    let patience = Duration::from_millis(300);
    Store::open_with(Address::read(url)?, OpenOptions { patience, ..OpenOptions::default() })
}

/// The whole chain of an error, as the command line would show it.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

#[test]
fn opening_twice_keeps_what_was_written() {
    on_each(|fresh| {
        let write = |tx: &store::Tx<'_>| tx.set("a", serde_json::json!([1, 2.5, "x"]));
        fresh.open().transaction("set", write).unwrap();
        let note = fresh.open().read(|tx| tx.get("a")).unwrap().unwrap();
        assert_eq!(note.body, serde_json::json!([1, 2.5, "x"]), "{}", fresh.name);
    });
}

#[test]
fn a_newer_schema_is_refused_with_both_versions() {
    on_each(|fresh| {
        drop(fresh.open());
        fresh.run("insert into seaql_migrations (version, applied_at) values ('0099_later', 1)");
        let error = fresh.open_with(None).unwrap_err();
        assert!(matches!(error, Error::OpenNewerSchema { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("0099_later") && text.contains("0006_journal_by_number"), "{text}");
    });
}

#[test]
fn a_journal_of_an_older_program_is_kept_record_by_record() {
    let fresh = Fresh::sqlite();
    drop(fresh.open());
    fresh.run("drop table journal");
    fresh.run(
        "create table journal (seq bigint primary key check (seq >= 1), at bigint not null, \
         kind text not null, record text not null)",
    );
    fresh.run("insert into journal values (1, 5, 'a', '{\"a\":1}'), (2, 6, 'b', '{\"b\":2}')");
    fresh.run("delete from seaql_migrations where version = '0006_journal_by_number'");
    let store = fresh.open();
    let kept = store.read(|tx| tx.journal_from(1, 10)).unwrap();
    let told = |record: &store::JournalRecord| {
        (record.seq, record.at.micros(), record.kind.clone(), record.record.to_string())
    };
    let record = |seq, at, kind: &str, text: &str| (seq, at, kind.to_owned(), text.to_owned());
    assert_eq!(
        kept.iter().map(told).collect::<Vec<_>>(),
        [record(1, 5, "a", "{\"a\":1}"), record(2, 6, "b", "{\"b\":2}")]
    );
    let entry = store::Entry { at: kept[1].at, kind: "c", record: "{}" };
    store.appender(store::Durability::Process).unwrap().append(&[entry]).unwrap();
    assert_eq!(store.read(|tx| tx.next_journal_seq()).unwrap(), 4);
}

#[test]
fn programs_that_start_at_once_migrate_once() {
    on_each(|fresh| {
        std::thread::scope(|scope| {
            let openers: Vec<_> = (0..4).map(|_| scope.spawn(|| drop(fresh.open()))).collect();
            for opener in openers {
                opener.join().unwrap();
            }
        });
    });
}

/// SQLite does not wait while another program turns to write-ahead logging or back; we do.
#[test]
fn a_file_that_is_opened_and_closed_again_and_again_opens_for_all() {
    for _ in 0..10 {
        let fresh = Fresh::sqlite();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..3).for_each(|_| drop(fresh.open())));
            }
        });
    }
}

#[test]
fn a_server_that_is_down_is_named_without_its_password() {
    // Port 1 of loopback: nobody listens there.
    let error = impatient("postgres://kim:s3cret@127.0.0.1:1/state").unwrap_err();
    assert_eq!(error.trouble(), Some(Trouble::Unreachable), "{error:?}");
    let text = chain(&error);
    assert!(text.contains("kim:***@127.0.0.1:1/state"), "{text}");
    assert!(!text.contains("s3cret") && !format!("{error:?}").contains("s3cret"), "{text}");
}

#[test]
fn a_database_that_the_server_lacks_is_named() {
    let Some(server) = postgres_server() else { return };
    let url = server.replace("/postgres", "/no_such_database");
    let error = impatient(&url).unwrap_err();
    assert_eq!(error.trouble(), Some(Trouble::NoSuchDatabase), "{error:?}");
}

#[test]
fn a_folder_that_is_missing_is_cannot_open() {
    let error = impatient("sqlite:///no/such/folder/state.db").unwrap_err();
    assert_eq!(error.trouble(), Some(Trouble::CannotOpen), "{error:?}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test plants a file")]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let text = "day,open,high,low,close\n".repeat(100);
    std::fs::write(&path, &text).unwrap();
    let error = impatient(&format!("sqlite://{}", path.display())).unwrap_err();
    assert_eq!(error.trouble(), Some(Trouble::NotADatabase), "{error:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_read_only_database_reads_and_refuses_to_write() {
    let fresh = Fresh::sqlite();
    fresh.open().transaction("set", |tx| tx.set("a", 1.into())).unwrap();
    let store = Store::open(&format!("{}?mode=ro", fresh.url)).unwrap();
    assert!(store.read(|tx| tx.get("a")).unwrap().is_some());
    let error = store.transaction("set", |tx| tx.set("a", 2.into())).unwrap_err();
    assert_eq!(error.trouble(), Some(Trouble::ReadOnly), "{error:?}");
}

#[test]
fn another_writer_makes_us_say_locked() {
    on_each(|fresh| {
        let first = fresh.open();
        first.transaction("set", |tx| tx.set("a", 1.into())).unwrap();
        let second = impatient(&fresh.url).unwrap();
        let error = first.transaction("hold", |tx| {
            tx.set("a", 2.into())?;
            let late = second.transaction("late", |late| late.set("a", 3.into()));
            Ok::<_, Error>(late.unwrap_err())
        });
        assert_eq!(error.unwrap().trouble(), Some(Trouble::Locked), "{}", fresh.name);
    });
}

#[test]
fn a_full_disk_is_named_and_nothing_is_half_written() {
    let fresh = Fresh::sqlite();
    let big = serde_json::Value::String("x".repeat(1 << 20));
    // SQLite answers as on a full disk once the file may not grow any more.
    let options = OpenOptions { page_limit: Some(100), ..OpenOptions::default() };
    let store = Store::open_with(Address::read(&fresh.url).unwrap(), options).unwrap();
    let outcome = store.transaction("fill", |tx| {
        tx.set("small", 1.into())?;
        tx.set("big", big.clone())
    });
    assert_eq!(outcome.unwrap_err().trouble(), Some(Trouble::DiskFull));
    assert!(store.read(|tx| tx.get("small")).unwrap().is_none());
}

#[test]
fn a_lock_is_held_by_one_and_let_go_when_dropped() {
    on_each(|fresh| {
        let (first, second) = (fresh.open(), fresh.open());
        let held = first.lock("day").unwrap();
        let error = second.lock("day").unwrap_err();
        assert!(matches!(error, Error::Lock { .. }), "{error:?}");
        drop(second.lock("another name").unwrap());
        drop(held);
        drop(second.lock("day").unwrap());
    });
}

#[test]
fn a_lock_that_is_let_go_in_time_is_waited_for() {
    on_each(|fresh| {
        let (first, second) = (fresh.open(), fresh.open());
        let held = first.lock("day").unwrap();
        let error = second.lock_within("day", Duration::from_millis(100)).err().unwrap();
        assert!(matches!(error, Error::Lock { .. }), "{error:?}");
        std::thread::scope(|scope| {
            let waits =
                scope.spawn(|| second.lock_within("day", Duration::from_secs(60)).map(drop));
            drop(held);
            waits.join().unwrap().unwrap();
        });
    });
}

#[test]
fn a_file_name_may_hold_what_a_url_may_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("50% off? état.db");
    let store = Store::open_file(&path).unwrap();
    drop(store.lock("day").unwrap());
    assert!(path.is_file());
}
