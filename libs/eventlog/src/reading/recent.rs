//! What was opened a short while ago, in this process: it need not be recorded again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use decider::{Department, Id, StreamName};
use time::{Duration, OffsetDateTime};

use crate::cache::Cache;

/// Within this time, one person's opening of one dossier by one query for one purpose is one record.
const ONCE_WITHIN: Duration = Duration::minutes(10);
/// Openings that are remembered, twice over at most; beyond them, an opening may be recorded once more than it need be.
const REMEMBERED_MAX: usize = 5_000;

/// Who opened what, how, and for what purpose.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Opening {
    pub(super) id: Id,
    pub(super) department: Department,
    pub(super) dossier: StreamName,
    pub(super) query: &'static str,
    pub(super) purpose: String,
}

/// When, and how far the log went that could be seen.
#[derive(Debug, Clone, Copy)]
struct Entered {
    at: OffsetDateTime,
    shown: u64,
}

pub(super) struct Recent(Mutex<Cache<Opening, Entered>>);

impl Recent {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Cache::new(REMEMBERED_MAX)))
    }

    /// How far the log went when it was last opened so, if that was a short while ago.
    pub(super) fn shown(&self, opening: &Opening, now: OffsetDateTime) -> Option<u64> {
        let entered = *self.lock().get(opening)?;
        ((now - entered.at).abs() < ONCE_WITHIN).then_some(entered.shown)
    }

    pub(super) fn remember(&self, opening: Opening, at: OffsetDateTime, shown: u64) {
        self.lock().insert(opening, Entered { at, shown });
    }

    fn lock(&self) -> MutexGuard<'_, Cache<Opening, Entered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn opening(dossier: &str, query: &'static str, purpose: &str) -> Opening {
        Opening {
            id: Id::parse("officer-1").unwrap(),
            department: "fire.330723".parse().unwrap(),
            dossier: StreamName::new("hazard", dossier),
            query,
            purpose: purpose.to_owned(),
        }
    }

    #[test]
    fn an_opening_is_recent_for_ten_minutes_only_and_only_itself() {
        let (recent, at) = (Recent::new(), datetime!(2023-03-01 10:00 +8));
        recent.remember(opening("h-1", "GetHazard", "handling"), at, 17);
        let has =
            |opening: Opening, seconds| recent.shown(&opening, at + Duration::seconds(seconds)) == Some(17);
        assert!(has(opening("h-1", "GetHazard", "handling"), 599));
        assert!(!has(opening("h-1", "GetHazard", "handling"), 600));
        assert!(!has(opening("h-1", "GetHazard", "statistics"), 0));
        assert!(!has(opening("h-1", "ReadStream", "handling"), 0));
        assert!(!has(opening("h-2", "GetHazard", "handling"), 0));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (recent, at) = (Recent::new(), datetime!(2023-03-01 10:00 +8));
        for index in 0..=2 * REMEMBERED_MAX {
            recent.remember(opening(&index.to_string(), "GetHazard", ""), at, 0);
        }
        assert!(recent.lock().len() <= 2 * REMEMBERED_MAX);
    }
}
