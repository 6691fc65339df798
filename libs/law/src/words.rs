//! A deadline's computation in words, as it stands in a file: 「3 个工作日：9 月 26 日起，9 月 28 日调休上班，9 月 30 日届满」.
//!
//! Only what moved the answer is told: days that a notice names, closures, suspensions, the last day's move.
//! Years are written where the period touches more than one.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::{
    calendar::{Calendar, DayKind},
    due::{Due, Role},
    period::Period,
    shanghai::{shanghai_date, shift},
    suspension::{self, Suspension},
};

mod spell;

use self::spell::{Speller, clock_time, unit_zh, weekday_en, weekday_zh};

/// Most stretches of days that are told; a period of a year would fill a page.
const TOLD_MAX: usize = 12;

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    pub zh: String,
    pub en: String,
}

/// One thing that is told, with the first day it speaks of.
struct Part {
    from: Date,
    to: Date,
    what: What,
}

enum What {
    Kind(DayKind),
    Suspended(i64),
}

impl Calendar {
    /// How the period that starts with an event at `start` runs out, suspensions left out (an open one ends
    /// at `as_of`).
    pub fn words(
        &self,
        start: OffsetDateTime,
        period: Period,
        role: Role,
        suspensions: &[Suspension],
        as_of: OffsetDateTime,
    ) -> Words {
        let due = self.due_excluding(start, period, role, suspensions, as_of);
        let pauses = suspension::union_of_suspensions(suspensions, as_of);
        if period.is_exact() {
            return exact_words(start, period, &due, &pauses);
        }
        let from = shanghai_date(start);
        let unmoved = self.due_excluding(start, period, Role::Agency, suspensions, as_of).last_day;
        let mut parts: Vec<Part> = Vec::new();
        if let Period::WorkingDays(_) = period {
            parts = self.parts(from, due.last_day);
        }
        parts.extend(self.suspended(from, unmoved, period, &pauses));
        parts.sort_by_key(|part| part.from);
        let spell = Speller::between(from, due.last_day);
        let (mut zh, mut en) = (spell.clone(), spell);
        let mut zh_parts = vec![format!("{}：{}起", unit_zh(period), zh.zh(from))];
        let mut en_parts = vec![format!("{period}: from {}", en.en(from))];
        tell(&parts, period, (&mut zh, &mut zh_parts), (&mut en, &mut en_parts));
        let (zh_end, en_end) = self.end(unmoved, &due, role, period, &mut zh, &mut en);
        zh_parts.extend(zh_end);
        en_parts.extend(en_end);
        let (zh_mark, en_mark) = self.provisional(from, due.last_day, due.provisional);
        Words { zh: joined_zh(&zh_parts) + &zh_mark, en: en_parts.join(", ") + &en_mark }
    }

    /// How the last day on which to act before `end` is found.
    pub fn words_before(&self, end: Date, period: Period) -> Words {
        let latest = self.latest_before(end, period);
        let mut parts = match period {
            Period::WorkingDays(_) => self.parts(latest.day, shift(end, -1)),
            _ => Vec::new(),
        };
        parts.reverse();
        let spell = Speller::between(latest.day, end);
        let (mut zh, mut en) = (spell.clone(), spell);
        let mut zh_parts = vec![format!("{}前{}", zh.zh(end), unit_zh(period))];
        let mut en_parts = vec![format!("{period} before {}", en.en(end))];
        tell(&parts, period, (&mut zh, &mut zh_parts), (&mut en, &mut en_parts));
        zh_parts.push(format!("最迟{}", zh.zh(latest.day)));
        en_parts.push(format!("at the latest on {}", en.en(latest.day)));
        let (zh_mark, en_mark) = self.provisional(latest.day, end, latest.provisional);
        Words {
            zh: joined_zh(&zh_parts).replacen('，', "：", 1) + &zh_mark,
            en: en_parts.join(", ").replacen(',', ":", 1) + &en_mark,
        }
    }

