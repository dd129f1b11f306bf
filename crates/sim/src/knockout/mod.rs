//! The life of knock-out certificates over a path of their index, behind the [`Broker`] port.
//!
//! The issuer is the only counterparty. It quotes around the intrinsic value within its hours,
//! wider at openings, while the index rests, and after wide bars ([`SpreadRule`]). A print of the
//! index is a tick or a candle ([`Print`]), and each is worked in this order:
//!
//! 1. Nights that have passed move strikes and barriers; orders that ran out or were taken back
//!    leave.
//! 2. Its first price. A barrier that it lies beyond was leapt over: the certificate dies there.
//!    Then orders that had arrived fill at the issuer's quote at that price.
//! 3. The inside of a candle, the bad before the good: limit buys on the way down to the barrier,
//!    stops and the barrier in the order of [`Clash`], then limit sales, if nothing died.
//!
//! An order may fill only on a print that began when the order had arrived, latency included, and
//! an order dated before what the exchange has shown is refused. So no fill rests on a price
//! that was known only later. It also means that on candles without a break any latency above
//! zero waits for a whole candle; ticks tell it finer.
//!
//! Each change is kept as a [`Record`] with its [`Proof`], the cash and the equity after it.
//!
//! [`Broker`]: market::Broker
//!
//! Start reading at [`KnockOutExchange::on_print`].

mod exchange;
mod hours;
mod print;
mod record;
mod rules;
mod submit;
mod work;

pub use exchange::{Certificate, KnockOutExchange};
pub use hours::Hours;
pub use print::Print;
pub use record::{Happened, Proof, Record, Rule};
pub use rules::{Clash, IssuerRules, MeanRange, SpreadRule, Unwind, Watch};
