//! A temporary seal (临时查封) of one place: ordered, served, broken, lifted; and ordered again on new evidence.
//! Decision 21.
//!
//! **Invariant**: a fire rescue body seals in its own name, for 30 days at most. Nobody else does, under
//! whatever delegation (行政强制法 17).

mod clocks;
mod command;
mod event;
mod state;

pub use command::{Command, Refusal, Seal};
pub use event::{Cause, Duty, Event};
pub use state::{Sealed, State};

use state::evolve;

decider::id! {
    /// The id of a sealed place.
    SealId
}

#[cfg(test)]
mod tests;
