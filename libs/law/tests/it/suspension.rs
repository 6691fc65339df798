//! Clocks that stand still: appraisal time is taken out once, however it overlaps.

use law::{Calendar, Period, Role, Suspension, Suspensions, union_of_suspensions};
use proptest::prelude::*;
use time::{Date, Duration, OffsetDateTime};

use crate::{date, instant};

fn paused(from: &str, to: &str) -> Suspension {
    Suspension { from: instant(from), to: Some(instant(to)) }
}

fn last_day(period: Period, suspensions: &[Suspension]) -> Date {
    let start = instant("2023-04-17T14:04:00+08:00");
    let as_of = instant("2023-05-01T12:00:00+08:00");
    Calendar::builtin().due_excluding(start, period, Role::Agency, suspensions, as_of).last_day
}

const THIRTY: Period = Period::CalendarDays(30);

#[test]
fn overlapping_appraisals_are_a_union_and_not_a_sum() {
    let one = paused("2023-04-20T09:00:00+08:00", "2023-04-25T17:00:00+08:00");
    let other = paused("2023-04-23T09:00:00+08:00", "2023-04-28T17:00:00+08:00");
    assert_eq!(last_day(THIRTY, &[one]), date("2023-05-22"));
    assert_eq!(last_day(THIRTY, &[one, one]), date("2023-05-22"));
    assert_eq!(last_day(THIRTY, &[one, other]), date("2023-05-25"));
    assert_eq!(last_day(THIRTY, &[other, one]), date("2023-05-25"));
}

#[test]
fn a_suspension_within_one_day_takes_nothing_out() {
    let short = paused("2023-04-20T09:00:00+08:00", "2023-04-20T17:00:00+08:00");
    assert_eq!(last_day(THIRTY, &[short]), date("2023-05-17"));
}

#[test]
fn an_open_suspension_counts_up_to_the_moment_asked() {
    let open = Suspension { from: instant("2023-04-29T12:00:00+08:00"), to: None };
    assert_eq!(last_day(THIRTY, &[open]), date("2023-05-19"));
}

#[test]
fn a_suspension_after_the_period_ran_out_revives_nothing() {
    let late = paused("2023-05-18T09:00:00+08:00", "2023-06-18T09:00:00+08:00");
    assert_eq!(last_day(THIRTY, &[late]), date("2023-05-17"));
    let on_the_last_day = paused("2023-05-17T09:00:00+08:00", "2023-06-18T09:00:00+08:00");
    assert_eq!(last_day(THIRTY, &[on_the_last_day]), date("2023-05-17"));
    let the_day_before = paused("2023-05-16T09:00:00+08:00", "2023-06-18T09:00:00+08:00");
    assert_eq!(last_day(THIRTY, &[the_day_before]), date("2023-06-19"));
}

#[test]
fn the_extended_time_can_be_suspended_in_turn() {
    let first = paused("2023-05-10T09:00:00+08:00", "2023-05-20T09:00:00+08:00");
    let second = paused("2023-05-25T09:00:00+08:00", "2023-05-26T09:00:00+08:00");
    assert_eq!(last_day(THIRTY, &[first, second]), date("2023-05-28"));
}

#[test]
fn time_before_the_start_is_not_given_back() {
    let early = paused("2023-04-01T09:00:00+08:00", "2023-04-19T09:00:00+08:00");
    assert_eq!(last_day(THIRTY, &[early]), date("2023-05-19"));
}

#[test]
fn working_days_skip_the_suspended_working_days_only() {
    let over_a_weekend = paused("2023-04-20T09:00:00+08:00", "2023-04-24T09:00:00+08:00");
    assert_eq!(last_day(Period::WorkingDays(5), &[]), date("2023-04-23"));
    assert_eq!(last_day(Period::WorkingDays(5), &[over_a_weekend]), date("2023-04-26"));
}

