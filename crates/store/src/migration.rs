//! Making the tables, and bringing those of an older program up to date.
//!
//! The tables are plain SQL in `migrations/`, one file a group, the same for both databases but where
//! it says that it is for SQLite. A change is a new file and a new line in [`MIGRATIONS`]; a file
//! that was released never changes.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};

use crate::error::Trouble;
use crate::{Error, Store};

/// Each group of tables, oldest first.
const MIGRATIONS: [Group; 6] = [
    Group::new("0001_runs", include_str!("../migrations/0001_runs.sql")),
    Group::new("0002_learning", include_str!("../migrations/0002_learning.sql")),
    Group::new("0003_trading", include_str!("../migrations/0003_trading.sql")),
    Group::new("0004_books", include_str!("../migrations/0004_books.sql")),
    Group::new("0005_studies", include_str!("../migrations/0005_studies.sql")),
    Group::of_sqlite(
        "0006_journal_by_number",
        include_str!("../migrations/0006_journal_by_number.sql"),
    ),
];

/// Any number; the same in every program that migrates this schema ("trimtab" in ASCII).
const MIGRATION_LOCK: i64 = 0x0074_7269_6d74_6162;

/// Where the migrator writes down what it applied.
const MIGRATION_TABLE: &str = "seaql_migrations";

/// A group of tables, or a change of some.
#[derive(Clone, Copy)]
struct Group {
    name: &'static str,
    text: &'static str,
    /// It changes how SQLite keeps them; PostgreSQL only writes down that it was passed.
    is_of_sqlite: bool,
}

impl Group {
    const fn new(name: &'static str, text: &'static str) -> Group {
        Group { name, text, is_of_sqlite: false }
    }

    const fn of_sqlite(name: &'static str, text: &'static str) -> Group {
        Group { name, text, is_of_sqlite: true }
    }
}

impl MigrationName for Group {
    fn name(&self) -> &str {
        self.name
    }
}

#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Group {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let text = match connection.get_database_backend() {
            DbBackend::Postgres if self.is_of_sqlite => return Ok(()),
            DbBackend::Postgres => self.text.replace(" blob", " bytea"),
            _ => self.text.to_owned(),
        };
        connection.execute_unprepared(&text).await?;
        Ok(())
    }
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let group = |group| Box::new(group) as Box<dyn MigrationTrait>;
        MIGRATIONS.into_iter().map(group).collect()
    }
}

/// Applies what is missing, all of it in one transaction: a crash in between leaves the old
/// schema whole, and of two programs that start at once the second finds the work done.
pub(crate) fn bring_up_to_date(store: &Store) -> Result<(), Error> {
    let failed = |source: DbErr| Error::Migrate {
        shown: store.address().to_string(),
        trouble: Trouble::of(&source),
        source: Box::new(source),
    };
    let applied = store.block_on(applied(store.connection())).map_err(failed)?;
    refuse_newer(store, &applied)?;
    if applied.len() == MIGRATIONS.len() {
        return Ok(());
    }
    store.block_on(apply(store)).map_err(failed)
}

async fn applied(connection: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    if !SchemaManager::new(connection).has_table(MIGRATION_TABLE).await? {
        return Ok(Vec::new());
    }
    // Asking the migrator would create its table, which a read-only database cannot do.
    let text = format!("select version from {MIGRATION_TABLE} order by version");
    let rows = connection
        .query_all_raw(Statement::from_string(connection.get_database_backend(), text))
        .await?;
    rows.iter().map(|row| row.try_get("", "version")).collect()
}

fn refuse_newer(store: &Store, applied: &[String]) -> Result<(), Error> {
    let known = |name: &&String| MIGRATIONS.iter().any(|mine| mine.name == name.as_str());
    let unknown: Vec<&str> =
        applied.iter().filter(|name| !known(name)).map(String::as_str).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Error::OpenNewerSchema {
        shown: store.address().to_string(),
        found: unknown.join(", "),
        known: MIGRATIONS[MIGRATIONS.len() - 1].name.to_owned(),
    })
}

async fn apply(store: &Store) -> Result<(), DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let tx = store.connection().begin_with_options(options).await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        let lock = format!("select pg_advisory_xact_lock({MIGRATION_LOCK})");
        tx.execute_unprepared(&lock).await?;
    }
    Migrator::up(&tx, None).await?;
    tx.commit().await
}
