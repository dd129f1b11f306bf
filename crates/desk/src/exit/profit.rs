//! What a plan has made so far.

use market::{Cash, Price, Side};

use super::keeper::Keeper;

impl Keeper {
    /// Profit of all that it has filled, after fees: what was closed at what it brought, what is
    /// open at `mark`.
    pub fn profit(&self, mark: Price) -> Cash {
        let entered = self.first.value + self.add.as_ref().map_or(Cash::ZERO, |leg| leg.value);
        let worth = self.closed_value + mark.times(self.open());
        let gross = match self.side {
            Side::Long => worth - entered,
            Side::Short => entered - worth,
        };
        gross - self.fees
    }
}
