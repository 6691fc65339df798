//! What a seal remembers; what earlier decisions on the same place rested on, too.

use std::collections::BTreeSet;

use decider::{Department, Id};
use law::{
    Due, Uscc,
    clock::{Clock, Clocks},
};

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
    pub broken: bool,
    pub clocks: Clocks<Duty>,
}

impl Sealed {
    /// When the seal ends by itself; a seal always has its term.
    pub fn until(&self) -> Option<&Due> {
        self.clocks.get(&Duty::Term).map(|clock| &clock.until.due)
    }

    /// The clock of what the body has still to do.
    pub fn owed(&self, duty: Duty) -> Option<&Clock> {
        self.clocks.get(&duty).filter(|clock| clock.end.is_none())
    }
}

/// Remembers an event.
pub(super) fn evolve(mut state: State, event: &Event) -> State {
    match event {
        Event::Ordered { unit, authority, document, evidence, .. } => {
            state.evidence.extend(evidence.iter().cloned());
            state.documents.insert(document.clone());
            state.standing = Some(Box::new(Sealed {
                unit: unit.clone(),
                authority: authority.clone(),
                broken: false,
                clocks: Clocks::default(),
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
            Event::Broken { .. } => self.broken = true,
            Event::Clock { duty, event } => self.clocks.remember(duty, event),
            Event::Ordered { .. }
            | Event::Regularised { .. }
            | Event::Served { .. }
            | Event::Lifted { .. } => {}
        }
    }
}
