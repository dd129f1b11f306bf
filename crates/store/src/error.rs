//! What can go wrong, said so that a person knows where and what to do.

use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL of the database is not one that we understand.
    #[error("read database url {shown}: {fault}; write sqlite:///folder/state.db or postgres://…")]
    ReadUrl {
        /// The URL without its password.
        shown: String,
        /// What is wrong with it.
        fault: String,
    },
    /// The threads that talk to the database could not be started.
    #[error("start the threads that talk to the database")]
    StartRuntime(#[source] std::io::Error),
    /// The database did not let us in.
    #[error("open database {shown}: {trouble}")]
    OpenDatabase {
        /// The URL without its password.
        shown: String,
        /// The cause, with what to do.
        trouble: Trouble,
        /// What the driver said.
        #[source]
        source: Box<DbErr>,
    },
    /// The tables could not be made or brought up to date; nothing was changed.
    #[error("migrate database {shown}: {trouble}")]
    Migrate {
        /// The URL without its password.
        shown: String,
        /// The cause, with what to do.
        trouble: Trouble,
        /// What the driver said.
        #[source]
        source: Box<DbErr>,
    },
    /// The database was written by a newer program than this one.
    #[error(
        "open database {shown}: its schema has {found}, this program knows up to {known}; \
         run the newer program, or restore a copy made before it ran"
    )]
    OpenNewerSchema {
        /// The URL without its password.
        shown: String,
        /// Migrations that this program does not know.
        found: String,
        /// The last migration that this program knows.
        known: String,
    },
    /// A statement failed.
    #[error("{operation}: {trouble}")]
    Query {
        /// What was being done.
        operation: String,
        /// The cause, with what to do.
        trouble: Trouble,
        /// What the driver said.
        #[source]
        source: Box<DbErr>,
    },
    /// The journal's own connection failed; nothing of the transaction was kept.
    #[error("{operation}: {trouble}")]
    Append {
        /// What was being done.
        operation: &'static str,
        /// The cause, with what to do.
        trouble: Trouble,
        /// What SQLite said.
        #[source]
        source: Box<rusqlite::Error>,
    },
    /// A column did not hold what it should.
    #[error("read column {column} of table {table}: {fault}")]
    ReadColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What is wrong with the value.
        fault: String,
    },
    /// A value could not be written as JSON.
    #[error("write {what} as json")]
    WriteJson {
        /// What it was.
        what: &'static str,
        /// What serde said.
        #[source]
        source: serde_json::Error,
    },
    /// A record that may be written once is there already, with other contents.
    #[error("record {key} in {table}: it is there already with other contents, left as it was")]
    RecordOnce {
        /// The table.
        table: &'static str,
        /// The key of the record.
        key: String,
    },
    /// A record that must be there is not.
    #[error("find {key} in {table}: there is none")]
    Find {
        /// The table.
        table: &'static str,
        /// The key of the record.
        key: String,
    },
    /// A state from which the wanted one cannot be reached.
    #[error("move {key} in {table} from {from} to {to}: not allowed")]
    MoveState {
        /// The table.
        table: &'static str,
        /// The key of the record.
        key: String,
        /// The state it is in.
        from: &'static str,
        /// The state asked for.
        to: &'static str,
    },
    /// Ledger entries that do not sum to zero.
    #[error("post journal entry {journal}: the entries in {currency} sum to {sum}, not to zero")]
    PostEntries {
        /// The journal number.
        journal: u64,
        /// The currency.
        currency: String,
        /// The sum, in millionths.
        sum: i128,
    },
    /// Journal records must follow one another without a gap.
    #[error("append journal record {given}: the next number is {next}")]
    AppendJournal {
        /// The number given.
        given: i64,
        /// The number expected.
        next: i64,
    },
    /// Another process holds the lock.
    #[error("lock {name}: {holder} holds it; wait for it to end, or stop it, then run again")]
    Lock {
        /// The lock.
        name: String,
        /// Who holds it, as far as known.
        holder: String,
    },
    /// The lock file could not be used.
    #[error("lock {name} with file {path}")]
    LockFile {
        /// The lock.
        name: String,
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn query(operation: impl Into<String>, source: DbErr) -> Error {
        let trouble = Trouble::of(&source);
        Error::Query { operation: operation.into(), trouble, source: Box::new(source) }
    }

    /// The cause, where it is one of the database's own.
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Error::OpenDatabase { trouble, .. }
            | Error::Migrate { trouble, .. }
            | Error::Query { trouble, .. }
            | Error::Append { trouble, .. } => Some(*trouble),
            _ => None,
        }
    }
}

