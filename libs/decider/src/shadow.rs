//! A stream told again under another rule pack and calendar: which times, decisions and amounts would differ.

use std::{collections::BTreeMap, sync::Arc};

use law::{
    Calendar, Period, RulePack,
    clock::{
        self, Clock,
        shadow::{Difference, Shadow, Under},
    },
};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::{Decider, Refused};

/// The name under which every decider stores what its clocks say.
const CLOCK: &str = "Clock";

/// A decider whose events carry amounts that follow from the rules.
pub trait Reckoned: Decider {
    /// The amounts of an event, as recorded and as other rules give them; `state` is the one before it.
    fn reckon(state: &Self::State, event: &Self::Event, rules: &RulePack) -> Vec<Figure>;
}

/// An amount as recorded, and what the other rules say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The field of the event.
    pub field: &'static str,
    /// In fen.
    pub recorded: i64,
    /// In fen, or why the decision could not have been taken.
    pub other: Result<i64, Box<Refused>>,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A time, or whether it was kept.
    Clock {
        /// The duty that the clock watches.
        duty: String,
        difference: Difference,
    },
    /// An amount, or that the decision could not have been taken.
    Figure {
        /// The event that carries it.
        event: String,
        figure: Figure,
    },
}

pub(crate) type PeriodFn = fn(&Clock, &RulePack) -> Option<Period>;
pub(crate) type ReckonFn = fn() -> Box<dyn Reckoning>;

/// Reckons one stream event by event.
pub(crate) trait Reckoning: Send {
    fn reckon(&mut self, data: &[u8], rules: &RulePack) -> Result<Vec<Figure>, serde_json::Error>;
}

/// The state of a decider on the way through its stream.
pub(crate) struct Folding<D: Decider>(D::State);

impl<D: Decider> Default for Folding<D> {
    fn default() -> Self {
        Self(D::State::default())
    }
}

impl<D: Reckoned> Reckoning for Folding<D> {
    fn reckon(&mut self, data: &[u8], rules: &RulePack) -> Result<Vec<Figure>, serde_json::Error> {
        let event: D::Event = serde_json::from_slice(data)?;
        let figures = D::reckon(&self.0, &event, rules);
        self.0 = D::evolve(std::mem::take(&mut self.0), &event);
        Ok(figures)
    }
}

#[derive(Deserialize)]
struct Stored {
    data: Said,
}

#[derive(Deserialize)]
struct Said {
    duty: serde_json::Value,
    event: clock::Event,
}

/// One stream, told under other rules.
pub struct Retold {
    rules: Arc<RulePack>,
    calendar: Arc<Calendar>,
    period: PeriodFn,
    reckoning: Option<Box<dyn Reckoning>>,
    clocks: BTreeMap<String, Shadow>,
    findings: Vec<Finding>,
}

impl Retold {
    pub(crate) fn new(
        rules: Arc<RulePack>,
        calendar: Arc<Calendar>,
        period: PeriodFn,
        reckoning: Option<ReckonFn>,
    ) -> Self {
        let reckoning = reckoning.map(|new| new());
        Self { rules, calendar, period, reckoning, clocks: BTreeMap::new(), findings: Vec::new() }
    }

    /// Tells the next event of the stream: its name, its stored bytes, and when it was recorded.
    pub fn tell(&mut self, kind: &str, data: &[u8], at: OffsetDateTime) -> Result<(), serde_json::Error> {
        if let Some(reckoning) = &mut self.reckoning {
            let figures = reckoning.reckon(data, &self.rules)?;
            let differs = figures.into_iter().filter(|figure| figure.other.as_ref() != Ok(&figure.recorded));
            let event = || kind.to_owned();
            self.findings.extend(differs.map(|figure| Finding::Figure { event: event(), figure }));
        }
        if kind == CLOCK {
            let Said { duty, event } = serde_json::from_slice::<Stored>(data)?.data;
            self.wind(duty, &event, at);
        }
        Ok(())
    }

    fn wind(&mut self, duty: serde_json::Value, event: &clock::Event, at: OffsetDateTime) {
        let (rules, period) = (&self.rules, self.period);
        let period = |clock: &Clock| period(clock, rules);
        let under = Under { calendar: &self.calendar, pack: self.rules.version(), period: &period };
        let duty = duty.as_str().map_or_else(|| duty.to_string(), str::to_owned);
        let shadow = self.clocks.entry(duty.clone()).or_default();
        let ended = shadow.tell(event, &under, at);
        self.findings.extend(ended.map(|difference| Finding::Clock { duty, difference }));
    }

    /// What differs, as seen at an instant.
    pub fn findings(mut self, now: OffsetDateTime) -> Vec<Finding> {
        for (duty, shadow) in self.clocks {
            let difference = shadow.difference(now);
            self.findings.extend(difference.map(|difference| Finding::Clock { duty, difference }));
        }
        self.findings
    }
}
