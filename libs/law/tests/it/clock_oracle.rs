//! Random lives of clocks: against counting day by day, and whoever looked when.

use law::{
    Calendar, Period, Role, Suspension,
    clock::{Act, Refusal, Terms, Warn},
};
use proptest::prelude::*;
use time::{Date, Duration, OffsetDateTime};

use crate::{
    clock::{Held, json, resume, suspend, thirty},
    instant,
};

#[derive(Clone, Debug)]
enum Step {
    Suspend(u8),
    Resume(u8),
    Extend(u32),
    Meet,
    Cancel,
}

impl Step {
    fn act(&self, working: bool) -> Act {
        match self {
            Self::Suspend(which) => suspend(&which.to_string()),
            Self::Resume(which) => resume(&which.to_string()),
            Self::Extend(days) => {
                Act::Extend { by: "city".into(), document: "d".into(), period: days_of(working, *days) }
            }
            Self::Meet => Act::Meet,
            Self::Cancel => Act::Cancel { cause: "closed".into() },
        }
    }
}

fn days_of(working: bool, days: u32) -> Period {
    if working { Period::WorkingDays(days) } else { Period::CalendarDays(days) }
}

/// Hours after the step before, hours until it is entered, and what.
fn steps(ending: bool) -> impl Strategy<Value = Vec<(i64, i64, Step)>> {
    let step = prop_oneof![
        6 => (0..4_u8).prop_map(Step::Suspend),
        7 => (0..4_u8).prop_map(Step::Resume),
        2 => (1..40_u32).prop_map(Step::Extend),
        u32::from(ending) => Just(Step::Meet),
        u32::from(ending) => Just(Step::Cancel),
    ];
    let entered = prop_oneof![3 => Just(0_i64), 1 => 0..400_i64];
    prop::collection::vec((0..200_i64, entered, step), 0..14)
}

/// Counts the days one after the other. None where suspensions without an end leave nothing to count.
fn on_the_fingers(
    calendar: &Calendar,
    start: OffsetDateTime,
    days: u32,
    working: bool,
    suspensions: &[Suspension],
) -> Option<Date> {
    let spans: Vec<_> = suspensions
        .iter()
        .map(|time| (law::shanghai_date(time.from), time.to.map_or(Date::MAX, law::shanghai_date)))
        .collect();
    let mut day = law::shanghai_date(start);
    let mut left = days;
    for _ in 0..20_000 {
        if left == 0 {
            return Some(day);
        }
        day = day.next_day().unwrap();
        let held = spans.iter().any(|(after, through)| *after < day && day <= *through);
        if !held && (!working || calendar.is_working_day(day)) {
            left -= 1;
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn counting_day_by_day_agrees_after_every_act(
        list in steps(false), day in 0..3_000_i64, hour in 0..24_i64, days in 1..60_u32, working in any::<bool>(),
    ) {
        let start = instant("2015-06-01T00:00:00+08:00") + Duration::days(day) + Duration::hours(hour);
        let terms = Terms { period: days_of(working, days), start, extensions_max: 2, ..thirty() };
        let mut held = Held::armed(terms);
        let mut at = start;
        for (wait, _, step) in list {
            at += Duration::hours(wait);
            let before = held.clock().clone();
            match held.act(at, at, step.act(working)) {
                Ok(_) => {}
                Err(Refusal::RunOut { .. }) => {
                    prop_assert!(before.until.due.is_past(at));
                    continue;
                }
                Err(_) => continue,
            }
            let clock = held.clock();
            let total = days + clock.extensions.iter().map(|extension| extension.period.count()).sum::<u32>();
            let expected = on_the_fingers(&held.calendar, start, total, working, &clock.suspensions());
            let found = (!clock.still).then_some(clock.until.due.last_day);
            prop_assert_eq!(found, expected, "{:?}", clock);
        }
    }

    #[test]
    fn the_stream_does_not_depend_on_who_looked_when(
        list in steps(true), looks in prop::collection::vec(0..3_000_i64, 0..40), days in 1..60_u32,
        warn in prop_oneof![Just(None), (1..=99_u8).prop_map(|share| Some(Warn::Share(share)))],
    ) {
        let start = instant("2023-04-17T14:04:00+08:00");
        let end = start + Duration::hours(6_000);
        let run = |mut looks: Vec<OffsetDateTime>| {
            let terms = Terms { period: Period::CalendarDays(days), warn, extensions_max: 3, ..thirty() };
            let mut held = Held::armed(terms);
            looks.sort_unstable();
            let mut looks = looks.into_iter().peekable();
            let mut now = start;
            for (wait, entered, step) in &list {
                now += Duration::hours(*wait);
                while let Some(look) = looks.next_if(|look| *look <= now) {
                    held.tick(look);
                }
                let _ = held.act(now - Duration::hours(*entered), now, step.act(false));
            }
            held.tick(end);
            held
        };
        let asleep = run(Vec::new());
        let some = run(looks.iter().map(|hour| start + Duration::hours(*hour)).collect());
        let awake = run((0..3_000).map(|hour| start + Duration::hours(hour)).collect());
        prop_assert_eq!(json(&asleep.stream), json(&some.stream));
        prop_assert_eq!(json(&asleep.stream), json(&awake.stream));
        prop_assert_eq!(law::clock::Clock::fold(&awake.stream), awake.clock);
    }

    #[test]
    fn a_later_start_never_gives_an_earlier_end(
        hours in 0..2_000_i64, later in 0..2_000_i64, days in 1..60_u32, extended in 1..30_u32,
        working in any::<bool>(), party in any::<bool>(),
    ) {
        let role = if party { Role::Party } else { Role::Agency };
        let ends = |hours: i64| {
            let start = instant("2024-01-01T00:00:00+08:00") + Duration::hours(hours);
            let mut held = Held::armed(Terms { period: days_of(working, days), role, start, ..thirty() });
            held.act(start, start, Step::Extend(extended).act(working)).unwrap();
            held.clock().until.due.at
        };
        prop_assert!(ends(hours) <= ends(hours + later));
    }
}
