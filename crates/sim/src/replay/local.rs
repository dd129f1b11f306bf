//! Our side: the book as we have heard it, our orders as we have been answered, our account.

use market::Cash;
use market::depth::{DepthMessage, Grid, Lots, Ticks};
use serde::{Deserialize, Serialize};

use super::book::RecordedBook;
use super::contract::Contract;
use super::order::{Answer, DepthFill, OwnId, Standing, Wish};
use crate::Error;

/// An order of ours, as far as we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnOrder {
    /// What we asked for.
    pub wish: Wish,
    /// Where it stands.
    pub standing: Standing,
    /// How much has traded.
    pub filled: Lots,
    /// True from when we asked to cancel it until we are answered.
    pub cancelling: bool,
}

/// Cash and position from fills that we have heard of. Cash is in the currency that the
/// [`Contract`] settles in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DepthAccount {
    /// What is held; negative is short.
    pub position: Lots,
    /// Cash from trades, fees not taken off.
    pub cash: Cash,
    /// Fees paid; negative: rebates received.
    pub fees: Cash,
    /// How many fills.
    pub fills: u64,
    /// How much was traded, both sides.
    pub volume: Lots,
}

impl DepthAccount {
    /// Books a fill of such contracts.
    ///
    /// # Errors
    /// As [`Contract::value`]; nothing is booked then.
    pub fn book(&mut self, grid: &Grid, contract: Contract, fill: &DepthFill) -> Result<(), Error> {
        let signed = Lots(fill.size.0 * fill.side.sign());
        self.cash -= contract.value(grid, fill.price, signed)?;
        self.position += signed;
        self.fees += fill.fee;
        self.fills += 1;
        self.volume += fill.size;
        Ok(())
    }

    /// Cash after fees and the position at a price.
    ///
    /// # Errors
    /// As [`Contract::value`].
    pub fn equity(&self, grid: &Grid, contract: Contract, mark: Ticks) -> Result<Cash, Error> {
        Ok(self.cash - self.fees + contract.value(grid, mark, self.position)?)
    }
}

/// Our side.
#[derive(Debug)]
pub(super) struct Local<B> {
    pub(super) book: B,
    pub(super) orders: Vec<OwnOrder>,
    pub(super) account: DepthAccount,
    pub(super) fills: Vec<DepthFill>,
    grid: Grid,
    contract: Contract,
}

impl<B: RecordedBook> Local<B> {
    pub(super) fn new(grid: Grid, contract: Contract) -> Local<B> {
        Local {
            book: B::default(),
            orders: Vec::new(),
            account: DepthAccount::default(),
            fills: Vec::new(),
            grid,
            contract,
        }
    }

    #[inline]
    pub(super) fn on_message(&mut self, message: &DepthMessage) {
        // What is wrong with a message is counted once, at the venue.
        let _counted_there = self.book.apply(message);
    }

    pub(super) fn on_answer(&mut self, answer: &Answer) -> Result<(), Error> {
        match *answer {
            Answer::Accepted(id) => self.move_to(id, Standing::Working),
            Answer::Cancelled(id) => self.move_to(id, Standing::Cancelled),
            Answer::Rejected(id, reject) => self.move_to(id, Standing::Rejected(reject)),
            Answer::CancelRejected(id, _) => {
                if let Some(order) = self.order_mut(id) {
                    order.cancelling = false;
                }
            }
            Answer::Filled(fill) => {
                self.account.book(&self.grid, self.contract, &fill)?;
                self.fills.push(fill);
                if let Some(order) = self.order_mut(fill.order) {
                    order.filled += fill.size;
                    if order.filled >= order.wish.size {
                        order.standing = Standing::Filled;
                    }
                }
            }
        }
        Ok(())
    }

    fn move_to(&mut self, id: OwnId, standing: Standing) {
        if let Some(order) = self.order_mut(id) {
            order.standing = standing;
        }
    }

    pub(super) fn order(&self, id: OwnId) -> Option<&OwnOrder> {
        self.orders.iter().find(|order| order.wish.id == id)
    }

    pub(super) fn order_mut(&mut self, id: OwnId) -> Option<&mut OwnOrder> {
        self.orders.iter_mut().find(|order| order.wish.id == id)
    }
}