    /// Days that a notice or closure names after `from`, those in a row and of a kind as one.
    fn parts(&self, from: Date, to: Date) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        for (day, kind) in self.named_days(from, to) {
            if matches!(kind, DayKind::Weekday | DayKind::Weekend | DayKind::Assumed { .. }) {
                continue;
            }
            match parts.last_mut() {
                Some(Part { to, what: What::Kind(known), .. }) if *known == kind && shift(*to, 1) == day => {
                    *to = day;
                }
                _ => parts.push(Part { from: day, to: day, what: What::Kind(kind) }),
            }
        }
        parts
    }

    /// The whole days that suspensions took out before the clock ran out.
    fn suspended(
        &self,
        start: Date,
        last: Date,
        period: Period,
        pauses: &[(OffsetDateTime, OffsetDateTime)],
    ) -> Vec<Part> {
        let days = suspension::whole_days(pauses).into_iter();
        let parts = days.filter_map(|(after, to)| {
            let after = after.max(start);
            let taken = match period {
                Period::WorkingDays(_) => self.working_days_between(after, to),
                _ => (to - after).whole_days(),
            };
            (after < last && taken > 0).then(|| Part {
                from: shift(after, 1),
                to,
                what: What::Suspended(taken),
            })
        });
        parts.collect()
    }

    fn end(
        &self,
        unmoved: Date,
        due: &Due,
        role: Role,
        period: Period,
        zh: &mut Speller,
        en: &mut Speller,
    ) -> (Vec<String>, Vec<String>) {
        let off = !matches!(period, Period::WorkingDays(_)) && !self.is_working_day(unmoved);
        if !off {
            return (vec![format!("{}届满", zh.zh(unmoved))], vec![format!("ends {}", en.en(unmoved))]);
        }
        let (why_zh, why_en) = off_because(unmoved, &self.day(unmoved));
        let (on_zh, on_en) = (zh.zh(unmoved), en.en(unmoved));
        match role {
            Role::Party => (
                vec![format!("末日{on_zh}{why_zh}"), format!("顺延至{}届满", zh.zh(due.last_day))],
                vec![
                    format!("the last day {on_en} is {why_en}"),
                    format!("moved to end {}", en.en(due.last_day)),
                ],
            ),
            Role::Agency => (
                vec![format!("{on_zh}届满（{why_zh}，机关期限不顺延）")],
                vec![format!("ends {on_en} ({why_en}, but an agency's duty does not move)")],
            ),
        }
    }

    fn provisional(&self, from: Date, to: Date, provisional: bool) -> (String, String) {
        if !provisional {
            return Default::default();
        }
        let unknown = [from, to].into_iter().find(|day| !self.knows(*day)).map_or(to.year(), Date::year);
        (
            format!("（暂定：{unknown} 年放假安排尚未公布）"),
            format!(" (provisional: the notice of {unknown} is not known)"),
        )
    }
}

type Told<'a> = (&'a mut Speller, &'a mut Vec<String>);

fn tell(parts: &[Part], period: Period, (zh, zh_parts): Told<'_>, (en, en_parts): Told<'_>) {
    for Part { from, to, what } in parts.iter().take(TOLD_MAX) {
        let (span_zh, span_en) = (zh.zh_span(*from, *to), en.en_span(*from, *to));
        let (told_zh, told_en) = match what {
            What::Kind(DayKind::RestDay { holiday }) => {
                (format!("{span_zh}{holiday}放假"), format!("{span_en} off for {holiday}"))
            }
            What::Kind(DayKind::MakeUpDay { .. }) => {
                (format!("{span_zh}调休上班"), format!("{span_en} worked to make up"))
            }
            What::Kind(DayKind::LocalClosure { reason }) => {
                (format!("{span_zh}{reason}"), format!("{span_en} closed: {reason}"))
            }
            What::Kind(_) => continue,
            What::Suspended(days) => {
                let (zh_unit, en_unit) = match period {
                    Period::WorkingDays(_) => ("个工作日", "working days"),
                    _ => ("日", "days"),
                };
                (
                    format!("{span_zh}中止，不计 {days} {zh_unit}"),
                    format!("{span_en} suspended and {days} {en_unit} not counted"),
                )
            }
        };
        zh_parts.push(told_zh);
        en_parts.push(told_en);
    }
    if parts.len() > TOLD_MAX {
        zh_parts.push(format!("等 {} 段", parts.len()));
        en_parts.push(format!("{} stretches in all", parts.len()));
    }
}

fn off_because(day: Date, kind: &DayKind) -> (String, String) {
    match kind {
        DayKind::RestDay { holiday } => (format!("{holiday}放假"), format!("off for {holiday}")),
        DayKind::LocalClosure { reason } => (reason.clone(), format!("closed: {reason}")),
        _ => (weekday_zh(day).to_owned(), format!("a {}", weekday_en(day))),
    }
}

fn exact_words(
    start: OffsetDateTime,
    period: Period,
    due: &Due,
    pauses: &[(OffsetDateTime, OffsetDateTime)],
) -> Words {
    let spell = Speller::between(shanghai_date(start), shanghai_date(due.at));
    let (mut zh, mut en) = (spell.clone(), spell);
    let mut instant_zh = |at| format!("{} {} ", zh.zh(shanghai_date(at)), clock_time(at));
    let mut instant_en = |at| format!("{} {}", en.en(shanghai_date(at)), clock_time(at));
    let mut zh_parts = vec![format!("{}：{}起", unit_zh(period), instant_zh(start)), "连续计算".to_owned()];
    let mut en_parts = vec![format!("{period}: from {}", instant_en(start)), "running through".to_owned()];
    for &(from, to) in pauses.iter().filter(|(from, to)| *from < due.at && *to > start).take(TOLD_MAX) {
        let (from, minutes) = (from.max(start), (to - from.max(start)).whole_minutes());
        zh_parts.push(format!("{}至{}中止，不计 {minutes} 分钟", instant_zh(from), instant_zh(to)));
        en_parts.push(format!(
            "{} to {} suspended and {minutes} minutes not counted",
            instant_en(from),
            instant_en(to)
        ));
    }
    zh_parts.push(format!("{}届满", instant_zh(due.at)));
    en_parts.push(format!("ends {}", instant_en(due.at)));
    Words { zh: joined_zh(&zh_parts), en: en_parts.join(", ") }
}

/// A number stands apart from a character before it, but not from a comma.
fn joined_zh(parts: &[String]) -> String {
    parts.join("，").replace("： ", "：").replace("， ", "，").replace("  ", " ").trim_start().to_owned()
}
