//! What a version would change, line by line, for whoever is to approve it.

use time::Date;

use super::InForce;
use crate::{
    calendar::{Calendar, DayKind},
    pack::{Change, What},
};

impl InForce {
    /// Every row and every day that differs in `next`.
    pub fn differences(&self, next: &Self) -> Vec<String> {
        let rows = self.rules.diff(&next.rules);
        rows.iter().map(row).chain(days(&self.calendar, &next.calendar)).collect()
    }
}

fn row(change: &Change) -> String {
    let Change { id, jurisdiction, effective_from, what } = change;
    let place = jurisdiction.as_ref().map(|area| format!(" [{area}]")).unwrap_or_default();
    let of = format!("{id}{place} {effective_from}");
    match what {
        What::Added { value } => format!("+ {of}: {value}"),
        What::Removed { value } => format!("- {of}: {value}"),
        What::Changed { fields } => {
            let shown =
                |value: &Option<serde_json::Value>| value.as_ref().map_or("-".into(), ToString::to_string);
            let told = fields
                .iter()
                .map(|field| format!("{} {} -> {}", field.field, shown(&field.old), shown(&field.new)));
            format!("~ {of}: {}", told.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Days that are another kind of day, in the years that either knows.
fn days(old: &Calendar, new: &Calendar) -> Vec<String> {
    if old.version() == new.version() {
        return Vec::new();
    }
    let years = *old.years().start().min(new.years().start())..=*old.years().end().max(new.years().end());
    let days =
        years.flat_map(|year| (1..=366).filter_map(move |day| Date::from_ordinal_date(year, day).ok()));
    let moved = days.filter(|day| old.is_working_day(*day) != new.is_working_day(*day));
    moved.map(|day| format!("{day}: {}", kind(&new.day(day)))).collect()
}

fn kind(day: &DayKind) -> String {
    match day {
        DayKind::RestDay { holiday } => format!("off ({holiday})"),
        DayKind::MakeUpDay { holiday } => format!("worked ({holiday})"),
        DayKind::LocalClosure { reason } => format!("closed ({reason})"),
        DayKind::Weekday => "worked".to_owned(),
        DayKind::Weekend => "off".to_owned(),
        DayKind::Assumed { working } => if *working { "worked, assumed" } else { "off, assumed" }.to_owned(),
    }
}
