//! One transaction: all of it happens, or nothing.

use std::cell::Cell;

use base::Ts;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement, Value};

use crate::record::{Record, Row};
use crate::{Error, Store};

/// Whether a write changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The record is new.
    New,
    /// The same record was there already; nothing changed.
    Already,
}

/// A transaction that is under way. All reads and writes of the store are its methods, so that
/// any of them can be made to happen together.
pub struct Tx<'s> {
    store: &'s Store,
    // Taken out at the end only; present as long as anybody can call a method.
    inner: Option<DatabaseTransaction>,
    label: String,
    writes: Cell<u32>,
}

/// A statement with the values for its `$1`, `$2`, ….
pub(crate) struct Sql<'a> {
    pub(crate) table: &'static str,
    pub(crate) text: &'a str,
    pub(crate) values: Vec<Value>,
}

impl<'s> Tx<'s> {
    pub(crate) fn new(store: &'s Store, inner: DatabaseTransaction, label: &str) -> Tx<'s> {
        Tx { store, inner: Some(inner), label: label.to_owned(), writes: Cell::new(0) }
    }

    /// The time now, by the clock that the store was opened with.
    pub fn now(&self) -> Ts {
        self.store.now()
    }

    fn inner(&self) -> Result<&DatabaseTransaction, Error> {
        let ended = || DbErr::Custom("the transaction has ended".to_owned());
        self.inner.as_ref().ok_or_else(|| Error::query("use a transaction", ended()))
    }

    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.store.reached(&self.label, "before_commit");
        if let Some(inner) = self.inner.take() {
            let done = self.store.block_on(inner.commit());
            done.map_err(|source| Error::query(format!("commit {}", self.label), source))?;
        }
        self.store.reached(&self.label, "after_commit");
        Ok(())
    }

    pub(crate) fn undo(mut self) {
        if let Some(inner) = self.inner.take()
            && let Err(fault) = self.store.block_on(inner.rollback())
        {
            // The database drops what was not committed when the connection goes.
            tracing::warn!(label = self.label, %fault, "roll back");
        }
    }

