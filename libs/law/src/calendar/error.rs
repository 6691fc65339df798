//! Why a calendar file is refused.

use thiserror::Error;
use time::Date;

use crate::{
    area::AreaError,
    source::{BadFile, Fault, Unreadable},
};

/// A calendar file that is refused: which one, on which line, and why.
pub type CalendarError = BadFile<CalendarFault>;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CalendarFault {
    #[error("not of the form of a calendar file: {0}")]
    Unreadable(#[from] Unreadable),
    #[error("a calendar needs at least one year")]
    Empty,
    #[error("calendar years must follow one another, {year} does not follow {previous}")]
    YearsNotInSequence { previous: i32, year: i32 },
    #[error("the year {year} comes in two files")]
    YearTwice { year: i32 },
    #[error("calendar file of {year} names no notice")]
    NoNotice { year: i32 },
    #[error("calendar file of {year} gives no day off")]
    NoRestDay { year: i32 },
    #[error("{text:?} is no date of the form 2026-01-31")]
    ImpossibleDate { text: String },
    #[error(
        "calendar file of {year} speaks of {date}, which is neither in that year nor in the December before"
    )]
    StrayDate { year: i32, date: Date },
    #[error("{date} is named twice")]
    DateTwice { date: Date },
    #[error("{date} is worked anyway, it is a Monday to Friday")]
    WorkedAnyway { date: Date },
    #[error("{date} is a day off anyway")]
    OffAnyway { date: Date },
    #[error("{date} is in a year whose notice is not known")]
    YearUnknown { date: Date },
    #[error("calendar cannot cover year {year}")]
    YearOutOfRange { year: i32 },
    #[error("{field} is empty")]
    Blank { field: &'static str },
    #[error("area is wrong: {0}")]
    Area(#[from] AreaError),
}

impl Fault for CalendarFault {
    fn zh(&self) -> String {
        match self {
            Self::Unreadable(reason) => format!("不符合日历文件格式：{reason}"),
            Self::Empty => "日历至少要有一年".to_owned(),
            Self::YearsNotInSequence { previous, year } => {
                format!("日历年份必须连续，{previous} 年之后不是 {year} 年")
            }
            Self::YearTwice { year } => format!("{year} 年出现在两个文件中"),
            Self::NoNotice { year } => format!("{year} 年的日历文件没有注明通知"),
            Self::NoRestDay { year } => format!("{year} 年的日历文件没有任何放假日"),
            Self::ImpossibleDate { text } => format!("{text:?} 不是日期（应如 2026-01-31）"),
            Self::StrayDate { year, date } => {
                format!("{year} 年的日历文件涉及 {date}，该日既不在当年，也不在上一年十二月")
            }
            Self::DateTwice { date } => format!("{date} 重复"),
            Self::WorkedAnyway { date } => format!("{date} 是周一至周五，本就上班，不能再列为调休上班"),
            Self::OffAnyway { date } => format!("{date} 本就休息，不能再列为停工"),
            Self::YearUnknown { date } => format!("{date} 所在年份的放假安排尚未公布"),
            Self::YearOutOfRange { year } => format!("日历不能包含 {year} 年"),
            Self::Blank { field } => format!("{field} 为空"),
            Self::Area(error) => format!("行政区划代码有误：{error}"),
        }
    }
}
