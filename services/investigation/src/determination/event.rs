//! What happens to a cause determination. Names here are the storage format: never rename, retype or reuse.

use decider::{Department, Id, authority::Certificate};
use law::{AreaCode, Due, Tier, clock};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use time::OffsetDateTime;

use crate::fire::Totals;

/// An act of the next higher fire body. Above the province stands the national one, which has neither an area
/// code nor an account here: the provincial body records what it has in writing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Higher {
    pub tier: Tier,
    /// Who recorded the act: that body itself, or the provincial one for the national.
    pub recorded_by: Department,
    pub document: Option<String>,
}

/// Why a review is not accepted (火灾事故调查规定 36).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Ground {
    NotAParty,
    Late,
    AlreadyReviewed,
    SuitAccepted,
    SimpleProcedure,
}

/// What a review concludes (火灾事故调查规定 38).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Outcome {
    Upheld,
    Redetermine,
}

/// A duty that the clock watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Duty {
    /// 30 days from the alarm, 60 if extended, appraisals left out (火灾事故调查规定 18).
    Determine,
    /// A simple determination is filed with the own body within 2 days (火灾事故调查规定 13).
    File,
    /// Service within 7 days (火灾事故调查规定 32).
    Serve,
    /// The parties may ask for a review within 15 days of the service (火灾事故调查规定 35).
    RequestReview,
    /// An application for review is answered within 7 days (火灾事故调查规定 36).
    AnswerReview,
    /// The original body sends its file within 10 days (火灾事故调查规定 37).
    ReturnFile,
    /// The review concludes within 30 days of acceptance (火灾事故调查规定 38).
    DecideReview,
    /// Redetermined within 15 days (火灾事故调查规定 39).
    Redetermine,
}

/// An event of a cause determination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// The clock runs from the alarm.
    Opened {
        area: AreaCode,
        #[serde(with = "time::serde::rfc3339")]
        alarm_at: OffsetDateTime,
        tier: Tier,
        determine_by: Due,
    },
    /// 管辖上移: from this instant a higher body acts; what was done before stays valid.
    Moved {
        from: Tier,
        to: Tier,
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// Somebody was hurt, so the simple procedure is closed.
    CasualtiesNoted {},
    /// The harm of the fire as it is known now.
    HarmNoted { totals: Totals },
    /// 委托鉴定: the clock stands still.
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
        determine_by: Due,
    },
    /// 延长认定期限
    Extended { approved_by: Higher, determine_by: Due },
    /// 认定前听取当事人意见
    PartiesHeard {
        /// The cause that was explained to them.
        cause: String,
        /// References, never names.
        present: Vec<Id>,
        absent: Vec<Id>,
        disputed: bool,
    },
    /// 火灾事故认定
    Issued {
        document: String,
        cause: String,
        officers: Vec<Certificate>,
        tier: Tier,
        /// 简易程序: signed on the spot, not reviewable.
        simple: bool,
        /// 重新认定, after a review.
        again: bool,
        in_time: bool,
        /// Absent where the parties signed on the spot.
        serve_by: Option<Due>,
        /// Present in the simple procedure.
        file_by: Option<Due>,
    },
    /// 简易调查认定书备案
    Filed { in_time: bool },
    /// 认定书送达
    Served {
        in_time: bool,
        /// Service by public notice takes effect when this has run out.
        deemed_by: Option<Due>,
        /// Absent where no review is left.
        review_by: Option<Due>,
    },
    /// 申请复核
    ReviewRequested { party: Id, accept_by: Due },
    /// 受理复核
    ReviewAccepted { by: Higher, file_by: Due, decide_by: Due },
    /// 不予受理复核
    ReviewRefused {
        by: Higher,
        ground: Ground,
        /// Until when another party may still ask; absent where the time was over or no review is left.
        review_by: Option<Due>,
    },
    /// 提交书面说明和案卷
    FileReturned { in_time: bool },
    /// 复核结论
    ReviewDecided { by: Higher, outcome: Outcome, in_time: bool, redetermine_by: Option<Due> },
    /// 法院受理诉讼: a running review ends.
    SuitAccepted { court: String, review_ended: bool },
    /// What happened to a duty's clock.
    Clock { duty: Duty, event: clock::Event },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
