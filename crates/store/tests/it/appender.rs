//! The journal's fast way in.

use base::Ts;
use store::{Address, Durability, Entry, Error, OpenOptions, Store, Trouble};

use crate::database::{Fresh, on_each};

fn entry(record: &str) -> Entry<'_> {
    Entry { at: Ts::from_seconds(7), kind: "incident", record }
}

fn kept(store: &Store) -> Vec<(i64, String)> {
    let records = store.read(|tx| tx.journal_from(1, 100)).unwrap();
    records.into_iter().map(|record| (record.seq, record.record.to_string())).collect()
}

#[test]
fn records_go_on_behind_those_of_the_usual_way_and_the_usual_way_behind_them() {
    on_each(|fresh| {
        let store = fresh.open();
        let mut appender = store.appender(Durability::Machine).unwrap();
        appender.append(&[entry("1"), entry("2")]).unwrap();
        appender.append(&[]).unwrap();
        store
            .transaction("usual", |tx| {
                let seq = tx.next_journal_seq()?;
                let (at, kind) = (Ts::from_seconds(8), "incident".to_owned());
                tx.append_journal(&store::JournalRecord { seq, at, kind, record: 3.into() })
            })
            .unwrap();
        let mut next = store.appender(Durability::Process).unwrap();
        next.append(&[entry("4")]).unwrap();
        let wanted = [(1, "1"), (2, "2"), (3, "3"), (4, "4")].map(|(n, it)| (n, it.to_owned()));
        assert_eq!(kept(&store), wanted, "{}", fresh.name);
    });
}

#[test]
fn a_second_writer_is_noticed_and_nothing_of_its_turn_is_kept() {
    let fresh = Fresh::sqlite();
    let store = fresh.open();
    let mut first = store.appender(Durability::Process).unwrap();
    let mut second = store.appender(Durability::Process).unwrap();
    first.append(&[entry("1")]).unwrap();
    let refused = second.append(&[entry("2"), entry("3")]).unwrap_err();
    assert_eq!(refused.trouble(), Some(Trouble::RuleBroken));
    first.append(&[entry("4")]).unwrap();
    assert_eq!(kept(&store), [(1, "1".to_owned()), (2, "4".to_owned())]);
}

#[test]
fn a_table_written_between_two_turns_does_not_stop_the_next_one() {
    let fresh = Fresh::sqlite();
    let store = fresh.open();
    let mut appender = store.appender(Durability::Process).unwrap();
    for turn in 0..3 {
        store.transaction("between", |tx| tx.set("turn", turn.into())).unwrap();
        // More than one statement holds.
        appender.append(&[entry("1"); 13]).unwrap();
        appender.append(&[entry("2")]).unwrap();
        if turn > 0 {
            appender.rest().unwrap();
        }
    }
    assert_eq!(kept(&store).len(), 3 * 14);
}

#[test]
fn a_turn_waits_for_someone_else_who_is_writing() {
    let fresh = Fresh::sqlite();
    let store = fresh.open();
    let mut appender = store.appender(Durability::Process).unwrap();
    appender.append(&[entry("1")]).unwrap();
    appender.rest().unwrap();
    let (begun, begins) = std::sync::mpsc::channel();
    let (end, ends) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let other = fresh.open();
        scope.spawn(move || {
            let write = |tx: &store::Tx<'_>| {
                tx.set("slow", 1.into())?;
                begun.send(()).unwrap();
                // Nobody says so: it takes its time.
                let _ = ends.recv_timeout(std::time::Duration::from_millis(200));
                Ok::<(), Error>(())
            };
            other.transaction("slow", write).unwrap();
        });
        begins.recv().unwrap();
        appender.append(&[entry("2")]).unwrap();
        drop(end);
    });
    assert_eq!(kept(&store).len(), 2);
}

#[test]
fn an_appender_at_rest_does_not_keep_the_log_of_others_from_being_folded() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_file(&folder.path().join("state.db")).unwrap();
    let mut appender = store.appender(Durability::Process).unwrap();
    appender.append(&[entry("1")]).unwrap();
    let long = "x".repeat(100_000);
    for number in 0..600 {
        let text = format!("{number}{long}");
        store.transaction("others", |tx| tx.set("long", text.into())).unwrap();
        appender.rest().unwrap();
    }
    let log = std::fs::metadata(folder.path().join("state.db-wal")).unwrap().len();
    // Sixty megabytes were written.
    assert!(log < 20_000_000, "{log}");
    assert_eq!(kept(&store).len(), 1);
}

#[test]
fn on_a_full_disk_a_turn_is_refused_whole_and_the_next_one_that_fits_is_kept() {
    let fresh = Fresh::sqlite();
    let options = OpenOptions { page_limit: Some(100), ..OpenOptions::default() };
    let store = Store::open_with(Address::read(&fresh.url).unwrap(), options).unwrap();
    let mut appender = store.appender(Durability::Machine).unwrap();
    let big = format!("\"{}\"", "x".repeat(1 << 20));
    let refused: Error = appender.append(&[entry("1"), entry(&big)]).unwrap_err();
    assert_eq!(refused.trouble(), Some(Trouble::DiskFull));
    assert!(refused.to_string().contains("disk is full"), "{refused}");
    appender.append(&[entry("2")]).unwrap();
    assert_eq!(kept(&store), [(1, "2".to_owned())]);
}

#[test]
fn what_was_appended_is_there_in_the_files_that_a_kill_leaves() {
    for durability in [Durability::Process, Durability::Machine] {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::open_file(&folder.path().join("state.db")).unwrap();
        let mut appender = store.appender(durability).unwrap();
        for number in 0..30 {
            // Many times as much as is folded at once.
            let record = number.to_string();
            appender.append(&[entry(&record); 1_000]).unwrap();
            appender.rest().unwrap();
        }
        // Both are still open, as they are when a process is killed.
        for file in ["state.db", "state.db-wal"] {
            std::fs::copy(folder.path().join(file), other.path().join(file)).unwrap();
        }
        let left = Store::open_file(&other.path().join("state.db")).unwrap();
        let last = left.read(|tx| tx.journal_from(29_000, 2)).unwrap();
        let last: Vec<_> = last.iter().map(|record| record.record.to_string()).collect();
        assert_eq!(last, ["28", "29"], "{durability:?}");
    }
}
