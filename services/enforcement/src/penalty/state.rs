//! What a penalty case remembers.

use std::collections::BTreeSet;

use decider::{Department, Duties, Id, authority::Delegation};
use law::{Due, Level};
use time::OffsetDateTime;

use super::{Duty, Event, Outcome, ReviewGround, Subject};

/// A penalty case as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// No such case.
    #[default]
    Unknown,
    /// Referred, not filed.
    Referred(Box<Subject>),
    /// Filed, not decided.
    Open(Box<Open>),
    /// Decided.
    Decided(Box<Decided>),
    /// Ended without a penalty.
    Dismissed,
}

/// What stays the same from filing on.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub subject: Subject,
    pub item: Id,
    pub delegation: Option<Delegation>,
    pub department: Department,
    pub authority: Department,
    pub accident_level: Option<Level>,
}

/// Whether the act is this case's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Claim {
    #[default]
    Pending,
    Held,
    Taken(Id),
}

/// What the investigation proposes.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    pub fine_fen: i64,
    pub review: Vec<ReviewGround>,
}

/// What the unit was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub fine_fen: i64,
    pub defend_by: Due,
    pub hearing_by: Option<Due>,
    /// Since when a written waiver shortens the window.
    pub waived: Option<OffsetDateTime>,
    pub hearing: Hearing,
}

/// How far the right to a hearing has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hearing {
    /// Not asked for, so far.
    Silent,
    Requested,
    Closed(OffsetDateTime),
    Waived(OffsetDateTime),
}

/// A case that is being handled.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    pub case: Case,
    pub claim: Claim,
    /// Actors and certificates that handled the case.
    pub handlers: BTreeSet<Id>,
    pub proposal: Option<Proposal>,
    pub notice: Option<Notice>,
    /// Whether legal review was passed, on what was known last.
    pub reviewed: bool,
    /// What the law wants, whether or not the clock has told of its breach already.
    pub decide_by: Due,
    pub duties: Duties<Duty>,
}

/// Where the publication stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Publication {
    No,
    Public,
    /// To be withdrawn until then.
    Withdrawing(Due),
    Withdrawn,
}

/// A decided case.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    pub case: Case,
    pub fine_fen: i64,
    pub paid_fen: i64,
    pub pay_by: Due,
    pub publication: Publication,
    pub revoked: bool,
    pub duties: Duties<Duty>,
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (_, Event::Referred { subject, .. }) => State::Referred(Box::new(subject.clone())),
        (_, Event::Filed { .. }) => file(event),
        (_, Event::Dismissed { .. }) => State::Dismissed,
        (State::Open(open), Event::Decided { .. }) => decide(open.case, event),
        (State::Open(mut open), event) => {
            open.remember(event);
            State::Open(open)
        }
        (State::Decided(mut decided), event) => {
            decided.remember(event);
            State::Decided(decided)
        }
        (state, _) => state,
    }
}

fn file(event: &Event) -> State {
    let Event::Filed {
        subject,
        item,
        officers,
        delegation,
        department,
        authority,
        handler,
        accident_level,
        decide_by,
        ..
    } = event
    else {
        return State::Unknown;
    };
    let mut duties = Duties::default();
    duties.arm(Duty::Decide, decide_by.clone());
    State::Open(Box::new(Open {
        case: Case {
            subject: subject.clone(),
            item: item.clone(),
            delegation: delegation.clone(),
            department: department.clone(),
            authority: authority.clone(),
            accident_level: *accident_level,
        },
        claim: Claim::Pending,
        handlers: officers.iter().map(|officer| &officer.number).chain([handler]).cloned().collect(),
        proposal: None,
        notice: None,
        reviewed: false,
        decide_by: decide_by.clone(),
        duties,
    }))
}

