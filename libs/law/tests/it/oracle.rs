//! The arithmetic against a walk, day by day, over the files themselves, for every start there is.

use std::collections::BTreeMap;

use law::{Calendar, Period, Role, end_of_day};
use serde_json::Value;
use time::{Date, Weekday};

use crate::date;

/// What the files say, read without the crate's own reader.
fn files() -> BTreeMap<Date, bool> {
    let mut days = BTreeMap::new();
    for year in 2015..=2026 {
        let path = format!("{}/data/calendar/{year}.json", env!("CARGO_MANIFEST_DIR"));
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for holiday in file["holidays"].as_array().unwrap() {
            for (field, working) in [("rest", false), ("work", true)] {
                for day in holiday[field].as_array().unwrap() {
                    days.insert(date(day.as_str().unwrap()), working);
                }
            }
        }
    }
    days
}

fn is_working(days: &BTreeMap<Date, bool>, day: Date) -> bool {
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    days.get(&day).copied().unwrap_or(!weekend)
}

#[test]
fn every_deadline_of_twelve_years_agrees_with_counting_on_the_fingers() {
    let calendar = Calendar::builtin();
    let days = files();
    let mut start = date("2015-01-01");
    while start <= date("2026-12-31") {
        assert_eq!(calendar.is_working_day(start), is_working(&days, start), "{start}");
        let (mut calendar_day, mut working_day) = (start, start);
        for count in 1..=30 {
            calendar_day = calendar_day.next_day().unwrap();
            working_day = working_day.next_day().unwrap();
            while !is_working(&days, working_day) {
                working_day = working_day.next_day().unwrap();
            }
            let mut rolled = calendar_day;
            while !is_working(&days, rolled) {
                rolled = rolled.next_day().unwrap();
            }
            for (period, role, last_day) in [
                (Period::WorkingDays(count), Role::Party, working_day),
                (Period::WorkingDays(count), Role::Agency, working_day),
                (Period::CalendarDays(count), Role::Party, rolled),
                (Period::CalendarDays(count), Role::Agency, calendar_day),
            ] {
                let due = calendar.due_from_date(start, period, role);
                assert_eq!(due.last_day, last_day, "{start} + {period} for {role}");
                assert_eq!(due.at, end_of_day(last_day));
                assert_eq!(due.rolled, period == Period::CalendarDays(count) && last_day != calendar_day);
                assert_eq!(due.provisional, last_day.year() > 2026, "{start} + {period} for {role}");
            }
        }
        start = start.next_day().unwrap();
    }
}

#[test]
fn every_latest_day_of_twelve_years_agrees_with_counting_back_on_the_fingers() {
    let calendar = Calendar::builtin();
    let days = files();
    let mut end = date("2015-03-01");
    while end <= date("2026-12-31") {
        let (mut calendar_day, mut working_day) = (end, end);
        for count in 1..=30 {
            calendar_day = calendar_day.previous_day().unwrap();
            working_day = working_day.previous_day().unwrap();
            while !is_working(&days, working_day) {
                working_day = working_day.previous_day().unwrap();
            }
            for (period, day) in
                [(Period::WorkingDays(count), working_day), (Period::CalendarDays(count), calendar_day)]
            {
                let latest = calendar.latest_before(end, period);
                assert_eq!(latest.day, day, "{period} before {end}");
                assert!(!latest.provisional, "{period} before {end}");
            }
        }
        end = end.next_day().unwrap();
    }
}
