//! Time that a statutory clock does not count, such as an appraisal: a union of intervals, never a sum.

use std::ops::Deref;

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::shanghai::shanghai_date;

/// One stretch during which the clock stood still; without an end it still does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option", default)]
    pub to: Option<OffsetDateTime>,
}

/// The suspensions of one clock, in the order in which they were entered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Suspensions(Vec<Suspension>);

impl Suspensions {
    pub fn add(&mut self, suspension: Suspension) {
        self.0.push(suspension);
    }

    /// Whether some suspension has not ended.
    pub fn is_open(&self) -> bool {
        self.0.iter().any(|suspension| suspension.to.is_none())
    }
}

impl Deref for Suspensions {
    type Target = [Suspension];

    fn deref(&self) -> &[Suspension] {
        &self.0
    }
}

impl FromIterator<Suspension> for Suspensions {
    fn from_iter<I: IntoIterator<Item = Suspension>>(suspensions: I) -> Self {
        Self(suspensions.into_iter().collect())
    }
}

/// The suspended time as disjoint intervals in order. An open one ends at `as_of`; one that ends before it
/// begins takes no time.
pub fn union_of_suspensions(
    suspensions: &[Suspension],
    as_of: OffsetDateTime,
) -> Vec<(OffsetDateTime, OffsetDateTime)> {
    let mut intervals: Vec<_> = suspensions
        .iter()
        .map(|suspension| (suspension.from, suspension.to.unwrap_or(as_of)))
        .filter(|(from, to)| from < to)
        .collect();
    intervals.sort_unstable();
    let mut union: Vec<(OffsetDateTime, OffsetDateTime)> = Vec::with_capacity(intervals.len());
    for (from, to) in intervals {
        match union.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => union.push((from, to)),
        }
    }
    union
}

/// The whole days the union takes out, each pair meaning "after the first date, through the second".
/// Disjoint instants give disjoint days: the day an interval ends can only be the excluded first of the next.
pub(crate) fn whole_days(union: &[(OffsetDateTime, OffsetDateTime)]) -> Vec<(Date, Date)> {
    union.iter().map(|&(from, to)| (shanghai_date(from), shanghai_date(to))).collect()
}
