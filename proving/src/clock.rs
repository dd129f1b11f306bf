//! Seconds, processor seconds and memory of this process.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

/// Wall seconds that a piece of work takes, and what it gives.
pub fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let begun = Instant::now();
    let made = work();
    (begun.elapsed().as_secs_f64(), made)
}

/// The smallest of some figures; infinity when there is none. Noise only ever adds time, so the
/// best of several rounds is the steadiest figure, for both sides.
pub fn best(seconds: &[f64]) -> f64 {
    seconds.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Most memory this process has held at a time, in MiB.
pub fn peak_memory_mib() -> Result<f64> {
    let status = std::fs::read_to_string(Path::new("/proc/self/status"))
        .context("read /proc/self/status: peak memory is measured on Linux alone")?;
    memory_in(&status).context("find VmHWM in /proc/self/status")
}

fn memory_in(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_memory_is_read_in_mib() {
        assert_eq!(memory_in("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2.0));
        assert_eq!(memory_in("Name:\tx\n"), None);
    }

    #[test]
    fn the_best_round_is_the_shortest() {
        assert_eq!(best(&[3.0, 1.0, 2.0]), 1.0);
    }
}
