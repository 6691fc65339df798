//! The crate's promises, checked where it runs: worked examples, arithmetic against counting, data against data.
//!
//! For `fenghuo law selftest` and for the health of a running system; the tests of the crate know more.

use time::{Date, Weekday, macros::date};

use crate::{
    calendar::Calendar,
    due::Role,
    level::Level,
    pack::RulePack,
    period::Period,
    shanghai::{shift, start_of_day},
    uscc::Uscc,
};

/// One promise: what it is in both languages, and what was found wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub zh: &'static str,
    pub en: &'static str,
    /// How much was looked at.
    pub looked_at: usize,
    pub wrong: Vec<String>,
}

/// Most faults of one kind that are told.
const TOLD_MAX: usize = 10;
/// Longest period that is counted on the fingers.
const DAYS_MAX: u32 = 30;

const WORKED: [(Date, u32, Date); 14] = [
    (date!(2026 - 02 - 12), 3, date!(2026 - 02 - 24)),
    (date!(2026 - 02 - 13), 5, date!(2026 - 02 - 27)),
    (date!(2026 - 04 - 30), 5, date!(2026 - 05 - 11)),
    (date!(2026 - 09 - 24), 5, date!(2026 - 10 - 09)),
    (date!(2026 - 09 - 30), 3, date!(2026 - 10 - 10)),
    (date!(2025 - 09 - 28), 7, date!(2025 - 10 - 14)),
    (date!(2024 - 12 - 31), 2, date!(2025 - 01 - 03)),
    (date!(2026 - 01 - 01), 1, date!(2026 - 01 - 04)),
    (date!(2024 - 02 - 02), 7, date!(2024 - 02 - 18)),
    (date!(2024 - 04 - 26), 3, date!(2024 - 04 - 30)),
    (date!(2024 - 04 - 26), 7, date!(2024 - 05 - 09)),
    (date!(2024 - 09 - 12), 3, date!(2024 - 09 - 18)),
    (date!(2025 - 09 - 26), 3, date!(2025 - 09 - 30)),
    (date!(2025 - 09 - 26), 7, date!(2025 - 10 - 13)),
];
/// Start, days, the agency's last day, the party's.
const CALENDAR_DAYS: [(Date, u32, Date, Date); 5] = [
    (date!(2026 - 02 - 02), 15, date!(2026 - 02 - 17), date!(2026 - 02 - 24)),
    (date!(2026 - 09 - 17), 15, date!(2026 - 10 - 02), date!(2026 - 10 - 08)),
    (date!(2025 - 09 - 03), 30, date!(2025 - 10 - 03), date!(2025 - 10 - 09)),
    (date!(2023 - 04 - 17), 60, date!(2023 - 06 - 16), date!(2023 - 06 - 16)),
    (date!(2026 - 07 - 01), 90, date!(2026 - 09 - 29), date!(2026 - 09 - 29)),
];

/// Every check, under the calendar and the pack in force.
pub fn selftest(calendar: &Calendar, pack: &RulePack) -> Vec<Check> {
    vec![worked_examples(calendar), on_the_fingers(calendar), years(calendar), rows(pack), codes(pack)]
}

/// The same where the law may have changed since the program was built: the examples are of the years and notices
/// that it was built with.
pub fn selftest_in_force(builtin: &Calendar, calendar: &Calendar, pack: &RulePack) -> Vec<Check> {
    vec![worked_examples(builtin), on_the_fingers(calendar), years(builtin), rows(pack), codes(pack)]
}

impl Check {
    pub fn holds(&self) -> bool {
        self.wrong.is_empty()
    }

    fn of(zh: &'static str, en: &'static str) -> Self {
        Self { zh, en, looked_at: 0, wrong: Vec::new() }
    }

    fn look(&mut self, right: bool, wrong: impl FnOnce() -> String) {
        self.looked_at += 1;
        if !right && self.wrong.len() < TOLD_MAX {
            self.wrong.push(wrong());
        }
    }
}

