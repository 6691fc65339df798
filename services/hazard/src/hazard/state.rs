//! What a hazard case remembers.

use decider::{Duties, Id};
use law::{AreaCode, Due, Uscc};

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
    pub document: String,
    pub opinion_by: Option<Due>,
    pub major: Major,
    pub duties: Duties<Duty>,
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
                document: String::new(),
                opinion_by: None,
                major: Major::No,
                duties: Duties::default(),
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
            Event::Inspected { serve_by, opinion_by, .. } => {
                self.stage = Stage::Inspected;
                self.opinion_by = Some(opinion_by.clone());
                if let Some(due) = serve_by {
                    self.duties.arm(Duty::ServeOrder, due.clone());
                }
            }
            Event::RectificationOrdered { document, due, reinspect_by, .. } => {
                self.stage = Stage::Ordered(due.clone());
                self.document.clone_from(document);
                self.duties.stop(&Duty::ServeOrder);
                self.duties.arm(Duty::Reinspect, reinspect_by.clone());
            }
            Event::Reinspected { outcome, .. } => {
                self.stage = Stage::Reinspected(*outcome);
                self.duties.stop(&Duty::Reinspect);
            }
            Event::MajorDetermined { notice_by, .. } => {
                self.major = Major::Determined;
                self.duties.arm(Duty::ServeMajorNotice, notice_by.clone());
            }
            Event::MajorNoticeServed { .. } => {
                self.major = Major::NoticeServed;
                self.duties.stop(&Duty::ServeMajorNotice);
            }
            Event::ReportedToGovernment { .. } => self.major = Major::Reported,
            Event::ListedForSupervision { .. } => self.major = Major::Listed,
            Event::Delisted { .. } => self.major = Major::Delisted,
            Event::DutyBreached { duty, .. } => {
                self.duties.stop(duty);
            }
            Event::Opened { .. } | Event::Closed {} => {}
        }
    }
}
