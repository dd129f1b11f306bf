//! Tests of the whole room.

mod broken;
mod contracts;
mod data;
mod golden;
mod hostile;
mod make;
mod trees;
