//! Threads for what blocks.

use crate::Error;

/// Starts work on a thread of its own, which goes on by itself.
pub(crate) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map(drop).map_err(Error::StartThread)
}
