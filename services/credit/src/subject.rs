//! A unit's history (信用主体): penalties and accidents as they were made public, and which listings rest on them.

mod command;
mod event;
mod state;

pub use command::{Command, Refusal, Subject};
pub use event::{Event, Ground};
pub use state::{Penalty, State};

use state::evolve;

#[cfg(test)]
mod tests;
