//! The journal's fast way in: many records in one transaction, past the layers that tables need.
//!
//! Whoever acts on what the journal holds waits for it, so here it is microseconds that count. In
//! a SQLite file the records go through a connection of their own, with statements that are
//! prepared once; anywhere else they take the usual way.
//!
//! What is bought ([`Durability`], sqlite.org/pragma.html#pragma_synchronous): a transaction in
//! the write-ahead log is there after the process was killed, whatever the setting. Only one that
//! is synced is there after the machine lost power; without that the last transactions may be
//! gone, the older ones are not, and none is ever half there.

use std::sync::LazyLock;

use base::Ts;
use rusqlite::{Connection, OpenFlags};

use crate::address::Place;
use crate::error::Trouble;
use crate::journal::JournalRecord;
use crate::{Error, OpenOptions, Store};

/// What a transaction survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process. After a loss of power the last ones may be missing.
    Process,
    /// The end of the machine's power, too: each is synced to the disk.
    Machine,
}

/// A record to be appended. Its number follows from those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// When.
    pub at: Ts,
    /// What kind of thing it is.
    pub kind: &'a str,
    /// The thing itself, as JSON.
    pub record: &'a str,
}

/// Appends to the journal. One writer at a time: another one's records are noticed and refused.
#[derive(Debug)]
pub struct Appender<'s> {
    way: Way<'s>,
    /// The number of the next record.
    next: i64,
    /// Records since the write-ahead log was last folded into the file.
    unfolded: usize,
}

#[derive(Debug)]
enum Way<'s> {
    File(Connection),
    Usual(&'s Store),
}

/// Records after which the write-ahead log is folded into the file, between two turns.
const FOLD_AFTER: usize = 10_000;
/// Records that one statement inserts; a turn rarely has more.
const AT_ONCE: usize = 12;

impl Store {
    /// A fast way into the journal.
    ///
    /// # Errors
    /// Where the file can't be opened once more.
    pub fn appender(&self, durability: Durability) -> Result<Appender<'_>, Error> {
        let next = self.read(|tx| tx.next_journal_seq())?;
        let way = match self.address().place() {
            Place::File(path) if !self.address().is_read_only() => {
                let opened = open(path, durability, self.options());
                Way::File(opened.map_err(|source| Error::append("open the journal", source))?)
            }
            _ => Way::Usual(self),
        };
        Ok(Appender { way, next, unfolded: 0 })
    }
}

fn open(
    path: &std::path::Path,
    durability: Durability,
    how: &OpenOptions,
) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(how.patience)?;
    if let Some(limit) = how.page_limit {
        connection.pragma_update(None, "max_page_count", limit)?;
    }
    let synchronous = match durability {
        Durability::Process => "normal",
        Durability::Machine => "full",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    // Folding the log takes milliseconds; it is done between two turns.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    look(&connection)?;
    Ok(connection)
}

impl Appender<'_> {
    /// The number that the next record gets.
    pub fn next_seq(&self) -> i64 {
        self.next
    }

    /// Appends records in one transaction: all of them are there when it returns, or none.
    ///
    /// # Errors
    /// Where nothing was kept: a full disk, another writer, a database that does not answer.
    pub fn append(&mut self, entries: &[Entry<'_>]) -> Result<(), Error> {
        if entries.is_empty() {
            return Ok(());
        }
        match &mut self.way {
            Way::File(connection) => write(connection, self.next, entries)
                .map_err(|source| Error::append("append to the journal", source))?,
            Way::Usual(store) => usual(store, self.next, entries)?,
        }
        self.next += entries.len() as i64;
        self.unfolded += entries.len();
        Ok(())
    }

    /// Does what can wait, and makes ready for the next turn. To be called when nothing else has to
    /// be done.
    ///
    /// # Errors
    /// Where the disk is full or broken; what was appended is there all the same.
    pub fn rest(&mut self) -> Result<(), Error> {
        let Way::File(connection) = &self.way else { return Ok(()) };
        let look_again = || {
            if !connection.is_autocommit() {
                connection.prepare_cached("commit")?.execute([])?;
            }
            if self.unfolded >= FOLD_AFTER {
                connection.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()))?;
            }
            look(connection)
        };
        look_again().map_err(|source| Error::append("fold the journal's log", source))?;
        if self.unfolded >= FOLD_AFTER {
            self.unfolded = 0;
        }
        Ok(())
    }
}

