//! What happens to a listing. Names here are the storage format: never rename, retype or reuse.

use decider::{Department, Id};
use law::{Due, Uscc, clock};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantNames};

/// What a severe list may rest on; a notice, an opinion or a plan is none of these (国办发〔2020〕49号).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum LegalForm {
    /// 法律
    Law,
    /// 行政法规
    Regulation,
    /// 部门规章
    MinistryRule,
    /// 地方性法规
    LocalRegulation,
}

/// The legal basis of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    pub form: LegalForm,
    pub instrument: Id,
}

/// Why a unit is listed. The grounds of Order 11 that could not be verified are not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Ground {
    /// 发生特别重大、重大事故
    MajorAccident,
    /// 十二个月内累计发生两起以上较大事故
    TwoLargerAccidents,
    /// 依安全生产法114(2)加倍处罚
    MultipliedFine,
    /// 瞒报、谎报事故
    ConcealedAccident,
    /// 不组织抢救、擅离职守、逃匿
    FailedRescue,
    /// 未经许可或者停产停业期间生产经营
    Unlicensed,
    /// 安全评价、检测机构出租资质、出具虚假报告
    FalseAssessment,
    /// 危害公众生命安全的消防违法行为 (local regulation only)
    EndangeredFireSafety,
}

/// Who is listed: the unit, or a person who answers for it, as a reference and never as a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    pub unit: Uscc,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Id>,
}

/// A period that the clock watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Duty {
    /// The party's defence; the right lapses.
    Defence,
    /// The listing's term; the listing ends.
    Term,
    /// The least time on the list; after it, the party may be removed early.
    Wait,
    /// The authority's duty to publish.
    Publish,
    /// The authority's duty to withdraw a listing whose basis has fallen.
    Withdraw,
}

/// An event of a listing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 拟列入
    Proposed {
        party: Party,
        /// Who imposed the penalty, and therefore decides.
        authority: Department,
        ground: Ground,
        basis: Basis,
        penalties: Vec<Id>,
        by: Id,
    },
    /// 法制审核
    LegallyReviewed { passed: bool, opinion: String, by: Id },
    /// 列入告知书送达
    PriorNoticeServed { document: String, reasons: String, measures: Vec<String>, defend_by: Due },
    /// 收到陈述、申辩
    DefenceReceived { document: String },
    /// 书面放弃陈述、申辩
    DefenceWaived { document: String },
    /// 陈述、申辩期限届满，权利消灭
    DefenceLapsed { due: Due },
    /// 列入决定
    Listed {
        party: Party,
        authority: Department,
        document: String,
        /// How the defence was answered, where there was one.
        assessment: Option<String>,
        until: Due,
        removable_from: Due,
        /// Only where the parameter may be used.
        publish_by: Option<Due>,
    },
    /// 不予列入决定
    NotListed { document: String, assessment: Option<String> },
    /// 公示
    Published { unit: Uscc, platforms: Vec<String>, removable_from: Due, until: Due },
    /// 提前移出
    RemovedEarly { party: Party, document: String, commitment: String },
    /// 撤销提前移出、恢复列入
    RemovalRevoked { party: Party, document: String, finding: String, until: Due },
    /// 期满移出
    TermEnded { party: Party, due: Due },
    /// 依据失效，停止执行
    Suspended { party: Party, penalty: Id, withdraw_by: Due },
    /// 撤销列入
    Withdrawn { party: Party, cause: String, document: Option<String> },
    /// What happened to a duty's clock.
    Clock { duty: Duty, event: clock::Event },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
