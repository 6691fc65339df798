//! A government's inquiry (事故调查): a group is formed, reports within 60 days, the government replies.

mod clocks;
mod command;
mod event;
mod state;

pub use command::{Command, Inquiry, Refusal};
pub use event::{Duty, Event};
pub use state::{Open, Stage, State};

use state::evolve;

decider::id! {
    /// An inquiry's id.
    InquiryId
}

#[cfg(test)]
mod tests;
