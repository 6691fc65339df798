//! What an inquiry remembers.

use std::collections::BTreeMap;

use decider::{Department, Duties, Id};
use law::{AreaCode, Due, Level, Suspension, Tier};
use time::OffsetDateTime;

use super::{Duty, Event};

/// An inquiry as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// No group was formed.
    #[default]
    Unknown,
    /// The group works, or has worked.
    Open(Box<Open>),
    /// A higher government has taken it over.
    Superseded,
}

/// How far the inquiry has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    #[default]
    Inquiring,
    Reported,
    Replied,
    Published,
}

/// An inquiry after its group was formed.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    pub area: AreaCode,
    pub government: Department,
    pub tier: Tier,
    pub accident_at: OffsetDateTime,
    pub level: Level,
    pub appraisals: BTreeMap<Id, Suspension>,
    /// Days by which the time was extended so far.
    pub extended_days: u32,
    /// Whether the time ran out before the report.
    pub overdue: bool,
    pub stage: Stage,
    pub evaluated: bool,
    pub duties: Duties<Duty>,
    /// When each duty was last due, also after its breach: an act may be entered late and yet have been in time.
    pub dues: BTreeMap<Duty, Due>,
}

impl Open {
    /// The time that the clock leaves out.
    pub fn suspensions(&self) -> Vec<Suspension> {
        self.appraisals.values().copied().collect()
    }

    /// Whether an act at this instant keeps the duty's time.
    pub fn in_time(&self, duty: Duty, at: OffsetDateTime) -> bool {
        self.dues.get(&duty).is_none_or(|due| !due.is_past(at))
    }
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (State::Unknown, Event::Formed { area, government, tier, accident_at, level, report_by, .. }) => {
            let mut open = Open {
                area: area.clone(),
                government: government.clone(),
                tier: *tier,
                accident_at: *accident_at,
                level: *level,
                appraisals: BTreeMap::new(),
                extended_days: 0,
                overdue: false,
                stage: Stage::Inquiring,
                evaluated: false,
                duties: Duties::default(),
                dues: BTreeMap::new(),
            };
            open.arm(Duty::Report, report_by);
            State::Open(Box::new(open))
        }
        (State::Open(_), Event::Superseded { .. }) => State::Superseded,
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
            Event::LevelNoted { level } => self.level = *level,
            Event::Extended { days, report_by, .. } => {
                self.extended_days = self.extended_days.saturating_add(*days);
                self.report_until(report_by);
            }
            Event::AppraisalCommissioned { appraisal, at } => {
                self.appraisals.insert(appraisal.clone(), Suspension { from: *at, to: None });
                self.duties.stop(&Duty::Report);
            }
            Event::AppraisalReturned { appraisal, at, report_by } => {
                if let Some(suspension) = self.appraisals.get_mut(appraisal) {
                    suspension.to = Some(*at);
                }
                self.report_until(report_by);
            }
            Event::ReportSubmitted { reply_by, .. } => {
                self.stage = Stage::Reported;
                self.duties.stop(&Duty::Report);
                self.arm(Duty::Reply, reply_by);
            }
            Event::Replied { level, evaluate_by, .. } => {
                self.stage = Stage::Replied;
                self.level = *level;
                self.duties.stop(&Duty::Reply);
                self.arm(Duty::Evaluate, evaluate_by);
            }
            Event::Published {} => self.stage = Stage::Published,
            Event::Evaluated { .. } => {
                self.evaluated = true;
                self.duties.stop(&Duty::Evaluate);
            }
            Event::DutyBreached { duty, .. } => {
                self.overdue |= *duty == Duty::Report;
                self.duties.stop(duty);
            }
            Event::Formed { .. } | Event::Superseded { .. } => {}
        }
    }

    /// The clock runs again, unless it stands still for another appraisal, or has nothing left to wait for.
    fn report_until(&mut self, report_by: &Due) {
        self.dues.insert(Duty::Report, report_by.clone());
        let suspended = self.appraisals.values().any(|appraisal| appraisal.to.is_none());
        if self.stage == Stage::Inquiring && !suspended && !self.overdue {
            self.duties.arm(Duty::Report, report_by.clone());
        }
    }

    fn arm(&mut self, duty: Duty, due: &Due) {
        self.duties.arm(duty, due.clone());
        self.dues.insert(duty, due.clone());
    }
}
