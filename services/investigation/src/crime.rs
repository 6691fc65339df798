//! A suspected crime (行刑衔接): facts add up, the principal approves, the police receive it and answer.

mod clocks;
mod command;
mod event;
mod state;

pub(crate) use command::reaches_a_threshold;
pub use command::{Command, Crime, Refusal};
pub use event::{Article, Duty, Event, Ground};
pub use state::{Open, Stage, State};

use state::evolve;

decider::id! {
    /// A transfer's id: the case's.
    TransferId
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
