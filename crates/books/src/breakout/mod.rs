//! The breakout book.
//!
//! 1. **Idea**: after a rally and a tight rest of at least 1.5 times its length, a close beyond
//!    the rest may continue. Not every one does; a model decides the bet.
//! 2. **Universe**: stocks with a scan-able history; [`context`] holds the funds around them.
//! 3. **Data**: daily bars, adjusted forward; finer bars where there are any.
//! 4. **Features**: `features::breakout`, 44 for the long side, 20 for the short.
//! 5. **Labels**: `features::label`: booked target before stop.
//! 6. **Models**: [`train`]: boosted trees, one a side, calibrated on out-of-fold predictions,
//!    judged once on the latest part of time.
//! 7. **Decide**: the calibrated confidence against the gate, expected value after costs
//!    ([`bet`]); [`gates`] shows what each gate would have earned. What the model does not believe
//!    in is watched, and faded when it turns ([`opposing`]).
//! 8. **Size**: `desk::size`: EV tier, stop distance, equity.
//! 9. **Risk**: `desk::risk` under `[limits]`; [`regime`] may halve or block a side.
//! 10. **Execute**: market order for the next open, exit plan of [`bet`]; or a spread of options
//!     ([`overlay`]); [`book`] brings it to the engine.
//! 11. **Schedule**: after the close, once a session.
//! 12. **Expect**: what the study's held-out part said, with its interval; nothing more.
//!
//! Numbers stand in `config/books/breakout.toml` ([`config`]).

pub mod bet;
pub mod book;
pub mod candidates;
pub mod config;
pub mod context;
pub mod gates;
pub mod opposing;
pub mod overlay;
pub mod regime;
pub mod train;

pub use book::BreakoutBook;
pub use candidates::{Candidate, Stock, find};
pub use config::BreakoutConfig;
pub use context::{Context, StockFacts};
