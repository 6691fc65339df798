//! What a listing remembers.

use decider::{Department, Duties, Id};
use law::Due;

use super::{Basis, Clock, Event, Ground, Party};

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
    /// Until when the party may defend itself, once the notice has been served.
    pub defend_by: Option<Due>,
    pub defence: Option<Defence>,
    pub stage: Stage,
    pub clocks: Duties<Clock>,
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

/// How long a listing runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    pub until: Due,
    pub removable_from: Due,
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
                defend_by: None,
                defence: None,
                stage: Stage::Undecided,
                clocks: Duties::default(),
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
    fn remember(&mut self, event: &Event) {
        match event {
            Event::LegallyReviewed { passed, .. } => self.review = Some(*passed),
            Event::PriorNoticeServed { defend_by, .. } => {
                self.defend_by = Some(defend_by.clone());
                self.clocks.arm(Clock::Defence, defend_by.clone());
            }
            Event::DefenceReceived { .. } => self.heard(Defence::Received),
            Event::DefenceWaived { .. } => self.heard(Defence::Waived),
            Event::DefenceLapsed { .. } => self.heard(Defence::Lapsed),
            Event::Listed { until, removable_from, publish_by, .. } => {
                self.stage = Stage::Listed(Term {
                    until: until.clone(),
                    removable_from: removable_from.clone(),
                    published: false,
                });
                self.clocks.arm(Clock::Term, until.clone());
                if let Some(due) = publish_by {
                    self.clocks.arm(Clock::Publish, due.clone());
                }
            }
            Event::Published { .. } => {
                self.clocks.stop(&Clock::Publish);
                if let Stage::Listed(term) = &mut self.stage {
                    term.published = true;
                }
            }
            Event::RemovedEarly { .. } => {
                self.clocks = Duties::default();
                self.become_stage(Stage::RemovedEarly);
            }
            Event::RemovalRevoked { until, .. } => {
                self.clocks.arm(Clock::Term, until.clone());
                self.become_stage(Stage::Listed);
            }
            Event::Suspended { withdraw_by, .. } => {
                self.clocks = Duties::default();
                self.clocks.arm(Clock::Withdraw, withdraw_by.clone());
                self.become_stage(Stage::Suspended);
            }
            Event::DutyBreached { duty, .. } => {
                self.clocks.stop(duty);
            }
            Event::Proposed { .. }
            | Event::NotListed { .. }
            | Event::TermEnded { .. }
            | Event::Withdrawn { .. } => {}
        }
    }

    fn heard(&mut self, defence: Defence) {
        self.defence = Some(defence);
        self.clocks.stop(&Clock::Defence);
    }

    fn become_stage(&mut self, stage: fn(Term) -> Stage) {
        if let Stage::Listed(term) | Stage::RemovedEarly(term) | Stage::Suspended(term) = &self.stage {
            self.stage = stage(term.clone());
        }
    }
}
