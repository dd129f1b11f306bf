//! The exchange from outside: fills, brackets, money, and a slow twin.

mod brackets;
mod evidence;
mod fills;
mod money;
mod replay_golden;
mod replay_properties;
mod replay_rules;
mod synth_facts;
mod synth_shape;
mod twin;
mod world;
