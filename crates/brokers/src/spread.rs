//! Orders of several option legs that fill together: what every broker that takes them is asked,
//! and what it says.
//!
//! Each question is waited for. An order has a name; placing it again under that name, after an
//! answer that was lost or a restart, finds it and never makes a second one.

use base::Ts;
use market::{Cash, ChainPart, ClientOrderId, Price, Vertical};
pub use market::{OptionSeries as Series, SeriesQuote as Quote};

/// One leg of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The option.
    pub series: Series,
    /// Contracts in one unit of the order; below zero they are sold.
    pub ratio: i32,
}

/// An order for the day at one net price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its name, never used for another.
    pub name: ClientOrderId,
    /// Two to four.
    pub legs: Vec<Leg>,
    /// How many units.
    pub units: u32,
    /// The most that one unit may cost a share; below zero the least that it must bring. `None`
    /// is whatever the market takes.
    pub net: Option<Price>,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It may still fill.
    Open,
    /// It filled whole.
    Filled,
    /// It ended before it was filled whole.
    Ended,
}

/// A trade in one leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegTrade {
    /// When.
    pub at: Ts,
    /// Contracts, without a sign.
    pub contracts: u32,
    /// Their price a share.
    pub price: Price,
    /// Commission and fees; `None` where the broker has not told them yet.
    pub fee: Option<Cash>,
}

/// What a leg has filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegFilled {
    /// The option.
    pub series: Series,
    /// Contracts in one unit of the order; below zero they are sold.
    pub ratio: i32,
    /// Contracts; below zero they were sold.
    pub contracts: i64,
    /// Their average price a share; `None` before the first.
    pub price: Option<Price>,
    /// The trades that made them, in their order; they may lag behind.
    pub trades: Vec<LegTrade>,
}

/// An order as the broker knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub state: State,
    /// Units that filled.
    pub filled: u32,
    /// What one of them cost on average a share; below zero it brought that.
    pub net: Option<Price>,
    /// Its legs in the order's order.
    pub legs: Vec<LegFilled>,
}

/// What came of placing an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// The broker has it, from now or from before.
    Known(Standing),
    /// The broker does not take it, in its words.
    Refused(String),
    /// No answer came that tells; place it again.
    Unknown(String),
}

/// A broker that takes orders of option legs.
pub trait Spreads {
    /// Options on a share, with their quotes.
    ///
    /// # Errors
    /// In words, without a secret.
    fn chain(&mut self, underlying: &str, part: &ChainPart) -> Result<Vec<Quote>, String>;

    /// Places an order, or finds the one of its name.
    fn place(&mut self, order: &Order) -> Placed;

    /// Where the order of a name stands; `None` where the broker knows none.
    ///
    /// # Errors
    /// In words, without a secret.
    fn look(&mut self, name: &ClientOrderId) -> Result<Option<Standing>, String>;

    /// Takes an order back. One that has ended, or never was, is well.
    ///
    /// # Errors
    /// In words, without a secret.
    fn cancel(&mut self, name: &ClientOrderId) -> Result<(), String>;

    /// Names of the orders that may still fill.
    ///
    /// # Errors
    /// In words, without a secret.
    fn open(&mut self) -> Result<Vec<ClientOrderId>, String>;

    /// Contracts of options on the account; below zero they were sold.
    ///
    /// # Errors
    /// In words, without a secret.
    fn held(&mut self) -> Result<Vec<(Series, i64)>, String>;
}

/// The legs of a vertical, for a unit that is bought.
pub fn legs_of(vertical: &Vertical) -> Vec<Leg> {
    let (bought, sold) = vertical.legs();
    vec![Leg { series: bought, ratio: 1 }, Leg { series: sold, ratio: -1 }]
}
