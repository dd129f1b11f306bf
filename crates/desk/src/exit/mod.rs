//! Exit plans: data that says how a position ends, and the keeper that carries it out.
//!
//! The plan is the same in simulation and live (EXE-2). [`plan`] holds the data, [`keeper`] the
//! state of one plan at work with its [`parts`], [`watch`] what bars do to it, `touch` what those of
//! another instrument do, [`settle`] the orders that follow.
//!
//! Invariant: a filled position is never without its stop. A stop is a sleeping child of the
//! entry order, so it is there before the first fill; it is moved by sending the new one and
//! taking the old one back only when the new one is working; both sit in one OCO group, so they
//! can't both fill.

pub mod keeper;
pub mod parts;
pub mod plan;
mod profit;
pub mod settle;
pub mod share;
mod split;
mod touch;
pub mod watch;

pub use keeper::{Action, ExitReason, Keeper, Phase};
pub use parts::{Leg, Tranche};
pub use plan::{
    AddAt, AddOn, ExitPlan, PlanFault, Ratchet, RiskBasis, Target, TargetAt, Trail, TrailStart,
};
pub use touch::{CloseOn, Way};
pub use watch::{Seen, Watch};
