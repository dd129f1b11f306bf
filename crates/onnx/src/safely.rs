//! A runtime that breaks off must not take the platform with it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Error;

/// Runs code of the runtime; if it panics, that is an error.
///
/// Nothing that the work touched is used afterwards, so no half-done state is seen.
pub(crate) fn run<T>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|thrown| {
        let text = thrown.downcast_ref::<String>().map(String::as_str);
        let what = text.or_else(|| thrown.downcast_ref::<&str>().copied());
        Err(Error::RunSafely { doing, what: what.unwrap_or("no reason given").to_owned() })
    })
}
