//! A fire (火灾): the alarm, urgent reports upward, casualties that set the level, jurisdiction that only rises.

mod clocks;
mod command;
mod event;
mod state;

pub use command::{Command, Fire, Refusal};
pub use event::{Duty, Event, Rung, Totals, Track};
pub use state::{Raised, State};

use state::evolve;

decider::id! {
    /// A fire's id, also its determination's.
    FireId
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
