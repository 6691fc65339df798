//! What a hazard case remembers.

use decider::{Department, Id};
use law::{AreaCode, Due, Uscc, clock::Clocks};

use super::{Duty, Event, Outcome};

/// A hazard case as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// No such case.
    #[default]
    Unknown,
    /// Being handled.
    Open(Box<Open>),
    /// 销号
    Closed,
}

/// How far the correction has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Stage {
    /// Nobody has looked yet.
    #[default]
    Reported,
    /// Inspected; what was found must be ordered corrected.
    Inspected,
    /// Ordered to correct until then.
    Ordered(Due),
    /// Re-inspected.
    Reinspected(Outcome),
}

/// How far a major hazard has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Major {
    #[default]
    No,
    Determined,
    NoticeServed,
    Reported,
    Listed,
    Delisted,
}

/// A case that is being handled.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    pub premises: String,
    pub area: AreaCode,
    pub unit: Uscc,
    pub report: Option<Id>,
    pub reporter_ref: Option<Id>,
    pub stage: Stage,
    /// Whether an inspection found something that was not found corrected since.
    pub found: bool,
    /// Who inspected last.
    pub inspected_by: Option<Department>,
    /// The delegated item under which it was inspected, where that was not in the inspector's own right.
    pub item: Option<Id>,
    pub document: String,
    pub opinion_by: Option<Due>,
    pub major: Major,
    /// The government that was told of the major hazard.
    pub government: Option<Department>,
    pub clocks: Clocks<Duty>,
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (State::Unknown, Event::Opened { premises, area, unit, report, reporter_ref, .. }) => {
            State::Open(Box::new(Open {
                premises: premises.clone(),
                area: area.clone(),
                unit: unit.clone(),
                report: report.clone(),
                reporter_ref: reporter_ref.clone(),
                stage: Stage::Reported,
                found: false,
                inspected_by: None,
                item: None,
                document: String::new(),
                opinion_by: None,
                major: Major::No,
                government: None,
                clocks: Clocks::default(),
            }))
        }
        (State::Open(_), Event::Closed {}) => State::Closed,
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
            Event::Inspected { officers, delegation, item, findings, opinion_by, .. } => {
                self.stage = Stage::Inspected;
                self.found |= !findings.is_empty();
                self.inspected_by = officers.first().map(|officer| officer.department.clone());
                self.item = item.clone().filter(|_| delegation.is_some());
                self.opinion_by = Some(opinion_by.clone());
            }
            Event::RectificationOrdered { document, due, .. } => {
                self.stage = Stage::Ordered(due.clone());
                self.document.clone_from(document);
            }
            Event::Reinspected { outcome, .. } => {
                self.stage = Stage::Reinspected(*outcome);
                self.found &= *outcome != Outcome::Corrected;
            }
            Event::MajorDetermined { .. } => self.major = Major::Determined,
            Event::MajorNoticeServed { .. } => self.major = Major::NoticeServed,
            Event::ReportedToGovernment { government } => {
                self.major = Major::Reported;
                self.government = Some(government.clone());
            }
            Event::ListedForSupervision { .. } => self.major = Major::Listed,
            Event::Delisted { .. } => self.major = Major::Delisted,
            Event::Clock { duty, event } => self.clocks.remember(duty, event),
            Event::Opened { .. } | Event::Closed {} => {}
        }
    }
}
