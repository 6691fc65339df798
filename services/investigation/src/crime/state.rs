//! What a suspected crime remembers.

use std::collections::{BTreeMap, BTreeSet};

use decider::{Department, Id};
use law::{AreaCode, clock::Clocks};
use time::OffsetDateTime;

use super::{Article, Duty, Event, Ground};
use crate::fire::{FireId, Totals};

/// A suspected crime as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum State {
    /// Nothing is known.
    #[default]
    Unknown,
    /// Something is known.
    Open(Box<Open>),
}

/// How far the transfer has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing waits for a decision.
    #[default]
    Idle,
    Reported(Article),
    Approved(Article),
    /// With the police; received or not.
    Sent(Article),
    Filed(Article),
    /// Not filed; an objection is possible while its clock runs.
    NotFiled,
    Objected(Article),
    Closed,
}

/// What is known of a suspected crime.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Open {
    /// By hazard or seal: the facts of one never complete those of another.
    pub facts: BTreeMap<Id, BTreeSet<Ground>>,
    pub harm: BTreeMap<FireId, Totals>,
    /// Where it was learnt of.
    pub areas: BTreeSet<AreaCode>,
    /// Whether the indication is only an early warning.
    pub indicated: BTreeMap<Article, bool>,
    pub agency: Option<Department>,
    pub stage: Stage,
    /// The article that is or was last with the police.
    pub sent: Option<Article>,
    /// The police whom it was sent to.
    pub police: Option<Department>,
    pub transferred: BTreeSet<Article>,
    pub declined: BTreeSet<Article>,
    pub received: bool,
    pub objected: bool,
    pub clocks: Clocks<Duty>,
}

impl Open {
    /// Articles that are indicated by all their facts and neither transferred nor declined.
    pub fn pending(&self) -> bool {
        let full = self.indicated.iter().filter(|(_, early)| !**early).map(|(article, _)| article);
        full.into_iter()
            .any(|article| !self.transferred.contains(article) && !self.declined.contains(article))
    }

    /// Whether the case lies in this area. A department tells of what lies in its own area, so that of several the
    /// narrow ones say where; a higher one alone leaves it open among those below it.
    pub fn lies_in(&self, area: &AreaCode) -> bool {
        let narrow = |one: &&AreaCode| !self.areas.iter().any(|other| other != *one && one.contains(other));
        let mut places = self.areas.iter().filter(narrow).peekable();
        places.peek().is_none() || places.any(|place| area.contains(place) || place.contains(area))
    }

    /// Whether an act at this instant keeps the duty's time.
    pub fn in_time(&self, duty: Duty, at: OffsetDateTime) -> bool {
        self.clocks.get(&duty).is_none_or(|clock| clock.in_time(at))
    }
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    let mut open = match state {
        State::Unknown => Box::default(),
        State::Open(open) => open,
    };
    open.remember(event);
    State::Open(open)
}

impl Open {
    fn remember(&mut self, event: &Event) {
        match event {
            Event::FactNoted { subject, ground, area } => {
                self.facts.entry(subject.clone()).or_default().insert(*ground);
                self.areas.extend(area.clone());
            }
            Event::HarmNoted { fire, totals, area } => {
                self.harm.insert(fire.clone(), *totals);
                self.areas.extend(area.clone());
            }
            Event::Indicated { article, early_warning, .. } => {
                self.indicated.insert(*article, *early_warning);
                if self.stage == Stage::Closed {
                    self.stage = Stage::Idle;
                }
            }
            Event::TeamAppointed { agency, .. } => self.agency = Some(agency.clone()),
            Event::ReportedToPrincipal { article, .. } => self.stage = Stage::Reported(*article),
            Event::Approved { article, .. } => self.stage = Stage::Approved(*article),
            Event::Declined { article, .. } => {
                self.stage = Stage::Idle;
                self.declined.insert(*article);
            }
            Event::Sent { article, to, .. } => {
                self.stage = Stage::Sent(*article);
                self.sent = Some(*article);
                self.police = Some(to.clone());
                self.received = false;
                self.objected = false;
                self.transferred.insert(*article);
            }
            Event::Received { .. } => self.received = true,
            Event::Answered { hand_over_by, .. } => {
                self.stage = match (hand_over_by, self.sent) {
                    (Some(_), Some(article)) => Stage::Filed(article),
                    _ => Stage::NotFiled,
                };
            }
            Event::Objected { .. } => {
                self.objected = true;
                if let Some(article) = self.sent {
                    self.stage = Stage::Objected(article);
                }
            }
            Event::HandedOver { .. } => self.stage = Stage::Idle,
            Event::Closed { .. } => self.stage = Stage::Closed,
            Event::Clock { duty, event } => self.clocks.remember(duty, event),
        }
    }
}
