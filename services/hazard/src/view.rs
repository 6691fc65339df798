//! What this service shows: hazard cases, and the register of authority that commands are checked against.

mod authority;
mod hazards;

pub use authority::{AuthorityView, certificates, delegation, delegations};
pub use hazards::{HazardRow, HazardsView, get, list};
