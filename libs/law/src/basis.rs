//! What "ten days" are: working days under one law, calendar days under the next. The basis decides, never
//! the number alone.
//!
//! Laws say it themselves: 行政处罚法 85 makes 2, 3, 5 and 7 days working days, 行政强制法 69 all up to ten,
//! 行政复议法 88 makes 3, 5, 7 and 10. The rule pack holds these rows (units `days` and `days_or_less`). A law
//! that says nothing means days of the calendar (民法典 200).

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    pack::{DayType, Row, RulePack, Status, Unit, Value},
    period::{Period, PeriodError},
};

/// The name of a law, regulation or notice without the article: of `行政处罚法64,85` it is `行政处罚法`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instrument(String);

/// Why nothing can be said about days under a basis.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BasisError {
    #[error("{text:?} names no law")]
    Blank { text: String },
    #[error("no rule of the pack rests on {instrument}, so what a day is under it is not known")]
    Unknown { instrument: Instrument },
    #[error("the rule {id} on what a day is has not been verified")]
    Unverified { id: String },
    #[error(transparent)]
    Period(#[from] PeriodError),
}

impl BasisError {
    /// 中文
    pub fn zh(&self) -> String {
        match self {
            Self::Blank { text } => format!("{text:?} 没有指明法律"),
            Self::Unknown { instrument } => {
                format!("规则包中没有依据{instrument}的规则，无法判定其中的“日”是工作日还是自然日")
            }
            Self::Unverified { id } => format!("判定“日”的规则 {id} 未经核实"),
            Self::Period(error) => error.zh(),
        }
    }
}

impl Instrument {
    /// Reads a citation as it stands in the pack or in a document: articles, brackets and the name of the
    /// state are left out.
    pub fn of_citation(text: &str) -> Result<Self, BasisError> {
        let mut name = String::new();
        let mut depth = 0_u32;
        for character in text.trim().chars() {
            match character {
                '(' | '（' => depth += 1,
                ')' | '）' => depth = depth.saturating_sub(1),
                '《' | '》' => {}
                other if depth == 0 => name.push(other),
                _ => {}
            }
        }
        let name = name.trim_end_matches(is_of_article);
        let name = name.strip_prefix("中华人民共和国").unwrap_or(name).trim();
        if name.is_empty() {
            return Err(BasisError::Blank { text: text.to_owned() });
        }
        Ok(Self(name.to_owned()))
    }

    /// The instruments that a row of the pack rests on.
    pub fn of_row(row: &Row) -> impl Iterator<Item = Self> {
        row.article.split(';').filter_map(|citation| Self::of_citation(citation).ok())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `第六十四条`, `64,85`, `18-19`, `134之一`, `23(三)`: what follows the name of a law.
fn is_of_article(character: char) -> bool {
    character.is_ascii_digit()
        || character.is_whitespace()
        || "第条款项之、,.-–一二三四五六七八九十百零".contains(character)
}

impl RulePack {
    /// What this many days are under a law, cited with or without the article.
    pub fn days_under(&self, citation: &str, days: u32) -> Result<Period, BasisError> {
        let instrument = Instrument::of_citation(citation)?;
        let mut known = false;
        for row in self.rows() {
            if !Instrument::of_row(row).any(|cited| cited == instrument) {
                continue;
            }
            known = true;
            if says_working(row, days) {
                if row.status == Status::Memory && self.row(&row.id).is_err() {
                    return Err(BasisError::Unverified { id: row.id.clone() });
                }
                return Ok(Period::WorkingDays(days).checked(citation)?);
            }
        }
        if !known {
            return Err(BasisError::Unknown { instrument });
        }
        Ok(Period::CalendarDays(days).checked(citation)?)
    }
}

/// Whether the row makes periods of this length ones of working days.
pub(crate) fn says_working(row: &Row, days: u32) -> bool {
    row.days == Some(DayType::Working)
        && match (row.unit, &row.value) {
            (Unit::Days, Value::Numbers(lengths)) => lengths.contains(&i64::from(days)),
            (Unit::DaysOrLess, Value::Number(most)) => i64::from(days) <= *most,
            _ => false,
        }
}
