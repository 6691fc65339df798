//! What can be asked of a clock, and what then happens.

use time::OffsetDateTime;

use super::{Clock, End, Event, Extension, Refusal, Stretch, Terms, Until};
use crate::{calendar::Calendar, due::Due, period::Period, shanghai::utc, suspension::Suspension};

/// What is asked of a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Arm {
        terms: Terms,
    },
    Suspend {
        reference: String,
        reason: String,
    },
    Resume {
        reference: String,
    },
    Extend {
        by: String,
        document: String,
        period: Period,
    },
    /// The duty is somebody else's from now on.
    Pass {
        holder: String,
    },
    Meet,
    Cancel {
        cause: String,
    },
    /// Under the calendar and pack of the moment; the period is what the clock's rule says there.
    Rederive {
        period: Period,
    },
}

/// When and under which rules something is asked.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// When it is recorded.
    pub now: OffsetDateTime,
    /// When it happened; an act may be entered late, but not ahead.
    pub at: OffsetDateTime,
    pub calendar: &'a Calendar,
    /// The version of the rule pack.
    pub pack: &'a str,
}

/// What the clock has said by itself up to and including `now`, and nobody has recorded yet.
pub fn tick(clock: &Clock, now: OffsetDateTime) -> Vec<Event> {
    let mut events = Vec::new();
    if !clock.is_running() {
        return events;
    }
    let due = &clock.until.due;
    if let Some(at) = clock.warning().filter(|at| *at <= now) {
        events.push(Event::Warned { at, due: due.clone(), holder: clock.terms.holder.clone() });
    }
    if due.is_past(now) {
        let due = due.clone();
        events.push(match clock.terms.lapses {
            None => Event::Breached { due },
            Some(what) => Event::Lapsed { what, due },
        });
    }
    events
}

/// Answers an act: what the clock had said by itself, then what the act does. No events means "already so".
pub fn decide(clock: Option<&Clock>, act: Act, moment: &Moment<'_>) -> Result<Vec<Event>, Refusal> {
    // Equal instants are equal bytes, in whichever offset they were entered.
    let moment = &Moment { now: utc(moment.now), at: utc(moment.at), ..*moment };
    let mut events = clock.map(|clock| tick(clock, moment.now)).unwrap_or_default();
    let clock = events.iter().fold(clock.cloned(), Clock::evolve);
    events.extend(answer(clock, act, moment)?);
    Ok(events)
}

fn answer(clock: Option<Clock>, act: Act, moment: &Moment<'_>) -> Result<Option<Event>, Refusal> {
    if moment.at > moment.now {
        return Err(Refusal::NotYet);
    }
    match (clock, act) {
        (Some(clock), Act::Arm { .. }) if !clock.is_closed() => Err(Refusal::AlreadyRunning),
        (_, Act::Arm { terms }) => arm(terms, moment).map(Some),
        (None, _) => Err(Refusal::NotArmed),
        (Some(clock), Act::Suspend { reference, reason }) => suspend(clock, reference, reason, moment),
        (Some(clock), Act::Resume { reference }) => resume(clock, reference, moment),
        (Some(clock), Act::Extend { by, document, period }) => {
            extend(clock, Extension { by, document, period }, moment).map(Some)
        }
        (Some(clock), Act::Pass { holder }) => pass(&clock, holder, moment),
        (Some(clock), Act::Meet) => meet(&clock, moment),
        (Some(clock), Act::Cancel { cause }) => cancel(&clock, cause, moment),
        (Some(clock), Act::Rederive { period }) => rederive(clock, period, moment),
    }
}

fn arm(mut terms: Terms, moment: &Moment<'_>) -> Result<Event, Refusal> {
    for (field, text) in [("rule", &terms.rule), ("basis", &terms.basis), ("holder", &terms.holder)] {
        filled(field, text)?;
    }
    sound(terms.period)?;
    if terms.warn.is_some_and(|warn| !warn.is_sound()) {
        return Err(Refusal::Absurd { what: "warning" });
    }
    // The start may lie ahead: what is to be done after an order has run out is known when it is given.
    terms.start = utc(terms.start);
    let due = moment.calendar.due(terms.start, terms.period, terms.role);
    let warn_at = terms.warn.map(|warn| warn.at(terms.start, &due, &[], moment.calendar));
    Ok(Event::Armed { terms, until: Until { due, pack: moment.pack.to_owned(), warn_at } })
}

