//! Why a pack cannot be read, and why a rule does not answer.

use thiserror::Error;
use time::Date;

use super::Unit;
use crate::{
    area::AreaError,
    source::{BadFile, Fault, Unreadable},
};

/// A rule that does not answer. The reason is in the pack or the configuration, never in the case.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuleError {
    #[error("rule {id} is not in the pack")]
    Unknown { id: String },
    #[error("rule {id} is unverified and not allowed by name")]
    Unverified { id: String },
    #[error("rule {id} was not in force on {date}")]
    NotInForce { id: String, date: Date },
    #[error("rule {id} is not {wanted}, its unit is {found}")]
    WrongUnit { id: String, wanted: &'static str, found: String },
    #[error("rule {id} does not hold {wanted}, it holds {found}")]
    WrongValue { id: String, wanted: &'static str, found: String },
    #[error("rule {id} takes a share of a fine, and no fine is in force")]
    NoFine { id: String },
}

/// A pack that is refused: which file, on which line, and why.
pub type PackError = BadFile<PackFault>;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PackFault {
    #[error("not of the form of a rule pack: {0}")]
    Unreadable(#[from] Unreadable),
    #[error("a pack needs a {field}")]
    Nameless { field: &'static str },
    #[error("rule {id} has no {field}")]
    Blank { id: String, field: &'static str },
    #[error("rule {id} has the unknown unit {unit:?}")]
    UnknownUnit { id: String, unit: String },
    #[error("rule {id} has value {value:?}, which is no {unit}")]
    BadValue { id: String, value: String, unit: Unit },
    #[error("rule {id} counts in {unit} but its days are {days}")]
    DaysMismatch { id: String, unit: Unit, days: String },
    #[error("rule {id} says {said} days, but {law} makes {days} days {meant} days")]
    DaysAgainstBasis { id: String, law: String, days: u32, said: &'static str, meant: &'static str },
    #[error("rule {id} ends on {to}, before it begins")]
    EndsBeforeItBegins { id: String, to: Date },
    #[error("rule {id} is in force twice from {from}, here and on line {other}")]
    Overlap { id: String, from: Date, other: usize },
    #[error(
        "rule {id} of {area} differs from that on line {other}, which does not let narrower areas differ"
    )]
    NotForTheArea { id: String, area: String, other: usize },
    #[error("rule {id} has a wrong jurisdiction: {reason}")]
    Jurisdiction { id: String, reason: AreaError },
    #[error("rule {id} is for {area}, but only provinces, cities and counties make rules")]
    NoRuleMaker { id: String, area: String },
    #[error("rule {id} is allowed but not in the pack")]
    AllowedUnknown { id: String },
}

impl Fault for PackFault {
    fn zh(&self) -> String {
        match self {
            Self::Unreadable(reason) => format!("不符合规则包格式：{reason}"),
            Self::Nameless { field } => format!("规则包缺少 {field}"),
            Self::Blank { id, field: "article" } => format!("规则 {id} 没有法律依据"),
            Self::Blank { id, field } => format!("规则 {id} 缺少 {field}"),
            Self::UnknownUnit { id, unit } => format!("规则 {id} 的单位 {unit:?} 不认识"),
            Self::BadValue { id, value, unit } => format!("规则 {id} 的值 {value:?} 不符合单位 {unit}"),
            Self::DaysMismatch { id, unit, days } => {
                format!("规则 {id} 的单位是 {unit}，日类型却是 {days}")
            }
            Self::DaysAgainstBasis { id, law, days, said, meant } => {
                let zh = |kind: &str| if kind == "working" { "工作日" } else { "自然日" };
                format!("规则 {id} 写作{}，但{law}的“{days}日”是{}", zh(said), zh(meant))
            }
            Self::EndsBeforeItBegins { id, to } => format!("规则 {id} 的失效日 {to} 早于生效日"),
            Self::Overlap { id, from, other } => {
                format!("规则 {id} 自 {from} 起与第 {other} 行的施行期间重叠")
            }
            Self::NotForTheArea { id, area, other } => {
                format!("规则 {id}（{area}）与第 {other} 行不一致，而该行不允许下级另行规定")
            }
            Self::Jurisdiction { id, reason } => format!("规则 {id} 的适用区域有误：{reason}"),
            Self::NoRuleMaker { id, area } => format!("规则 {id} 属于 {area}，只有省、市、县可以制定规则"),
            Self::AllowedUnknown { id } => format!("允许使用的规则 {id} 不在规则包中"),
        }
    }
}
