//! Deciders that hold statutory clocks: what a clock says by itself, and what an event does to the clocks.
//!
//! **Invariant**: a decision first records what the clocks had said by then, so a stream never depends on who
//! looked when. An event and what it does to the clocks are one decision.

use law::{
    Due, Period, Role, RuleError, RulePack,
    clock::{self, Act, Clock, Clocks, Moment, Terms, Warn},
};
use time::OffsetDateTime;

use crate::{Actor, Context, Decider};

/// A decider that holds a clock for each of its duties.
pub trait Clocked: Decider {
    /// What its clocks watch.
    type Duty: Ord + Clone;

    /// The command that computes the open clocks under the rules and the calendar of its context.
    fn rederive() -> Self::Command;

    /// The clocks of a state, if it has any.
    fn clocks(state: &Self::State) -> Option<&Clocks<Self::Duty>>;

    /// The event that says what happened to a clock.
    fn clock(duty: Self::Duty, event: clock::Event) -> Self::Event;

    /// What one of the other events does to the clocks; `state` has remembered it already.
    fn wind(
        state: &Self::State,
        event: &Self::Event,
        winding: &mut Winding<'_, Self::Duty>,
    ) -> Result<(), Self::Refusal>;

    /// What happens by itself when a time is over, beside the clock's saying so.
    fn run_out(_state: &Self::State, _duty: &Self::Duty, _due: &Due) -> Vec<Self::Event> {
        vec![]
    }

    /// What the rules say the period of a clock is; none where a decision has set it.
    fn period(clock: &Clock, rules: &RulePack) -> Option<Period> {
        rules.period(&clock.terms.rule).ok()
    }
}

/// What the clocks say by themselves at the instant of the act.
pub fn tick<D: Clocked>(state: &D::State, cx: &Context) -> Result<Vec<D::Event>, D::Refusal> {
    Course::<D>::new(state, cx).tick(cx.at).map(Course::events)
}

/// What the clocks had said by now, then the answer, each event with what it does to them.
pub fn act<D: Clocked>(
    state: &D::State,
    cx: &Context,
    answer: impl FnOnce(&D::State) -> Result<Vec<D::Event>, D::Refusal>,
) -> Result<Vec<D::Event>, D::Refusal> {
    let course = Course::<D>::new(state, cx).tick(cx.now)?;
    let answered = answer(&course.state)?;
    // What another log reports may be ahead of our clock by a little.
    let now = cx.now.max(cx.at);
    answered
        .into_iter()
        .try_fold(course, |course, event| course.happen(event, cx.at, now))
        .map(Course::events)
}

/// Every open clock, computed under the rules and the calendar of the context.
pub fn rederive<D: Clocked>(state: &D::State, cx: &Context) -> Result<Vec<D::Event>, D::Refusal>
where
    D::Refusal: From<clock::Refusal>,
{
    let mut course = Course::<D>::new(state, cx).tick(cx.now)?;
    let moment = Moment { now: cx.now, at: cx.now, calendar: &cx.calendar, pack: cx.rules.version() };
    let period = |clock: &Clock| D::period(clock, &cx.rules).or(Some(clock.terms.period));
    for (duty, event) in course.clocks.rederive(&moment, period)? {
        course.say(duty, event);
    }
    Ok(course.events())
}

/// A decision in the making.
struct Course<'a, D: Clocked> {
    state: D::State,
    clocks: Clocks<D::Duty>,
    events: Vec<D::Event>,
    cx: &'a Context,
}

impl<'a, D: Clocked> Course<'a, D> {
    fn new(state: &D::State, cx: &'a Context) -> Self {
        let clocks = D::clocks(state).cloned().unwrap_or_default();
        Self { state: state.clone(), clocks, events: vec![], cx }
    }

    fn events(self) -> Vec<D::Event> {
        self.events
    }

    /// One after the other: what follows from the first may silence the second.
    fn tick(mut self, until: OffsetDateTime) -> Result<Self, D::Refusal> {
        while let Some((duty, event)) = self.clocks.tick(until).into_iter().next() {
            self.say(duty.clone(), event.clone());
            if let clock::Event::Breached { due } | clock::Event::Lapsed { due, .. } = event {
                for event in D::run_out(&self.state, &duty, &due) {
                    self = self.happen(event, due.past_from(), due.past_from())?;
                }
            }
        }
        Ok(self)
    }

    fn happen(
        mut self,
        event: D::Event,
        at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Self, D::Refusal> {
        self.state = D::evolve(self.state, &event);
        let clocks = std::mem::take(&mut self.clocks);
        let mut winding = Winding { clocks, said: vec![], at, now, cx: self.cx };
        D::wind(&self.state, &event, &mut winding)?;
        self.clocks = winding.clocks;
        self.events.push(event);
        for (duty, event) in winding.said {
            self.tell(duty, event);
        }
        Ok(self)
    }

    fn say(&mut self, duty: D::Duty, event: clock::Event) {
        self.clocks.remember(&duty, &event);
        self.tell(duty, event);
    }

    fn tell(&mut self, duty: D::Duty, event: clock::Event) {
        let event = D::clock(duty, event);
        let state = std::mem::take(&mut self.state);
        self.state = D::evolve(state, &event);
        self.events.push(event);
    }
}

/// Why a clock cannot do what an event wants of it.
#[derive(Debug)]
pub enum Unwound {
    /// A parameter cannot be used.
    Rule(RuleError),
    /// The clock says no.
    Clock(clock::Refusal),
}

/// The clocks under one event: what it does to them, as of its act.
///
/// Only what means something happens: a duty without a clock is not met, one that has ended is not cancelled.
pub struct Winding<'a, K: Ord> {
    clocks: Clocks<K>,
    said: Vec<(K, clock::Event)>,
    at: OffsetDateTime,
    now: OffsetDateTime,
    cx: &'a Context,
}

