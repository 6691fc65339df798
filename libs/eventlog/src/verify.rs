//! Proving the order of a log: positions, versions and recording times, row by row.

use std::collections::HashMap;

use decider::{Recorded, StreamName};
use futures::TryStreamExt;
use time::OffsetDateTime;

use crate::{Direction, Error, Log};

/// Disorders reported one by one; a log with more of them needs no further list.
const DISORDERS_MAX: usize = 100;

/// Something in the log that is not in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disorder {
    /// Where.
    pub position: u64,
    /// What.
    pub what: String,
}

/// What a look through the log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderReport {
    /// How many events were looked at.
    pub events: u64,
    /// The last position.
    pub position: u64,
    /// Everything out of order, at most 100 of them.
    pub disorders: Vec<Disorder>,
}

impl Log {
    /// Checks from position `from` to the present head: positions and versions without gaps, recording times
    /// increasing. Begun in the middle, a stream's first version is taken on trust.
    pub async fn verify_order(&self, from: u64) -> Result<OrderReport, Error> {
        let head = self.head().await?.position;
        let from = from.max(1);
        let mut check = Check { next: from, whole: from == 1, ..Check::default() };
        let mut events = self.read_all(from, (head + 1).saturating_sub(from), Direction::Forwards);
        while let Some(event) = events.try_next().await? {
            check.look(&event);
        }
        if check.next <= head {
            check.report(head, format!("position {} is missing, and all up to the head", check.next));
        }
        Ok(OrderReport { events: check.events, position: check.next - 1, disorders: check.disorders })
    }
}

#[derive(Default)]
struct Check {
    next: u64,
    whole: bool,
    events: u64,
    recorded_at: Option<OffsetDateTime>,
    versions: HashMap<StreamName, u64>,
    disorders: Vec<Disorder>,
}

impl Check {
    fn look(&mut self, event: &Recorded) {
        if event.position != self.next {
            self.report(event.position, format!("position {} is missing", self.next));
        }
        if self.recorded_at.is_some_and(|before| before >= event.recorded_at) {
            self.report(event.position, "recorded no later than the event before it".to_owned());
        }
        let expected = match self.versions.get(&event.stream) {
            Some(version) => version + 1,
            None if self.whole => 1,
            None => event.version,
        };
        if event.version != expected {
            let what =
                format!("version {} of {} stands where {expected} belongs", event.version, event.stream);
            self.report(event.position, what);
        }
        self.versions.insert(event.stream.clone(), event.version);
        self.recorded_at = Some(event.recorded_at);
        self.next = event.position + 1;
        self.events += 1;
    }

    fn report(&mut self, position: u64, what: String) {
        if self.disorders.len() < DISORDERS_MAX {
            self.disorders.push(Disorder { position, what });
        }
    }
}
