//! The file format of one year: which dates a State Council notice gives off and which it makes work.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;
use time::{Date, Month};

use super::{CalendarError, Named};

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    year: i32,
    /// Ids under which the government's site published the notice and its amendments.
    notices: Vec<String>,
    holidays: Vec<Holiday>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    name: String,
    rest: Vec<IsoDate>,
    work: Vec<IsoDate>,
}

#[derive(Deserialize)]
struct IsoDate(#[serde(with = "iso_date")] Date);

pub(super) struct Notice {
    pub(super) year: i32,
    pub(super) notices: Vec<String>,
    pub(super) days: BTreeMap<Date, Named>,
}

impl Notice {
    pub(super) fn parse(text: &str) -> Result<Self, CalendarError> {
        let File { year, notices, holidays } =
            serde_json::from_str(text).map_err(CalendarError::Unreadable)?;
        if notices.is_empty() {
            return Err(CalendarError::NoNotice { year });
        }
        let mut days = BTreeMap::new();
        for Holiday { name, rest, work } in holidays {
            let name: Arc<str> = name.into();
            let rest = rest.into_iter().map(|day| (day.0, false));
            let work = work.into_iter().map(|day| (day.0, true));
            for (date, working) in rest.chain(work) {
                let before = date.month() == Month::December && date.year() + 1 == year;
                if date.year() != year && !before {
                    return Err(CalendarError::StrayDate { year, date });
                }
                if days.insert(date, Named { name: Arc::clone(&name), working }).is_some() {
                    return Err(CalendarError::DateTwice { year, date });
                }
            }
        }
        Ok(Self { year, notices, days })
    }
}
