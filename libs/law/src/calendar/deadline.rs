//! Deadlines on the calendar: where a period that starts then runs out, and where one that ends then began.
//!
//! Rules: 民法典 201-203 and 行政处罚法 85. The starting day is not counted; hours run from the stated
//! moment; months and years end on the corresponding day or the last of the month; a party's last day on a
//! rest day moves to the next working day. Far dates stop at the end of the calendar.

use time::{Date, Duration, OffsetDateTime};

use super::Calendar;
use crate::{
    due::{Deadline, Due, Latest, Role},
    period::Period,
    shanghai::{end_of_day, from_julian, shanghai_date, shift, start_of_day, utc},
    suspension::{self, Suspension},
};

impl Calendar {
    /// When a period that starts with an event at `start` runs out.
    pub fn due(&self, start: OffsetDateTime, period: Period, role: Role) -> Due {
        self.due_excluding(start, period, role, &[], start)
    }

    /// The same from a bare date. Hours and minutes run from its 0:00, the earlier and safer reading.
    pub fn due_from_date(&self, start: Date, period: Period, role: Role) -> Due {
        self.due(start_of_day(start), period, role)
    }

    /// Both last days of a period: the party's right and the agency's duty.
    pub fn deadline(&self, start: OffsetDateTime, period: Period) -> Deadline {
        Deadline { right: self.due(start, period, Role::Party), duty: self.due(start, period, Role::Agency) }
    }

    /// The deadline of a clock that stood still during the suspensions, each moment counted once however
    /// many of them cover it. One that has not ended is taken to end at `as_of`.
    ///
    /// In day periods a suspension takes out whole days, from the day after it began up to and including
    /// the day it ended: the day on which work stopped still counts, so one begun and ended on the same day
    /// gives nothing. In hour periods exactly the time of the suspension is taken out.
    pub fn due_excluding(
        &self,
        start: OffsetDateTime,
        period: Period,
        role: Role,
        suspensions: &[Suspension],
        as_of: OffsetDateTime,
    ) -> Due {
        let pauses = suspension::union_of_suspensions(suspensions, as_of);
        match period {
            Period::Minutes(n) => self.due_exact(start, Duration::minutes(n.into()), &pauses),
            Period::Hours(n) => self.due_exact(start, Duration::hours(n.into()), &pauses),
            Period::WorkingDays(n) => {
                let start = shanghai_date(start);
                let last = self.last_working_day(start, n, &suspension::whole_days(&pauses));
                self.due_in_days(shift(start, 1), last, last)
            }
            Period::CalendarDays(_) | Period::Months(_) | Period::Years(_) => {
                let start = shanghai_date(start);
                let last = last_calendar_day(start, period, &suspension::whole_days(&pauses));
                let moved = match role {
                    Role::Party => self.table.next_working(last),
                    Role::Agency => last,
                };
                self.due_in_days(last, last, moved)
            }
        }
    }

    /// The last day on which to act so that the period lies before the day of `end`, as in "notice seven
    /// days before the hearing" (行政处罚法 64). The day of `end` is not counted, the day of the act is: it is
    /// the mirror of counting on, and the period that starts with the act runs out on the day of `end`.
    /// Part of a day takes the whole. Acting earlier is always in time, so the answer never moves.
    pub fn latest_before(&self, end: Date, period: Period) -> Latest {
        let day = self.before(end, period);
        let provisional = match period {
            // Only working days are looked at one by one.
            Period::WorkingDays(_) => !self.knows(day) || !self.knows(shift(end, -1)),
            _ => false,
        };
        Latest { day, provisional, calendar: self.version.clone() }
    }

    /// The date alone of `latest_before`.
    pub fn before(&self, end: Date, period: Period) -> Date {
        match period {
            Period::Minutes(n) => shift(end, -i64::from(n.div_ceil(24 * 60))),
            Period::Hours(n) => shift(end, -i64::from(n.div_ceil(24))),
            Period::WorkingDays(n) => self.table.select(self.table.rank(shift(end, -1)) + 1 - i64::from(n)),
            Period::CalendarDays(n) => shift(end, -i64::from(n)),
            Period::Months(n) => shift_months(end, -i64::from(n)),
            Period::Years(n) => shift_months(end, -12 * i64::from(n)),
        }
    }

    fn due_exact(
        &self,
        start: OffsetDateTime,
        length: Duration,
        pauses: &[(OffsetDateTime, OffsetDateTime)],
    ) -> Due {
        let start = utc(start);
        let mut at = start.saturating_add(length);
        for &(from, to) in pauses {
            let from = from.max(start);
            if from < at && from < to {
                at = at.saturating_add(to - from);
            }
        }
        Due {
            at,
            last_day: shanghai_date(at),
            rolled: false,
            // Hours run through holidays, so no notice can move them.
            provisional: false,
            calendar: self.version.clone(),
        }
    }

    /// `counted_from` is the first date whose kind mattered: the day after the start for working days, the
    /// unmoved last day for the rest.
    fn due_in_days(&self, counted_from: Date, last: Date, moved: Date) -> Due {
        Due {
            at: end_of_day(moved),
            last_day: moved,
            rolled: moved != last,
            provisional: !self.knows(counted_from) || !self.knows(moved),
            calendar: self.version.clone(),
        }
    }

    fn last_working_day(&self, start: Date, count: u32, pauses: &[(Date, Date)]) -> Date {
        let mut rank = self.table.rank(start) + i64::from(count);
        for &(after, through) in pauses {
            let after = after.max(start);
            if after >= self.table.select(rank) {
                break;
            }
            rank += self.working_days_between(after, through).max(0);
        }
        self.table.select(rank)
    }
}

fn last_calendar_day(start: Date, period: Period, pauses: &[(Date, Date)]) -> Date {
    let mut last = match period {
        Period::Months(n) => shift_months(start, i64::from(n)),
        Period::Years(n) => shift_months(start, 12 * i64::from(n)),
        other => shift(start, i64::from(other.count())),
    };
    for &(after, through) in pauses {
        let after = after.max(start);
        if after >= last {
            break;
        }
        last = shift(last, (through - after).whole_days().max(0));
    }
    last
}

/// The corresponding day of another month, or its last day when there is none.
fn shift_months(date: Date, months: i64) -> Date {
    let month = i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1 + months;
    let year = i32::try_from(month.div_euclid(12)).ok();
    let number =
        u8::try_from(month.rem_euclid(12) + 1).ok().and_then(|number| time::Month::try_from(number).ok());
    let shifted = year.zip(number).and_then(|(year, month)| {
        let day = date.day().min(month.length(year));
        Date::from_calendar_date(year, month, day).ok()
    });
    shifted.unwrap_or_else(|| from_julian(if months < 0 { i64::MIN } else { i64::MAX }))
}
