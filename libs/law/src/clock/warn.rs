//! When the holder of a duty is warned.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::{
    calendar::Calendar,
    due::Due,
    pack::{RuleError, RulePack},
    period::Period,
    shanghai::{shift, start_of_day},
};

/// What triggers the warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warn {
    /// So many hundredths of the running time are over; suspended time does not run.
    Share(u8),
    /// Only this much is left. Of days, the last one counts: with one day left the warning comes at its 0:00.
    Left(Period),
}

/// The house's own parameter: after which share of its time the holder of a duty is warned.
const SHARE: &str = "clock.warn.share";

impl Warn {
    /// What the pack says; nobody is warned under one that says nothing.
    pub fn of_duties(rules: &RulePack) -> Result<Option<Self>, RuleError> {
        match rules.ratio(SHARE) {
            Ok(share) => Ok(share.hundredths().map(Self::Share)),
            Err(RuleError::Unknown { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a share or a period that can be meant.
    pub(super) fn is_sound(self) -> bool {
        match self {
            Self::Share(hundredths) => (1..=99).contains(&hundredths),
            Self::Left(period) => period.checked("").is_ok(),
        }
    }

    /// The instant of the warning, never before the start of the clock.
    pub(super) fn at(
        self,
        start: OffsetDateTime,
        due: &Due,
        pauses: &[(OffsetDateTime, OffsetDateTime)],
        calendar: &Calendar,
    ) -> OffsetDateTime {
        let at = match self {
            Self::Share(hundredths) => share(start, due.at, pauses, hundredths),
            Self::Left(Period::Minutes(n)) => due.at.saturating_sub(Duration::minutes(n.into())),
            Self::Left(Period::Hours(n)) => due.at.saturating_sub(Duration::hours(n.into())),
            Self::Left(period) => start_of_day(calendar.before(shift(due.last_day, 1), period)),
        };
        at.max(start).min(due.at)
    }
}

/// The instant at which this share of the running time between two instants is over.
fn share(
    start: OffsetDateTime,
    end: OffsetDateTime,
    pauses: &[(OffsetDateTime, OffsetDateTime)],
    hundredths: u8,
) -> OffsetDateTime {
    let within: Vec<_> = pauses
        .iter()
        .map(|&(from, to)| (from.max(start), to.min(end)))
        .filter(|(from, to)| from < to)
        .collect();
    let paused: Duration = within.iter().map(|&(from, to)| to - from).sum();
    // Milliseconds of a century times a hundred stay far inside i64.
    let running = i64::try_from((end - start - paused).whole_milliseconds()).unwrap_or(i64::MAX / 100);
    let mut at = start.saturating_add(Duration::milliseconds(running / 100 * i64::from(hundredths)));
    for (from, to) in within {
        if from < at {
            at = at.saturating_add(to - from);
        }
    }
    at
}
