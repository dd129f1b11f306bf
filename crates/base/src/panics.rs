//! A library that breaks off must not take the platform with it.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

/// Runs code of a library; if it panics, its words are the error, and nothing is printed.
///
/// Nothing that the work touched may be used after a panic: it may be half done.
///
/// # Errors
/// The words of the panic.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    keep_quiet();
    let outer = GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    result.map_err(|thrown| {
        let text = thrown.downcast_ref::<String>().map(String::as_str);
        let what = text.or_else(|| thrown.downcast_ref::<&str>().copied());
        what.unwrap_or("no reason given").to_owned()
    })
}

thread_local! {
    /// True while this thread is in the library.
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

    use super::caught;

    #[test]
    fn a_panic_becomes_an_error_with_its_words() {
        assert_eq!(caught(|| 3), Ok(3));
        assert_eq!(caught::<()>(|| panic!("last words")), Err("last words".to_owned()));
    }

    /// The other half of the next test, which runs it in a process of its own.
    #[test]
    fn one_guarded_and_one_free_panic() {
        drop(caught::<()>(|| panic!("guarded words")));
        drop(std::panic::catch_unwind(|| panic!("free words")));
    }

    #[test]
    fn only_panics_that_are_no_errors_are_printed() {
        let own = std::env::current_exe().unwrap();
        let half = "panics::tests::one_guarded_and_one_free_panic";
        let done = Command::new(own).args(["--exact", half, "--nocapture"]).output();
        let done = done.unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success() && said.contains("free words"), "{said}");
        assert!(!said.contains("guarded words"), "{said}");
    }
}
