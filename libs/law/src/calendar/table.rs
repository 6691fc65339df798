//! Rank and selection of working days in constant time, for every date there is.
//!
//! The rank of a date is the number of working days up to and including it, counted from an arbitrary
//! origin. Inside the known years it comes from a prefix table; outside them Monday to Friday are assumed,
//! which has a closed form, so far dates cost nothing and cannot run away.

use time::Date;

use super::{CalendarFault, notice::is_weekend};
use crate::shanghai::{from_julian, shift};

#[derive(Debug)]
pub(super) struct Table {
    /// Julian day of the first known date.
    first: i64,
    /// `prefix[i]` is the number of working days among the first `i` known dates.
    prefix: Vec<i64>,
    /// The Julian day of each known working day, in order: selection is an index.
    working: Vec<i64>,
}

impl Table {
    pub(super) fn build(
        first_year: i32,
        last_year: i32,
        named: impl Fn(Date) -> Option<bool>,
    ) -> Result<Self, CalendarFault> {
        let first = julian(new_year(first_year)?);
        let end = julian(new_year(last_year + 1)?);
        let mut prefix = vec![0];
        let mut working = Vec::new();
        for day in first..end {
            let date = from_julian(day);
            if named(date).unwrap_or(!is_weekend(date)) {
                working.push(day);
            }
            prefix.push(working.len() as i64);
        }
        Ok(Self { first, prefix, working })
    }

    pub(super) fn covers(&self, date: Date) -> bool {
        (self.first..self.end()).contains(&julian(date))
    }

    pub(super) fn is_working(&self, date: Date) -> bool {
        self.rank(date) > self.rank_of_day(julian(date) - 1)
    }

    pub(super) fn rank(&self, date: Date) -> i64 {
        self.rank_of_day(julian(date))
    }

    /// The working day with this rank, stopping at the ends of the calendar.
    pub(super) fn select(&self, rank: i64) -> Date {
        from_julian(self.day_of_rank(rank))
    }

    /// The first working day on or after `date`.
    pub(super) fn next_working(&self, date: Date) -> Date {
        self.select(self.rank(shift(date, -1)) + 1)
    }

    fn end(&self) -> i64 {
        self.first + self.prefix.len() as i64 - 1
    }

    /// Ranks before the known years are counts of Mondays to Fridays; the table and what follows continue
    /// from there.
    fn rank_of_day(&self, day: i64) -> i64 {
        if day < self.first {
            return weekdays_through(day);
        }
        let before = weekdays_through(self.first - 1);
        let known = usize::try_from(day + 1 - self.first).ok().and_then(|index| self.prefix.get(index));
        match known {
            Some(count) => before + count,
            None => {
                before + self.working.len() as i64 + weekdays_through(day) - weekdays_through(self.end() - 1)
            }
        }
    }

    fn day_of_rank(&self, rank: i64) -> i64 {
        let before = weekdays_through(self.first - 1);
        if rank <= before {
            return weekday_of_rank(rank);
        }
        let nth = rank - before - 1;
        let known = usize::try_from(nth).ok().and_then(|index| self.working.get(index));
        match known {
            Some(day) => *day,
            None => weekday_of_rank(nth + 1 - self.working.len() as i64 + weekdays_through(self.end() - 1)),
        }
    }
}

fn julian(date: Date) -> i64 {
    i64::from(date.to_julian_day())
}

fn new_year(year: i32) -> Result<Date, CalendarFault> {
    Date::from_ordinal_date(year, 1).map_err(|_| CalendarFault::YearOutOfRange { year })
}

/// Mondays to Fridays from Julian day 0, which was a Monday, to `day`.
fn weekdays_through(day: i64) -> i64 {
    let days = day + 1;
    days.div_euclid(7) * 5 + days.rem_euclid(7).min(5)
}

/// The inverse: the Julian day of the `rank`-th Monday-to-Friday.
fn weekday_of_rank(rank: i64) -> i64 {
    (rank - 1).div_euclid(5) * 7 + (rank - 1).rem_euclid(5)
}
