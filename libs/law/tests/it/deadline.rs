//! When periods run out: worked examples, borders and laws that hold for all dates.

use law::{Calendar, Due, Period, Role, end_of_day, start_of_day};
use proptest::prelude::*;
use time::{Date, Duration, OffsetDateTime};

use crate::{date, instant};

fn last_day(start: &str, period: Period, role: Role) -> Date {
    Calendar::builtin().due_from_date(date(start), period, role).last_day
}

#[test]
fn working_days_end_where_the_worked_examples_say() {
    for (start, days, due) in [
        ("2026-02-12", 3, "2026-02-24"),
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-04-30", 5, "2026-05-11"),
        ("2026-09-24", 5, "2026-10-09"),
        ("2026-09-30", 3, "2026-10-10"),
        ("2025-09-28", 7, "2025-10-14"),
        ("2024-12-31", 2, "2025-01-03"),
        ("2026-01-01", 1, "2026-01-04"),
        ("2024-02-02", 7, "2024-02-18"),
        ("2024-04-26", 3, "2024-04-30"),
        ("2024-04-26", 7, "2024-05-09"),
        ("2024-09-12", 3, "2024-09-18"),
        ("2025-09-26", 3, "2025-09-30"),
        ("2025-09-26", 7, "2025-10-13"),
    ] {
        for role in [Role::Party, Role::Agency] {
            assert_eq!(last_day(start, Period::WorkingDays(days), role), date(due), "{start} + {days}");
        }
    }
}

#[test]
fn calendar_days_end_where_the_worked_examples_say() {
    for (start, days, raw, rolled) in [
        ("2026-02-02", 15, "2026-02-17", "2026-02-24"),
        ("2026-09-17", 15, "2026-10-02", "2026-10-08"),
        ("2025-09-03", 30, "2025-10-03", "2025-10-09"),
        ("2023-04-17", 60, "2023-06-16", "2023-06-16"),
        ("2026-07-01", 90, "2026-09-29", "2026-09-29"),
        ("2023-04-17", 30, "2023-05-17", "2023-05-17"),
        ("2023-04-17", 120, "2023-08-15", "2023-08-15"),
    ] {
        let period = Period::CalendarDays(days);
        assert_eq!(last_day(start, period, Role::Agency), date(raw), "{start} + {days}");
        assert_eq!(last_day(start, period, Role::Party), date(rolled), "{start} + {days}");
    }
}

#[test]
fn only_the_right_of_a_party_rolls() {
    let calendar = Calendar::builtin();
    let due = |role| calendar.due_from_date(date("2026-02-02"), Period::CalendarDays(15), role);
    assert!(due(Role::Party).rolled);
    assert!(!due(Role::Agency).rolled);
}

#[test]
fn a_last_day_on_a_make_up_day_does_not_roll() {
    assert_eq!(last_day("2026-01-30", Period::CalendarDays(15), Role::Party), date("2026-02-14"));
}

#[test]
fn hours_and_minutes_run_through_holidays_to_the_second() {
    let calendar = Calendar::builtin();
    let start = instant("2026-02-16T01:02:03Z");
    let due = calendar.due(start, Period::Hours(24), Role::Party);
    assert_eq!(due.at, instant("2026-02-17T01:02:03Z"));
    assert!(!due.rolled && !due.provisional);
    assert_eq!(calendar.due(start, Period::Minutes(60), Role::Agency).at, instant("2026-02-16T02:02:03Z"));
}

#[test]
fn the_unit_head_reports_within_the_hour() {
    let due = Calendar::builtin().due(instant("2023-04-17T14:04:00+08:00"), Period::Hours(1), Role::Agency);
    assert_eq!(due.at, instant("2023-04-17T15:04:00+08:00"));
    assert_eq!(due.at.offset(), time::UtcOffset::UTC);
    assert_eq!(due.last_day, date("2023-04-17"));
}

#[test]
fn the_start_is_dated_in_shanghai() {
    let calendar = Calendar::builtin();
    let evening = calendar.due(instant("2023-04-17T15:59:59Z"), Period::CalendarDays(30), Role::Agency);
    let after_midnight =
        calendar.due(instant("2023-04-17T16:00:00Z"), Period::CalendarDays(30), Role::Agency);
    assert_eq!(evening.last_day, date("2023-05-17"));
    assert_eq!(after_midnight.last_day, date("2023-05-18"));
}