    pub(crate) fn run(&self, sql: Sql<'_>) -> Result<u64, Error> {
        let inner = self.inner()?;
        let backend = inner.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql.text, sql.values);
        let done = self.store.block_on(inner.execute_raw(statement));
        let done = done.map_err(|source| Error::query(format!("write {}", sql.table), source))?;
        self.writes.set(self.writes.get() + 1);
        self.store.reached_write(&self.label, self.writes.get());
        Ok(done.rows_affected())
    }

    fn rows(&self, sql: Sql<'_>) -> Result<Vec<Row>, Error> {
        let inner = self.inner()?;
        let backend = inner.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql.text, sql.values);
        let rows = self.store.block_on(inner.query_all_raw(statement));
        let rows = rows.map_err(|source| Error::query(format!("read {}", sql.table), source))?;
        Ok(rows.into_iter().map(|inner| Row { inner, table: sql.table }).collect())
    }

    /// Records that match; `rest` is what follows the table's name.
    pub(crate) fn select<R: Record>(
        &self,
        rest: &str,
        values: Vec<Value>,
    ) -> Result<Vec<R>, Error> {
        let text = format!("select {} from {} {rest}", R::COLUMNS.join(", "), R::TABLE);
        let sql = Sql { table: R::TABLE, text: &text, values };
        self.rows(sql)?.iter().map(R::read).collect()
    }

    /// The largest number in a column, or 0 in an empty table.
    pub(crate) fn largest<R: Record>(&self, column: &'static str) -> Result<i64, Error> {
        let text = format!("select coalesce(max({column}), 0) as {column} from {}", R::TABLE);
        let sql = Sql { table: R::TABLE, text: &text, values: Vec::new() };
        let rows = self.rows(sql)?;
        rows.first().map_or(Ok(0), |row| row.get(column))
    }

    /// How many records match.
    pub(crate) fn count<R: Record>(&self, rest: &str, values: Vec<Value>) -> Result<u64, Error> {
        let text = format!("select count(*) as n from {} {rest}", R::TABLE);
        let rows = self.rows(Sql { table: R::TABLE, text: &text, values })?;
        let count: i64 = rows.first().map_or(Ok(0), |row| row.get("n"))?;
        Ok(count.unsigned_abs())
    }

    /// The record with this key.
    pub(crate) fn find<R: Record>(&self, key: Vec<Value>) -> Result<Option<R>, Error> {
        let found = self.select(&format!("where {}", equals(R::KEY)), key)?;
        Ok(found.into_iter().next())
    }

    /// The record with this key, or an error that names it.
    pub(crate) fn need<R: Record>(&self, key: Vec<Value>) -> Result<R, Error> {
        let shown = show(&key);
        self.find(key)?.ok_or(Error::Find { table: R::TABLE, key: shown })
    }

    /// Writes a record that never changes. Writing the same twice is writing it once; writing
    /// another under its key is refused.
    pub(crate) fn insert_once<R: Record>(&self, record: &R) -> Result<Written, Error> {
        let text = format!("{} on conflict ({}) do nothing", insert::<R>(), R::KEY.join(", "));
        let values = record.values()?;
        let sql = Sql { table: R::TABLE, text: &text, values: values.clone() };
        if self.run(sql)? == 1 {
            return Ok(Written::New);
        }
        let key = key_values::<R>(&values);
        let shown = show(&key);
        let there: R = self.need(key)?;
        if there.values()? == values {
            return Ok(Written::Already);
        }
        Err(Error::RecordOnce { table: R::TABLE, key: shown })
    }

    /// Deletes the rows of a table with that text in a column.
    pub(crate) fn delete(
        &self,
        table: &'static str,
        column: &'static str,
        text: &str,
    ) -> Result<(), Error> {
        let statement = format!("delete from {table} where {column} = $1");
        self.run(Sql { table, text: &statement, values: vec![text.into()] })?;
        Ok(())
    }

    /// Writes a record in place of the one with its key, if there is one.
    pub(crate) fn put<R: Record>(&self, record: &R) -> Result<(), Error> {
        self.put_where(record, "true")?;
        Ok(())
    }

    /// Like [`Tx::put`], but leaves a record alone for which the condition does not hold. Answers
    /// how many records it wrote: one or none.
    pub(crate) fn put_where<R: Record>(&self, record: &R, condition: &str) -> Result<u64, Error> {
        let changed: Vec<String> = R::COLUMNS
            .iter()
            .filter(|column| !R::KEY.contains(column))
            .map(|column| format!("{column} = excluded.{column}"))
            .collect();
        let text = format!(
            "{} on conflict ({}) do update set {} where {condition}",
            insert::<R>(),
            R::KEY.join(", "),
            changed.join(", ")
        );
        self.run(Sql { table: R::TABLE, text: &text, values: record.values()? })
    }

    /// Holds the row against other writers until the end of the transaction, and reads it.
    pub(crate) fn hold<R: Record>(&self, key: Vec<Value>) -> Result<R, Error> {
        // SQLite has one writer at a time: the transaction itself is the hold.
        let inner = self.inner()?;
        let lock = match inner.get_database_backend() {
            sea_orm::DbBackend::Postgres => " for update",
            _ => "",
        };
        let shown = show(&key);
        let found = self.select(&format!("where {}{lock}", equals(R::KEY)), key)?;
        found.into_iter().next().ok_or(Error::Find { table: R::TABLE, key: shown })
    }
}

impl Drop for Tx<'_> {
    fn drop(&mut self) {
        // The driver gives the connection back to the pool in a task, which needs the runtime.
        let _inside = self.store.enter();
        drop(self.inner.take());
    }
}

fn insert<R: Record>() -> String {
    let marks: Vec<String> = (1..=R::COLUMNS.len()).map(|n| format!("${n}")).collect();
    format!("insert into {} ({}) values ({})", R::TABLE, R::COLUMNS.join(", "), marks.join(", "))
}

fn equals(columns: &[&str]) -> String {
    let tests: Vec<String> =
        columns.iter().zip(1..).map(|(column, n)| format!("{column} = ${n}")).collect();
    tests.join(" and ")
}

fn key_values<R: Record>(values: &[Value]) -> Vec<Value> {
    let of = |key: &&str| R::COLUMNS.iter().position(|column| column == key);
    R::KEY.iter().filter_map(of).map(|at| values[at].clone()).collect()
}

fn show(key: &[Value]) -> String {
    let parts: Vec<String> =
        key.iter().map(|value| value.to_string().trim_matches('\'').to_owned()).collect();
    parts.join("/")
}
