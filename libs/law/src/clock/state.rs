//! What a clock remembers.

use time::{OffsetDateTime, PrimitiveDateTime};

use super::{Event, Lapse, Terms, Until};
use crate::{
    calendar::Calendar,
    due::{Due, Role},
    period::Period,
    shanghai::start_of_day,
    suspension::{self, Suspension},
    words::Words,
};

/// A clock as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    pub terms: Terms,
    /// Until when it runs, or ran before it was made to stand still.
    pub until: Until,
    /// Whether a suspension holds it.
    pub still: bool,
    pub stretches: Vec<Stretch>,
    pub extensions: Vec<Extension>,
    /// Whether the warning for `until` has been given.
    pub warned: bool,
    /// The due date that passed unmet, a duty's or a right's, unless an act entered late has moved it since.
    pub over: Option<Due>,
    pub end: Option<End>,
}

/// One suspension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub reference: String,
    pub reason: String,
    pub time: Suspension,
}

/// One extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    pub by: String,
    pub document: String,
    pub period: Period,
}

/// How a clock ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Met { at: OffsetDateTime, in_time: bool },
    Cancelled { cause: String },
}

impl Clock {
    /// Remembers an event. Total: history is never refused, and what fits nothing changes nothing.
    pub fn evolve(clock: Option<Self>, event: &Event) -> Option<Self> {
        match (clock, event) {
            (_, Event::Armed { terms, until }) => Some(Self {
                terms: terms.clone(),
                until: until.clone(),
                still: false,
                stretches: Vec::new(),
                extensions: Vec::new(),
                warned: false,
                over: None,
                end: None,
            }),
            (Some(mut clock), event) => {
                clock.remember(event);
                Some(clock)
            }
            (None, _) => None,
        }
    }

