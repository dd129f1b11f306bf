//! The exchange from outside: fills, brackets, money, and a slow twin.

mod brackets;
mod evidence;
mod fills;
mod knockout;
mod knockout_faults;
mod knockout_properties;
mod money;
mod synth_facts;
mod synth_shape;
mod twin;
mod world;
