//! One year's notice of the State Council, in our own form and in the one that is widely used.
//!
//! The wide form is `{year, papers, days: [{name, date, isOffDay}]}` of the `holiday-cn` data files.

use std::{
    collections::BTreeMap,
    fmt::{Display, Write as _},
    ops::RangeInclusive,
    sync::Arc,
};

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;
use time::{Date, Month, Weekday, format_description::BorrowedFormatItem, macros::format_description};

use super::{CalendarError, CalendarFault, Named};
use crate::source::Source;

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// The State Council has given days off since 1949; dates end with the year 9999.
const YEARS: RangeInclusive<i32> = 1949..=9998;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own<'a> {
    #[serde(borrow)]
    year: &'a RawValue,
    /// Ids under which the government's site published the notice and its amendments.
    notices: Vec<String>,
    #[serde(borrow)]
    holidays: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday<'a> {
    name: String,
    #[serde(borrow)]
    rest: Vec<&'a RawValue>,
    #[serde(borrow)]
    work: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wide<'a> {
    #[serde(rename = "$schema", default)]
    _schema: Option<IgnoredAny>,
    #[serde(rename = "$id", default)]
    _id: Option<IgnoredAny>,
    #[serde(borrow)]
    year: &'a RawValue,
    /// Addresses of the notice and its amendments.
    papers: Vec<String>,
    #[serde(borrow)]
    days: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WideDay<'a> {
    name: String,
    #[serde(borrow)]
    date: &'a RawValue,
    is_off_day: bool,
}

/// What the notice of one year says.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    pub(super) year: i32,
    pub(super) ids: Vec<String>,
    pub(super) days: BTreeMap<Date, Named>,
    /// Our own form, whose bytes give the calendar its version.
    pub(super) text: String,
    file: String,
    /// Of the year in the file.
    line: usize,
    /// Mondays to Fridays that are named as worked, with their lines.
    weekdays: Vec<(Date, usize)>,
}

impl Notice {
    /// Our own form. The text is kept as it is written.
    pub(super) fn own(source: Source<'_>) -> Result<Self, CalendarError> {
        let Own { year, notices, holidays } = source.read()?;
        let mut notice = Self::empty(source, year, notices)?;
        for holiday in holidays {
            let Holiday { name, rest, work } = source.read_raw(holiday)?;
            named(source, source.line_of(holiday.get()), &name)?;
            let name: Arc<str> = name.into();
            let rest = rest.into_iter().map(|day| (day, false));
            for (raw, working) in rest.chain(work.into_iter().map(|day| (day, true))) {
                notice.add(source, raw, &name, working)?;
            }
        }
        source.text.clone_into(&mut notice.text);
        notice.complete()
    }

    /// The widely used form. The text becomes our own.
    pub(super) fn wide(source: Source<'_>) -> Result<Self, CalendarError> {
        let Wide { year, papers, days, .. } = source.read()?;
        let ids = papers.iter().map(|paper| id_of_paper(paper)).collect();
        let mut notice = Self::empty(source, year, ids)?;
        let mut names = BTreeMap::<String, Arc<str>>::new();
        for raw in days {
            let WideDay { name, date, is_off_day } = source.read_raw(raw)?;
            named(source, source.line_of(raw.get()), &name)?;
            let name = Arc::clone(names.entry(name).or_insert_with_key(|name| name.as_str().into()));
            notice.add(source, date, &name, !is_off_day)?;
        }
        notice.text = notice.to_json();
        notice.complete()
    }

    pub(super) fn bad(&self, fault: CalendarFault) -> CalendarError {
        CalendarError { file: self.file.clone(), line: self.line, fault }
    }

