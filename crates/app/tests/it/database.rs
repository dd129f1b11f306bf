//! Databases that can be copied as they stand: a file, or a database of a server.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database as Connection};
use store::Address;

/// What kind of database a test runs on.
pub(crate) enum Kind {
    File,
    /// On the server at this URL.
    Server(String),
}

/// A database of a test.
pub(crate) enum Database {
    File(PathBuf),
    Server(OnServer),
}

/// A database that was put aside to begin from.
pub(crate) enum Begun {
    File(PathBuf, #[expect(dead_code, reason = "held until the test ends")] tempfile::TempDir),
    Server(OnServer),
}

/// A database of a server, gone when dropped.
pub(crate) struct OnServer {
    server: String,
    name: String,
    url: String,
}

/// The server for tests, where the set-up has started one.
#[expect(clippy::print_stderr, reason = "a test run without PostgreSQL must say so")]
pub(crate) fn server() -> Option<String> {
    let server = std::env::var("TRIMTAB_TEST_POSTGRES").ok();
    if server.is_none() {
        eprintln!("TRIMTAB_TEST_POSTGRES is not set: PostgreSQL was skipped");
    }
    server
}

impl Kind {
    /// A database with nothing in it.
    pub(crate) fn empty(&self, home: &Path) -> Database {
        match self {
            Kind::File => Database::File(home.join("state.db")),
            Kind::Server(server) => Database::Server(OnServer::make(server, "")),
        }
    }
}

impl Database {
    /// What `--db` is told, where it is not the default.
    pub(crate) fn url(&self) -> Option<&str> {
        match self {
            Database::File(_) => None,
            Database::Server(database) => Some(&database.url),
        }
    }

    pub(crate) fn address(&self) -> Address {
        match self {
            Database::File(path) => Address::file(path),
            Database::Server(database) => Address::read(&database.url).unwrap(),
        }
    }

    /// Puts a copy aside.
    pub(crate) fn keep(&self) -> Begun {
        match self {
            Database::File(path) => {
                let folder = tempfile::tempdir().unwrap();
                let kept = folder.path().join("state.db");
                std::fs::copy(path, &kept).unwrap();
                Begun::File(kept, folder)
            }
            Database::Server(database) => Begun::Server(database.copy()),
        }
    }
}

impl Begun {
    /// A database of its own that begins there.
    pub(crate) fn copy(&self, home: &Path) -> Database {
        match self {
            Begun::File(path, _) => {
                let copy = home.join("state.db");
                std::fs::copy(path, &copy).unwrap();
                Database::File(copy)
            }
            Begun::Server(database) => Database::Server(database.copy()),
        }
    }
}

impl OnServer {
    fn make(server: &str, how: &str) -> OnServer {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("day_{}_{number}", std::process::id());
        execute(server, &format!("create database {name} {how}"));
        let (before, _) = server.rsplit_once('/').unwrap();
        OnServer { server: server.to_owned(), url: format!("{before}/{name}"), name }
    }

    fn copy(&self) -> OnServer {
        OnServer::make(&self.server, &format!("template {}", self.name))
    }
}

impl Drop for OnServer {
    fn drop(&mut self) {
        execute(&self.server, &format!("drop database {} with (force)", self.name));
    }
}

fn execute(url: &str, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let connection = Connection::connect(url).await.unwrap();
        connection.execute_unprepared(sql).await.unwrap();
        connection.close().await.unwrap();
    });
}
