//! What an entry remembers: whether it is written, and of which event.

use uuid::Uuid;

use super::Event;

/// The id of the event it tells of; `None` while nothing is written.
pub type State = Option<Uuid>;

/// Remembers an event.
pub(super) fn evolve(_: State, Event::Recorded { fact }: &Event) -> State {
    Some(fact.id)
}