    /// Folds a whole history.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Self> {
        events.into_iter().fold(None, Self::evolve)
    }

    /// Whether the clock can still run out.
    pub fn is_running(&self) -> bool {
        self.end.is_none() && self.over.is_none() && !self.still
    }

    /// Whether nothing is left to happen: met, cancelled, breached or lapsed.
    pub fn is_closed(&self) -> bool {
        self.end.is_some() || self.over.is_some()
    }

    /// When the clock next acts by itself: it warns, or runs out.
    pub fn next(&self) -> Option<OffsetDateTime> {
        if !self.is_running() {
            return None;
        }
        self.warning().into_iter().chain([self.until.due.past_from()]).min()
    }

    /// Whether an act at this instant keeps the time, as far as is known.
    pub fn in_time(&self, at: OffsetDateTime) -> bool {
        self.still || !self.until.due.is_past(at)
    }

    /// The warning that has not been given.
    pub(super) fn warning(&self) -> Option<OffsetDateTime> {
        self.until.warn_at.filter(|_| !self.warned)
    }

    /// Whether what was a right is none any more.
    pub fn has_lapsed(&self) -> bool {
        self.end.is_none() && self.over.is_some() && self.terms.lapses == Some(Lapse::Right)
    }

    /// The computation in words, with its suspensions and extensions.
    pub fn words(&self, calendar: &Calendar, as_of: OffsetDateTime) -> Words {
        let Terms { start, period, role, .. } = self.terms;
        let first = if self.extensions.is_empty() { role } else { Role::Agency };
        let mut words = calendar.words(start, period, first, &self.suspensions(), as_of);
        for Extension { by, period, .. } in &self.extensions {
            words.zh.push_str(&format!("；经 {by} 批准延长 {}", period.zh()));
            words.en.push_str(&format!("; extended by {period}, approved by {by}"));
        }
        if self.still {
            words.zh.push_str("；中止中，届满日待恢复后确定");
            words.en.push_str("; standing still, the last day is known once it resumes");
        } else if !self.extensions.is_empty() {
            words.zh.push_str(&format!("，{} 届满", self.until.due.last_day));
            words.en.push_str(&format!(", ends {}", self.until.due.last_day));
        }
        if self.has_lapsed() {
            words.zh.push_str("，权利消灭");
            words.en.push_str("; the right has lapsed");
        }
        words
    }

    /// The time that does not count.
    pub fn suspensions(&self) -> Vec<Suspension> {
        self.stretches.iter().map(|stretch| stretch.time).collect()
    }

    /// Until when the clock runs under a calendar and a pack; none while it stands still. `self` already has
    /// the suspensions and extensions that are to count.
    pub(super) fn run_out(&self, calendar: &Calendar, pack: &str) -> Option<Until> {
        let all = self.suspensions();
        let ended: Vec<_> = all.iter().copied().filter(|time| time.to.is_some()).collect();
        let due = self.due(calendar, &ended);
        if ended.len() < all.len() {
            // A suspension without end matters unless it began when the time was already over.
            let endless = PrimitiveDateTime::MAX.assume_utc();
            let held: Vec<_> =
                all.iter().map(|time| Suspension { to: time.to.or(Some(endless)), ..*time }).collect();
            if self.due(calendar, &held) != due {
                return None;
            }
        }
        let Terms { start, warn, .. } = self.terms;
        let pauses = suspension::union_of_suspensions(&ended, start);
        let warn_at = warn.map(|warn| warn.at(start, &due, &pauses, calendar));
        Some(Until { due, pack: pack.to_owned(), warn_at })
    }

    /// When the time would be over if what suspends the clock ended at `as_of`.
    pub fn runs_out(&self, calendar: &Calendar, as_of: OffsetDateTime) -> Due {
        let ended = |time: Suspension| Suspension { to: time.to.or(Some(as_of)), ..time };
        self.due(calendar, &self.suspensions().into_iter().map(ended).collect::<Vec<_>>())
    }

    /// Every extension begins where the time before it ended, unmoved; only the last of all rolls.
    fn due(&self, calendar: &Calendar, times: &[Suspension]) -> Due {
        let Terms { start, period, role, .. } = self.terms;
        let role_at = |index| if index == self.extensions.len() { role } else { Role::Agency };
        let mut due = calendar.due_excluding(start, period, role_at(0), times, start);
        let mut exact = period.is_exact();
        for (index, extension) in self.extensions.iter().enumerate() {
            let period = extension.period;
            let from = if exact || period.is_exact() { due.at } else { start_of_day(due.last_day) };
            due = calendar.due_excluding(from, period, role_at(index + 1), times, start);
            exact = period.is_exact();
        }
        due
    }

    /// The clock after an event.
    pub(super) fn told(mut self, event: &Event) -> Self {
        self.remember(event);
        self
    }

    fn remember(&mut self, event: &Event) {
        match event {
            Event::Armed { .. } => {}
            Event::Warned { .. } => self.warned = true,
            Event::Suspended { reference, reason, at, until } => {
                let time = Suspension { from: *at, to: None };
                self.stretches.push(Stretch { reference: reference.clone(), reason: reason.clone(), time });
                self.run_until(until.as_ref());
            }
            Event::Resumed { reference, at, until } => {
                if let Some(open) = self.open(reference) {
                    open.time.to = Some(*at);
                }
                self.run_until(until.as_ref());
            }
            Event::Extended { by, document, period, until, .. } => {
                let (by, document) = (by.clone(), document.clone());
                self.extensions.push(Extension { by, document, period: *period });
                self.run_until(until.as_ref());
            }
            Event::Passed { holder, .. } => self.terms.holder.clone_from(holder),
            Event::Met { at, in_time } => self.end = Some(End::Met { at: *at, in_time: *in_time }),
            Event::Breached { due } | Event::Lapsed { due, .. } => self.over = Some(due.clone()),
            Event::Cancelled { cause, .. } => self.end = Some(End::Cancelled { cause: cause.clone() }),
            Event::Rederived { new, period, .. } => {
                self.terms.period = *period;
                self.run_until(new.as_ref());
            }
        }
    }

    /// The suspension for this reference that lasts.
    pub(super) fn open(&mut self, reference: &str) -> Option<&mut Stretch> {
        self.stretches.iter_mut().find(|stretch| stretch.reference == reference && stretch.time.to.is_none())
    }

    /// A later due date lifts a breach or a lapse that was recorded before an act in time was entered, and is warned of
    /// again.
    pub(super) fn run_until(&mut self, until: Option<&Until>) {
        self.still = until.is_none();
        let moved = until.is_none_or(|until| until.due.at != self.until.due.at);
        if moved {
            self.over = None;
            self.warned = false;
        }
        if let Some(until) = until {
            self.until = until.clone();
        }
    }
}
