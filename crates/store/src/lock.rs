//! A lock that only one process holds, so that two never walk the same day at once.
//!
//! With SQLite it is a file beside the database, locked by the operating system; with PostgreSQL
//! an advisory lock of a session. Both are let go when the process ends, however it ends, so that
//! nobody has to clean up after a crash.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use base::Digest;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};

use crate::address::Place;
use crate::open::connect_options;
use crate::{Error, Store};

/// A lock that is held until it is dropped.
pub struct Lock<'s> {
    store: &'s Store,
    name: String,
    held: Held,
}

enum Held {
    // Closing the file lets go.
    File(#[expect(dead_code, reason = "held, not read")] File),
    // Closing the session lets go.
    Session(DatabaseConnection),
    Memory,
}

/// How often it is looked whether a lock was let go.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Locks on databases in memory, which no other process can see.
static IN_MEMORY: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

impl Store {
    /// Takes the lock of this name, or says who holds it. Does not wait.
    pub fn lock(&self, name: &str) -> Result<Lock<'_>, Error> {
        let held = match self.address().place() {
            Place::File(database) => Held::File(lock_file(database, name)?),
            Place::Postgres => Held::Session(self.lock_session(name)?),
            Place::Memory => self.lock_memory(name)?,
        };
        Ok(Lock { store: self, name: name.to_owned(), held })
    }

    /// As [`Store::lock`], but waits as long as `patience` for who holds it to let go: a process
    /// that only looks something up must not keep one that means to work from beginning.
    pub fn lock_within(&self, name: &str, patience: Duration) -> Result<Lock<'_>, Error> {
        for _ in 0..patience.as_millis() / LOOK_AGAIN.as_millis() {
            match self.lock(name) {
                Err(Error::Lock { .. }) => {
                    self.block_on(async { tokio::time::sleep(LOOK_AGAIN).await });
                }
                taken_or_failed => return taken_or_failed,
            }
        }
        self.lock(name)
    }

    fn lock_memory(&self, name: &str) -> Result<Held, Error> {
        let mut names = IN_MEMORY.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if names.insert(self.memory_name(name)) {
            return Ok(Held::Memory);
        }
        Err(Error::Lock { name: name.to_owned(), holder: "this process".to_owned() })
    }

    fn memory_name(&self, name: &str) -> String {
        // Each store in memory is its own database.
        format!("{:p}/{name}", self.connection())
    }

    fn lock_session(&self, name: &str) -> Result<DatabaseConnection, Error> {
        let mut options = connect_options(self.address(), self.options());
        options.max_connections(1).idle_timeout(None).max_lifetime(None);
        let number = lock_number(name);
        let failed = |source| Error::query(format!("lock {name}"), source);
        self.block_on(async {
            let session = Database::connect(options).await.map_err(failed)?;
            let text = "select pg_try_advisory_lock($1) as taken";
            let ask = Statement::from_sql_and_values(
                session.get_database_backend(),
                text,
                [number.into()],
            );
            let row = session.query_one_raw(ask).await.map_err(failed)?;
            let taken = row.map(|row| row.try_get::<bool>("", "taken")).transpose();
            if taken.map_err(failed)? == Some(true) {
                return Ok(session);
            }
            let holder = session_holder(&session, number).await;
            Err(Error::Lock { name: name.to_owned(), holder })
        })
    }
}

/// Lets go of an advisory lock and ends its session. A session that ends lets go by itself, but
/// only when the server gets to it: who asks at once would find the lock still held.
async fn let_go(session: &DatabaseConnection, number: i64) -> Result<(), sea_orm::DbErr> {
    let text = "select pg_advisory_unlock($1)";
    let backend = session.get_database_backend();
    let unlock = Statement::from_sql_and_values(backend, text, [number.into()]);
    let unlocked = session.query_one_raw(unlock).await;
    session.close_by_ref().await?;
    unlocked.map(drop)
}

/// Who holds an advisory lock; a bigint key is split over classid and objid (pg_locks).
async fn session_holder(session: &DatabaseConnection, number: i64) -> String {
    let text = "select a.pid, coalesce(a.client_addr::text, 'this host') as host \
        from pg_locks l join pg_stat_activity a on a.pid = l.pid \
        where l.locktype = 'advisory' and l.granted \
        and (l.classid::bigint << 32 | l.objid::bigint) = $1";
    let backend = session.get_database_backend();
    let ask = Statement::from_sql_and_values(backend, text, [number.into()]);
    let Ok(Some(row)) = session.query_one_raw(ask).await else {
        return "another process".to_owned();
    };
    match (row.try_get::<i32>("", "pid"), row.try_get::<String>("", "host")) {
        (Ok(pid), Ok(host)) => format!("the session with server pid {pid} from {host}"),
        _ => "another process".to_owned(),
    }
}

fn lock_number(name: &str) -> i64 {
    let digest = Digest::of(name.as_bytes());
    u64::from_str_radix(&digest.as_str()[..16], 16).unwrap_or_default() as i64
}

fn lock_file(database: &Path, name: &str) -> Result<File, Error> {
    let path = lock_path(database, name);
    let failed = |source| Error::LockFile {
        name: name.to_owned(),
        path: path.display().to_string(),
        source,
    };
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(held_elsewhere(&mut file, name)),
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    file.set_len(0).map_err(failed)?;
    file.rewind().map_err(failed)?;
    write!(file, "{}", std::process::id()).map_err(failed)?;
    Ok(file)
}

fn held_elsewhere(file: &mut File, name: &str) -> Error {
    let mut pid = String::new();
    let holder = match file.read_to_string(&mut pid) {
        Ok(length) if length > 0 => format!("process {pid}"),
        _ => "another process".to_owned(),
    };
    Error::Lock { name: name.to_owned(), holder }
}

fn lock_path(database: &Path, name: &str) -> PathBuf {
    // The name may hold what a file name may not.
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let digest = Digest::of(name.as_bytes());
    let mut path = database.as_os_str().to_owned();
    path.push(format!(".{plain}-{}.lock", &digest.as_str()[..8]));
    PathBuf::from(path)
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        match &self.held {
            Held::File(_) => {}
            Held::Session(session) => {
                let number = lock_number(&self.name);
                if let Err(fault) = self.store.block_on(let_go(session, number)) {
                    tracing::warn!(name = self.name, %fault, "let go of a lock");
                }
            }
            Held::Memory => {
                let names = IN_MEMORY.lock();
                let mut names = names.unwrap_or_else(std::sync::PoisonError::into_inner);
                names.remove(&self.store.memory_name(&self.name));
            }
        }
    }
}

impl std::fmt::Debug for Lock<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lock({})", self.name)
    }
}
