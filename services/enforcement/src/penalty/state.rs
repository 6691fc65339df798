//! What a penalty case remembers.

use std::collections::BTreeSet;

use decider::{Department, Id, authority::Delegation};
use law::{Due, Level, LighterOf, clock::Clocks, shanghai_date};
use time::{Date, OffsetDateTime};

use super::{Duty, Event, Outcome, ReviewGround, Subject};

/// A penalty case as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// No such case.
    #[default]
    Unknown,
    /// Referred, not filed.
    Referred(Box<Referral>),
    /// Filed, not decided.
    Open(Box<Open>),
    /// Decided.
    Decided(Box<Decided>),
    /// Ended without a penalty.
    Dismissed,
}

/// What was referred.
#[derive(Debug, Clone, PartialEq)]
pub struct Referral {
    pub subject: Subject,
    pub found_on: Date,
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
    /// The day of the act, as filed or as the investigation has found it.
    pub act_on: Date,
    /// The day on which the act was found, as stated or as referred.
    pub found_on: Option<Date>,
    /// Whether an act that concerns life, health or financial safety did harm.
    pub harmful: bool,
    pub clocks: Clocks<Duty>,
}

impl Case {
    /// When a duty is due, or was; none if it never was.
    pub fn due(&self, duty: Duty) -> Option<&Due> {
        self.clocks.get(&duty).map(|clock| &clock.until.due)
    }

    /// The day on which the act was found; where nobody said so, that of the filing, with which the time to decide
    /// began.
    pub fn found_on(&self) -> Option<Date> {
        let filed = || self.clocks.get(&Duty::Decide).map(|clock| shanghai_date(clock.terms.start));
        self.found_on.or_else(filed)
    }

    /// Whether an act at this instant keeps the duty's time.
    pub fn in_time(&self, duty: Duty, at: OffsetDateTime) -> bool {
        self.clocks.get(&duty).is_none_or(|clock| clock.in_time(at))
    }
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
    /// To be held on that day.
    Noticed(Date),
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
    /// What the head chose where the editions of the norm cannot be compared.
    pub chosen: Option<LighterOf>,
    pub proposal: Option<Proposal>,
    pub notice: Option<Notice>,
    /// Whether legal review was passed, on what was known last.
    pub reviewed: bool,
}

/// Where the publication stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Publication {
    No,
    Public,
    /// To be withdrawn.
    Withdrawing,
    Withdrawn,
}

/// A decided case.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    pub case: Case,
    pub fine_fen: i64,
    pub paid_fen: i64,
    pub publication: Publication,
    pub revoked: bool,
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (_, Event::Referred { subject, found_on, .. }) => {
            State::Referred(Box::new(Referral { subject: subject.clone(), found_on: *found_on }))
        }
        (State::Referred(referral), Event::Filed { .. }) => file(event, Some(referral.found_on)),
        (_, Event::Filed { .. }) => file(event, None),
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

fn file(event: &Event, referred: Option<Date>) -> State {
    let Event::Filed {
        subject,
        item,
        officers,
        delegation,
        department,
        authority,
        handler,
        accident_level,
        act_on,
        found_on,
        harm,
        ..
    } = event
    else {
        return State::Unknown;
    };
    State::Open(Box::new(Open {
        case: Case {
            subject: subject.clone(),
            item: item.clone(),
            delegation: delegation.clone(),
            department: department.clone(),
            authority: authority.clone(),
            accident_level: *accident_level,
            act_on: *act_on,
            found_on: found_on.or(referred),
            harmful: accident_level.is_some() || harm.is_some(),
            clocks: Clocks::default(),
        },
        claim: Claim::Pending,
        handlers: officers.iter().map(|officer| &officer.number).chain([handler]).cloned().collect(),
        chosen: None,
        proposal: None,
        notice: None,
        reviewed: false,
    }))
}

fn decide(case: Case, event: &Event) -> State {
    let Event::Decided { fine_fen, .. } = event else {
        return State::Unknown;
    };
    State::Decided(Box::new(Decided {
        case,
        fine_fen: *fine_fen,
        paid_fen: 0,
        publication: Publication::No,
        revoked: false,
    }))
}

impl Open {
    fn remember(&mut self, event: &Event) {
        match event {
            Event::ActClaimed {} => self.claim = Claim::Held,
            Event::ActTaken { holder } => self.claim = Claim::Taken(holder.clone()),
            Event::InvestigationConcluded { fine_fen, review, handler, act_on, harm, .. } => {
                self.case.act_on = *act_on;
                self.case.harmful |= harm.is_some();
                self.proposal = Some(Proposal { fine_fen: *fine_fen, review: review.clone() });
                self.handlers.insert(handler.clone());
                self.reviewed = false;
            }
            Event::EditionChosen { lighter, .. } => {
                self.chosen = Some(lighter.clone());
                // Who reviewed before has not seen by which rules it is decided.
                self.reviewed = false;
            }
            Event::LegallyReviewed { passed, .. } => self.reviewed = *passed,
            Event::NoticeServed { fine_fen, .. } => {
                self.notice = Some(Notice { fine_fen: *fine_fen, waived: None, hearing: Hearing::Silent });
            }
            Event::DefenceWaived { hearing, at, .. } => {
                if let Some(notice) = &mut self.notice {
                    notice.waived = Some(*at);
                    // A hearing that was held stays held: what follows from it is not waived by the unit.
                    if *hearing && !matches!(notice.hearing, Hearing::Closed(_)) {
                        notice.hearing = Hearing::Waived(*at);
                    }
                }
            }
            Event::HearingRequested {} => self.hearing(Hearing::Requested),
            Event::HearingNoticed { on, .. } => self.hearing(Hearing::Noticed(*on)),
            Event::HearingClosed { at, .. } => {
                self.hearing(Hearing::Closed(*at));
                // Who reviewed before the hearing has not seen its record (行政处罚法 58, 65).
                self.reviewed = false;
            }
            Event::Clock { duty, event } => self.case.clocks.remember(duty, event),
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
            Event::Published {} => self.publication = Publication::Public,
            Event::FinePaid { amount_fen, .. } => {
                self.paid_fen = self.paid_fen.saturating_add(*amount_fen);
            }
            Event::Revised { outcome, fine_fen, withdraw_by, .. } => {
                self.fine_fen = *fine_fen;
                self.revoked = *outcome == Outcome::Revoked;
                if withdraw_by.is_some() {
                    self.publication = Publication::Withdrawing;
                }
            }
            Event::PublicationWithdrawn { .. } => self.publication = Publication::Withdrawn,
            Event::Clock { duty, event } => self.case.clocks.remember(duty, event),
            _ => {}
        }
    }
}
