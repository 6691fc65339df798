//! What a proposed version remembers.

use decider::Id;
use time::OffsetDateTime;

use super::{Event, Proposal};

/// A proposed version as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// No such proposal.
    #[default]
    Unknown,
    /// On its way to approval.
    Proposed(Box<Draft>),
    /// Takes effect at an instant.
    Approved(Box<Proposal>, OffsetDateTime),
    /// In force.
    Adopted,
    /// Withdrawn before it took effect.
    Withdrawn,
}

/// A proposal that nobody has approved.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub proposal: Proposal,
    /// Who proposed it, and so cannot approve it.
    pub by: Id,
    /// Whether somebody has seen what it would change.
    pub is_tried: bool,
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (_, Event::Proposed { proposal, by, .. }) => {
            let (proposal, by) = (proposal.clone(), by.clone());
            State::Proposed(Box::new(Draft { proposal, by, is_tried: false }))
        }
        (State::Proposed(mut draft), Event::DryRun { .. }) => {
            draft.is_tried = true;
            State::Proposed(draft)
        }
        (State::Proposed(draft), Event::Approved { effective_from, .. }) => {
            State::Approved(Box::new(draft.proposal), *effective_from)
        }
        (_, Event::Adopted { .. }) => State::Adopted,
        (_, Event::Withdrawn { .. }) => State::Withdrawn,
        (state, Event::DryRun { .. } | Event::Approved { .. }) => state,
    }
}
