//! Trading within a book: environments in which an agent makes a market, or works a large order,
//! on a synthetic depth, against a crowd at a matching [`Venue`](sim::depth::Venue).
//!
//! Its orders wait in the same queues as the crowd's, trade when their turn comes, and move the
//! price as far as they reach into the book. Where the crowd has a fair price, those who know it
//! take what an agent leaves on its wrong side: that is the adverse selection that a maker pays.
//!
//! What an agent decides at the end of a step reaches the venue `latency_seconds` later, priced
//! on the book that it saw. The reward of a step is the change of what it owns, cash plus
//! position at the middle, less fees, in ticks × lots; a penalty on inventory is counted apart.
//! All of it is synthetic: what is learnt here has met no market.
//!
//! Start reading at [`MakerEnv`], then [`WorkEnv`].

mod maker;
mod seat;
#[cfg(test)]
mod tests;
mod view;
mod work;

pub use maker::{MakerConfig, MakerEnv, MakerState};
pub use seat::{Fees, Gain, Seat, Standing};
pub use view::{BOOK_COLUMNS, MAKER_COLUMNS, WORK_COLUMNS};
pub use work::{WorkConfig, WorkEnv, WorkState};

use std::sync::Arc;

use base::Seed;
use market::depth::{BookSide, Ticks};
use serde::{Deserialize, Serialize};
use sim::flow::{Crowd, CrowdConfig, CrowdState};

use crate::Error;

/// The market that both environments share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepthMarket {
    /// Who else is there.
    pub crowd: CrowdConfig,
    /// Books that have filled, one of which is drawn for each episode.
    pub books: usize,
    /// Where they come from.
    pub seed: u64,
    /// Seconds of a step.
    pub step_seconds: f64,
    /// Seconds from a decision to the venue; less than a step.
    pub latency_seconds: f64,
    /// What trading costs.
    pub fees: Fees,
    /// Steps of an episode.
    pub episode: u32,
    /// Rewards are multiplied by this.
    pub reward_scale: f32,
}

/// A market ready for episodes. Copies share it.
#[derive(Debug, Clone)]
struct Floor {
    crowd: Arc<Crowd>,
    filled: Arc<[CrowdState]>,
    market: Arc<DepthMarket>,
}

impl Floor {
    fn new(market: DepthMarket) -> Result<Floor, Error> {
        let span = 1e-6..=86_400.0;
        let fault = if !(1..=100_000).contains(&market.books) {
            Some(format!("{} filled books are not 1 to 100,000", market.books))
        } else if market.episode == 0 {
            Some("an episode needs a step".to_owned())
        } else if !span.contains(&market.step_seconds) {
            Some(format!("a step of {} seconds is not one-millionth to a day", market.step_seconds))
        } else if !(0.0..market.step_seconds).contains(&market.latency_seconds) {
            Some(format!("a latency of {} seconds is not below a step", market.latency_seconds))
        } else if !(market.reward_scale.is_finite() && market.reward_scale > 0.0) {
            Some(format!("rewards can't be multiplied by {}", market.reward_scale))
        } else {
            market.fees.fault()
        };
        if let Some(fault) = fault {
            return Err(Error::CheckSettings { fault });
        }
        let crowd = Crowd::new(market.crowd.clone())?;
        let seed = Seed::root(market.seed).child("books");
        let filled: Result<Vec<CrowdState>, sim::Error> =
            (0..market.books as u64).map(|book| crowd.begin(seed.index(book))).collect();
        let (crowd, filled) = (Arc::new(crowd), filled?.into());
        Ok(Floor { crowd, filled, market: Arc::new(market) })
    }

    fn draw(&self, seed: Seed) -> CrowdState {
        self.filled[(seed.number() % self.filled.len() as u64) as usize].clone()
    }
}

/// The price at which to quote a side on the book as it is now: way 1 at its best price, 2 a tick
/// behind, 3 a tick inside the spread where there is room, else as 1; no other way quotes.
fn quote_price(crowd: &CrowdState, side: BookSide, way: usize) -> Option<Ticks> {
    let best = |side| crowd.venue().best(side).map(|(price, _)| price);
    let (own, other) = (best(side)?, best(side.opposite()));
    let step = Ticks(side.sign());
    let has_room = other.is_none_or(|other| side.is_better(other, own + step));
    match way {
        1 => Some(own),
        2 => Some(own - step),
        3 => Some(if has_room { own + step } else { own }),
        _ => None,
    }
}
