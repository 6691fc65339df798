//! The register of authority (执法资格): investigators' certificates as the enforcement department
//! published them. Delegations are not noted: neither a determination nor a transfer is ever delegated.

mod command;
mod event;
mod state;

pub use command::{Authority, Command, Refusal};
pub use event::Event;
pub use state::State;

use state::evolve;
