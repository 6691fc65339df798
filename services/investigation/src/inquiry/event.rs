//! What happens to a government's inquiry. Names here are the storage format: never rename, retype or reuse.

use decider::{Department, Id};
use law::{AreaCode, Due, Level, Tier, Uscc, clock};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use time::OffsetDateTime;

use super::InquiryId;
use crate::fire::FireId;

/// A duty that the clock watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Duty {
    /// 60 days from the accident, at most 60 more, appraisals left out (493号令 29, 27).
    Report,
    /// The government replies within 15 days, 30 for an extremely grave accident (493号令 32).
    Reply,
    /// Whether the rectification was carried out is evaluated within a year (安全生产法 86).
    Evaluate,
}

/// An event of an inquiry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 成立事故调查组
    Formed {
        fire: FireId,
        area: AreaCode,
        government: Department,
        tier: Tier,
        /// Offices, never names.
        leader: String,
        members: Vec<String>,
        #[serde(with = "time::serde::rfc3339")]
        accident_at: OffsetDateTime,
        level: Level,
        report_by: Due,
    },
    /// The accident's level changed.
    LevelNoted { level: Level },
    /// 批准延长调查期限
    Extended { days: u32, approved_by: Department, report_by: Due },
    /// 委托技术鉴定: the clock stands still.
    AppraisalCommissioned {
        appraisal: Id,
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// 鉴定结束; the due date holds once no other appraisal runs.
    AppraisalReturned {
        appraisal: Id,
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        report_by: Due,
    },
    /// 提交事故调查报告
    ReportSubmitted { document: String, in_time: bool, reply_by: Due },
    /// 批复
    Replied {
        government: Department,
        level: Level,
        responsible_units: Vec<Uscc>,
        in_time: bool,
        evaluate_by: Due,
    },
    /// 公布调查报告
    Published {},
    /// 整改落实情况评估
    Evaluated { document: String, in_time: bool },
    /// A higher government has taken the inquiry over.
    Superseded { by: InquiryId },
    /// What happened to a duty's clock.
    Clock { duty: Duty, event: clock::Event },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
