//! Our side: the book as we have heard it, our orders as we have been answered, our account.

use market::Cash;
use market::depth::{DepthMessage, Grid, Lots, Ticks};
use serde::{Deserialize, Serialize};

use super::book::RecordedBook;
use super::order::{Answer, DepthFill, OwnId, Standing, Wish};

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

/// Cash and position from fills that we have heard of.
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
    /// Books a fill.
    pub fn book(&mut self, grid: &Grid, fill: &DepthFill) {
        let signed = Lots(fill.size.0 * fill.side.sign());
        self.position += signed;
        self.cash += -grid.price(fill.price).times(grid.qty(signed));
        self.fees += fill.fee;
        self.fills += 1;
        self.volume += fill.size;
    }

    /// Cash after fees and the position at a price.
    pub fn equity(&self, grid: &Grid, mark: Ticks) -> Cash {
        self.cash - self.fees + grid.price(mark).times(grid.qty(self.position))
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
}

impl<B: RecordedBook> Local<B> {
    pub(super) fn new(grid: Grid) -> Local<B> {
        Local {
            book: B::default(),
            orders: Vec::new(),
            account: DepthAccount::default(),
            fills: Vec::new(),
            grid,
        }
    }

    #[inline]
    pub(super) fn on_message(&mut self, message: &DepthMessage) {
        // What is wrong with a message is counted once, at the venue.
        let _counted_there = self.book.apply(message);
    }

    pub(super) fn on_answer(&mut self, answer: &Answer) {
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
                self.account.book(&self.grid, &fill);
                self.fills.push(fill);
                if let Some(order) = self.order_mut(fill.order) {
                    order.filled += fill.size;
                    if order.filled >= order.wish.size {
                        order.standing = Standing::Filled;
                    }
                }
            }
        }
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
