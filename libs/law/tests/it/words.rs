//! The computation as it stands in a file, word for word.

use law::{Calendar, Period, Role, Source, Suspension, Words};

use crate::{date, instant};

fn words(start: &str, period: Period, role: Role) -> Words {
    let start = law::start_of_day(date(start));
    Calendar::builtin().words(start, period, role, &[], start)
}

#[test]
fn a_make_up_day_is_told() {
    let words = words("2025-09-26", Period::WorkingDays(3), Role::Agency);
    assert_eq!(words.zh, "3 个工作日：9 月 26 日起，9 月 28 日调休上班，9 月 30 日届满");
    assert_eq!(
        words.en,
        "3 working days: from 26 September, 28 September worked to make up, ends 30 September"
    );
}

#[test]
fn days_off_are_told_as_one_stretch() {
    assert_eq!(
        words("2025-09-26", Period::WorkingDays(7), Role::Party).zh,
        "7 个工作日：9 月 26 日起，9 月 28 日调休上班，10 月 1 日至 8 日国庆节、中秋节放假，10 月 11 日调休上班，10 月 13 日届满"
    );
    assert_eq!(
        words("2023-04-28", Period::WorkingDays(4), Role::Party).zh,
        "4 个工作日：4 月 28 日起，4 月 29 日至 5 月 3 日劳动节放假，5 月 6 日调休上班，5 月 8 日届满"
    );
}

#[test]
fn the_year_is_told_where_there_are_two() {
    let words = words("2024-12-31", Period::WorkingDays(2), Role::Agency);
    assert_eq!(words.zh, "2 个工作日：2024 年 12 月 31 日起，2025 年 1 月 1 日元旦放假，1 月 3 日届满");
    assert_eq!(
        words.en,
        "2 working days: from 31 December 2024, 1 January 2025 off for 元旦, ends 3 January"
    );
}

#[test]
fn the_two_last_days_are_told_apart() {
    let fifteen = |role| words("2026-02-02", Period::CalendarDays(15), role);
    assert_eq!(fifteen(Role::Party).zh, "15 日：2 月 2 日起，末日 2 月 17 日春节放假，顺延至 2 月 24 日届满");
    assert_eq!(fifteen(Role::Agency).zh, "15 日：2 月 2 日起，2 月 17 日届满（春节放假，机关期限不顺延）");
    assert_eq!(
        words("2026-06-01", Period::CalendarDays(12), Role::Party).en,
        "12 calendar days: from 1 June, the last day 13 June is a Saturday, moved to end 15 June"
    );
    assert_eq!(
        words("2023-04-17", Period::CalendarDays(30), Role::Party).zh,
        "30 日：4 月 17 日起，5 月 17 日届满"
    );
    assert_eq!(
        words("2025-01-31", Period::Months(1), Role::Agency).zh,
        "1 个月：1 月 31 日起，2 月 28 日届满"
    );
}

#[test]
fn hours_are_told_by_the_clock() {
    let calendar = Calendar::builtin();
    let start = instant("2023-04-17T06:04:00Z");
    let words = |suspensions: &[Suspension]| {
        calendar.words(start, Period::Hours(24), Role::Agency, suspensions, start).zh
    };
    assert_eq!(words(&[]), "24 小时：4 月 17 日 14:04 起，连续计算，4 月 18 日 14:04 届满");
    let pause =
        Suspension { from: instant("2023-04-17T10:00:00Z"), to: Some(instant("2023-04-17T11:30:00Z")) };
    assert_eq!(
        words(&[pause]),
        "24 小时：4 月 17 日 14:04 起，连续计算，4 月 17 日 18:00 至 4 月 17 日 19:30 中止，不计 90 分钟，4 月 18 日 15:34 届满"
    );
}

#[test]
fn suspended_days_are_told() {
    let calendar = Calendar::builtin();
    let start = instant("2023-04-17T14:04:00+08:00");
    let appraisal = Suspension {
        from: instant("2023-04-20T09:00:00+08:00"),
        to: Some(instant("2023-04-25T17:00:00+08:00")),
    };
    let words = |period| calendar.words(start, period, Role::Agency, &[appraisal], start).zh;
    assert_eq!(
        words(Period::CalendarDays(30)),
        "30 日：4 月 17 日起，4 月 21 日至 25 日中止，不计 5 日，5 月 22 日届满"
    );
    assert_eq!(
        words(Period::WorkingDays(5)),
        "5 个工作日：4 月 17 日起，4 月 21 日至 25 日中止，不计 4 个工作日，4 月 23 日调休上班，4 月 27 日届满"
    );
}

#[test]
fn what_is_provisional_is_said_to_be() {
    let words = words("2026-12-30", Period::WorkingDays(3), Role::Agency);
    assert_eq!(
        words.zh,
        "3 个工作日：2026 年 12 月 30 日起，2027 年 1 月 4 日届满（暂定：2027 年放假安排尚未公布）"
    );
    assert!(words.en.ends_with(" (provisional: the notice of 2027 is not known)"), "{}", words.en);
}

#[test]
fn counting_back_is_told_backwards() {
    let words = Calendar::builtin().words_before(date("2026-10-12"), Period::WorkingDays(7));
    assert_eq!(
        words.zh,
        "10 月 12 日前 7 个工作日：10 月 10 日调休上班，10 月 1 日至 7 日国庆节放假，9 月 25 日至 27 日中秋节放假，最迟 9 月 24 日"
    );
    assert!(words.en.starts_with("7 working days before 12 October: "), "{}", words.en);
}

#[test]
fn a_local_closure_is_told_with_its_document() {
    let closed = r#"{"area": "330723", "edition": "1", "basis": "武政办发〔2026〕12号",
        "closed": [{"date": "2026-08-11", "reason": "防台风停工"}]}"#;
    let calendar = Calendar::builtin().with(&[Source::from(closed)]).unwrap();
    let start = law::start_of_day(date("2026-08-10"));
    assert_eq!(
        calendar.words(start, Period::WorkingDays(1), Role::Agency, &[], start).zh,
        "1 个工作日：8 月 10 日起，8 月 11 日防台风停工（武政办发〔2026〕12号），8 月 12 日届满"
    );
    assert_eq!(
        calendar.words(start, Period::CalendarDays(1), Role::Party, &[], start).zh,
        "1 日：8 月 10 日起，末日 8 月 11 日防台风停工（武政办发〔2026〕12号），顺延至 8 月 12 日届满"
    );
}

#[test]
fn a_period_of_decades_is_told_on_one_line() {
    let words = words("2015-01-01", Period::WorkingDays(2_600), Role::Agency);
    assert!(words.zh.chars().count() < 700, "{}", words.zh.chars().count());
}
