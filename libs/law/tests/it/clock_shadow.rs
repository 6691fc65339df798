//! A clock's story told again under other rules.

use law::{
    Calendar, Period,
    clock::{
        Act, Event, Terms,
        shadow::{Difference, Outcome, Shadow, Under},
    },
};
use time::Date;

use crate::{
    clock::{ALARM, Held, thirty},
    date, instant,
};

/// Tells a stream under a period of so many days.
fn told(stream: &[Event], days: u32, now: &str) -> Option<Difference> {
    let period = |_: &law::clock::Clock| Some(Period::CalendarDays(days));
    let under = Under { calendar: &Calendar::builtin(), pack: "CN-2", period: &period };
    let mut shadow = Shadow::default();
    for event in stream {
        assert_eq!(shadow.tell(event, &under, instant(now)), None);
    }
    shadow.difference(instant(now))
}

fn days(difference: &Difference) -> (Option<Date>, Option<Date>) {
    let day = |standing: &law::clock::shadow::Standing| standing.due.as_ref().map(|due| due.last_day);
    (day(&difference.recorded), day(&difference.other))
}

fn extend() -> Act {
    Act::Extend { by: "fire.33".into(), document: "x-1".into(), period: Period::CalendarDays(30) }
}

#[test]
fn under_the_same_rules_nothing_differs() {
    let mut held = Held::armed(thirty());
    held.at("2023-05-10T10:00:00+08:00", extend()).unwrap();
    held.at("2023-06-01T10:00:00+08:00", Act::Meet).unwrap();
    assert_eq!(told(&held.stream, 30, "2023-07-01T00:00:00+08:00"), None);
}

#[test]
fn what_was_in_time_is_late_under_a_shorter_period() {
    let mut held = Held::armed(thirty());
    held.at("2023-05-12T10:00:00+08:00", Act::Meet).unwrap();
    let difference = told(&held.stream, 20, "2023-07-01T00:00:00+08:00").unwrap();
    assert_eq!(days(&difference), (Some(date("2023-05-17")), Some(date("2023-05-07"))));
    assert_eq!(difference.recorded.outcome, Outcome::Met { in_time: true });
    assert_eq!(difference.other.outcome, Outcome::Met { in_time: false });
    assert_eq!(difference.rule, "fire.cause.determine");
}

#[test]
fn what_was_overdue_is_not_under_a_longer_period() {
    let mut held = Held::armed(thirty());
    held.at("2023-05-20T10:00:00+08:00", Act::Meet).unwrap();
    assert!(held.stream.iter().any(|event| matches!(event, Event::Breached { .. })));
    let difference = told(&held.stream, 40, "2023-07-01T00:00:00+08:00").unwrap();
    assert_eq!(difference.recorded.outcome, Outcome::Met { in_time: false });
    assert_eq!(difference.other.outcome, Outcome::Met { in_time: true });
}

#[test]
fn what_nobody_did_is_overdue_by_the_rules_that_say_so() {
    let held = Held::armed(thirty());
    let difference = told(&held.stream, 20, "2023-05-10T00:00:00+08:00").unwrap();
    assert_eq!(difference.recorded.outcome, Outcome::Running);
    assert_eq!(difference.other.outcome, Outcome::Overdue);
}

#[test]
fn more_time_that_was_given_too_late_by_the_other_rules_does_not_count() {
    let mut held = Held::armed(thirty());
    held.at("2023-05-10T10:00:00+08:00", extend()).unwrap();
    let shorter = told(&held.stream, 20, "2023-05-11T00:00:00+08:00").unwrap();
    assert_eq!(days(&shorter), (Some(date("2023-06-16")), Some(date("2023-05-07"))));
    let longer = told(&held.stream, 40, "2023-05-11T00:00:00+08:00").unwrap();
    assert_eq!(days(&longer), (Some(date("2023-06-16")), Some(date("2023-06-26"))));
}

#[test]
fn a_time_that_stands_still_has_no_last_day_unless_it_was_over_by_then() {
    let mut held = Held::armed(thirty());
    let suspend = Act::Suspend { reference: "a-1".into(), reason: "appraisal".into() };
    held.at("2023-05-10T10:00:00+08:00", suspend).unwrap();
    assert_eq!(told(&held.stream, 40, "2023-05-20T00:00:00+08:00"), None);
    let difference = told(&held.stream, 20, "2023-05-20T00:00:00+08:00").unwrap();
    assert_eq!(days(&difference), (None, Some(date("2023-05-07"))));
    assert_eq!(difference.other.outcome, Outcome::Overdue);
}

#[test]
fn what_differed_before_a_clock_was_started_anew_is_told_then() {
    let mut held = Held::armed(thirty());
    held.at("2023-05-12T10:00:00+08:00", Act::Cancel { cause: "again".into() }).unwrap();
    let terms = Terms { start: instant("2023-05-12T10:00:00+08:00"), ..thirty() };
    held.at("2023-05-12T10:00:00+08:00", Act::Arm { terms }).unwrap();
    let period = |_: &law::clock::Clock| Some(Period::CalendarDays(20));
    let under = Under { calendar: &Calendar::builtin(), pack: "CN-2", period: &period };
    let mut shadow = Shadow::default();
    let told: Vec<Difference> =
        held.stream.iter().filter_map(|event| shadow.tell(event, &under, instant(ALARM))).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].other.outcome, Outcome::Cancelled);
    assert!(shadow.difference(instant("2023-05-13T00:00:00+08:00")).is_some());
}

#[test]
fn a_right_that_has_lapsed_still_runs_under_a_longer_period() {
    let mut held = Held::armed(thirty().right());
    held.at("2023-06-12T10:00:00+08:00", Act::Cancel { cause: "x".into() }).unwrap();
    let difference = told(&held.stream[..2], 40, "2023-05-20T00:00:00+08:00").unwrap();
    assert_eq!(difference.recorded.outcome, Outcome::Lapsed);
    assert_eq!(difference.other.outcome, Outcome::Running);
}
