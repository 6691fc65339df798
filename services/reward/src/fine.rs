//! A fine as the enforcement department publishes it, and the claim it counts for: a revision names its penalty only.

mod command;
mod event;
mod state;

pub use command::{Command, Fine, Refusal};
pub use event::Event;
pub use state::State;

use state::evolve;
