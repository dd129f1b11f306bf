//! The exchange from outside: fills, brackets, money, and a slow twin.

mod brackets;
mod evidence;
mod fills;
mod money;
mod spreads;
mod synth_facts;
mod synth_shape;
mod twin;
mod world;
