//! A runtime that breaks off must not take the platform with it.

use base::panics;

use crate::Error;

/// Runs code of the runtime; if it panics, that is an error.
///
/// Nothing that the work touched is used afterwards, so no half-done state is seen.
pub(crate) fn run<T>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    panics::caught(work).unwrap_or_else(|what| Err(Error::RunSafely { doing, what }))
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::Error;

    #[test]
    fn a_panic_becomes_an_error_with_its_words() {
        let read = run::<()>("try", || panic!("last words"));
        assert!(matches!(read, Err(Error::RunSafely { what, .. }) if what == "last words"));
    }
}
