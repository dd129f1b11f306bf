//! The words of `trimtab orders statement`.

use std::path::PathBuf;

use brokers::Secret;
use clap::{Args, ValueEnum};

/// How dates with slashes are written in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SlashesArg {
    /// MM/dd/yyyy.
    MonthFirst,
    /// dd/MM/yyyy.
    DayFirst,
}

/// Read where no list of processes and no history of a shell shows it.
fn token() -> Option<Secret> {
    std::env::var("TRIMTAB_FLEX_TOKEN").ok().map(|text| Secret::new(&text))
}

/// A statement of Interactive Brokers: the answer of an Activity Flex Query, as XML.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  trimtab orders statement week.xml
  trimtab --json orders statement week.xml
  TRIMTAB_FLEX_TOKEN=… trimtab orders statement week.xml --fetch 123456")]
pub(crate) struct StatementArgs {
    /// The file.
    pub file: PathBuf,
    /// Fetch the answer of the query of this number into the file first.
    #[arg(long, value_name = "QUERY")]
    pub fetch: Option<String>,
    /// Token of the Flex Web Service; from the environment alone.
    #[arg(skip = token())]
    pub token: Option<Secret>,
    /// Another address of the service.
    #[arg(long, value_name = "URL")]
    pub service: Option<String>,
    /// How dates with slashes are written; they are refused when left out.
    #[arg(long, value_enum)]
    pub slashes: Option<SlashesArg>,
}
