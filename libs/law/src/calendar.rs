//! The working-day calendar of mainland China: one data file per State Council notice.
//!
//! **Invariant:** counting working days is arithmetic on a table built once, never a walk over days.

mod closures;
mod deadline;
mod error;
mod notice;
mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Bound, RangeInclusive},
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Serialize, de::IgnoredAny};
use time::Date;

pub use self::error::{CalendarError, CalendarFault};
use self::{closures::Closures, notice::Notice, table::Table};
use crate::{digest, source::Source};

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
    notices: BTreeMap<i32, Notice>,
    closures: Vec<Closures>,
    named: BTreeMap<Date, Named>,
    closed: BTreeMap<Date, String>,
    table: Table,
}

/// What a notice says about one date; plain weekdays and weekends are in no notice.
#[derive(Clone, Debug)]
struct Named {
    name: Arc<str>,
    working: bool,
}

/// What one calendar file holds.
enum File {
    Year(Notice),
    Closures(Closures),
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
    /// A working day on which the authorities of an area are closed, with the document that says so.
    LocalClosure { reason: String },
    /// No notice covers the year: Monday to Friday are taken for working days.
    Assumed { working: bool },
}

impl DayKind {
    pub fn is_working(&self) -> bool {
        match self {
            Self::Weekday | Self::MakeUpDay { .. } => true,
            Self::Weekend | Self::RestDay { .. } | Self::LocalClosure { .. } => false,
            Self::Assumed { working } => *working,
        }
    }
}

impl Calendar {
    /// The calendar this program was built with: 2015 to 2026.
    pub fn builtin() -> Arc<Self> {
        static CALENDAR: LazyLock<Arc<Calendar>> = LazyLock::new(|| {
            Arc::new(Calendar::parse(&BUILTIN.map(Source::from)).expect("the embedded calendar is valid"))
        });
        Arc::clone(&CALENDAR)
    }