#[test]
fn months_and_years_end_on_the_corresponding_day_or_the_last() {
    for (start, period, due) in [
        ("2025-01-31", Period::Months(1), "2025-02-28"),
        ("2024-01-31", Period::Months(1), "2024-02-29"),
        ("2024-02-29", Period::Years(1), "2025-02-28"),
        ("2025-11-30", Period::Months(3), "2026-02-28"),
        ("2023-04-17", Period::Years(3), "2026-04-17"),
        ("2023-08-01", Period::Months(12), "2024-08-01"),
    ] {
        assert_eq!(last_day(start, period, Role::Agency), date(due), "{start} + {period}");
    }
}

#[test]
fn an_act_on_the_last_day_is_in_time_until_midnight() {
    let due = Calendar::builtin().due_from_date(date("2023-04-17"), Period::CalendarDays(30), Role::Agency);
    assert_eq!(due.at, instant("2023-05-17T16:00:00Z"));
    assert!(!due.is_past(instant("2023-05-17T15:59:59.999999Z")));
    assert!(due.is_past(instant("2023-05-17T16:00:00Z")));
    assert_eq!(due.past_from(), due.at);
}

#[test]
fn an_act_at_the_last_instant_of_an_hour_period_is_in_time() {
    let due = Calendar::builtin().due(instant("2023-04-17T06:04:00Z"), Period::Hours(1), Role::Agency);
    assert!(!due.is_past(due.at));
    assert!(due.is_past(due.past_from()));
    assert_eq!(due.past_from() - due.at, Duration::MICROSECOND);
}

#[test]
fn an_hour_period_that_ends_at_midnight_keeps_its_last_instant() {
    let due = Calendar::builtin().due(instant("2023-04-17T15:00:00Z"), Period::Hours(1), Role::Agency);
    assert_eq!(due.at, instant("2023-04-17T16:00:00Z"));
    assert!(!due.is_past(due.at));
}

#[test]
fn a_deadline_in_a_year_without_a_notice_is_provisional() {
    let calendar = Calendar::builtin();
    let provisional = |start, period, role| calendar.due_from_date(date(start), period, role).provisional;
    for role in [Role::Party, Role::Agency] {
        assert!(!provisional("2026-12-24", Period::WorkingDays(5), role));
        assert!(provisional("2026-12-24", Period::WorkingDays(6), role));
        assert!(provisional("2026-12-02", Period::CalendarDays(30), role));
        assert!(!provisional("2026-12-01", Period::CalendarDays(30), role));
        assert!(provisional("2014-12-30", Period::WorkingDays(20), role));
        assert!(!provisional("2014-12-31", Period::WorkingDays(20), role));
    }
}

#[test]
fn a_deadline_is_stored_with_plain_dates_and_utc_instants() {
    let due = Calendar::builtin().due_from_date(date("2026-02-02"), Period::CalendarDays(15), Role::Party);
    let json = serde_json::to_value(&due).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "at": "2026-02-24T16:00:00Z",
            "last_day": "2026-02-24",
            "rolled": true,
            "provisional": false,
            "calendar": Calendar::builtin().version(),
        })
    );
    assert_eq!(serde_json::from_value::<Due>(json).unwrap(), due);
}

#[test]
fn notice_of_a_hearing_leaves_the_whole_period_before_it() {
    let calendar = Calendar::builtin();
    assert_eq!(calendar.before(date("2026-10-09"), Period::WorkingDays(5)), date("2026-09-24"));
    assert_eq!(calendar.before(date("2023-05-17"), Period::CalendarDays(30)), date("2023-04-17"));
    assert_eq!(calendar.before(date("2025-03-31"), Period::Months(1)), date("2025-02-28"));
    assert_eq!(calendar.before(date("2024-02-29"), Period::Years(1)), date("2023-02-28"));
    assert_eq!(calendar.before(date("2025-03-31"), Period::Hours(25)), date("2025-03-29"));
}

#[test]
fn a_hearing_is_notified_seven_working_days_before_it() {
    let calendar = Calendar::builtin();
    let latest = |end: &str| calendar.latest_before(date(end), Period::WorkingDays(7));
    assert_eq!(latest("2026-10-12").day, date("2026-09-24"));
    assert_eq!(latest("2026-03-02").day, date("2026-02-13"));
    assert!(!latest("2026-12-31").provisional);
    assert!(!latest("2027-01-01").provisional);
    assert!(latest("2027-01-04").provisional);
    assert!(latest("2015-01-05").provisional);
    assert_eq!(latest("2026-03-02").calendar, calendar.version());
}

