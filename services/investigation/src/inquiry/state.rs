//! What an inquiry remembers.

use std::collections::BTreeMap;

use decider::{Department, Id};
use law::{
    AreaCode, Level, Tier,
    clock::{Clock, Clocks},
};
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

/// An appraisal that was commissioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appraisal {
    pub since: OffsetDateTime,
    pub returned: bool,
}

/// An inquiry after its group was formed.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    pub area: AreaCode,
    pub government: Department,
    pub tier: Tier,
    pub accident_at: OffsetDateTime,
    pub level: Level,
    pub appraisals: BTreeMap<Id, Appraisal>,
    pub stage: Stage,
    pub evaluated: bool,
    pub clocks: Clocks<Duty>,
}

impl Open {
    /// The clock of the report, which runs from the accident.
    pub fn reporting(&self) -> Option<&Clock> {
        self.clocks.get(&Duty::Report)
    }

    /// Days by which the time was extended so far.
    pub fn extended_days(&self) -> u32 {
        let extensions = self.reporting().map(|clock| clock.extensions.as_slice()).unwrap_or_default();
        extensions.iter().fold(0, |days, extension| extension.period.count().saturating_add(days))
    }

    /// Whether an act at this instant keeps the duty's time.
    pub fn in_time(&self, duty: Duty, at: OffsetDateTime) -> bool {
        self.clocks.get(&duty).is_none_or(|clock| clock.in_time(at))
    }
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (State::Unknown, Event::Formed { area, government, tier, accident_at, level, .. }) => {
            State::Open(Box::new(Open {
                area: area.clone(),
                government: government.clone(),
                tier: *tier,
                accident_at: *accident_at,
                level: *level,
                appraisals: BTreeMap::new(),
                stage: Stage::Inquiring,
                evaluated: false,
                clocks: Clocks::default(),
            }))
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
            Event::AppraisalCommissioned { appraisal, at } => {
                self.appraisals.insert(appraisal.clone(), Appraisal { since: *at, returned: false });
            }
            Event::AppraisalReturned { appraisal, .. } => {
                if let Some(known) = self.appraisals.get_mut(appraisal) {
                    known.returned = true;
                }
            }
            Event::ReportSubmitted { .. } => self.stage = Stage::Reported,
            Event::Replied { level, .. } => {
                self.stage = Stage::Replied;
                self.level = *level;
            }
            Event::Published {} => self.stage = Stage::Published,
            Event::Evaluated { .. } => self.evaluated = true,
            Event::Clock { duty, event } => self.clocks.remember(duty, event),
            Event::Formed { .. } | Event::Extended { .. } | Event::Superseded { .. } => {}
        }
    }
}
