//! What the store promises, on SQLite always and on PostgreSQL when `TRIMTAB_TEST_POSTGRES` is set.

mod appender;
mod claims;
mod crash;
mod database;
mod opening;
mod records;
mod steps;
mod transactions;
