//! A hazard case (隐患): inspected, ordered corrected, re-inspected; a major one is determined, reported and listed.

mod clocks;
mod command;
mod event;
mod state;

pub use command::{Command, Hazard, Refusal};
pub use event::{Duty, Event, Outcome};
pub use state::{Major, Open, Stage, State};

use state::evolve;

decider::id! {
    /// A hazard case's id.
    HazardId
}

#[cfg(test)]
pub(crate) mod tests;
