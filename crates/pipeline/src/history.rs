//! What a study reads: stocks one at a time, and the funds around them.

use std::borrow::Cow;

use books::breakout::{Context, Stock};
use market::InstrumentId;
use report::Origin;

use crate::Error;

/// Histories as known at one time. Reading the same place twice gives the same stock; places are
/// read from many threads at once and need not be in memory together.
pub trait History: Sync {
    /// Stocks.
    fn count(&self) -> usize;
    /// One stock, adjusted forward.
    fn stock(&self, place: usize) -> Result<Cow<'_, Stock>, Error>;
    /// Where an instrument's history stands.
    fn place(&self, instrument: InstrumentId) -> Option<usize>;
    /// An instrument's symbol.
    fn symbol(&self, instrument: InstrumentId) -> &str;
    /// Funds and the volatility index.
    fn context(&self) -> &Context;
    /// Version of the data.
    fn data_version(&self) -> String;
    /// Whether the data are real.
    fn origin(&self) -> Origin;
}
