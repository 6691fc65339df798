//! The clocks of one aggregate, one for each of its duties.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::{Act, Clock, Event, Moment, Refusal, act};

/// Clocks by the duty they watch. A decider keeps them in its state, stores `(duty, event)` in one of its own
/// events, and answers `deadline` with [`Clocks::next`] and a command that records [`Clocks::tick`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clocks<K: Ord>(BTreeMap<K, Clock>);

impl<K: Ord> Default for Clocks<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone> Clocks<K> {
    /// Remembers an event of one of them.
    pub fn remember(&mut self, duty: &K, event: &Event) {
        if let Some(clock) = Clock::evolve(self.0.remove(duty), event) {
            self.0.insert(duty.clone(), clock);
        }
    }

    /// The clock of a duty, running or not.
    pub fn get(&self, duty: &K) -> Option<&Clock> {
        self.0.get(duty)
    }

    /// All of them, in the order of their duties.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &Clock)> {
        self.0.iter()
    }

    /// When the first of them acts by itself.
    pub fn next(&self) -> Option<OffsetDateTime> {
        self.0.values().filter_map(Clock::next).min()
    }

    /// What all of them have said by themselves up to `now`, in the order in which they said it.
    pub fn tick(&self, now: OffsetDateTime) -> Vec<(K, Event)> {
        let mut said: Vec<(OffsetDateTime, K, Event)> = Vec::new();
        for (duty, clock) in &self.0 {
            for event in act::tick(clock, now) {
                let at = match &event {
                    Event::Warned { at, .. } => *at,
                    _ => clock.until.due.past_from(),
                };
                said.push((at, duty.clone(), event));
            }
        }
        // Stable: at one instant the order of duties decides, and a warning stays before what comes of it.
        said.sort_by_key(|(at, ..)| *at);
        said.into_iter().map(|(_, duty, event)| (duty, event)).collect()
    }

    /// Answers an act on one of them: first what all of them had said by then, so that the stream does not
    /// depend on who looked when, then what the act does. A refusal records nothing; what the clocks had said
    /// is then said at the next look, in the same words.
    pub fn decide(&self, duty: &K, act: Act, moment: &Moment<'_>) -> Result<Vec<(K, Event)>, Refusal> {
        let mut events = self.tick(moment.now);
        let mut own = self.0.get(duty).cloned();
        for (_, event) in events.iter().filter(|(of, _)| of == duty) {
            own = Clock::evolve(own, event);
        }
        let more = act::decide(own.as_ref(), act, moment)?;
        events.extend(more.into_iter().map(|event| (duty.clone(), event)));
        Ok(events)
    }

    /// Computes every open clock again under the calendar and pack of the moment. `period` tells what a
    /// clock's rule says there; none leaves the clock as it is.
    pub fn rederive(
        &self,
        moment: &Moment<'_>,
        period: impl Fn(&Clock) -> Option<crate::Period>,
    ) -> Result<Vec<(K, Event)>, Refusal> {
        let mut events = self.tick(moment.now);
        for (duty, clock) in &self.0 {
            let said = events.iter().filter(|(of, _)| of == duty).map(|(_, event)| event);
            let Some(now) = said.fold(Some(clock.clone()), Clock::evolve) else { continue };
            let Some(period) = period(&now) else { continue };
            let changed = act::decide(Some(&now), Act::Rederive { period }, moment)?;
            events.extend(changed.into_iter().map(|event| (duty.clone(), event)));
        }
        Ok(events)
    }
}
