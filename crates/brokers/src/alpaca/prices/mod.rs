//! Alpaca's stream of prices: its messages, and the line that carries them.
//!
//! Source: docs.alpaca.markets, "Real-time Stock Data" and "WebSocket Stream": one line holds one
//! subscription; a bar comes just after its minute; late trades change it (`updatedBars`), which is
//! not listened to here, for what was told is told.

mod online;
mod talk;

pub use online::{Source, start};
pub(super) use talk::{MINUTE, bar};
