//! The register of authority (执法资格): certificates and delegations as the enforcement department published them.

mod command;
mod event;
mod state;

pub use command::{Authority, Command, Refusal};
pub use event::Event;
pub use state::State;

use state::evolve;
