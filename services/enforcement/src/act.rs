//! An unlawful act of a unit (违法行为): at most one penalty case holds it, so it is fined at most once (行政处罚法 29).
//!
//! **Invariant**: all claims to an act meet in its one stream, so no race can give it to two cases. A case asks
//! for it when it is filed and may not decide before it holds it; the first to file has it (行政处罚法 25). Decision 21.

mod command;
mod event;
mod state;

pub use command::{Act, Command, Refusal};
pub use event::Event;
pub use state::State;

use decider::Id;
use law::Uscc;
use state::evolve;

/// The id of an act: the unit, and the act's own name among the unit's acts.
pub fn act_id(unit: &Uscc, act: &Id) -> String {
    format!("{}.{act}", unit.as_str().to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
