//! Tests of the whole room.

mod binance;
mod damage;
mod dbn_files;
mod dbn_orders;
mod found;
mod recordings;
mod samples;
mod texts;
mod whatever;
