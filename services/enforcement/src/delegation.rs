//! A delegation (委托 or 赋权): drafted, signed by both, published by both, in force; then suspended, resumed, ended.
//!
//! **Invariant**: who may delegate never may be delegated to, so no chain of delegations is longer than one
//! (行政处罚法 20), whatever other delegations there are.

mod command;
mod event;
mod state;

pub use command::{Command, Delegating, Refusal};
pub use event::{Basis, BasisKind, Event, Party};
pub use state::{Draft, State};

use state::evolve;

decider::id! {
    /// A delegation's id.
    DelegationId
}

#[cfg(test)]
mod tests;