fn suspend(
    mut clock: Clock,
    reference: String,
    reason: String,
    moment: &Moment<'_>,
) -> Result<Option<Event>, Refusal> {
    filled("reference", &reference)?;
    filled("reason", &reason)?;
    open_at(&clock, moment.at)?;
    if clock.open(&reference).is_some() {
        return Ok(None);
    }
    let time = Suspension { from: moment.at, to: None };
    clock.stretches.push(Stretch { reference: reference.clone(), reason: reason.clone(), time });
    let until = clock.run_out(moment.calendar, moment.pack);
    Ok(Some(Event::Suspended { reference, reason, at: moment.at, until }))
}

fn resume(mut clock: Clock, reference: String, moment: &Moment<'_>) -> Result<Option<Event>, Refusal> {
    not_ended(&clock)?;
    let known = clock.stretches.iter().any(|stretch| stretch.reference == reference);
    let Some(stretch) = clock.open(&reference) else {
        return if known { Ok(None) } else { Err(Refusal::NotSuspended { reference }) };
    };
    if moment.at < stretch.time.from {
        return Err(Refusal::ResumedBeforeSuspended { reference });
    }
    stretch.time.to = Some(moment.at);
    let until = clock.run_out(moment.calendar, moment.pack);
    Ok(Some(Event::Resumed { reference, at: moment.at, until }))
}

fn extend(mut clock: Clock, extension: Extension, moment: &Moment<'_>) -> Result<Event, Refusal> {
    filled("authority", &extension.by)?;
    sound(extension.period)?;
    open_at(&clock, moment.at)?;
    let most = clock.terms.extensions_max;
    if clock.extensions.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
        return Err(Refusal::ExtendedTooOften { most });
    }
    clock.extensions.push(extension.clone());
    let until = clock.run_out(moment.calendar, moment.pack);
    let Extension { by, document, period } = extension;
    Ok(Event::Extended { by, document, period, at: moment.at, until })
}

fn meet(clock: &Clock, moment: &Moment<'_>) -> Result<Option<Event>, Refusal> {
    match &clock.end {
        Some(End::Met { .. }) => return Ok(None),
        Some(End::Cancelled { cause }) => return Err(Refusal::AlreadyCancelled { cause: cause.clone() }),
        None => {}
    }
    Ok(Some(Event::Met { at: moment.at, in_time: clock.in_time(moment.at) }))
}

fn pass(clock: &Clock, holder: String, moment: &Moment<'_>) -> Result<Option<Event>, Refusal> {
    filled("holder", &holder)?;
    not_ended(clock)?;
    let new = clock.terms.holder != holder;
    Ok(new.then_some(Event::Passed { holder, at: moment.at }))
}

fn cancel(clock: &Clock, cause: String, moment: &Moment<'_>) -> Result<Option<Event>, Refusal> {
    filled("cause", &cause)?;
    match clock.end {
        Some(End::Met { .. }) => Err(Refusal::AlreadyMet),
        Some(End::Cancelled { .. }) => Ok(None),
        None => Ok(Some(Event::Cancelled { cause, at: moment.at })),
    }
}

/// A clock that is closed does not change, nor does one to which the other rules say the same.
fn rederive(mut clock: Clock, period: Period, moment: &Moment<'_>) -> Result<Option<Event>, Refusal> {
    if clock.is_closed() {
        return Ok(None);
    }
    sound(period)?;
    let same_period = clock.terms.period == period;
    clock.terms.period = period;
    let new = clock.run_out(moment.calendar, moment.pack);
    let same = match &new {
        Some(new) => !clock.still && clock.until.says_as(new),
        None => clock.still,
    };
    let Clock { until: old, terms, .. } = clock;
    Ok((!(same && same_period)).then_some(Event::Rederived { old, new, period, holder: terms.holder }))
}

/// Acts that move the last day must have happened before it was over, whenever they are entered.
fn open_at(clock: &Clock, at: OffsetDateTime) -> Result<(), Refusal> {
    not_ended(clock)?;
    let Due { last_day, .. } = clock.until.due;
    if clock.in_time(at) { Ok(()) } else { Err(Refusal::RunOut { last_day }) }
}

fn not_ended(clock: &Clock) -> Result<(), Refusal> {
    match &clock.end {
        None => Ok(()),
        Some(End::Met { .. }) => Err(Refusal::AlreadyMet),
        Some(End::Cancelled { cause }) => Err(Refusal::AlreadyCancelled { cause: cause.clone() }),
    }
}

fn filled(field: &'static str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() { Err(Refusal::Blank { field }) } else { Ok(()) }
}

fn sound(period: Period) -> Result<(), Refusal> {
    period.checked("").map(drop).map_err(|_| Refusal::Absurd { what: "period" })
}
