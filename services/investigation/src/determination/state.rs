//! What a cause determination remembers.

use std::collections::BTreeMap;

use decider::{Duties, Id};
use law::{AreaCode, Due, Suspension, Tier};
use time::OffsetDateTime;

use super::{Duty, Event, Outcome};

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
    /// Served; a review may be asked for until then.
    Served(Issued, Option<Due>),
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

/// A determination after the alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    pub area: AreaCode,
    pub alarm_at: OffsetDateTime,
    /// Who had jurisdiction from when on, oldest first.
    pub tiers: Vec<(OffsetDateTime, Tier)>,
    pub casualties: bool,
    pub appraisals: BTreeMap<Id, Suspension>,
    pub determine_by: Due,
    pub extended: bool,
    /// Whether the time ran out before the determination.
    pub overdue: bool,
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
    pub duties: Duties<Duty>,
    /// When each duty was last due, also after its breach: an act may be entered late and yet have been in time.
    pub dues: BTreeMap<Duty, Due>,
}

impl Open {
    /// Who had jurisdiction at an instant.
    pub fn tier_at(&self, at: OffsetDateTime) -> Tier {
        let known = self.tiers.iter().rev().find(|(from, _)| *from <= at);
        known.or(self.tiers.first()).map_or(Tier::County, |(_, tier)| *tier)
    }

    /// The time that the clock leaves out.
    pub fn suspensions(&self) -> Vec<Suspension> {
        self.appraisals.values().copied().collect()
    }

    /// Whether an act at this instant keeps the duty's time.
    pub fn in_time(&self, duty: Duty, at: OffsetDateTime) -> bool {
        self.dues.get(&duty).is_none_or(|due| !due.is_past(at))
    }

    /// Whether an appraisal has not come back.
    pub fn is_suspended(&self) -> bool {
        self.appraisals.values().any(|appraisal| appraisal.to.is_none())
    }
}

/// Remembers an event.
pub(super) fn evolve(state: State, event: &Event) -> State {
    match (state, event) {
        (State::Unknown, Event::Opened { area, alarm_at, tier, determine_by }) => {
            let mut open = Open {
                area: area.clone(),
                alarm_at: *alarm_at,
                tiers: vec![(*alarm_at, *tier)],
                casualties: false,
                appraisals: BTreeMap::new(),
                determine_by: determine_by.clone(),
                extended: false,
                overdue: false,
                heard: None,
                stage: Stage::Investigating,
                review: Review::None,
                reviews: 0,
                suit: false,
                to_file: false,
                to_return: false,
                duties: Duties::default(),
                dues: BTreeMap::new(),
            };
            open.arm(Duty::Determine, determine_by);
            State::Open(Box::new(open))
        }
        (State::Open(mut open), event) => {
            open.remember(event);
            State::Open(open)
        }
        (state, _) => state,
    }
}

impl Open {
    fn arm(&mut self, duty: Duty, due: &Due) {
        self.duties.arm(duty, due.clone());
        self.dues.insert(duty, due.clone());
    }

    fn remember(&mut self, event: &Event) {
        match event {
            Event::Moved { to, at, .. } => self.tiers.push((*at, *to)),
            Event::CasualtiesNoted {} => self.casualties = true,
            Event::AppraisalCommissioned { appraisal, at } => {
                self.appraisals.insert(appraisal.clone(), Suspension { from: *at, to: None });
                self.duties.stop(&Duty::Determine);
            }
            Event::AppraisalReturned { appraisal, at, determine_by } => {
                if let Some(suspension) = self.appraisals.get_mut(appraisal) {
                    suspension.to = Some(*at);
                }
                self.determine_until(determine_by);
            }
            Event::Extended { determine_by, .. } => {
                self.extended = true;
                self.determine_until(determine_by);
            }
            Event::PartiesHeard { cause, disputed, .. } => self.heard = Some((cause.clone(), *disputed)),
            Event::Issued { tier, simple, serve_by, file_by, .. } => {
                self.issue(Issued { tier: *tier, simple: *simple }, serve_by.as_ref(), file_by.as_ref());
            }
            Event::Filed { .. } => {
                self.to_file = false;
                self.duties.stop(&Duty::File);
            }
            Event::Served { review_by, .. } => {
                self.duties.stop(&Duty::Serve);
                if let Stage::Issued(issued) = self.stage {
                    self.stage = Stage::Served(issued, review_by.clone());
                }
            }
            Event::DutyBreached { duty, .. } => {
                self.overdue |= *duty == Duty::Determine;
                self.duties.stop(duty);
            }
            Event::ReviewRequested { .. }
            | Event::ReviewAccepted { .. }
            | Event::ReviewRefused { .. }
            | Event::FileReturned { .. }
            | Event::ReviewDecided { .. }
            | Event::SuitAccepted { .. } => self.remember_review(event),
            Event::Opened { .. } => {}
        }
    }

    fn remember_review(&mut self, event: &Event) {
        match event {
            Event::ReviewRequested { accept_by, .. } => {
                self.review = Review::Requested;
                self.arm(Duty::AnswerReview, accept_by);
            }
            Event::ReviewAccepted { file_by, decide_by, .. } => {
                self.review = Review::Accepted;
                self.reviews += 1;
                self.to_return = true;
                self.duties.stop(&Duty::AnswerReview);
                self.arm(Duty::ReturnFile, file_by);
                self.arm(Duty::DecideReview, decide_by);
            }
            Event::ReviewRefused { .. } => {
                self.review = Review::Refused;
                self.duties.stop(&Duty::AnswerReview);
            }
            Event::FileReturned { .. } => {
                self.to_return = false;
                self.duties.stop(&Duty::ReturnFile);
            }
            Event::ReviewDecided { outcome, redetermine_by, .. } => {
                self.review = match (outcome, &self.stage) {
                    (Outcome::Redetermine, Stage::Issued(issued) | Stage::Served(issued, _)) => {
                        Review::Redetermine(issued.tier)
                    }
                    _ => Review::Upheld,
                };
                self.stop_review();
                self.heard = None;
                if let Some(due) = redetermine_by {
                    self.arm(Duty::Redetermine, due);
                }
            }
            Event::SuitAccepted { review_ended, .. } => {
                self.suit = true;
                if *review_ended {
                    self.review = Review::Ended;
                    self.stop_review();
                }
            }
            _ => {}
        }
    }

    /// The clock runs again, unless it stands still for another appraisal, or has nothing left to wait for.
    fn determine_until(&mut self, determine_by: &Due) {
        self.determine_by = determine_by.clone();
        if self.stage == Stage::Investigating && !self.is_suspended() && !self.overdue {
            self.arm(Duty::Determine, determine_by);
        }
    }

    fn issue(&mut self, issued: Issued, serve_by: Option<&Due>, file_by: Option<&Due>) {
        self.stage = Stage::Issued(issued);
        self.duties.stop(&Duty::Determine);
        self.duties.stop(&Duty::Redetermine);
        if matches!(self.review, Review::Redetermine(_)) {
            self.review = Review::None;
        }
        match serve_by {
            Some(due) => self.arm(Duty::Serve, due),
            None => self.stage = Stage::Served(issued, None),
        }
        self.to_file = file_by.is_some();
        if let Some(due) = file_by {
            self.arm(Duty::File, due);
        }
    }

    fn stop_review(&mut self) {
        self.to_return = false;
        for duty in [Duty::AnswerReview, Duty::ReturnFile, Duty::DecideReview] {
            self.duties.stop(&duty);
        }
    }
}
