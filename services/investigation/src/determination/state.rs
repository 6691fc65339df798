//! What a cause determination remembers.

use std::collections::BTreeMap;

use decider::Id;
use law::{
    AreaCode, Tier,
    clock::{Clock, Clocks},
};
use time::OffsetDateTime;

use super::{Duty, Event, Outcome};
use crate::fire::Totals;

/// A determination as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// No alarm was raised.
    #[default]
    Unknown,
    /// The clock runs, or has run.
    Open(Box<Open>),
}

/// How far the determination has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Stage {
    #[default]
    Investigating,
    Issued(Issued),
    /// Served; a review may be asked for while its clock runs.
    Served(Issued),
}

/// What was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issued {
    /// The body whose determination it is; the review lies with the next above it.
    pub tier: Tier,
    pub simple: bool,
}

/// How far the review has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Review {
    #[default]
    None,
    Requested,
    Accepted,
    Refused,
    Upheld,
    /// The original body determines again, for a determination of this tier.
    Redetermine(Tier),
    /// A suit ended it.
    Ended,
}

/// An appraisal that was commissioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appraisal {
    pub since: OffsetDateTime,
    pub returned: bool,
}

/// A determination after the alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    pub area: AreaCode,
    pub alarm_at: OffsetDateTime,
    /// Who had jurisdiction from when on, oldest first.
    pub tiers: Vec<(OffsetDateTime, Tier)>,
    pub casualties: bool,
    pub harm: Totals,
    pub appraisals: BTreeMap<Id, Appraisal>,
    /// The cause that was explained to the parties, and whether they dispute the facts.
    pub heard: Option<(String, bool)>,
    pub stage: Stage,
    pub review: Review,
    /// How many reviews were accepted.
    pub reviews: i64,
    pub suit: bool,
    /// A simple determination that has not been filed.
    pub to_file: bool,
    /// The reviewing body waits for the file.
    pub to_return: bool,
    pub clocks: Clocks<Duty>,
}

impl Open {
    /// Who had jurisdiction at an instant.
    pub fn tier_at(&self, at: OffsetDateTime) -> Tier {
        let known = self.tiers.iter().rev().find(|(from, _)| *from <= at);
        known.or(self.tiers.first()).map_or(Tier::County, |(_, tier)| *tier)
    }

    /// Whether an act at this instant keeps the duty's time.
    pub fn in_time(&self, duty: Duty, at: OffsetDateTime) -> bool {
        self.clocks.get(&duty).is_none_or(|clock| clock.in_time(at))
    }

    /// The clock of the determination itself, which runs from the alarm.
    pub fn determining(&self) -> Option<&Clock> {
        self.clocks.get(&Duty::Determine)
    }
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (State::Unknown, Event::Opened { area, alarm_at, tier, determine_by: _ }) => {
            State::Open(Box::new(Open {
                area: area.clone(),
                alarm_at: *alarm_at,
                tiers: vec![(*alarm_at, *tier)],
                casualties: false,
                harm: Totals::default(),
                appraisals: BTreeMap::new(),
                heard: None,
                stage: Stage::Investigating,
                review: Review::None,
                reviews: 0,
                suit: false,
                to_file: false,
                to_return: false,
                clocks: Clocks::default(),
            }))
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
            Event::Moved { to, at, .. } => self.tiers.push((*at, *to)),
            Event::CasualtiesNoted {} => self.casualties = true,
            Event::HarmNoted { totals } => self.harm = *totals,
            Event::AppraisalCommissioned { appraisal, at } => {
                self.appraisals.insert(appraisal.clone(), Appraisal { since: *at, returned: false });
            }
            Event::AppraisalReturned { appraisal, .. } => {
                if let Some(known) = self.appraisals.get_mut(appraisal) {
                    known.returned = true;
                }
            }
            Event::PartiesHeard { cause, disputed, .. } => self.heard = Some((cause.clone(), *disputed)),
            Event::Issued { tier, simple, serve_by, file_by, .. } => {
                self.issue(Issued { tier: *tier, simple: *simple }, serve_by.is_some(), file_by.is_some());
            }
            Event::Filed { .. } => self.to_file = false,
            Event::Served { .. } => {
                if let Stage::Issued(issued) = self.stage {
                    self.stage = Stage::Served(issued);
                }
            }
            Event::Clock { duty, event } => self.clocks.remember(duty, event),
            Event::ReviewRequested { .. }
            | Event::ReviewAccepted { .. }
            | Event::ReviewRefused { .. }
            | Event::FileReturned { .. }
            | Event::ReviewDecided { .. }
            | Event::SuitAccepted { .. } => self.remember_review(event),
            Event::Extended { .. } | Event::Opened { .. } => {}
        }
    }

    fn remember_review(&mut self, event: &Event) {
        match event {
            Event::ReviewRequested { .. } => self.review = Review::Requested,
            Event::ReviewAccepted { .. } => {
                self.review = Review::Accepted;
                self.reviews += 1;
                self.to_return = true;
            }
            Event::ReviewRefused { .. } => self.review = Review::Refused,
            Event::FileReturned { .. } => self.to_return = false,
            Event::ReviewDecided { outcome, .. } => {
                self.review = match (outcome, &self.stage) {
                    (Outcome::Redetermine, Stage::Issued(issued) | Stage::Served(issued)) => {
                        Review::Redetermine(issued.tier)
                    }
                    _ => Review::Upheld,
                };
                self.to_return = false;
                self.heard = None;
            }
            Event::SuitAccepted { review_ended, .. } => {
                self.suit = true;
                if *review_ended {
                    self.review = Review::Ended;
                    self.to_return = false;
                }
            }
            _ => {}
        }
    }

    fn issue(&mut self, issued: Issued, to_serve: bool, to_file: bool) {
        self.stage = if to_serve { Stage::Issued(issued) } else { Stage::Served(issued) };
        if matches!(self.review, Review::Redetermine(_)) {
            self.review = Review::None;
        }
        self.to_file = to_file;
    }
}
