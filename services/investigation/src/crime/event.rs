//! What happens to a suspected crime. Names here are the storage format: never rename, retype or reuse.

use decider::{Department, Id, authority::Certificate};
use law::{AreaCode, Due, clock};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use crate::fire::{FireId, Totals};

/// The articles of the 刑法 that the log itself can point to.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::Display,
)]
pub enum Article {
    /// 危险作业罪 (134之一)
    #[serde(rename = "134a")]
    #[strum(serialize = "134a")]
    DangerousOperation,
    /// 消防责任事故罪 (139)
    #[serde(rename = "139")]
    #[strum(serialize = "139")]
    FireLiability,
    /// 失火罪 (115)
    #[serde(rename = "115")]
    #[strum(serialize = "115")]
    NegligentFire,
}

/// A fact that counts towards a crime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Ground {
    MajorDetermined,
    OrderServed,
    OrderExpired,
    NotExecuted,
    SealBroken,
    Deaths,
    SeriousInjuries,
    Loss,
    Households,
}

/// A duty that the clock watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Duty {
    /// The principal approves or declines within 3 days of the report (国令310号5).
    Decide,
    /// Sent to the police within 24 hours of the approval (国令310号5).
    Send,
    /// The police file or do not within 3 days (国令310号8).
    Answer,
    /// The agency may object within 3 days of the refusal to file (国令310号9).
    Object,
    /// The police answer an objection within 3 days (国令310号9).
    AnswerObjection,
    /// Items and material are handed over within 3 days of the filing (国令310号12).
    HandOver,
}

/// An event of a suspected crime.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// Something became known of a hazard or a seal.
    FactNoted {
        subject: Id,
        ground: Ground,
        /// Of the department that told it; older events do not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        area: Option<AreaCode>,
    },
    /// The harm of a fire as it is known now.
    HarmNoted {
        fire: FireId,
        totals: Totals,
        /// Of the department that told it; older events do not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        area: Option<AreaCode>,
    },
    /// 涉嫌犯罪
    Indicated {
        article: Article,
        facts: Vec<Ground>,
        /// The threshold is reached, but the log does not show the other elements.
        early_warning: bool,
    },
    /// 指定专案组
    TeamAppointed { officers: Vec<Certificate>, agency: Department },
    /// 专案组提出移送报告
    ReportedToPrincipal { article: Article, document: String, decide_by: Due },
    /// 批准移送
    Approved { article: Article, in_time: bool, send_by: Due },
    /// 不批准移送
    Declined { article: Article, reason: String, in_time: bool },
    /// 移送公安机关
    Sent { article: Article, to: Department, document: String, in_time: bool, answer_by: Due },
    /// The police signed the return slip.
    Received { receipt: String, answer_by: Due },
    /// 立案或者不予立案
    Answered {
        filed: bool,
        reason: String,
        in_time: bool,
        /// Present if filed.
        hand_over_by: Option<Due>,
        /// Present if not filed, unless the agency has objected already.
        object_by: Option<Due>,
    },
    /// 提请复议
    Objected { answer_by: Due },
    /// 移交涉案物品和材料
    HandedOver { in_time: bool },
    /// Nothing is left to transfer; a penalty, if any, stands beside the transfer, never in its place.
    Closed { penalty: Option<Id> },
    /// What happened to a duty's clock.
    Clock { duty: Duty, event: clock::Event },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
