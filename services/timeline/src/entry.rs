//! An entry (卷宗条目): one fact of one log, written down once. Every fact has a stream of its own. Decision 20.

mod command;
mod event;
mod state;

pub use command::{Command, Entry, Refusal};
pub use event::{Event, Noted};
pub use state::State;

use state::evolve;

/// The id of the entry for a position of a log: nobody else ever writes to its stream.
pub fn id(source: &str, position: u64) -> String {
    format!("{source}-{position}")
}

#[cfg(test)]
mod tests;