fn decide(case: Case, event: &Event) -> State {
    let Event::Decided { fine_fen, pay_by, publish_by, .. } = event else {
        return State::Unknown;
    };
    let mut duties = Duties::default();
    duties.arm(Duty::Pay, pay_by.clone());
    if let Some(due) = publish_by {
        duties.arm(Duty::Publish, due.clone());
    }
    State::Decided(Box::new(Decided {
        case,
        fine_fen: *fine_fen,
        paid_fen: 0,
        pay_by: pay_by.clone(),
        publication: Publication::No,
        revoked: false,
        duties,
    }))
}

impl Open {
    fn remember(&mut self, event: &Event) {
        match event {
            Event::ActClaimed {} => self.claim = Claim::Held,
            Event::ActTaken { holder } => self.claim = Claim::Taken(holder.clone()),
            Event::InvestigationConcluded { fine_fen, review, handler, .. } => {
                self.proposal = Some(Proposal { fine_fen: *fine_fen, review: review.clone() });
                self.handlers.insert(handler.clone());
                self.reviewed = false;
            }
            Event::LegallyReviewed { passed, .. } => self.reviewed = *passed,
            Event::NoticeServed { fine_fen, defend_by, hearing_by, .. } => {
                self.duties.arm(Duty::Defend, defend_by.clone());
                self.notice = Some(Notice {
                    fine_fen: *fine_fen,
                    defend_by: defend_by.clone(),
                    hearing_by: hearing_by.clone(),
                    waived: None,
                    hearing: Hearing::Silent,
                });
            }
            Event::DefenceReceived { .. } | Event::DefenceLapsed { .. } => {
                self.duties.stop(&Duty::Defend);
            }
            Event::DefenceWaived { hearing, at, .. } => {
                self.duties.stop(&Duty::Defend);
                if let Some(notice) = &mut self.notice {
                    notice.waived = Some(*at);
                    // A hearing that was held stays held: what follows from it is not waived by the unit.
                    if *hearing && !matches!(notice.hearing, Hearing::Closed(_)) {
                        notice.hearing = Hearing::Waived(*at);
                    }
                }
            }
            Event::HearingRequested {} => self.hearing(Hearing::Requested),
            Event::HearingClosed { at, .. } => {
                self.hearing(Hearing::Closed(*at));
                // Who reviewed before the hearing has not seen its record (行政处罚法 58, 65).
                self.reviewed = false;
            }
            Event::DutyBreached { duty, .. } => {
                self.duties.stop(duty);
            }
            _ => {}
        }
    }

    fn hearing(&mut self, hearing: Hearing) {
        if let Some(notice) = &mut self.notice {
            notice.hearing = hearing;
        }
    }
}

impl Decided {
    fn remember(&mut self, event: &Event) {
        match event {
            Event::Published {} => {
                self.publication = Publication::Public;
                self.duties.stop(&Duty::Publish);
            }
            Event::FinePaid { amount_fen, outstanding_fen, .. } => {
                self.paid_fen = self.paid_fen.saturating_add(*amount_fen);
                if *outstanding_fen == 0 {
                    self.duties.stop(&Duty::Pay);
                }
            }
            Event::Revised { outcome, fine_fen, withdraw_by, .. } => {
                self.fine_fen = *fine_fen;
                self.revoked = *outcome == Outcome::Revoked;
                if self.paid_fen >= self.fine_fen {
                    self.duties.stop(&Duty::Pay);
                }
                if self.revoked {
                    self.duties.stop(&Duty::Publish);
                }
                if let Some(due) = withdraw_by {
                    self.publication = Publication::Withdrawing(due.clone());
                    self.duties.arm(Duty::WithdrawPublication, due.clone());
                }
            }
            Event::PublicationWithdrawn { .. } => {
                self.publication = Publication::Withdrawn;
                self.duties.stop(&Duty::WithdrawPublication);
            }
            Event::DutyBreached { duty, .. } => {
                self.duties.stop(duty);
            }
            _ => {}
        }
    }
}