impl<K: Ord + Clone> Winding<'_, K> {
    /// When the event happened.
    pub fn at(&self) -> OffsetDateTime {
        self.at
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.cx.actor
    }

    /// The parameters in force.
    pub fn rules(&self) -> &RulePack {
        &self.cx.rules
    }

    /// Another instant than the command's is that of the act.
    pub fn as_of(&mut self, at: OffsetDateTime) {
        self.at = at;
        self.now = self.now.max(at);
    }

    /// What the pack says of a rule, for a clock that starts with the act. The holder of an agency's duty is warned.
    pub fn terms(&self, rule: &str, role: Role, holder: impl ToString) -> Result<Terms, Unwound> {
        let period = self.cx.rules.period(rule).map_err(Unwound::Rule)?;
        let basis = self.cx.rules.article(rule).map_err(Unwound::Rule)?;
        let terms = self.set(rule, basis, period, role, holder);
        let warn = match role {
            Role::Agency => Warn::of_duties(&self.cx.rules).map_err(Unwound::Rule)?,
            Role::Party => None,
        };
        Ok(Terms { warn, ..terms })
    }

    /// The same for a period that no row gives, because a decision sets it; `name` is nobody's row.
    pub fn set(&self, name: &str, basis: &str, period: Period, role: Role, holder: impl ToString) -> Terms {
        Terms {
            rule: name.to_owned(),
            basis: basis.to_owned(),
            period,
            role,
            holder: holder.to_string(),
            start: self.at,
            warn: None,
            lapses: None,
            extensions_max: 0,
        }
    }

    /// Starts a duty's clock, in place of one that may still run. The event has said the same due date.
    pub fn arm(&mut self, duty: K, terms: Terms, told: &Due) -> Result<(), Unwound> {
        self.cancel(&duty, "again")?;
        self.act(duty.clone(), Act::Arm { terms })?;
        debug_assert_eq!(
            self.clocks.get(&duty).map(|clock| clock.until.due.at),
            Some(told.at),
            "one due date"
        );
        Ok(())
    }

    /// The duty was done.
    pub fn meet(&mut self, duty: K) -> Result<(), Unwound> {
        let open = self.clocks.get(&duty).is_some_and(|clock| clock.end.is_none());
        if open { self.act(duty, Act::Meet) } else { Ok(()) }
    }

    /// The duty fell away.
    pub fn cancel(&mut self, duty: &K, cause: &str) -> Result<(), Unwound> {
        let open = self.clocks.get(duty).is_some_and(|clock| !clock.is_closed());
        if open { self.act(duty.clone(), Act::Cancel { cause: cause.to_owned() }) } else { Ok(()) }
    }

    /// All that is still to be done fell away.
    pub fn cancel_all(&mut self, cause: &str) -> Result<(), Unwound> {
        let duties: Vec<K> = self.clocks.iter().map(|(duty, _)| duty.clone()).collect();
        duties.iter().try_for_each(|duty| self.cancel(duty, cause))
    }

    /// The time stands still, unless it is over.
    pub fn suspend(&mut self, duty: K, reference: &str, reason: &str) -> Result<(), Unwound> {
        let runs = self.clocks.get(&duty).is_some_and(|clock| clock.end.is_none() && clock.in_time(self.at));
        let (reference, reason) = (reference.to_owned(), reason.to_owned());
        if runs { self.act(duty, Act::Suspend { reference, reason }) } else { Ok(()) }
    }

    /// The time goes on, if it stood still for this.
    pub fn resume(&mut self, duty: K, reference: &str) -> Result<(), Unwound> {
        let still = self.clocks.get(&duty).is_some_and(|clock| {
            let open = |stretch: &clock::Stretch| stretch.reference == reference && stretch.time.to.is_none();
            clock.end.is_none() && clock.stretches.iter().any(open)
        });
        if still { self.act(duty, Act::Resume { reference: reference.to_owned() }) } else { Ok(()) }
    }

    /// An authority has approved more time.
    pub fn extend(&mut self, duty: K, by: String, document: String, period: Period) -> Result<(), Unwound> {
        self.act(duty, Act::Extend { by, document, period })
    }

    /// The duty is another's now, unless it has been done.
    pub fn pass(&mut self, duty: K, holder: impl ToString) -> Result<(), Unwound> {
        let open = self.clocks.get(&duty).is_some_and(|clock| clock.end.is_none());
        if open { self.act(duty, Act::Pass { holder: holder.to_string() }) } else { Ok(()) }
    }

    fn act(&mut self, duty: K, act: Act) -> Result<(), Unwound> {
        let (at, now) = (self.at, self.now);
        let moment = Moment { now, at, calendar: &self.cx.calendar, pack: self.cx.rules.version() };
        let events = clock::decide(self.clocks.get(&duty), act, &moment).map_err(Unwound::Clock)?;
        for event in events {
            self.clocks.remember(&duty, &event);
            self.said.push((duty.clone(), event));
        }
        Ok(())
    }
}