/// A cause that a person can do something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Nobody answers.
    #[error("no answer; check that the server runs and that host and port are right")]
    Unreachable,
    /// The server does not accept the user.
    #[error("user or password refused; check them in the url")]
    Refused,
    /// The server has no such database.
    #[error("the server has no such database; create it first")]
    NoSuchDatabase,
    /// The file cannot be opened or made.
    #[error("the file cannot be opened or made; check that the folder exists and is writable")]
    CannotOpen,
    /// The file is something else.
    #[error("the file is not a SQLite database, or it is damaged; move it away or restore a copy")]
    NotADatabase,
    /// Somebody else is writing.
    #[error("another process is writing and did not finish in time; try again once it is done")]
    Locked,
    /// Writing is not allowed.
    #[error("it is read-only; make the file and its folder writable, or open another database")]
    ReadOnly,
    /// No space is left.
    #[error("the disk is full; make room, nothing was half-written")]
    DiskFull,
    /// The user may not do this.
    #[error("the database user may not do this; grant the right or use another user")]
    NotPermitted,
    /// A rule of the schema was broken.
    #[error("a rule of the schema forbids it")]
    RuleBroken,
    /// Something else.
    #[error("the database gave an error")]
    Other,
}

impl Trouble {
    pub(crate) fn of(error: &DbErr) -> Trouble {
        match error {
            DbErr::ConnectionAcquire(_) => Trouble::Unreachable,
            DbErr::Conn(RuntimeErr::SqlxError(e))
            | DbErr::Exec(RuntimeErr::SqlxError(e))
            | DbErr::Query(RuntimeErr::SqlxError(e)) => Trouble::of_sqlx(e),
            _ => Trouble::Other,
        }
    }

    fn of_sqlx(error: &SqlxError) -> Trouble {
        match error {
            SqlxError::Io(_) | SqlxError::PoolTimedOut | SqlxError::PoolClosed => {
                Trouble::Unreachable
            }
            SqlxError::Tls(_) => Trouble::Unreachable,
            SqlxError::Database(e) => {
                e.code().map_or(Trouble::Other, |code| Trouble::of_code(&code))
            }
            _ => Trouble::Other,
        }
    }

    /// SQLite result codes are decimal numbers, extended ones carry the primary code in the low
    /// byte (sqlite.org/rescode.html); PostgreSQL's are five characters (appendix A).
    fn of_code(code: &str) -> Trouble {
        if code.len() == 5 {
            return Trouble::of_sqlstate(code);
        }
        Trouble::of_sqlite(code.parse().unwrap_or(0))
    }

    pub(crate) fn of_sqlite(code: i32) -> Trouble {
        match code & 0xff {
            5 | 6 => Trouble::Locked,
            8 => Trouble::ReadOnly,
            11 | 26 => Trouble::NotADatabase,
            13 => Trouble::DiskFull,
            14 => Trouble::CannotOpen,
            3 | 23 => Trouble::NotPermitted,
            19 => Trouble::RuleBroken,
            _ => Trouble::Other,
        }
    }

    fn of_sqlstate(code: &str) -> Trouble {
        match code {
            "28P01" | "28000" => Trouble::Refused,
            "3D000" => Trouble::NoSuchDatabase,
            "25006" => Trouble::ReadOnly,
            "53100" => Trouble::DiskFull,
            "42501" => Trouble::NotPermitted,
            "55P03" | "40P01" | "40001" => Trouble::Locked,
            _ if code.starts_with("23") => Trouble::RuleBroken,
            _ if code.starts_with("08") || code.starts_with("57P") => Trouble::Unreachable,
            _ => Trouble::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_databases_name_the_same_trouble() {
        let cases = [
            ("5", Trouble::Locked),
            ("517", Trouble::Locked),
            ("55P03", Trouble::Locked),
            ("8", Trouble::ReadOnly),
            ("1032", Trouble::ReadOnly),
            ("25006", Trouble::ReadOnly),
            ("13", Trouble::DiskFull),
            ("53100", Trouble::DiskFull),
            ("787", Trouble::RuleBroken),
            ("23503", Trouble::RuleBroken),
            ("26", Trouble::NotADatabase),
            ("28P01", Trouble::Refused),
            ("57P03", Trouble::Unreachable),
            ("99999", Trouble::Other),
        ];
        for (code, trouble) in cases {
            assert_eq!(Trouble::of_code(code), trouble, "{code}");
        }
    }
}