#[test]
fn months_are_extended_by_the_suspended_days() {
    let days = paused("2023-04-20T09:00:00+08:00", "2023-04-25T17:00:00+08:00");
    assert_eq!(last_day(Period::Months(1), &[days]), date("2023-05-22"));
}

#[test]
fn hours_lose_exactly_the_suspended_time() {
    let calendar = Calendar::builtin();
    let start = instant("2023-04-17T06:00:00Z");
    let pauses = [
        paused("2023-04-17T10:00:00Z", "2023-04-17T12:00:00Z"),
        paused("2023-04-17T11:00:00Z", "2023-04-17T12:30:00Z"),
        paused("2023-04-17T05:00:00Z", "2023-04-17T06:15:00Z"),
    ];
    let due = calendar.due_excluding(start, Period::Hours(24), Role::Agency, &pauses, start);
    assert_eq!(due.at, instant("2023-04-18T08:45:00Z"));
}

#[test]
fn a_list_of_suspensions_knows_whether_one_is_open() {
    let mut list = Suspensions::default();
    list.add(paused("2023-04-20T09:00:00Z", "2023-04-25T09:00:00Z"));
    assert!(!list.is_open());
    list.add(Suspension { from: instant("2023-04-26T09:00:00Z"), to: None });
    assert!(list.is_open());
    let json = serde_json::to_string(&list).unwrap();
    assert_eq!(serde_json::from_str::<Suspensions>(&json).unwrap(), list);
}

/// Hours after the start at which suspensions begin, and their lengths; a negative length is a slip.
fn suspensions() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
    prop::collection::vec((-200..1_500_i64, prop::option::of(-10..500_i64)), 0..8)
}

proptest! {
    #[test]
    fn counting_day_by_day_agrees(
        list in suspensions(), day in 0..3_650_i64, hour in 0..24_i64, as_of in 0..2_000_i64, count in 1..70_u32,
        working in any::<bool>(),
    ) {
        let calendar = Calendar::builtin();
        let start = instant("2015-06-01T00:00:00+08:00") + Duration::days(day) + Duration::hours(hour);
        let as_of = start + Duration::hours(as_of);
        let list: Vec<Suspension> = list.into_iter().map(|(from, length)| {
            let from = start + Duration::hours(from);
            Suspension { from, to: length.map(|length| from + Duration::hours(length)) }
        }).collect();
        let period = if working { Period::WorkingDays(count) } else { Period::CalendarDays(count) };

        let excluded = |day: Date| list.iter().any(|suspension| {
            let to: OffsetDateTime = suspension.to.unwrap_or(as_of);
            law::shanghai_date(suspension.from) < day && day <= law::shanghai_date(to)
        });
        let mut last = law::shanghai_date(start);
        let mut left = count;
        while left > 0 {
            last = last.next_day().unwrap();
            if !excluded(last) && (!working || calendar.is_working_day(last)) {
                left -= 1;
            }
        }
        let due = calendar.due_excluding(start, period, Role::Agency, &list, as_of);
        prop_assert_eq!(due.last_day, last);
    }

    #[test]
    fn the_union_is_disjoint_in_order_and_covers_the_same_hours(list in suspensions()) {
        let start = instant("2023-04-17T00:00:00Z");
        let list: Vec<Suspension> = list.into_iter().map(|(from, length)| {
            let from = start + Duration::hours(from);
            Suspension { from, to: length.map(|length| from + Duration::hours(length)) }
        }).collect();
        let union = union_of_suspensions(&list, start);
        prop_assert!(union.windows(2).all(|pair| pair[0].1 < pair[1].0));
        for hour in -250..2_100 {
            let at = start + Duration::hours(hour) + Duration::minutes(30);
            let in_list = list.iter().any(|s| s.from <= at && at < s.to.unwrap_or(start));
            let in_union = union.iter().any(|(from, to)| *from <= at && at < *to);
            prop_assert_eq!(in_list, in_union);
        }
    }
}
