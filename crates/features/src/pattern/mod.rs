//! The rally, base and breakout pattern.

pub mod config;
mod mirror;
pub mod scanner;
pub mod setup;

pub use config::ScanConfig;
pub use scanner::Scanner;
pub use setup::Setup;

#[cfg(test)]
mod tests;
