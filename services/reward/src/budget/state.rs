//! What a budget remembers.

use std::collections::{BTreeMap, BTreeSet};

use decider::Id;
use law::Due;

use super::{BudgetKey, Event};

/// A budget as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// Never heard of.
    #[default]
    Unknown,
    /// Appropriated, or waited for.
    Open(Box<Open>),
}

/// A budget's accounts.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    pub key: BudgetKey,
    pub year_end: Due,
    /// `None` before the first appropriation.
    pub appropriated_fen: Option<i64>,
    pub posted_fen: i64,
    pub posted: BTreeSet<Id>,
    pub reserved: BTreeMap<Id, i64>,
    /// What waits, in the order of the log.
    pub queue: Vec<(Id, i64)>,
    pub closed: bool,
}

impl Open {
    /// What is reserved in all.
    pub fn reserved_fen(&self) -> i64 {
        self.reserved.values().sum()
    }

    /// What may still be reserved.
    pub fn available_fen(&self) -> i64 {
        self.appropriated_fen.unwrap_or(0) - self.posted_fen - self.reserved_fen()
    }

    fn remember(&mut self, event: &Event) {
        match event {
            Event::Opened { .. } => {}
            Event::Appropriated { appropriated_fen, .. }
            | Event::ToppedUp { appropriated_fen, .. }
            | Event::Cut { appropriated_fen, .. } => self.appropriated_fen = Some(*appropriated_fen),
            Event::Reserved { claim, amount_fen, .. } => {
                self.leave_queue(claim);
                self.reserved.insert(claim.clone(), *amount_fen);
            }
            Event::ReservationRefused { claim, amount_fen, .. } => match self.waiting(claim) {
                Some(waiting) => *waiting = *amount_fen,
                None => self.queue.push((claim.clone(), *amount_fen)),
            },
            Event::ReservationReduced { claim, amount_fen } => {
                if let Some(waiting) = self.waiting(claim) {
                    *waiting = *amount_fen;
                } else if let Some(before) = self.reserved.insert(claim.clone(), *amount_fen) {
                    self.give_back(before - amount_fen);
                }
            }
            Event::Dequeued { claim } | Event::TurnedOver { claim, .. } => self.leave_queue(claim),
            Event::Released { claim, amount_fen } => {
                self.reserved.remove(claim);
                self.give_back(*amount_fen);
            }
            Event::Posted { claim, amount_fen, released_fen } => {
                self.reserved.remove(claim);
                self.posted.insert(claim.clone());
                self.posted_fen += amount_fen;
                self.give_back(*released_fen);
            }
            Event::YearClosed { returned_fen, .. } => {
                self.closed = true;
                self.appropriated_fen = self.appropriated_fen.map(|fen| fen - returned_fen);
            }
        }
    }

    /// What a closed year no longer needs goes back to the treasury; an open one may reserve it again.
    fn give_back(&mut self, fen: i64) {
        if self.closed {
            self.appropriated_fen = self.appropriated_fen.map(|appropriated| appropriated - fen);
        }
    }

    fn waiting(&mut self, claim: &Id) -> Option<&mut i64> {
        self.queue.iter_mut().find(|(waiting, _)| waiting == claim).map(|(_, fen)| fen)
    }

    fn leave_queue(&mut self, claim: &Id) {
        self.queue.retain(|(waiting, _)| waiting != claim);
    }
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (State::Unknown, Event::Opened { key, year_end }) => State::Open(Box::new(Open {
            key: key.clone(),
            year_end: year_end.clone(),
            appropriated_fen: None,
            posted_fen: 0,
            posted: BTreeSet::new(),
            reserved: BTreeMap::new(),
            queue: vec![],
            closed: false,
        })),
        (State::Open(mut open), event) => {
            open.remember(event);
            State::Open(open)
        }
        (State::Unknown, _) => State::Unknown,
    }
}
