//! Why a clock says no.

use thiserror::Error;
use time::Date;

/// Why an act on a clock is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the clock was never armed")]
    NotArmed,
    #[error("the clock runs already")]
    AlreadyRunning,
    #[error("the clock was met")]
    AlreadyMet,
    #[error("the clock was cancelled: {cause}")]
    AlreadyCancelled { cause: String },
    #[error("the period ran out on {last_day}")]
    RunOut { last_day: Date },
    #[error("the act lies in the future")]
    NotYet,
    #[error("the clock was not suspended for {reference}")]
    NotSuspended { reference: String },
    #[error("the suspension for {reference} cannot end before it began")]
    ResumedBeforeSuspended { reference: String },
    #[error("the law allows {most} extensions and there were as many")]
    ExtendedTooOften { most: u32 },
    #[error("{field} is empty")]
    Blank { field: &'static str },
    #[error("{what} is out of range")]
    Absurd { what: &'static str },
}

impl Refusal {
    /// The stable name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotArmed => "NotArmed",
            Self::AlreadyRunning => "AlreadyRunning",
            Self::AlreadyMet => "AlreadyMet",
            Self::AlreadyCancelled { .. } => "AlreadyCancelled",
            Self::RunOut { .. } => "RunOut",
            Self::NotYet => "NotYet",
            Self::NotSuspended { .. } => "NotSuspended",
            Self::ResumedBeforeSuspended { .. } => "ResumedBeforeSuspended",
            Self::ExtendedTooOften { .. } => "ExtendedTooOften",
            Self::Blank { .. } => "Blank",
            Self::Absurd { .. } => "Absurd",
        }
    }

    /// 中文
    pub fn zh(&self) -> String {
        match self {
            Self::NotArmed => "期限尚未起算".to_owned(),
            Self::AlreadyRunning => "期限已在计算".to_owned(),
            Self::AlreadyMet => "期限内事项已经履行".to_owned(),
            Self::AlreadyCancelled { cause } => format!("期限已终止：{cause}"),
            Self::RunOut { last_day } => format!("期限已于 {last_day} 届满"),
            Self::NotYet => "行为时间在将来".to_owned(),
            Self::NotSuspended { reference } => format!("期限未因 {reference} 中止"),
            Self::ResumedBeforeSuspended { reference } => format!("{reference} 的中止不能先于开始而结束"),
            Self::ExtendedTooOften { most } => format!("依法最多延长 {most} 次，已用尽"),
            Self::Blank { field } => format!("{field} 为空"),
            Self::Absurd { what } => format!("{what} 超出合理范围"),
        }
    }
}
