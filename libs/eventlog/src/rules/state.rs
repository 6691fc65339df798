//! What a log remembers of a version.

use law::Adoption;

use super::Event;

/// A version as it stands in a log.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// Never heard of.
    #[default]
    Unknown,
    /// Its instant is to come.
    Waiting(Box<Adoption>),
    /// In force; open clocks are being computed again.
    InEffect,
    /// In force, and every clock goes by it.
    Done,
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match event {
        Event::Received { adoption } => State::Waiting(Box::new(adoption.clone())),
        Event::TookEffect {} => match state {
            State::Done => State::Done,
            _ => State::InEffect,
        },
        Event::Rederived { .. } => State::Done,
    }
}
