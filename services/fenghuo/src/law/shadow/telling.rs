//! The streams of a log, told again side by side as their events come.

use std::{collections::HashMap, ops::RangeInclusive, sync::Arc};

use contracts::log::v1::Event;
use decider::{
    Aggregate, Meta,
    shadow::{Finding, Retold},
};
use law::{Calendar, RulePack};
use time::{Date, OffsetDateTime};

/// The rules that the past is told under, and which part of it.
pub(crate) struct Under {
    pub(crate) rules: Arc<RulePack>,
    pub(crate) calendar: Arc<Calendar>,
    /// The days, in Shanghai, on which a stream must have begun.
    pub(crate) days: RangeInclusive<Date>,
}

/// One log on the way.
pub(crate) struct Telling<'a> {
    under: &'a Under,
    aggregates: &'a [Aggregate],
    /// None for a stream that is left out.
    streams: HashMap<String, Option<Told>>,
    pub(crate) events: u64,
    now: OffsetDateTime,
}

struct Told {
    case: Option<String>,
    position: u64,
    retold: Retold,
}

/// A stream that differs.
pub(crate) struct Differing {
    pub(crate) stream: String,
    pub(crate) case: Option<String>,
    /// Where the stream begins in its log.
    position: u64,
    pub(crate) findings: Vec<Finding>,
}

/// How many streams were told, and which of them differ, in the order in which they began.
pub(crate) struct Outcome {
    pub(crate) streams: usize,
    pub(crate) differing: Vec<Differing>,
}

impl<'a> Telling<'a> {
    pub(crate) fn new(under: &'a Under, aggregates: &'a [Aggregate]) -> Self {
        Self { under, aggregates, streams: HashMap::new(), events: 0, now: OffsetDateTime::UNIX_EPOCH }
    }

    /// Tells the next event of the log.
    pub(crate) fn tell(&mut self, event: &Event) -> Result<(), serde_json::Error> {
        self.events += 1;
        let recorded_at = instant(event.recorded_at.as_ref());
        self.now = self.now.max(recorded_at);
        let told = match self.streams.get_mut(&event.stream) {
            Some(told) => told,
            None => {
                let told = begin(self.under, self.aggregates, event);
                self.streams.entry(event.stream.clone()).or_insert(told)
            }
        };
        match told {
            Some(told) => told.retold.tell(&event.kind, &event.data, recorded_at),
            None => Ok(()),
        }
    }

    /// What differs, as it stands when the last event was recorded.
    pub(crate) fn end(self) -> Outcome {
        let told = self.streams.into_iter().filter_map(|(stream, told)| Some((stream, told?)));
        let told = Vec::from_iter(told);
        let streams = told.len();
        let mut differing = Vec::new();
        for (stream, Told { case, position, retold }) in told {
            let findings = retold.findings(self.now);
            if !findings.is_empty() {
                differing.push(Differing { stream, case, position, findings });
            }
        }
        differing.sort_by_key(|differing| differing.position);
        Outcome { streams, differing }
    }
}

/// A stream at its first event; none if it is not wanted, or nothing in it follows from rules.
fn begin(under: &Under, aggregates: &[Aggregate], event: &Event) -> Option<Told> {
    if !under.days.contains(&law::shanghai_date(instant(event.occurred_at.as_ref()))) {
        return None;
    }
    let (category, _) = event.stream.split_once(':')?;
    let aggregate = aggregates.iter().find(|aggregate| aggregate.name == category)?;
    let retold = aggregate.retell(&under.rules, &under.calendar)?;
    let case = serde_json::from_slice::<Meta>(&event.meta).ok().and_then(|meta| meta.case_id);
    Some(Told { case: case.map(|case| case.to_string()), position: event.position, retold })
}

fn instant(at: Option<&pbjson_types::Timestamp>) -> OffsetDateTime {
    at.and_then(|at| chassis::from_timestamp(at).ok()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
