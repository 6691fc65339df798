//! What a delegation remembers.

use std::collections::{BTreeMap, BTreeSet};

use decider::authority::Delegation;
use time::OffsetDateTime;

use super::{Basis, Event, Party};

/// A delegation as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// No such delegation.
    #[default]
    Unknown,
    /// On its way into force.
    Draft(Box<Draft>),
    /// In force.
    InForce(Box<Delegation>, Basis),
    /// Suspended since.
    Suspended(Box<Delegation>, Basis, OffsetDateTime),
    /// Revoked or expired.
    Ended,
}

/// A delegation that is not in force yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub delegation: Delegation,
    pub basis: Basis,
    pub signed: BTreeSet<Party>,
    /// Who has published, and when.
    pub published: BTreeMap<Party, OffsetDateTime>,
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (_, Event::Drafted { delegation, basis }) => State::Draft(Box::new(Draft {
            delegation: delegation.clone(),
            basis: basis.clone(),
            signed: BTreeSet::new(),
            published: BTreeMap::new(),
        })),
        (State::Draft(mut draft), Event::Signed { by }) => {
            draft.signed.insert(*by);
            State::Draft(draft)
        }
        (State::Draft(mut draft), Event::Published { by, at }) => {
            draft.published.insert(*by, *at);
            State::Draft(draft)
        }
        (_, Event::CameIntoForce { delegation, basis } | Event::Resumed { delegation, basis }) => {
            State::InForce(Box::new(delegation.clone()), basis.clone())
        }
        (State::InForce(delegation, basis), Event::Suspended { at, .. }) => {
            State::Suspended(delegation, basis, *at)
        }
        (_, Event::Revoked { .. } | Event::Expired { .. }) => State::Ended,
        (state, _) => state,
    }
}
