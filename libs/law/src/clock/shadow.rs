//! A clock's story told again under another calendar and other periods, beside the story as it was recorded.
//!
//! What people did is taken as recorded: when a time began, stood still and was kept. What follows from the rules is
//! computed anew: until when it ran, and whether it was kept. Nothing is written.

use time::OffsetDateTime;

use super::{Clock, End, Event};
use crate::{calendar::Calendar, due::Due, period::Period};

/// What the story is told under.
pub struct Under<'a> {
    pub calendar: &'a Calendar,
    /// The version of the pack.
    pub pack: &'a str,
    /// What the pack says a clock's period is; none leaves it as it was set.
    pub period: &'a dyn Fn(&Clock) -> Option<Period>,
}

/// A clock as recorded and as it would have been.
#[derive(Clone, Debug, Default)]
pub struct Shadow {
    recorded: Option<Clock>,
    other: Option<Clock>,
}

/// How a clock stands, or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Until when it runs, or ran; none while it stands still.
    pub due: Option<Due>,
    pub outcome: Outcome,
}

/// What became of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Running,
    /// Done, in time or late.
    Met {
        in_time: bool,
    },
    /// Over, and not done.
    Overdue,
    /// Over, and nobody is late: a right that was not used, a term that ended.
    Lapsed,
    Cancelled,
}

/// Where the two stories differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The row of the rule pack.
    pub rule: String,
    pub recorded: Standing,
    pub other: Standing,
}

impl Shadow {
    /// Tells one event of the clock. When the clock is started anew, what differed until then is the answer.
    pub fn tell(&mut self, event: &Event, under: &Under<'_>, at: OffsetDateTime) -> Option<Difference> {
        let ended = if matches!(event, Event::Armed { .. }) { self.difference(at) } else { None };
        self.recorded = Clock::evolve(self.recorded.take(), event);
        self.other = match event {
            Event::Armed { .. } => self.recorded.clone().map(|clock| arm(clock, under)),
            event => self.other.take().map(|clock| retell(clock, event, under)),
        };
        ended
    }

    /// Where the two stories differ, as seen at an instant.
    pub fn difference(&self, now: OffsetDateTime) -> Option<Difference> {
        let (recorded, other) = (self.recorded.as_ref()?, self.other.as_ref()?);
        let rule = recorded.terms.rule.clone();
        let (recorded, other) = (Standing::of(recorded, now), Standing::of(other, now));
        let day = |standing: &Standing| standing.due.as_ref().map(|due| (due.at, due.last_day));
        let same = day(&recorded) == day(&other) && recorded.outcome == other.outcome;
        (!same).then_some(Difference { rule, recorded, other })
    }
}

impl Standing {
    fn of(clock: &Clock, now: OffsetDateTime) -> Self {
        let due = (!clock.still).then(|| clock.until.due.clone());
        let is_over = due.as_ref().is_some_and(|due| due.is_past(now));
        let outcome = match &clock.end {
            Some(End::Met { in_time, .. }) => Outcome::Met { in_time: *in_time },
            Some(End::Cancelled { .. }) => Outcome::Cancelled,
            None if is_over && clock.terms.lapses.is_some() => Outcome::Lapsed,
            None if is_over => Outcome::Overdue,
            None => Outcome::Running,
        };
        Self { due, outcome }
    }
}

fn arm(mut clock: Clock, under: &Under<'_>) -> Clock {
    if let Some(period) = (under.period)(&clock) {
        clock.terms.period = period;
    }
    recompute(clock, under)
}

fn retell(clock: Clock, event: &Event, under: &Under<'_>) -> Clock {
    match event {
        // What a clock says by itself is said by the other rules, which never change.
        Event::Armed { .. }
        | Event::Warned { .. }
        | Event::Breached { .. }
        | Event::Lapsed { .. }
        | Event::Rederived { .. } => clock,
        // More time is not given once the time is over.
        Event::Extended { at, .. } if !clock.in_time(*at) => clock,
        Event::Suspended { .. } | Event::Resumed { .. } | Event::Extended { .. } => {
            recompute(clock.told(event), under)
        }
        Event::Met { at, .. } => {
            let in_time = clock.in_time(*at);
            clock.told(&Event::Met { at: *at, in_time })
        }
        Event::Passed { .. } | Event::Cancelled { .. } => clock.told(event),
    }
}

fn recompute(mut clock: Clock, under: &Under<'_>) -> Clock {
    let until = clock.run_out(under.calendar, under.pack);
    clock.run_until(until.as_ref());
    clock
}
