//! Tests of the whole room against reference libraries.

mod barrier;
