//! A reward budget (奖励预算): appropriated for a year, reserved in the order of the log, posted when paid.
//!
//! **Invariant**: what is posted and reserved never exceeds what is appropriated, at any version.

mod command;
mod event;
mod state;

pub use command::{Budget, Command, QUEUE_LEN_MAX, Refusal};
pub use event::{BudgetKey, Event};
pub use state::{Open, State};

use state::evolve;

decider::id! {
    /// A budget's id: its area and its fiscal year.
    BudgetId
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
