//! A matter (举报事项): the reports of one thing, in the order of their receipt; the first that is verified is rewarded.

mod command;
mod event;
mod state;

pub use command::{Command, Matter, Refusal};
pub use event::Event;
pub use state::{Entry, Standing, State};

use state::evolve;

decider::id! {
    /// A matter's id: derived from place and category.
    MatterId
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
