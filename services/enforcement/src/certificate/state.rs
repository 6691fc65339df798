//! What a certificate remembers.

use decider::authority::Certificate;

use super::Event;

/// A certificate as it stands. That its term is over is a matter of the day, not of an event.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// No such certificate.
    #[default]
    Unknown,
    /// Issued.
    Issued(Certificate),
    /// Withdrawn for good.
    Withdrawn,
}

/// Remembers an event.
pub(super) fn evolve(_: State, event: &Event) -> State {
    match event {
        Event::Issued { certificate } => State::Issued(certificate.clone()),
        Event::Withdrawn { .. } => State::Withdrawn,
    }
}