/// Examples of years that the calendar knows; an overlay of local closures may move them, and then says so.
fn worked_examples(calendar: &Calendar) -> Check {
    let mut check = Check::of("已核算的期限例", "worked examples of deadlines");
    let last = |start, period, role| calendar.due_from_date(start, period, role).last_day;
    for (start, days, due) in WORKED {
        let found = last(start, Period::WorkingDays(days), Role::Agency);
        check.look(found == due, || format!("{start} + {days} WD = {found}, {due}?"));
    }
    for (start, days, duty, right) in CALENDAR_DAYS {
        let period = Period::CalendarDays(days);
        for (role, due) in [(Role::Agency, duty), (Role::Party, right)] {
            let found = last(start, period, role);
            check.look(found == due, || format!("{start} + {days} CD = {found} ({role}), {due}?"));
        }
    }
    check
}

/// The prefix table against a walk from day to day, for every start of the known years.
fn on_the_fingers(calendar: &Calendar) -> Check {
    let mut check = Check::of("逐日推算与公式一致", "counting day by day agrees with the arithmetic");
    let years = calendar.years();
    let first = Date::from_ordinal_date(*years.start(), 1).unwrap_or(Date::MIN);
    let mut working = Vec::new();
    let mut day = first;
    while day.year() <= *years.end() && day < Date::MAX {
        if calendar.day(day).is_working() {
            working.push(day);
        }
        day = shift(day, 1);
    }
    let mut next = 0;
    let mut start = first;
    while start < day {
        while working.get(next).is_some_and(|working| *working <= start) {
            next += 1;
        }
        for (days, due) in (1..=DAYS_MAX).zip(working.iter().skip(next)) {
            let found = calendar.due_from_date(start, Period::WorkingDays(days), Role::Agency).last_day;
            check.look(found == *due, || format!("{start} + {days} WD = {found}, {due}?"));
        }
        start = shift(start, 1);
    }
    check
}

fn years(calendar: &Calendar) -> Check {
    let mut check = Check::of("每年的放假通知齐全", "every year has its notice");
    for year in calendar.years() {
        check.look(!calendar.notices(year).is_empty(), || format!("{year}"));
        let days = Date::from_ordinal_date(year, 1).map(|first| {
            let last = Date::from_ordinal_date(year, 365).unwrap_or(first);
            calendar.working_days_between(shift(first, -1), last)
        });
        // Eleven statutory days off until 2024, thirteen since; none of our years has other numbers.
        let plausible = days.is_ok_and(|days| (240..=254).contains(&days));
        check.look(plausible, || format!("{year}: {days:?}"));
    }
    check
}

fn rows(pack: &RulePack) -> Check {
    let mut check = Check::of("规则均有依据与来源", "every rule has its basis and source");
    for row in pack.rows() {
        let told = !row.article.trim().is_empty() && !row.source.trim().is_empty();
        check.look(told, || row.id.clone());
    }
    check.look(check.looked_at > 0, || "empty".to_owned());
    check
}

fn codes(pack: &RulePack) -> Check {
    let mut check = Check::of("信用代码、火灾等级与时区", "credit codes, fire levels and the time zone");
    check.look(Uscc::parse("91110000600037341L").is_ok(), || "91110000600037341L".to_owned());
    check.look(Uscc::parse("91110000600037341M").is_err(), || "91110000600037341M".to_owned());
    for (deaths, level) in [(2, Level::General), (3, Level::Larger), (10, Level::Major), (30, Level::Extreme)]
    {
        let found = Level::of(deaths, 0, 0, pack);
        check.look(found == Ok(level), || format!("{deaths}: {found:?}"));
    }
    let monday = date!(2026 - 11 - 23);
    let starts = start_of_day(monday);
    check.look(starts.hour() == 16 && starts.weekday() == Weekday::Sunday, || starts.to_string());
    check
}
