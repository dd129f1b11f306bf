//! The exchange from outside: fills, brackets, money, and a slow twin.

mod brackets;
mod depth_floor;
mod depth_snapshot;
mod depth_venue;
mod evidence;
mod fills;
mod knockout;
mod knockout_faults;
mod knockout_properties;
mod money;
mod replay_golden;
mod replay_golden_orders;
mod replay_properties;
mod replay_rules;
mod script;
mod slow_auction;
mod slow_venue;
mod spreads;
mod synth_facts;
mod synth_shape;
mod twin;
mod world;
