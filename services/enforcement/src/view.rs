//! What this service shows: penalty cases, sealed places, the register that commands are checked against, the rules.

mod penalties;
mod register;
mod rules;
mod seals;

pub use penalties::{PenaltiesView, PenaltyRow, penalties, penalty};
pub use register::{DelegationRow, RegisterView, certificates, delegation, delegations};
pub use rules::{RulesRow, RulesView, rules};
pub use seals::{SealRow, SealsView, seal};