    fn empty<'a>(source: Source<'a>, year: &'a RawValue, ids: Vec<String>) -> Result<Self, CalendarError> {
        let line = source.line_of(year.get());
        let year: i32 = source.read_raw(year)?;
        let (file, days) = (source.name.to_owned(), BTreeMap::new());
        let notice = Self { year, ids, days, text: String::new(), file, line, weekdays: vec![] };
        if !YEARS.contains(&year) {
            return Err(notice.bad(CalendarFault::YearOutOfRange { year }));
        }
        if notice.ids.is_empty() || notice.ids.iter().any(|id| id.trim().is_empty()) {
            return Err(notice.bad(CalendarFault::NoNotice { year }));
        }
        Ok(notice)
    }

    fn add(
        &mut self,
        source: Source<'_>,
        raw: &RawValue,
        name: &Arc<str>,
        working: bool,
    ) -> Result<(), CalendarError> {
        let line = source.line_of(raw.get());
        let date = date(source, raw)?;
        let before = date.month() == Month::December && date.year() + 1 == self.year;
        if date.year() != self.year && !before {
            return Err(source.bad(line, CalendarFault::StrayDate { year: self.year, date }));
        }
        if working && !is_weekend(date) {
            self.weekdays.push((date, line));
        }
        let day = Named { name: Arc::clone(name), working };
        match self.days.insert(date, day) {
            Some(_) => Err(source.bad(line, CalendarFault::DateTwice { date })),
            None => Ok(()),
        }
    }

    /// A notice without a single day off is the empty file that stands in for one not yet published. A Monday
    /// to Friday may be named as worked only where work resumes right after days off, as on 2020-02-03; on any
    /// other it is a slip of the pen.
    fn complete(self) -> Result<Self, CalendarError> {
        if self.days.values().all(|day| day.working) {
            return Err(self.bad(CalendarFault::NoRestDay { year: self.year }));
        }
        let off = |date: Date| self.days.get(&date).is_some_and(|day| !day.working);
        let slip = self.weekdays.iter().find(|(date, _)| !date.previous_day().is_some_and(off));
        if let Some(&(date, line)) = slip {
            let (file, fault) = (self.file, CalendarFault::WorkedAnyway { date });
            return Err(CalendarError { file, line, fault });
        }
        Ok(self)
    }

    /// Our own form, holidays in the order of their first date.
    fn to_json(&self) -> String {
        let mut names: Vec<&Arc<str>> = Vec::new();
        for day in self.days.values() {
            if !names.contains(&&day.name) {
                names.push(&day.name);
            }
        }
        let quoted = |text: &dyn Display| serde_json::Value::from(text.to_string()).to_string();
        let listed = |texts: Vec<String>| format!("[{}]", texts.join(", "));
        let days = |name: &Arc<str>, working: bool| {
            let of = self.days.iter().filter(|(_, day)| day.name == *name && day.working == working);
            listed(of.map(|(date, _)| quoted(date)).collect())
        };
        let notices = listed(self.ids.iter().map(|id| quoted(id)).collect());
        let mut json =
            format!("{{\n  \"year\": {},\n  \"notices\": {notices},\n  \"holidays\": [", self.year);
        for (index, name) in names.into_iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let (rest, work) = (days(name, false), days(name, true));
            // Writing to a String does not fail.
            let _ = write!(
                json,
                "{comma}\n    {{\"name\": {},\n     \"rest\": {rest},\n     \"work\": {work}}}",
                quoted(name)
            );
        }
        json.push_str("\n  ]\n}\n");
        json
    }
}

pub(super) fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// A date of a calendar file.
pub(super) fn date(source: Source<'_>, raw: &RawValue) -> Result<Date, CalendarError> {
    let text = serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| raw.get().to_owned());
    Date::parse(&text, DATE).map_err(|_| {
        let line = source.line_of(raw.get());
        source.bad(line, CalendarFault::ImpossibleDate { text })
    })
}

fn named(source: Source<'_>, line: usize, name: &str) -> Result<(), CalendarError> {
    if name.trim().is_empty() {
        return Err(source.bad(line, CalendarFault::Blank { field: "name" }));
    }
    Ok(())
}

/// `https://www.gov.cn/…/content_7047091.htm` is known as `content_7047091`.
fn id_of_paper(address: &str) -> String {
    let last = address.trim().rsplit('/').next().unwrap_or_default();
    last.strip_suffix(".htm").or_else(|| last.strip_suffix(".html")).unwrap_or(last).to_owned()
}
