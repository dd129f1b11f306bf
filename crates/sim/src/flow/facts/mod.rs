//! What order flow looks like everywhere, in numbers with intervals: spreads, depth, memory of
//! signs, variance by interval, waits, tails, volumes, lifetimes, bursts, the push of market
//! orders, intensity by time of day.
//!
//! An observation is cut into blocks of time. Each fact is a function of sums over blocks, and
//! its interval comes from drawing whole blocks anew (base::bootstrap), so that what hangs
//! together within a block stays together. A recorded and a simulated stream are compared fact by
//! fact; a fact that differs or can't be judged stays in the table and says so.
//!
//! Sources: Cont 2001, Quant. Finance 1, 223–236 (returns); Bouchaud, Farmer and Lillo 2009,
//! "How markets slowly digest changes in supply and demand", §§2–4 (signs, depth, spreads);
//! Aït-Sahalia, Mykland and Zhang 2005, Rev. Financ. Stud. 18, 351–416 (variance by interval).
//!
//! Start reading at [`measure`](fn@measure), then [`compare`].

mod compare;
mod day;
mod measure;
mod place;
mod pressure;
#[cfg(test)]
mod tests;

pub use compare::{Comparison, Fact, Verdict, compare};
pub use measure::{FactsConfig, Measured, measure};
pub use place::{Curve, Place};
