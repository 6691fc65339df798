//! The working-day calendar of mainland China: one data file per State Council notice.
//!
//! **Invariant:** counting working days is arithmetic on a table built once, never a walk over days.

mod deadline;
mod notice;
mod table;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::Date;

use self::{notice::Notice, table::Table};
use crate::digest;

const BUILTIN: [&str; 12] = [
    include_str!("../data/calendar/2015.json"),
    include_str!("../data/calendar/2016.json"),
    include_str!("../data/calendar/2017.json"),
    include_str!("../data/calendar/2018.json"),
    include_str!("../data/calendar/2019.json"),
    include_str!("../data/calendar/2020.json"),
    include_str!("../data/calendar/2021.json"),
    include_str!("../data/calendar/2022.json"),
    include_str!("../data/calendar/2023.json"),
    include_str!("../data/calendar/2024.json"),
    include_str!("../data/calendar/2025.json"),
    include_str!("../data/calendar/2026.json"),
];

/// Working days, rest days and the notices that fixed them.
#[derive(Debug)]
pub struct Calendar {
    version: String,
    notices: BTreeMap<i32, Vec<String>>,
    named: BTreeMap<Date, Named>,
    table: Table,
}

/// What a notice says about one date; plain weekdays and weekends are in no notice.
#[derive(Debug)]
struct Named {
    name: Arc<str>,
    working: bool,
}

/// What a date is, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DayKind {
    /// An ordinary Monday to Friday.
    Weekday,
    /// An ordinary Saturday or Sunday.
    Weekend,
    /// A holiday or a day given off around one.
    RestDay { holiday: String },
    /// A weekend day worked to make up for a day given off.
    MakeUpDay { holiday: String },
    /// No notice covers the year: Monday to Friday are taken for working days.
    Assumed { working: bool },
}

impl DayKind {
    pub fn is_working(&self) -> bool {
        match self {
            Self::Weekday | Self::MakeUpDay { .. } => true,
            Self::Weekend | Self::RestDay { .. } => false,
            Self::Assumed { working } => *working,
        }
    }
}

#[derive(Debug, Error)]
pub enum CalendarError {
    #[error("read calendar file")]
    Unreadable(#[source] serde_json::Error),
    #[error("a calendar needs at least one year")]
    Empty,
    #[error("calendar years must follow one another, {year} does not follow {previous}")]
    YearsNotInSequence { previous: i32, year: i32 },
    #[error("calendar file of {year} names no notice")]
    NoNotice { year: i32 },
    #[error(
        "calendar file of {year} speaks of {date}, which is neither in that year nor in the December before"
    )]
    StrayDate { year: i32, date: Date },
    #[error("calendar file of {year} names {date} twice")]
    DateTwice { year: i32, date: Date },
    #[error("calendar cannot cover year {year}")]
    YearOutOfRange { year: i32 },
}

impl Calendar {
    /// The calendar this program was built with: 2015 to 2026.
    pub fn builtin() -> Arc<Self> {
        static CALENDAR: LazyLock<Arc<Calendar>> =
            LazyLock::new(|| Arc::new(Calendar::parse(&BUILTIN).expect("the embedded calendar is valid")));
        Arc::clone(&CALENDAR)
    }

    /// A calendar from files in our format (`docs/law.md`), in the order of their years.
    ///
    /// A notice may change days of the December before its year, so a later file wins over an earlier one.
    pub fn parse(files: &[&str]) -> Result<Self, CalendarError> {
        let mut notices = BTreeMap::new();
        let mut named = BTreeMap::new();
        let mut previous = None;
        for file in files {
            let notice = Notice::parse(file)?;
            if let Some(previous) =
                previous.filter(|previous: &i32| previous.checked_add(1) != Some(notice.year))
            {
                return Err(CalendarError::YearsNotInSequence { previous, year: notice.year });
            }
            previous = Some(notice.year);
            named.extend(notice.days);
            notices.insert(notice.year, notice.notices);
        }
        let (Some((&first, _)), Some((&last, _))) = (notices.first_key_value(), notices.last_key_value())
        else {
            return Err(CalendarError::Empty);
        };
        let table = Table::build(first, last, |date| named.get(&date).map(|day: &Named| day.working))?;
        let version = format!("CN-{first}..{last}@{}", digest::short(files.iter().copied()));
        Ok(Self { version, notices, named, table })
    }

    /// Names the years and the exact data, for example `CN-2015..2026@1a2b3c4d`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The State Council notices that fixed a year; none when the year is not known.
    pub fn notices(&self, year: i32) -> &[String] {
        self.notices.get(&year).map_or(&[], Vec::as_slice)
    }

    /// Whether the notice of the date's year is known. Its last days may still be moved by the next one.
    pub fn knows(&self, date: Date) -> bool {
        self.table.covers(date)
    }

    pub fn is_working_day(&self, date: Date) -> bool {
        self.table.is_working(date)
    }

    pub fn day(&self, date: Date) -> DayKind {
        let working = self.is_working_day(date);
        match self.named.get(&date) {
            Some(day) if day.working => DayKind::MakeUpDay { holiday: day.name.to_string() },
            Some(day) => DayKind::RestDay { holiday: day.name.to_string() },
            None if !self.knows(date) => DayKind::Assumed { working },
            None if working => DayKind::Weekday,
            None => DayKind::Weekend,
        }
    }

    /// Working days after `from` up to and including `to`; negative when `to` comes first.
    pub fn working_days_between(&self, from: Date, to: Date) -> i64 {
        self.table.rank(to) - self.table.rank(from)
    }
}
