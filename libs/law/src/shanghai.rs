//! The border between instants (UTC) and the dates of law (Asia/Shanghai).
//!
//! A fixed offset is enough: China has kept +08:00 without daylight saving since 1991.

use time::{Date, Duration, OffsetDateTime, Time, UtcOffset, macros::offset};

const SHANGHAI: UtcOffset = offset!(+8);

/// The legal date of an instant.
pub fn shanghai_date(at: OffsetDateTime) -> Date {
    match at.checked_to_offset(SHANGHAI) {
        Some(local) => local.date(),
        // Only the first or last hours that `time` can express get here.
        None => at.date(),
    }
}

/// 24:00 of `date` in Shanghai, which is 16:00 UTC of the same date: the first instant after the day.
pub fn end_of_day(date: Date) -> OffsetDateTime {
    // Sixteen o'clock exists on every date, also on the last one, where "the next midnight" would not.
    date.with_time(Time::MIDNIGHT).assume_utc() + Duration::hours(16)
}

/// 00:00 of `date` in Shanghai, which is 16:00 UTC of the date before.
pub fn start_of_day(date: Date) -> OffsetDateTime {
    let midnight = date.with_time(Time::MIDNIGHT).assume_utc();
    midnight.checked_sub(Duration::hours(8)).unwrap_or(midnight)
}

/// The same instant, written in UTC.
pub(crate) fn utc(at: OffsetDateTime) -> OffsetDateTime {
    at.checked_to_offset(UtcOffset::UTC).unwrap_or(at)
}

/// The date `days` later (or earlier), stopping at the ends of the calendar instead of failing.
pub(crate) fn shift(date: Date, days: i64) -> Date {
    from_julian(i64::from(date.to_julian_day()).saturating_add(days))
}

pub(crate) fn from_julian(day: i64) -> Date {
    let first = i64::from(Date::MIN.to_julian_day());
    let last = i64::from(Date::MAX.to_julian_day());
    let day = i32::try_from(day.clamp(first, last)).expect("a clamped Julian day fits i32");
    Date::from_julian_day(day).expect("a clamped Julian day is a date")
}