#[test]
fn one_period_has_two_last_days() {
    let deadline =
        Calendar::builtin().deadline(instant("2026-02-02T09:00:00+08:00"), Period::CalendarDays(15));
    assert_eq!((deadline.right.last_day, deadline.right.rolled), (date("2026-02-24"), true));
    assert_eq!((deadline.duty.last_day, deadline.duty.rolled), (date("2026-02-17"), false));
}

#[test]
fn far_dates_stop_at_the_end_of_the_calendar() {
    let calendar = Calendar::builtin();
    let lengths: [fn(u32) -> Period; 6] = [
        Period::Minutes,
        Period::Hours,
        Period::WorkingDays,
        Period::CalendarDays,
        Period::Months,
        Period::Years,
    ];
    for length in lengths {
        for count in [0, 1, 30, u32::MAX] {
            for day in [Date::MIN, Date::MAX] {
                let _ = calendar.before(day, length(count));
                for role in [Role::Party, Role::Agency] {
                    let due = calendar.due_from_date(day, length(count), role);
                    assert!(due.at >= start_of_day(day));
                    let _ = due.is_past(due.past_from());
                }
            }
        }
    }
    let last = calendar.due_from_date(Date::MAX, Period::Years(u32::MAX), Role::Party);
    assert_eq!((last.last_day, last.at), (Date::MAX, end_of_day(Date::MAX)));
    let edge = Date::MAX.with_hms(23, 59, 59).unwrap().assume_utc();
    let _ = calendar.due(edge, Period::CalendarDays(1), Role::Party);
}

fn period() -> impl Strategy<Value = Period> {
    prop_oneof![
        (1..10_000_u32).prop_map(Period::Minutes),
        (1..2_000_u32).prop_map(Period::Hours),
        (1..600_u32).prop_map(Period::WorkingDays),
        (1..900_u32).prop_map(Period::CalendarDays),
        (1..40_u32).prop_map(Period::Months),
        (1..10_u32).prop_map(Period::Years),
    ]
}

/// 2010 to 2031, to the second: on both sides of the known years.
fn any_instant() -> impl Strategy<Value = OffsetDateTime> {
    (1_262_304_000_i64..1_924_992_000).prop_map(|second| OffsetDateTime::from_unix_timestamp(second).unwrap())
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Party), Just(Role::Agency)]
}

proptest! {
    #[test]
    fn a_later_start_never_gives_an_earlier_deadline(
        start in any_instant(), later in 0..40_000_000_i64, period in period(), role in role(),
    ) {
        let calendar = Calendar::builtin();
        let late = calendar.due(start + Duration::seconds(later), period, role);
        prop_assert!(calendar.due(start, period, role).at <= late.at);
    }

    #[test]
    fn working_day_periods_end_on_working_days(start in any_instant(), days in 1..600_u32, role in role()) {
        let calendar = Calendar::builtin();
        let due = calendar.due(start, Period::WorkingDays(days), role);
        prop_assert!(calendar.is_working_day(due.last_day));
        let start = law::shanghai_date(start);
        prop_assert_eq!(calendar.working_days_between(start, due.last_day), i64::from(days));
    }

    #[test]
    fn a_right_of_a_party_ends_on_a_working_day_and_never_before_the_duty(
        start in any_instant(), days in 1..900_u32,
    ) {
        let calendar = Calendar::builtin();
        let party = calendar.due(start, Period::CalendarDays(days), Role::Party);
        let agency = calendar.due(start, Period::CalendarDays(days), Role::Agency);
        prop_assert!(calendar.is_working_day(party.last_day));
        prop_assert!(agency.last_day <= party.last_day);
        prop_assert_eq!(party.rolled, agency.last_day != party.last_day);
    }

    #[test]
    fn counting_back_undoes_counting_on(start in any_instant(), days in 1..600_u32) {
        let calendar = Calendar::builtin();
        let end = calendar.due(start, Period::WorkingDays(days), Role::Agency).last_day;
        let back = calendar.before(end, Period::WorkingDays(days));
        prop_assert!(calendar.is_working_day(back));
        let again = calendar.due_from_date(back, Period::WorkingDays(days), Role::Agency).last_day;
        prop_assert_eq!(again, end);
    }
}
