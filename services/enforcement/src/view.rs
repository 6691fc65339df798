//! What this service shows: penalty cases, sealed places, and the register that commands are checked against.

mod penalties;
mod register;
mod seals;

pub use penalties::{PenaltiesView, PenaltyRow, penalties, penalty};
pub use register::{DelegationRow, RegisterView, certificates, delegation, delegations};
pub use seals::{SealRow, SealsView, seal};
