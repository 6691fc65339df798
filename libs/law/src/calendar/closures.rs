//! Local closures: working days on which one area's authorities are closed, laid over the national calendar.
//!
//! A local closure never opens a day; only the State Council's notice makes a weekend worked.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use time::Date;

use super::{CalendarError, CalendarFault, notice};
use crate::{area::AreaCode, digest, source::Source};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    #[serde(borrow)]
    area: &'a RawValue,
    edition: String,
    /// The document that closed the offices.
    basis: String,
    #[serde(borrow)]
    closed: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Closed<'a> {
    #[serde(borrow)]
    date: &'a RawValue,
    reason: String,
}

/// The closures of one area.
#[derive(Clone, Debug)]
pub(super) struct Closures {
    /// For example `330723-2026-1@1a2b3c4d`.
    pub(super) version: String,
    /// Why each day is closed, with the document.
    pub(super) days: BTreeMap<Date, Closure>,
    file: String,
}

#[derive(Clone, Debug)]
pub(super) struct Closure {
    pub(super) reason: String,
    line: usize,
}

impl Closures {
    pub(super) fn read(source: Source<'_>) -> Result<Self, CalendarError> {
        let File { area, edition, basis, closed } = source.read()?;
        let line = source.line_of(area.get());
        let area: String = source.read_raw(area)?;
        let area = AreaCode::parse(&area).map_err(|error| source.bad(line, error.into()))?;
        for (field, text) in [("edition", &edition), ("basis", &basis)] {
            if text.trim().is_empty() {
                return Err(source.bad(line, CalendarFault::Blank { field }));
            }
        }
        let mut days = BTreeMap::new();
        for raw in closed {
            let line = source.line_of(raw.get());
            let Closed { date, reason } = source.read_raw(raw)?;
            if reason.trim().is_empty() {
                return Err(source.bad(line, CalendarFault::Blank { field: "reason" }));
            }
            let date = notice::date(source, date)?;
            let closure = Closure { reason: format!("{reason}（{basis}）"), line };
            if days.insert(date, closure).is_some() {
                return Err(source.bad(line, CalendarFault::DateTwice { date }));
            }
        }
        let version = format!("{area}-{edition}@{}", digest::short([source.text]));
        Ok(Self { version, days, file: source.name.to_owned() })
    }

    /// Refuses the first day of which `fault` finds something wrong.
    pub(super) fn check(&self, fault: impl Fn(Date) -> Option<CalendarFault>) -> Result<(), CalendarError> {
        let wrong = self.days.iter().find_map(|(date, closure)| Some((closure.line, fault(*date)?)));
        match wrong {
            Some((line, fault)) => Err(CalendarError { file: self.file.clone(), line, fault }),
            None => Ok(()),
        }
    }
}
