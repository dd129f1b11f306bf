//! Opening the store, and the transactions on it.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base::Ts;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr,
    IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::address::{Address, Place};
use crate::error::Trouble;
use crate::port::{Clock, FailPoint, MachineClock};
use crate::tx::Tx;
use crate::{Error, migration};

/// How to open a store.
#[derive(Clone)]
pub struct OpenOptions {
    /// Tells the time that is written beside records of work.
    pub clock: Arc<dyn Clock>,
    /// Is told where a crash would be interesting; tests only.
    pub fail_point: Option<Arc<dyn FailPoint>>,
    /// How long to wait for a server to answer and for another writer to finish.
    pub patience: Duration,
    /// The most pages of 4 KiB that a SQLite file may grow to; beyond, the disk counts as full.
    pub page_limit: Option<u32>,
}

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions {
            clock: Arc::new(MachineClock),
            fail_point: None,
            patience: Duration::from_secs(10),
            page_limit: None,
        }
    }
}

/// The state of the system in one relational database. Calls block; do not call from async code.
pub struct Store {
    // Present until dropped: closing needs the runtime, and the runtime must go last.
    runtime: tokio::runtime::Runtime,
    connection: DatabaseConnection,
    address: Address,
    options: OpenOptions,
}

impl Store {
    /// Opens the database at a URL, makes or updates its tables, and refuses a newer schema.
    pub fn open(url: &str) -> Result<Store, Error> {
        Store::open_with(Address::read(url)?, OpenOptions::default())
    }

    /// Opens the SQLite database in a file, which is made if it is not there.
    pub fn open_file(path: &Path) -> Result<Store, Error> {
        Store::open_with(Address::file(path), OpenOptions::default())
    }

    /// Opens a database with a clock, a fail point and a patience of one's own.
    pub fn open_with(address: Address, options: OpenOptions) -> Result<Store, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("store")
            .enable_all()
            .build()
            .map_err(Error::StartRuntime)?;
        let connection = runtime.block_on(connect(&address, &options)).map_err(|source| {
            let (shown, trouble) = (address.to_string(), Trouble::of(&source));
            Error::OpenDatabase { shown, trouble, source: Box::new(source) }
        })?;
        let store = Store { runtime, connection, address, options };
        migration::bring_up_to_date(&store)?;
        Ok(store)
    }

    /// Where the database is; shows no password.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The time now, by the clock that the store was opened with.
    pub fn now(&self) -> Ts {
        self.options.clock.now()
    }

    /// Runs the body in one transaction: all of it is written when it returns `Ok`, nothing
    /// otherwise. The label names it in messages and fail points.
    pub fn transaction<T, E: From<Error>>(
        &self,
        label: &str,
        body: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.reached(label, "before_begin");
        let tx = Tx::new(self, self.begin(label)?, label);
        match body(&tx) {
            Ok(output) => {
                tx.finish()?;
                Ok(output)
            }
            Err(error) => {
                tx.undo();
                Err(error)
            }
        }
    }

    /// Runs the body on one unchanging view of the database; it cannot write.
    pub fn read<T, E: From<Error>>(
        &self,
        body: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let options = TransactionOptions {
            isolation_level: self.if_postgres(IsolationLevel::RepeatableRead),
            access_mode: self.if_postgres(AccessMode::ReadOnly),
            sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
        };
        let begun = self.block_on(self.connection.begin_with_options(options));
        let begun = begun.map_err(|source| Error::query("begin read", source))?;
        let tx = Tx::new(self, begun, "read");
        let output = body(&tx);
        tx.undo();
        output
    }

    fn begin(&self, label: &str) -> Result<sea_orm::DatabaseTransaction, Error> {
        // Deferred transactions of SQLite fail at once, without waiting, when they turn from
        // reading to writing behind another writer; an immediate one waits its turn.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let patience_ms = self.options.patience.as_millis();
        let begun = self.block_on(async {
            let begun = self.connection.begin_with_options(options).await?;
            if *self.address.place() == Place::Postgres {
                let wait = format!("set local lock_timeout = {patience_ms}");
                begun.execute_unprepared(&wait).await?;
            }
            Ok::<_, DbErr>(begun)
        });
        begun.map_err(|source| Error::query(format!("begin {label}"), source))
    }

    fn if_postgres<T>(&self, value: T) -> Option<T> {
        (*self.address.place() == Place::Postgres).then_some(value)
    }

    pub(crate) fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    pub(crate) fn options(&self) -> &OpenOptions {
        &self.options
    }

    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    pub(crate) fn enter(&self) -> tokio::runtime::EnterGuard<'_> {
        self.runtime.enter()
    }

    pub(crate) fn reached(&self, label: &str, point: &str) {
        if let Some(fail_point) = &self.options.fail_point {
            fail_point.reached(&format!("{label}/{point}"));
        }
    }

    pub(crate) fn reached_write(&self, label: &str, count: u32) {
        if self.options.fail_point.is_some() {
            self.reached(label, &format!("after_write_{count}"));
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.address)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Closing folds SQLite's write-ahead log into the file.
        if let Err(fault) = self.runtime.block_on(self.connection.close_by_ref()) {
            tracing::warn!(address = %self.address, %fault, "close database");
        }
    }
}

/// How long to wait before a locked database is tried again.
const PAUSE: Duration = Duration::from_millis(20);

/// Connects, and tries again while another program that opens or closes the same file holds it:
/// SQLite waits for a writer, but not for a change to write-ahead logging.
async fn connect(address: &Address, options: &OpenOptions) -> Result<DatabaseConnection, DbErr> {
    let end = tokio::time::Instant::now() + options.patience;
    loop {
        let connected = Database::connect(connect_options(address, options)).await;
        let locked = |fault: &DbErr| Trouble::of(fault) == Trouble::Locked;
        if !connected.as_ref().is_err_and(locked) || tokio::time::Instant::now() >= end {
            return connected;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Bytes of a page. A turn of the journal writes each page that it touched; in a page of half this
/// size every second turn would touch four, in one of twice it all turns would write more.
const PAGE_BYTES: u32 = 8_192;

pub(crate) fn connect_options(address: &Address, how: &OpenOptions) -> ConnectOptions {
    let (patience, page_limit) = (how.patience, how.page_limit);
    let mut options = ConnectOptions::new(address.url());
    let in_memory = *address.place() == Place::Memory;
    let create = !address.names_a_mode();
    let log_ahead = !in_memory && !address.is_read_only();
    options
        // Each connection to a database in memory would be a database of its own.
        .max_connections(if in_memory { 1 } else { 4 })
        .sqlx_logging(false)
        .acquire_timeout(patience)
        .connect_timeout(patience)
        .map_sqlx_sqlite_opts(move |mut sqlite| {
            sqlite = sqlite.foreign_keys(true).busy_timeout(patience);
            sqlite = sqlite.synchronous(SqliteSynchronous::Full);
            // A file keeps the size that it was made with.
            sqlite = sqlite.page_size(PAGE_BYTES);
            if create {
                sqlite = sqlite.create_if_missing(true);
            }
            if let Some(limit) = page_limit {
                sqlite = sqlite.pragma("max_page_count", limit.to_string());
            }
            if log_ahead {
                sqlite = sqlite.journal_mode(SqliteJournalMode::Wal);
            }
            sqlite
        });
    if in_memory {
        options.idle_timeout(None).max_lifetime(None);
    }
    options
}
