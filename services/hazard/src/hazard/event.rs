//! What happens to a hazard case (隐患). Names here are the storage format: never rename, retype or reuse.

use decider::{
    Department, Id,
    authority::{Certificate, Delegation},
};
use law::{AreaCode, Due, Uscc, clock};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

/// What a re-inspection found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Outcome {
    Corrected,
    PartlyCorrected,
    NotCorrected,
}

/// A duty of this department that the clock watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Duty {
    /// 责令改正通知书 served within 3 working days of the inspection (消防监督检查规定 19).
    ServeOrder,
    /// Re-inspection within 3 working days of the order's expiry (消防监督检查规定 20).
    Reinspect,
    /// 重大火灾隐患整改通知书 served within 3 working days of the determination (消防监督检查规定 21).
    ServeMajorNotice,
}

/// An event of a hazard case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 立案
    Opened {
        premises: String,
        area: AreaCode,
        /// The responsible unit.
        unit: Uscc,
        category: Id,
        report: Option<Id>,
        reporter_ref: Option<Id>,
    },
    /// 监督检查
    Inspected {
        officers: Vec<Certificate>,
        delegation: Option<Delegation>,
        item: Option<Id>,
        findings: Vec<String>,
        /// The order must be served by then, if anything was found.
        serve_by: Option<Due>,
        /// The collective opinion on a major hazard is due by then.
        opinion_by: Due,
        report: Option<Id>,
    },
    /// 责令限期改正
    RectificationOrdered { document: String, items: Vec<String>, due: Due, reinspect_by: Due, unit: Uscc },
    /// 复查
    Reinspected {
        officers: Vec<Certificate>,
        outcome: Outcome,
        /// Whether the order's period had run out.
        expired: bool,
        document: String,
        unit: Uscc,
        premises: String,
        area: AreaCode,
        report: Option<Id>,
        reporter_ref: Option<Id>,
    },
    /// 重大火灾隐患判定
    MajorDetermined {
        standard: String,
        elements: Vec<String>,
        panel: Vec<String>,
        in_time: bool,
        notice_by: Due,
        unit: Uscc,
    },
    /// 整改通知书送达
    MajorNoticeServed { document: String, due: Due, unit: Uscc },
    /// 书面报告政府
    ReportedToGovernment { government: Department },
    /// 挂牌督办
    ListedForSupervision { leader: String, due: Due },
    /// 摘牌
    Delisted { consent: String },
    /// 销号
    Closed {},
    /// What happened to a duty's clock.
    Clock { duty: Duty, event: clock::Event },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
