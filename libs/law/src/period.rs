//! Lengths of time as statutes state them, and their English and Chinese spellings.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A statutory period. Parsing and deserialising refuse zero and anything longer than a century; a value
/// built in code is not checked, and deadlines computed from it stop at the end of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Period {
    Minutes(u32),
    Hours(u32),
    WorkingDays(u32),
    CalendarDays(u32),
    Months(u32),
    Years(u32),
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PeriodError {
    #[error("a period is empty")]
    Empty,
    #[error("a period runs forward, {text:?} is negative")]
    Negative { text: String },
    #[error("a period starts with a whole number, {text:?} does not")]
    NoNumber { text: String },
    #[error("a period needs a unit after the number, {text:?} has none")]
    NoUnit { text: String },
    #[error("unknown unit of time {unit:?}")]
    UnknownUnit { unit: String },
    #[error("a period of zero is no period: {text:?}")]
    Zero { text: String },
    #[error("a period is at most 100 years, {text:?} is longer")]
    TooLong { text: String },
}

impl PeriodError {
    /// 中文
    pub fn zh(&self) -> String {
        match self {
            Self::Empty => "期限为空".to_owned(),
            Self::Negative { text } => format!("期限不能为负：{text:?}"),
            Self::NoNumber { text } => format!("期限应以整数开头：{text:?}"),
            Self::NoUnit { text } => format!("期限没有单位：{text:?}"),
            Self::UnknownUnit { unit } => format!("不认识的时间单位：{unit:?}"),
            Self::Zero { text } => format!("期限不能为零：{text:?}"),
            Self::TooLong { text } => format!("期限最长 100 年：{text:?}"),
        }
    }
}

impl Period {
    /// The number without its unit.
    pub fn count(self) -> u32 {
        match self {
            Self::Minutes(n)
            | Self::Hours(n)
            | Self::WorkingDays(n)
            | Self::CalendarDays(n)
            | Self::Months(n)
            | Self::Years(n) => n,
        }
    }

    /// Whether the period runs by the clock and not by the calendar.
    pub fn is_exact(self) -> bool {
        matches!(self, Self::Minutes(_) | Self::Hours(_))
    }

    /// The spelling officials read.
    pub fn zh(self) -> String {
        match self {
            Self::Minutes(n) => format!("{n}分钟"),
            Self::Hours(n) => format!("{n}小时"),
            Self::WorkingDays(n) => format!("{n}个工作日"),
            Self::CalendarDays(n) => format!("{n}日"),
            Self::Months(n) => format!("{n}个月"),
            Self::Years(n) => format!("{n}年"),
        }
    }

    /// What a century holds in the unit of this period.
    fn century(self) -> u32 {
        match self {
            Self::Minutes(_) => 36_525 * 24 * 60,
            Self::Hours(_) => 36_525 * 24,
            Self::WorkingDays(_) => 36_525 * 5 / 7,
            Self::CalendarDays(_) => 36_525,
            Self::Months(_) => 1_200,
            Self::Years(_) => 100,
        }
    }

    /// Refuses what no statute says; `text` is what the error shows.
    pub(crate) fn checked(self, text: &str) -> Result<Self, PeriodError> {
        if self.count() == 0 {
            return Err(PeriodError::Zero { text: text.to_owned() });
        }
        if self.count() > self.century() {
            return Err(PeriodError::TooLong { text: text.to_owned() });
        }
        Ok(self)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self {
            Self::Minutes(_) => "minute",
            Self::Hours(_) => "hour",
            Self::WorkingDays(_) => "working day",
            Self::CalendarDays(_) => "calendar day",
            Self::Months(_) => "month",
            Self::Years(_) => "year",
        };
        let plural = if self.count() == 1 { "" } else { "s" };
        write!(f, "{} {unit}{plural}", self.count())
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(PeriodError::Empty);
        }
        if trimmed.starts_with(['-', '−', '负']) {
            return Err(PeriodError::Negative { text: text.to_owned() });
        }
        let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = trimmed.split_at(digits);
        if number.is_empty() {
            return Err(PeriodError::NoNumber { text: text.to_owned() });
        }
        let unit = unit.trim();
        if unit.is_empty() {
            return Err(PeriodError::NoUnit { text: text.to_owned() });
        }
        let with_unit =
            constructor(unit).ok_or_else(|| PeriodError::UnknownUnit { unit: unit.to_owned() })?;
        // More digits than u32 holds are certainly more than a century.
        let count = number.parse().map_err(|_| PeriodError::TooLong { text: text.to_owned() })?;
        with_unit(count).checked(text)
    }
}

fn constructor(unit: &str) -> Option<fn(u32) -> Period> {
    let words = unit.to_ascii_lowercase();
    let words = words.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    Some(match words.as_str() {
        "minute" | "minutes" | "分钟" => Period::Minutes,
        "hour" | "hours" | "小时" | "个小时" => Period::Hours,
        "working day" | "working days" | "工作日" | "个工作日" => Period::WorkingDays,
        "calendar day" | "calendar days" | "day" | "days" | "日" | "天" | "自然日" | "个自然日" => {
            Period::CalendarDays
        }
        "month" | "months" | "月" | "个月" => Period::Months,
        "year" | "years" | "年" => Period::Years,
        _ => return None,
    })
}

impl TryFrom<String> for Period {
    type Error = PeriodError;

    fn try_from(text: String) -> Result<Self, PeriodError> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}
