//! What a fire remembers.

use std::collections::BTreeSet;

use law::{AreaCode, Due, Level, Tier, Uscc, clock::Clocks};
use time::OffsetDateTime;

use super::{Duty, Event, Rung, Totals, Track};
use crate::inquiry::InquiryId;

/// A fire as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// No alarm was raised.
    #[default]
    Unknown,
    /// The alarm was raised.
    Raised(Box<Raised>),
}

/// A fire after its alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    pub area: AreaCode,
    pub unit: Uscc,
    pub ignited_at: OffsetDateTime,
    pub alarm_at: OffsetDateTime,
    pub recompute_until: Due,
    pub totals: Option<Totals>,
    pub level: Option<Level>,
    /// Which fire body determines the cause.
    pub cause: Tier,
    /// Which government inquires.
    pub government: Tier,
    /// Who knows of the fire.
    pub informed: BTreeSet<Rung>,
    /// Who told whom.
    pub reported: BTreeSet<(Rung, Rung)>,
    pub scene_closed: bool,
    pub inquiry: Option<(InquiryId, Tier)>,
    pub clocks: Clocks<Duty>,
}

impl Raised {
    /// Whether the rung has told anyone above it.
    pub fn has_reported(&self, rung: Rung) -> bool {
        self.reported.iter().any(|(from, _)| *from == rung)
    }

    /// Whether the rung owes a report, or has owed one.
    pub fn owes_or_has_done(&self, rung: Rung) -> bool {
        self.has_reported(rung) || rung.duty().is_some_and(|duty| self.clocks.get(&duty).is_some())
    }
}

impl Rung {
    /// The duty to report from here; the top of the ladder has none.
    pub fn duty(self) -> Option<Duty> {
        match self {
            Self::Unit => Some(Duty::UnitReport),
            Self::County => Some(Duty::CountyReport),
            Self::City => Some(Duty::CityReport),
            Self::Province => Some(Duty::ProvinceReport),
            Self::State => None,
        }
    }
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (State::Unknown, Event::AlarmRaised { area, unit, ignited_at, alarm_at, recompute_until, .. }) => {
            State::Raised(Box::new(Raised {
                area: area.clone(),
                unit: unit.clone(),
                ignited_at: *ignited_at,
                alarm_at: *alarm_at,
                recompute_until: recompute_until.clone(),
                totals: None,
                level: None,
                cause: Tier::County,
                government: Tier::County,
                informed: BTreeSet::from([Rung::Unit]),
                reported: BTreeSet::new(),
                scene_closed: false,
                inquiry: None,
                clocks: Clocks::default(),
            }))
        }
        (State::Raised(mut raised), event) => {
            raised.remember(event);
            State::Raised(raised)
        }
        (state, _) => state,
    }
}

impl Raised {
    fn remember(&mut self, event: &Event) {
        match event {
            Event::Reported { from, to, .. } => {
                self.informed.extend([*from, *to]);
                self.reported.insert((*from, *to));
            }
            Event::CasualtiesUpdated { totals, .. } => self.totals = Some(*totals),
            Event::LevelDetermined { level, .. } => self.level = Some(*level),
            Event::JurisdictionMoved { track: Track::Cause, to, .. } => self.cause = *to,
            Event::JurisdictionMoved { track: Track::Government, to, .. } => self.government = *to,
            Event::SceneClosed { .. } => self.scene_closed = true,
            Event::SceneReleased {} => self.scene_closed = false,
            Event::InquiryNoted { inquiry, tier, .. } => self.inquiry = Some((inquiry.clone(), *tier)),
            Event::Clock { duty, event } => self.clocks.remember(duty, event),
            Event::AlarmRaised { .. }
            | Event::ReportDue { .. }
            | Event::Extinguished { .. }
            | Event::LossDeclared { .. } => {}
        }
    }
}
