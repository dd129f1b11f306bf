//! A fresh database for each test, on each kind of server there is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use base::Ts;
use sea_orm::{ConnectionTrait, Database};
use store::{Address, Clock, Error, FailPoint, OpenOptions, Store};

/// Each reading is one second after the one before.
#[derive(Default)]
pub(crate) struct TickingClock(AtomicI64);

impl Clock for TickingClock {
    fn now(&self) -> Ts {
        Ts::from_seconds(1_700_000_000 + self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// An empty database, gone when dropped.
pub(crate) struct Fresh {
    pub(crate) url: String,
    pub(crate) name: &'static str,
    _folder: Option<tempfile::TempDir>,
    schema: Option<(String, String)>,
}

impl Fresh {
    pub(crate) fn sqlite() -> Fresh {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("state.db").display());
        Fresh { url, name: "sqlite", _folder: Some(folder), schema: None }
    }

    fn postgres(server: &str) -> Fresh {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let schema = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        run_on(server, &format!("create schema {schema}"));
        let joint = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{joint}options=-c%20search_path%3D{schema}");
        Fresh { url, name: "postgres", _folder: None, schema: Some((server.to_owned(), schema)) }
    }

    /// Another empty database of the same kind.
    pub(crate) fn another(&self) -> Fresh {
        match &self.schema {
            Some((server, _)) => Fresh::postgres(server),
            None => Fresh::sqlite(),
        }
    }

    pub(crate) fn open(&self) -> Store {
        self.open_with(None).unwrap()
    }

    pub(crate) fn open_with(&self, fail_point: Option<Arc<dyn FailPoint>>) -> Result<Store, Error> {
        let options = OpenOptions {
            clock: Arc::new(TickingClock::default()),
            fail_point,
            patience: Duration::from_secs(20),
            page_limit: None,
        };
        Store::open_with(Address::read(&self.url)?, options)
    }

    /// Runs a statement behind the store's back.
    pub(crate) fn run(&self, sql: &str) {
        run_on(&self.url, sql);
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some((server, schema)) = &self.schema {
            run_on(server, &format!("drop schema {schema} cascade"));
        }
    }
}

fn run_on(url: &str, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let connection = Database::connect(url).await.unwrap();
        connection.execute_unprepared(sql).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// Runs a test on every kind of database there is.
pub(crate) fn on_each(test: impl Fn(&Fresh)) {
    test(&Fresh::sqlite());
    if let Some(server) = postgres_server() {
        test(&Fresh::postgres(&server));
    }
}

#[expect(clippy::disallowed_methods, reason = "the test set-up says where its server is")]
pub(crate) fn postgres_server() -> Option<String> {
    let server = std::env::var("TRIMTAB_TEST_POSTGRES").ok();
    if server.is_none() {
        say_that_postgres_is_skipped();
    }
    server
}

#[expect(clippy::print_stderr, reason = "a test run without PostgreSQL must say so")]
fn say_that_postgres_is_skipped() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| eprintln!("TRIMTAB_TEST_POSTGRES is not set: PostgreSQL was skipped"));
}
