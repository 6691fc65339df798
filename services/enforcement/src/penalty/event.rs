//! What happens to a penalty case (行政处罚). Names here are the storage format: never rename, retype or reuse.

use decider::{
    Department, Id,
    authority::{Certificate, Delegation},
};
use law::{AreaCode, Due, Level, LighterOf, Period, Uscc, clock};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use time::{Date, OffsetDateTime};

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

/// Whose act the case is about, which act, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub unit: Uscc,
    pub premises: String,
    pub area: AreaCode,
    /// The act's name among the unit's acts: what no second fine may be for.
    pub act: Id,
    /// The report that led to it, and its reporter's reference.
    pub report: Option<Id>,
    pub reporter_ref: Option<Id>,
}

/// Why legal review comes before the decision (行政处罚法 58); that there was a hearing is one more reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ReviewGround {
    /// 涉及重大公共利益
    PublicInterest,
    /// 案件情况疑难复杂、涉及多个法律关系, which asks for collective discussion too (57)
    Complex,
    /// 法律、法规规定的其他情形
    Statutory,
}

/// How a decision was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Outcome {
    Reduced,
    Revoked,
}

/// A period that the clock watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Duty {
    /// The unit may state and defend until then (行政处罚法 45).
    Defend,
    /// The unit may ask for a hearing within 5 working days of the notice (行政处罚法 64).
    RequestHearing,
    /// Decision within 90 days of filing (行政处罚法 60).
    Decide,
    /// The unit pays within 15 days of the decision (行政处罚法 67).
    Pay,
    /// Work-safety penalties are made public within 7 working days (安全生产法 78).
    Publish,
    /// A changed decision's publication is withdrawn within 3 working days (行政处罚法 48).
    WithdrawPublication,
}

/// An event of a penalty case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 案件来源: a hazard was found uncorrected after its order had run out.
    Referred {
        subject: Subject,
        /// The order that was not carried out.
        order: String,
        /// The day on which it was found so.
        #[serde(with = "iso_date")]
        found_on: Date,
    },
    /// 立案
    Filed {
        subject: Subject,
        /// The norm that is applied: of those breached, the one with the higher fine.
        item: Id,
        /// All norms breached.
        items: Vec<Id>,
        officers: Vec<Certificate>,
        delegation: Option<Delegation>,
        /// Who handles the case.
        department: Department,
        /// In whose name it is decided.
        authority: Department,
        /// Who filed it; may not review it.
        handler: Id,
        accident_level: Option<Level>,
        /// 违法行为发生之日; of a continuing act the day on which it ended (行政处罚法 36).
        #[serde(with = "iso_date")]
        act_on: Date,
        /// 发现之日, where filing states it: an act that was not found in time is not punished (行政处罚法 36).
        #[serde(with = "iso_date::option", default, skip_serializing_if = "Option::is_none")]
        found_on: Option<Date>,
        /// 危害后果 of an act that concerns life, health or financial safety, which gives more time to find it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        harm: Option<String>,
        decide_by: Due,
    },
    /// The case holds the act: nobody else fines it.
    ActClaimed {},
    /// Another case holds the act.
    ActTaken { holder: Id },
    /// 调查终结, with the proposed fine.
    InvestigationConcluded {
        facts: String,
        fine_fen: i64,
        review: Vec<ReviewGround>,
        handler: Id,
        /// The day of the act, as the investigation has found it.
        #[serde(with = "iso_date")]
        act_on: Date,
        /// The harm, where only the investigation has found it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        harm: Option<String>,
    },
    /// 选定适用的规定: the editions cannot be compared, and the head has chosen (行政处罚法 37).
    EditionChosen { lighter: LighterOf, reason: String, chosen_by: Id },
    /// 法制审核
    LegallyReviewed { passed: bool, opinion: String, reviewer: Id },
    /// 行政处罚告知
    NoticeServed {
        document: String,
        fine_fen: i64,
        /// Whether it tells of the right to a hearing.
        hearing: bool,
        /// How long the unit has, as the body has set it.
        defence: Period,
        defend_by: Due,
        /// A hearing may be asked for until then.
        hearing_by: Option<Due>,
        /// The editions of the norm, and by which of them the fine is proposed.
        lighter: LighterOf,
    },
    /// 收到陈述、申辩
    DefenceReceived { document: String },
    /// 书面放弃陈述、申辩, and perhaps the hearing.
    DefenceWaived {
        document: String,
        hearing: bool,
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// The window passed in silence.
    DefenceLapsed { due: Due },
    /// 要求听证
    HearingRequested {},
    /// 听证通知: when it is held, and the paper that tells the unit so; a later one puts the hearing off.
    HearingNoticed {
        document: String,
        #[serde(with = "iso_date")]
        on: Date,
    },
    /// 听证结束
    HearingClosed {
        record: String,
        presider: Id,
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// 处罚决定
    Decided {
        subject: Subject,
        item: Id,
        article: String,
        /// In whose name.
        authority: Department,
        fine_fen: i64,
        document: String,
        accident_level: Option<Level>,
        panel: Vec<String>,
        pay_by: Due,
        publish_by: Option<Due>,
        /// Whether within 90 days of filing.
        in_time: bool,
        /// The editions of the norm, and by which of them the fine was set.
        lighter: LighterOf,
    },
    /// 不予处罚、撤销案件
    Dismissed { ground: String, unit: Uscc, act: Id },
    /// 决定公开
    Published {},
    /// 罚款缴纳
    FinePaid { amount_fen: i64, outstanding_fen: i64, late: bool },
    /// 决定变更、撤销
    Revised {
        outcome: Outcome,
        fine_fen: i64,
        document: String,
        unit: Uscc,
        act: Id,
        /// What had been made public is withdrawn by then.
        withdraw_by: Option<Due>,
    },
    /// 撤回公开信息
    PublicationWithdrawn { reason: String, in_time: bool },
    /// What happened to a duty's clock.
    Clock { duty: Duty, event: clock::Event },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
