//! A runtime that breaks off must not take the platform with it.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::Error;

/// Runs code of the runtime; if it panics, that is an error, and nothing else is printed.
///
/// Nothing that the work touched is used afterwards, so no half-done state is seen.
pub(crate) fn run<T>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    keep_quiet();
    let outer = GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    result.unwrap_or_else(|thrown| {
        let text = thrown.downcast_ref::<String>().map(String::as_str);
        let what = text.or_else(|| thrown.downcast_ref::<&str>().copied());
        Err(Error::RunSafely { doing, what: what.unwrap_or("no reason given").to_owned() })
    })
}

thread_local! {
    /// True while this thread is in the runtime.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Puts a filter before the process's own report of a panic: a panic that becomes an error is told
/// once, by the error. All other panics are reported as they were.
fn keep_quiet() {
    static FILTER: Once = Once::new();
    FILTER.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                report(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::run;
    use crate::Error;

    #[test]
    fn a_panic_becomes_an_error_with_its_words() {
        let read = run::<()>("try", || panic!("last words"));
        assert!(matches!(read, Err(Error::RunSafely { what, .. }) if what == "last words"));
    }

    /// The other half of the next test, which runs it in a process of its own.
    #[test]
    fn one_guarded_and_one_free_panic() {
        drop(run::<()>("try", || panic!("guarded words")));
        drop(std::panic::catch_unwind(|| panic!("free words")));
    }

    #[test]
    fn only_panics_that_are_no_errors_are_printed() {
        let own = std::env::current_exe().unwrap();
        let half = "safely::tests::one_guarded_and_one_free_panic";
        let done = Command::new(own).args(["--exact", half, "--nocapture"]).output();
        let done = done.unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success() && said.contains("free words"), "{said}");
        assert!(!said.contains("guarded words"), "{said}");
    }
}
