//! The value of a parameter, in the type its unit calls for.

use std::{cmp::Ordering, fmt, mem};

use serde::Serialize;

use super::row::{DayType, Unit};
use crate::{period::Period, ratio::Ratio};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Period(Period),
    Fen(i64),
    Number(i64),
    Numbers(Vec<i64>),
    Ratio(Ratio),
    Flag(bool),
    List(Vec<String>),
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Period(period) => period.fmt(f),
            Self::Fen(fen) if fen % 100 == 0 => write!(f, "{} CNY", fen / 100),
            Self::Fen(fen) => write!(f, "{}.{:02} CNY", fen / 100, fen % 100),
            Self::Number(number) => number.fmt(f),
            Self::Numbers(numbers) => {
                f.write_str(&numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(","))
            }
            Self::Ratio(ratio) => ratio.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::List(list) => f.write_str(&list.join(",")),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Value {
    /// Which of two values is larger; none where they cannot be compared.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Period(one), Self::Period(two)) => {
                (mem::discriminant(one) == mem::discriminant(two)).then(|| one.count().cmp(&two.count()))
            }
            (Self::Fen(one), Self::Fen(two)) | (Self::Number(one), Self::Number(two)) => Some(one.cmp(two)),
            (Self::Ratio(one), Self::Ratio(two)) => {
                let across = |a: &Ratio, b: &Ratio| i128::from(a.numerator()) * i128::from(b.denominator());
                Some(across(one, two).cmp(&across(two, one)))
            }
            (Self::Flag(one), Self::Flag(two)) => Some(one.cmp(two)),
            _ => (self == other).then_some(Ordering::Equal),
        }
    }

    /// None when the text is not of the unit.
    pub(super) fn parse(text: &str, unit: Unit, days: Option<DayType>) -> Option<Self> {
        Some(match unit {
            Unit::Bool => Self::Flag(text.parse().ok()?),
            Unit::Minute => period(text, Period::Minutes)?,
            Unit::Hour => period(text, Period::Hours)?,
            Unit::Day if days == Some(DayType::Working) => period(text, Period::WorkingDays)?,
            Unit::Day => period(text, Period::CalendarDays)?,
            Unit::Month => period(text, Period::Months)?,
            Unit::Year => period(text, Period::Years)?,
            Unit::Yuan | Unit::YuanPerDeath => Self::Fen(natural(text)?.checked_mul(100)?),
            Unit::DaysOrLess
            | Unit::Person
            | Unit::Item
            | Unit::Household
            | Unit::Count
            | Unit::CountInYear => Self::Number(natural(text)?),
            Unit::Days | Unit::Ints => numbers(text, ',')?,
            Unit::Times => numbers(text, '-')?,
            Unit::DeathsSeriousYuan | Unit::DeathsSeriousHouseholds | Unit::DeathsSeriousSumHouseholds => {
                numbers(text, '/')?
            }
            Unit::PerDay | Unit::RatioOfFine | Unit::OfFine => Self::Ratio(text.parse().ok()?),
            Unit::OfPeriod => {
                Self::Ratio(text.parse().ok().filter(|share: &Ratio| share.hundredths().is_some())?)
            }
            Unit::List => Self::List(words(text)?),
            Unit::Mode | Unit::Enum | Unit::Ref | Unit::Chars => Self::Text(word(text)?),
        })
    }
}

fn period(text: &str, unit: fn(u32) -> Period) -> Option<Value> {
    unit(text.parse().ok()?).checked(text).ok().map(Value::Period)
}

fn natural(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number| *number >= 0)
}

fn numbers(text: &str, separator: char) -> Option<Value> {
    text.split(separator).map(natural).collect::<Option<_>>().map(Value::Numbers)
}

fn words(text: &str) -> Option<Vec<String>> {
    text.split(',').map(word).collect()
}

fn word(text: &str) -> Option<String> {
    let trimmed = text.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}