fn write(
    connection: &mut Connection,
    next: i64,
    entries: &[Entry<'_>],
) -> Result<(), rusqlite::Error> {
    let was_looking = !connection.is_autocommit();
    if !was_looking {
        if entries.len() <= AT_ONCE {
            // A statement by itself is a transaction.
            return insert(connection, next, entries);
        }
        connection.prepare_cached("begin immediate")?.execute([])?;
    }
    let insert = || {
        for (first, some) in (next..).step_by(AT_ONCE).zip(entries.chunks(AT_ONCE)) {
            insert(connection, first, some)?;
        }
        connection.prepare_cached("commit")?.execute([])
    };
    let done = insert();
    if done.is_err() && !connection.is_autocommit() {
        // The first fault is the one to tell.
        let _ = connection.execute("rollback", []);
    }
    match done {
        // Someone else wrote since the look, or is writing: from a look nobody waits for that.
        Err(fault) if was_looking && is_busy(&fault) => write(connection, next, entries),
        done => done.map(drop),
    }
}

/// Looks at the journal and goes on looking: of the six locks that a transaction takes and gives
/// back, four are dealt with before anyone waits.
fn look(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.prepare_cached("begin")?.execute([])?;
    let last = "select seq from journal order by seq desc limit 1";
    connection.prepare_cached(last)?.exists([]).map(drop)
}

fn is_busy(fault: &rusqlite::Error) -> bool {
    fault.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

/// The statement that inserts so many records, at most [`AT_ONCE`] and at least one.
fn text(count: usize) -> &'static str {
    static TEXTS: LazyLock<[String; AT_ONCE]> = LazyLock::new(|| {
        std::array::from_fn(|more| {
            let rows = vec!["(?,?,?,?)"; more + 1].join(",");
            format!("insert into journal (seq, at, kind, record) values {rows}")
        })
    });
    &TEXTS[count.clamp(1, AT_ONCE) - 1]
}

fn insert(
    connection: &Connection,
    first: i64,
    entries: &[Entry<'_>],
) -> Result<(), rusqlite::Error> {
    let mut statement = connection.prepare_cached(text(entries.len()))?;
    for ((place, seq), entry) in (0..).zip(first..).zip(entries) {
        statement.raw_bind_parameter(4 * place + 1, seq)?;
        statement.raw_bind_parameter(4 * place + 2, entry.at.micros())?;
        statement.raw_bind_parameter(4 * place + 3, entry.kind)?;
        statement.raw_bind_parameter(4 * place + 4, entry.record)?;
    }
    statement.raw_execute().map(drop)
}

fn usual(store: &Store, next: i64, entries: &[Entry<'_>]) -> Result<(), Error> {
    store.transaction("journal.append", |tx| {
        for (seq, entry) in (next..).zip(entries) {
            let read = serde_json::from_str(entry.record);
            let record =
                read.map_err(|source| Error::WriteJson { what: "a journal record", source })?;
            let (at, kind) = (entry.at, entry.kind.to_owned());
            tx.append_journal(&JournalRecord { seq, at, kind, record })?;
        }
        Ok(())
    })
}

impl Error {
    fn append(operation: &'static str, source: rusqlite::Error) -> Error {
        let code = source.sqlite_error().map(|error| error.extended_code);
        let trouble = code.map_or(Trouble::Other, Trouble::of_sqlite);
        Error::Append { operation, trouble, source: Box::new(source) }
    }
}
