//! What a listing remembers.

use decider::{Department, Id};
use law::{Due, clock::Clocks};

use super::{Basis, Duty, Event, Ground, Party};

/// A listing as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// No such listing.
    #[default]
    Unknown,
    /// Being prepared, in force, removed early or suspended.
    Open(Box<Open>),
    /// Not listed, ended or withdrawn.
    Closed,
}

/// A listing that is being handled.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    pub party: Party,
    pub authority: Department,
    pub ground: Ground,
    pub basis: Basis,
    pub penalties: Vec<Id>,
    pub proposer: Id,
    pub review: Option<bool>,
    pub defence: Option<Defence>,
    pub stage: Stage,
    pub clocks: Clocks<Duty>,
}

/// How the party answered the notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defence {
    Received,
    Waived,
    Lapsed,
}

/// How far a listing has come.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// 拟列入
    Undecided,
    /// 已列入
    Listed(Term),
    /// 已提前移出; cheating restores it until the term has run out.
    RemovedEarly(Term),
    /// 停止执行
    Suspended(Term),
}

/// What holds of a listing while its term, which is a clock, runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    pub published: bool,
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (State::Unknown, Event::Proposed { party, authority, ground, basis, penalties, by }) => {
            State::Open(Box::new(Open {
                party: party.clone(),
                authority: authority.clone(),
                ground: *ground,
                basis: basis.clone(),
                penalties: penalties.clone(),
                proposer: by.clone(),
                review: None,
                defence: None,
                stage: Stage::Undecided,
                clocks: Clocks::default(),
            }))
        }
        (State::Open(_), Event::NotListed { .. } | Event::TermEnded { .. } | Event::Withdrawn { .. }) => {
            State::Closed
        }
        (State::Open(mut open), event) => {
            open.remember(event);
            State::Open(open)
        }
        (state, _) => state,
    }
}

impl Open {
    /// When a period ends, or ended; none if it never began.
    pub fn due(&self, duty: Duty) -> Option<&Due> {
        self.clocks.get(&duty).map(|clock| &clock.until.due)
    }

    fn remember(&mut self, event: &Event) {
        match event {
            Event::LegallyReviewed { passed, .. } => self.review = Some(*passed),
            Event::DefenceReceived { .. } => self.defence = Some(Defence::Received),
            Event::DefenceWaived { .. } => self.defence = Some(Defence::Waived),
            Event::DefenceLapsed { .. } => self.defence = Some(Defence::Lapsed),
            Event::Listed { .. } => self.stage = Stage::Listed(Term { published: false }),
            Event::Published { .. } => {
                if let Stage::Listed(term) = &mut self.stage {
                    term.published = true;
                }
            }
            Event::RemovedEarly { .. } => self.become_stage(Stage::RemovedEarly),
            Event::RemovalRevoked { .. } => self.become_stage(Stage::Listed),
            Event::Suspended { .. } => self.become_stage(Stage::Suspended),
            Event::Clock { duty, event } => self.clocks.remember(duty, event),
            Event::Proposed { .. }
            | Event::PriorNoticeServed { .. }
            | Event::NotListed { .. }
            | Event::TermEnded { .. }
            | Event::Withdrawn { .. } => {}
        }
    }

    fn become_stage(&mut self, stage: fn(Term) -> Stage) {
        if let Stage::Listed(term) | Stage::RemovedEarly(term) | Stage::Suspended(term) = &self.stage {
            self.stage = stage(term.clone());
        }
    }
}
