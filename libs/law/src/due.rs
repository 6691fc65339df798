//! The answer to "until when": an instant, a legal date, and how sure the calendar was.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::{Date, Duration, OffsetDateTime};

use crate::shanghai::end_of_day;

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

/// Whose time runs. A party's right rolls over rest days; an agency's duty never does, because no statute
/// clearly allows an authority to lengthen its own period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Party,
    Agency,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown role {0:?}, expected party or agency")]
pub struct RoleError(String);

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        match text.trim().to_ascii_lowercase().as_str() {
            "party" | "当事人" => Ok(Self::Party),
            "agency" | "机关" | "行政机关" => Ok(Self::Agency),
            _ => Err(RoleError(text.to_owned())),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Party => "party",
            Self::Agency => "agency",
        })
    }
}

/// When a period runs out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// Exact for hours and minutes; 24:00 in Shanghai of `last_day` for everything counted in days.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The last legal day, in Shanghai.
    #[serde(with = "iso_date")]
    pub last_day: Date,
    /// Whether the last day was moved because it was a rest day.
    pub rolled: bool,
    /// Whether a day was counted for which no holiday notice is known: recompute when the notice arrives.
    pub provisional: bool,
    /// The version of the calendar that gave this answer.
    pub calendar: String,
}

/// Both last days of one period: what it is as a party's right, and what it is as an agency's duty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Moved to the next working day when the last day is a rest day (民法典 203).
    pub right: Due,
    /// Never moved, so never later than the right.
    pub duty: Due,
}

/// The last day on which something must be done so that a period still fits before a later day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    #[serde(with = "iso_date")]
    pub day: Date,
    /// Whether a day was counted for which no holiday notice is known.
    pub provisional: bool,
    /// The version of the calendar that gave this answer.
    pub calendar: String,
}

impl Due {
    /// Whether an act at `now` is too late.
    ///
    /// Days: the last day is in time to its end; 24:00 already is the next day and late. Hours and minutes:
    /// "within 24 hours" includes the 24th to the instant, so only what comes after `at` is late.
    pub fn is_past(&self, now: OffsetDateTime) -> bool {
        now >= self.past_from()
    }

    /// The first instant that is too late, in the log's precision of a microsecond. A timer set for it
    /// finds `is_past` true, which one set for `at` does not when the period is of hours.
    pub fn past_from(&self) -> OffsetDateTime {
        if self.at == end_of_day(self.last_day) {
            return self.at;
        }
        self.at.checked_add(Duration::MICROSECOND).unwrap_or(self.at)
    }
}
