//! Dates, times and units as people write them in a sentence.

use time::{Date, Month, OffsetDateTime, Weekday};

use crate::{
    period::Period,
    shanghai::{shanghai_date, start_of_day},
};

/// Writes dates, the year only where it is not the one last written.
#[derive(Clone, Debug)]
pub(super) struct Speller {
    year: Option<i32>,
}

impl Speller {
    /// Within one year the year goes without saying.
    pub(super) fn between(from: Date, to: Date) -> Self {
        Self { year: (from.year() == to.year()).then(|| from.year()) }
    }

    pub(super) fn zh(&mut self, date: Date) -> String {
        let day = format!("{} 月 {} 日", u8::from(date.month()), date.day());
        if self.year.replace(date.year()) == Some(date.year()) {
            return format!(" {day}");
        }
        format!(" {} 年 {day}", date.year())
    }

    pub(super) fn en(&mut self, date: Date) -> String {
        let day = format!("{} {}", date.day(), month_en(date.month()));
        if self.year.replace(date.year()) == Some(date.year()) {
            return day;
        }
        format!("{day} {}", date.year())
    }

    pub(super) fn zh_span(&mut self, from: Date, to: Date) -> String {
        let first = self.zh(from);
        if from == to {
            return first;
        }
        if (from.year(), from.month()) == (to.year(), to.month()) {
            return format!("{first}至 {} 日", to.day());
        }
        format!("{first}至{}", self.zh(to))
    }

    pub(super) fn en_span(&mut self, from: Date, to: Date) -> String {
        let first = self.en(from);
        if from == to { first } else { format!("{first} to {}", self.en(to)) }
    }
}

pub(super) fn unit_zh(period: Period) -> String {
    let spelt = period.zh();
    let digits = spelt.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = spelt.split_at(digits);
    format!(" {number} {unit}")
}

/// Beijing time; seconds only where there are any.
pub(super) fn clock_time(at: OffsetDateTime) -> String {
    let seconds = (at - start_of_day(shanghai_date(at))).whole_seconds();
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if second == 0 { format!("{hour:02}:{minute:02}") } else { format!("{hour:02}:{minute:02}:{second:02}") }
}

pub(super) fn weekday_zh(day: Date) -> &'static str {
    match day.weekday() {
        Weekday::Monday => "星期一",
        Weekday::Tuesday => "星期二",
        Weekday::Wednesday => "星期三",
        Weekday::Thursday => "星期四",
        Weekday::Friday => "星期五",
        Weekday::Saturday => "星期六",
        Weekday::Sunday => "星期日",
    }
}

pub(super) fn weekday_en(day: Date) -> &'static str {
    match day.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

fn month_en(month: Month) -> &'static str {
    match month {
        Month::January => "January",
        Month::February => "February",
        Month::March => "March",
        Month::April => "April",
        Month::May => "May",
        Month::June => "June",
        Month::July => "July",
        Month::August => "August",
        Month::September => "September",
        Month::October => "October",
        Month::November => "November",
        Month::December => "December",
    }
}
