//! What a seal remembers; what earlier decisions on the same place rested on, too.

use std::collections::BTreeSet;

use decider::{Department, Duties, Id};
use law::{Due, Uscc};

use super::{Duty, Event};

/// A place as far as seals go.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// The seal that holds now.
    pub standing: Option<Box<Sealed>>,
    /// Evidence that earlier decisions rested on.
    pub evidence: BTreeSet<Id>,
    /// Numbers of earlier decisions.
    pub documents: BTreeSet<String>,
}

/// A seal that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    pub unit: Uscc,
    pub authority: Department,
    pub until: Due,
    pub serve_by: Due,
    pub served: bool,
    /// An emergency seal that was not decided collectively so far.
    pub regularise_by: Option<Due>,
    pub broken: bool,
    pub duties: Duties<Duty>,
}

/// Remembers an event.
pub(super) fn evolve(mut state: State, event: &Event) -> State {
    match event {
        Event::Ordered { unit, authority, document, evidence, until, serve_by, regularise_by, .. } => {
            let mut duties = Duties::default();
            duties.arm(Duty::Term, until.clone());
            duties.arm(Duty::Serve, serve_by.clone());
            if let Some(due) = regularise_by {
                duties.arm(Duty::Regularise, due.clone());
            }
            state.evidence.extend(evidence.iter().cloned());
            state.documents.insert(document.clone());
            state.standing = Some(Box::new(Sealed {
                unit: unit.clone(),
                authority: authority.clone(),
                until: until.clone(),
                serve_by: serve_by.clone(),
                served: false,
                regularise_by: regularise_by.clone(),
                broken: false,
                duties,
            }));
        }
        Event::Lifted { .. } => state.standing = None,
        event => {
            if let Some(sealed) = &mut state.standing {
                sealed.remember(event);
            }
        }
    }
    state
}

impl Sealed {
    fn remember(&mut self, event: &Event) {
        match event {
            Event::Served { .. } => {
                self.served = true;
                self.duties.stop(&Duty::Serve);
            }
            Event::Regularised { .. } => {
                self.regularise_by = None;
                self.duties.stop(&Duty::Regularise);
            }
            Event::Broken { .. } => self.broken = true,
            Event::DutyBreached { duty, .. } => {
                self.duties.stop(duty);
            }
            Event::Ordered { .. } | Event::Lifted { .. } => {}
        }
    }
}
