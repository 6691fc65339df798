//! What each date is, according to the notices.

use law::{Calendar, DayKind, end_of_day, shanghai_date, start_of_day};
use time::Date;

use crate::{date, instant};

#[test]
fn a_year_has_the_working_days_its_notice_leaves() {
    let calendar = Calendar::builtin();
    for (year, days) in [(2023, 249), (2024, 251), (2025, 248), (2026, 248)] {
        let before = Date::from_ordinal_date(year - 1, 365 + u16::from((year - 1) % 4 == 0)).unwrap();
        let last = date(&format!("{year}-12-31"));
        assert_eq!(calendar.working_days_between(before, last), days, "{year}");
    }
}

#[test]
fn the_days_off_and_the_make_up_days_of_2026_are_those_of_the_notice() {
    let calendar = Calendar::builtin();
    for made_up in ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"] {
        assert!(matches!(calendar.day(date(made_up)), DayKind::MakeUpDay { .. }), "{made_up}");
    }
    for (first, last) in [
        ("2026-01-01", "2026-01-03"),
        ("2026-02-15", "2026-02-23"),
        ("2026-04-04", "2026-04-06"),
        ("2026-05-01", "2026-05-05"),
        ("2026-06-19", "2026-06-21"),
        ("2026-09-25", "2026-09-27"),
        ("2026-10-01", "2026-10-07"),
    ] {
        let mut day = date(first);
        while day <= date(last) {
            assert!(!calendar.is_working_day(day), "{day}");
            day = day.next_day().unwrap();
        }
    }
}

#[test]
fn the_notice_of_the_next_year_changes_december() {
    let calendar = Calendar::builtin();
    assert_eq!(calendar.day(date("2018-12-29")), DayKind::MakeUpDay { holiday: "元旦".into() });
    assert_eq!(calendar.day(date("2018-12-31")), DayKind::RestDay { holiday: "元旦".into() });
}

#[test]
fn a_day_of_a_year_without_a_notice_is_assumed() {
    let calendar = Calendar::builtin();
    assert_eq!(calendar.day(date("2027-01-01")), DayKind::Assumed { working: true });
    assert_eq!(calendar.day(date("2027-01-02")), DayKind::Assumed { working: false });
    assert_eq!(calendar.day(date("2014-12-31")), DayKind::Assumed { working: true });
    assert_eq!(calendar.day(date("2026-12-31")), DayKind::Weekday);
    assert_eq!(calendar.day(date("2026-12-27")), DayKind::Weekend);
}

#[test]
fn the_version_names_the_years_and_the_notices_are_kept() {
    let calendar = Calendar::builtin();
    assert!(calendar.version().starts_with("CN-2015..2026@"), "{}", calendar.version());
    assert_eq!(calendar.notices(2026), ["content_7047091"]);
    assert!((2015..=2026).all(|year| !calendar.notices(year).is_empty()));
    assert!(calendar.notices(2027).is_empty());
}

#[test]
fn a_legal_day_runs_from_sixteen_to_sixteen_utc() {
    assert_eq!(shanghai_date(instant("2023-04-17T15:59:59Z")), date("2023-04-17"));
    assert_eq!(shanghai_date(instant("2023-04-17T16:00:00Z")), date("2023-04-18"));
    assert_eq!(start_of_day(date("2023-04-18")), instant("2023-04-17T16:00:00Z"));
    assert_eq!(end_of_day(date("2023-04-17")), instant("2023-04-17T16:00:00Z"));
}
