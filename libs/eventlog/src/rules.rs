//! The versions of rules and calendar that a log has been told to go by: one stream for each, in every log.
//!
//! **Invariant**: what a log decides by, beyond what its program brought along, stands in the log itself; so every
//! process on it, at any time, decides by the same.

mod command;
mod event;
mod state;

pub use command::{Command, Refusal, Rules};
pub use event::Event;
pub use state::State;
