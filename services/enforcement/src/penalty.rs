//! A penalty case (行政处罚): referred, filed, investigated, noticed, heard, decided, published, paid, revised.

mod clocks;
mod command;
mod event;
mod handling;
mod lighter;
mod limitation;
mod norm;
mod settling;
mod state;

pub use command::{Command, Penalty, Refusal};
pub use event::{Duty, Event, Outcome, ReviewGround, Subject};
pub use lighter::day_of;
pub use norm::{InYuan, Norm, Range};
pub use state::State;

use state::evolve;

decider::id! {
    /// A penalty case's id.
    PenaltyId
}

#[cfg(test)]
mod tests;
