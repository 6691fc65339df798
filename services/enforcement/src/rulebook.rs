//! A proposed rule pack or calendar (规则采用): proposed, tried out, approved by a second person, in force.
//!
//! **Invariant**: no file takes effect that one person alone has looked at, that cannot be read, or whose instant
//! has passed when it is approved.

mod command;
mod event;
mod state;

pub use command::{Adopting, Command, Refusal, TEXT_BYTES_MAX};
pub use event::{Counted, Differences, Event, Proposal};
pub use state::{Draft, State};

use state::evolve;

decider::id! {
    /// A proposal's id.
    ProposalId
}

#[cfg(test)]
mod tests;
