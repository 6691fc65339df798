//! Why a deadline is where it is: what was counted, skipped, moved, and how sure the calendar is.

use std::collections::BTreeSet;

use law::{Calendar, DayKind, Due, Period, Role};
use serde_json::{Value, json};
use time::{Date, Weekday};

use super::{Start, beijing, is_exact};
use crate::error::Text;

/// Most days that are walked over for an explanation; the answer itself never walks.
const DAYS_MAX: usize = 4_000;

/// The reasons, in the order in which a person would check them.
pub(super) fn reasons(from: Start, period: Period, role: Role, due: &Due, calendar: &Calendar) -> Vec<Text> {
    let words = calendar.words(from.at(), period, role, &[], from.at());
    let mut reasons = vec![Text::new(words.zh, words.en), period_of(from, period, role)];
    if is_exact(period) {
        reasons.push(Text::new(
            "按小时、分钟计算的期间自起算时刻连续计算，不因休息日顺延；含最后一刻（民法典201）",
            "hours and minutes run through from the stated moment, rest days or not; the last instant is in time (Civil Code 201)",
        ));
    } else {
        reasons.push(last_day(due));
        reasons.extend(rest_day_rule(from, period, role, due, calendar));
        if let Period::WorkingDays(_) = period {
            reasons.extend(days(from, due, calendar, true));
            reasons.extend(days(from, due, calendar, false));
        }
    }
    if due.provisional {
        reasons.push(Text::new(
            "暂定：涉及国务院办公厅尚未公布放假安排的年份，暂按周一至周五为工作日计算，公布后须重新计算",
            "provisional: it reaches into a year whose State Council notice is not known; Monday to Friday are taken for working days; compute again when the notice is out",
        ));
    }
    reasons.push(source(from, due, calendar));
    reasons
}

/// The days of holidays (or the days worked in their place) from the day after the start to the last day.
pub(super) fn named_days(from: Start, due: &Due, calendar: &Calendar, working: bool) -> Vec<Value> {
    let found = walk(from.day(), due.last_day, calendar, working);
    found.into_iter().map(|(day, holiday)| json!({"date": day.to_string(), "holiday": holiday})).collect()
}

fn period_of(from: Start, period: Period, role: Role) -> Text {
    let (whose_zh, whose_en) = match role {
        Role::Party => ("当事人", "a party's"),
        Role::Agency => ("行政机关", "an agency's"),
    };
    if is_exact(period) {
        let at = match from {
            Start::Day(day) => format!("{day}T00:00:00+08:00"),
            Start::Moment(at) => beijing(at),
        };
        let zh = format!("自 {at} 起{}，{whose_zh}的期限", period.zh());
        return Text::new(zh, format!("{period} from {at}, {whose_en} period"));
    }
    let day = from.day();
    Text::new(
        format!("自 {day} 起{}，{whose_zh}的期限；起算当日不计入（民法典201）", period.zh()),
        format!("{period} from {day}, {whose_en} period; the first day is not counted (Civil Code 201)"),
    )
}

fn last_day(due: &Due) -> Text {
    let day = due.last_day;
    let (zh, en) = weekday(day);
    Text::new(
        format!("最后一日 {day}（{zh}），至北京时间 24:00"),
        format!("the last day is {day} ({en}), until 24:00 Beijing time"),
    )
}

fn rest_day_rule(from: Start, period: Period, role: Role, due: &Due, calendar: &Calendar) -> Option<Text> {
    let unmoved = from.due(calendar, period, Role::Agency).last_day;
    if calendar.is_working_day(unmoved) {
        return None;
    }
    let (zh, en) = kind(unmoved, calendar);
    Some(match role {
        Role::Party => Text::new(
            format!("顺延：{unmoved} 是{zh}，顺延至其后第一个工作日 {}（民法典203）", due.last_day),
            format!(
                "moved: {unmoved} is {en}; the period ends on the next working day, {} (Civil Code 203)",
                due.last_day
            ),
        ),
        Role::Agency => Text::new(
            format!("不顺延：{unmoved} 是{zh}，但行政机关的期限不因休息日延长"),
            format!("not moved: {unmoved} is {en}, but no rest day lengthens an agency's own period"),
        ),
    })
}

fn days(from: Start, due: &Due, calendar: &Calendar, working: bool) -> Option<Text> {
    let found = walk(from.day(), due.last_day, calendar, working);
    if found.is_empty() {
        return None;
    }
    let list = |separator| runs(&found).join(separator);
    Some(if working {
        Text::new(format!("计入调休上班日：{}", list("、")), format!("make-up days counted: {}", list(", ")))
    } else {
        Text::new(format!("不计放假日：{}", list("、")), format!("days off not counted: {}", list(", ")))
    })
}

fn source(from: Start, due: &Due, calendar: &Calendar) -> Text {
    let years = (from.day().year()..=due.last_day.year()).take(DAYS_MAX).collect::<BTreeSet<_>>();
    let notices =
        years.iter().flat_map(|year| calendar.notices(*year)).map(String::as_str).collect::<Vec<_>>();
    let version = &due.calendar;
    if notices.is_empty() {
        return Text::new(format!("日历 {version}"), format!("calendar {version}"));
    }
    let zh = format!("日历 {version}，国务院办公厅通知 {}", notices.join("、"));
    Text::new(zh, format!("calendar {version}, State Council notices {}", notices.join(", ")))
}

/// Days named by a notice, after `from` up to and including `to`.
fn walk(from: Date, to: Date, calendar: &Calendar, working: bool) -> Vec<(Date, String)> {
    let mut found = Vec::new();
    let mut day = from;
    for _ in 0..DAYS_MAX {
        day = match day.next_day() {
            Some(next) if next <= to => next,
            _ => break,
        };
        match calendar.day(day) {
            DayKind::MakeUpDay { holiday } if working => found.push((day, holiday)),
            DayKind::RestDay { holiday } if !working => found.push((day, holiday)),
            _ => {}
        }
    }
    found
}

/// Days in a row are written as one: 2023-04-29..2023-05-03（劳动节）.
fn runs(days: &[(Date, String)]) -> Vec<String> {
    days.chunk_by(|(one, holiday), (next, other)| one.next_day() == Some(*next) && holiday == other)
        .filter_map(|run| run.first().zip(run.last()))
        .map(|((first, holiday), (last, _))| match first == last {
            true => format!("{first}（{holiday}）"),
            false => format!("{first}..{last}（{holiday}）"),
        })
        .collect()
}

fn kind(day: Date, calendar: &Calendar) -> (String, String) {
    match calendar.day(day) {
        DayKind::RestDay { holiday } => (format!("{holiday}放假"), format!("off for {holiday}")),
        DayKind::LocalClosure { reason } => (reason.clone(), format!("closed: {reason}")),
        _ => {
            let (zh, en) = weekday(day);
            (zh.to_owned(), format!("a {en}"))
        }
    }
}

fn weekday(day: Date) -> (&'static str, &'static str) {
    match day.weekday() {
        Weekday::Monday => ("星期一", "Monday"),
        Weekday::Tuesday => ("星期二", "Tuesday"),
        Weekday::Wednesday => ("星期三", "Wednesday"),
        Weekday::Thursday => ("星期四", "Thursday"),
        Weekday::Friday => ("星期五", "Friday"),
        Weekday::Saturday => ("星期六", "Saturday"),
        Weekday::Sunday => ("星期日", "Sunday"),
    }
}