    /// A calendar from files, each in our own form, the widely used form, or that of local closures
    /// (`docs/law.md`). Years must follow one another.
    ///
    /// A notice may change days of the December before its year, so a later year wins over an earlier one.
    pub fn parse(files: &[Source<'_>]) -> Result<Self, CalendarError> {
        Self::read(BTreeMap::new(), Vec::new(), files)
    }

    /// This calendar with more files: a new year, an amended one, or local closures laid over it. The
    /// version changes with every file, so an answer always tells which calendar it came from.
    pub fn with(&self, files: &[Source<'_>]) -> Result<Self, CalendarError> {
        Self::read(self.notices.clone(), self.closures.clone(), files)
    }

    fn read(
        mut notices: BTreeMap<i32, Notice>,
        mut closures: Vec<Closures>,
        files: &[Source<'_>],
    ) -> Result<Self, CalendarError> {
        let mut new = BTreeSet::new();
        for source in files {
            match File::read(*source)? {
                File::Year(notice) if !new.insert(notice.year) => {
                    return Err(notice.bad(CalendarFault::YearTwice { year: notice.year }));
                }
                File::Year(notice) => {
                    notices.insert(notice.year, notice);
                }
                File::Closures(more) => closures.push(more),
            }
        }
        Self::build(notices, closures)
    }

    fn build(notices: BTreeMap<i32, Notice>, closures: Vec<Closures>) -> Result<Self, CalendarError> {
        let (Some((&first, _)), Some((&last, newest))) =
            (notices.first_key_value(), notices.last_key_value())
        else {
            return Err(Source::from("").bad(1, CalendarFault::Empty));
        };
        let mut previous = None;
        for (&year, notice) in &notices {
            if let Some(previous) = previous.filter(|previous: &i32| previous.checked_add(1) != Some(year)) {
                return Err(notice.bad(CalendarFault::YearsNotInSequence { previous, year }));
            }
            previous = Some(year);
        }
        let mut named = BTreeMap::new();
        for notice in notices.values() {
            named.extend(notice.days.iter().map(|(date, day)| (*date, day.clone())));
        }
        let national = |date| named.get(&date).map(|day: &Named| day.working);
        let mut table = Table::build(first, last, national).map_err(|fault| newest.bad(fault))?;
        let mut closed = BTreeMap::new();
        let mut version =
            format!("CN-{first}..{last}@{}", digest::short(notices.values().map(|n| n.text.as_str())));
        for local in &closures {
            local.check(|date| match () {
                () if !table.covers(date) => Some(CalendarFault::YearUnknown { date }),
                () if !table.is_working(date) || closed.contains_key(&date) => {
                    Some(CalendarFault::OffAnyway { date })
                }
                () => None,
            })?;
            closed.extend(local.days.iter().map(|(date, day)| (*date, day.reason.clone())));
            version = format!("{version}+{}", local.version);
        }
        if !closed.is_empty() {
            let with_closures = |date| if closed.contains_key(&date) { Some(false) } else { national(date) };
            table = Table::build(first, last, with_closures).map_err(|fault| newest.bad(fault))?;
        }
        Ok(Self { version, notices, closures, named, closed, table })
    }

    /// Names the years and the exact data, for example `CN-2015..2026@1a2b3c4d`; each overlay of local
    /// closures adds its own version: `+330723-2026-1@5e6f7a8b`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The State Council notices that fixed a year; none when the year is not known.
    pub fn notices(&self, year: i32) -> &[String] {
        self.notices.get(&year).map_or(&[], |notice| notice.ids.as_slice())
    }

    /// The years whose notices are known, without a gap.
    pub fn years(&self) -> RangeInclusive<i32> {
        let first = self.notices.first_key_value().map_or(0, |(year, _)| *year);
        first..=self.notices.last_key_value().map_or(first, |(year, _)| *year)
    }

    /// The file of a known year in our own form, whichever form it came in.
    pub fn file(&self, year: i32) -> Option<&str> {
        self.notices.get(&year).map(|notice| notice.text.as_str())
    }

    /// Whether the notice of the date's year is known. Its last days may still be moved by the next one.
    pub fn knows(&self, date: Date) -> bool {
        self.table.covers(date)
    }

    pub fn is_working_day(&self, date: Date) -> bool {
        self.table.is_working(date)
    }

    pub fn day(&self, date: Date) -> DayKind {
        if let Some(reason) = self.closed.get(&date) {
            return DayKind::LocalClosure { reason: reason.clone() };
        }
        let working = self.is_working_day(date);
        match self.named.get(&date) {
            // A notice may say that work resumes on a Monday; that makes up for nothing.
            Some(day) if day.working && !notice::is_weekend(date) => DayKind::Weekday,
            Some(day) if day.working => DayKind::MakeUpDay { holiday: day.name.to_string() },
            Some(day) => DayKind::RestDay { holiday: day.name.to_string() },
            None if !self.knows(date) => DayKind::Assumed { working },
            None if working => DayKind::Weekday,
            None => DayKind::Weekend,
        }
    }

    /// The days after `from` up to and including `to` that a notice or a closure speaks of, in order, without
    /// a look at the others.
    pub(crate) fn named_days(&self, from: Date, to: Date) -> Vec<(Date, DayKind)> {
        if from >= to {
            return Vec::new();
        }
        let range = (Bound::Excluded(from), Bound::Included(to));
        let days = self.named.range(range).map(|(date, _)| *date);
        let days: BTreeSet<Date> = days.chain(self.closed.range(range).map(|(date, _)| *date)).collect();
        days.into_iter().map(|date| (date, self.day(date))).collect()
    }

    /// Working days after `from` up to and including `to`; negative when `to` comes first.
    pub fn working_days_between(&self, from: Date, to: Date) -> i64 {
        self.table.rank(to) - self.table.rank(from)
    }
}

/// The keys of a file tell its form.
#[derive(Deserialize)]
struct Keys(BTreeMap<String, IgnoredAny>);

impl File {
    fn read(source: Source<'_>) -> Result<Self, CalendarError> {
        let Keys(keys) = source.read()?;
        if keys.contains_key("closed") {
            return Closures::read(source).map(Self::Closures);
        }
        let wide = keys.contains_key("days") || keys.contains_key("papers");
        if wide { Notice::wide(source) } else { Notice::own(source) }.map(Self::Year)
    }
}
