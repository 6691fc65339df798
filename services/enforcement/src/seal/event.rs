//! What happens to a seal (临时查封). Names here are the storage format: never rename, retype or reuse.

use decider::{Department, Id, authority::Certificate};
use law::{AreaCode, Due, Period, Uscc, clock};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use time::OffsetDateTime;

/// Why a seal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Cause {
    /// 火灾隐患已消除
    Corrected,
    /// 查封期限届满
    TermEnded,
    /// 集体研究不予维持
    NotUpheld,
}

/// A duty of the fire body that the clock watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Duty {
    /// An emergency seal is decided collectively within 24 hours (消防监督检查规定 23).
    Regularise,
    /// 临时查封决定书 served within 3 working days of the inspection (消防监督检查规定 23).
    Serve,
    /// Not a duty but the term: the seal ends by itself (消防监督检查规定 22).
    Term,
}

/// An event of a seal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 决定临时查封
    Ordered {
        unit: Uscc,
        premises: String,
        area: AreaCode,
        authority: Department,
        document: String,
        /// What the decision rests on, as ids of documents in the file.
        evidence: Vec<Id>,
        officers: Vec<Certificate>,
        panel: Vec<String>,
        /// For how long, as the body has decided.
        period: Period,
        until: Due,
        /// When the place was inspected.
        #[serde(with = "time::serde::rfc3339")]
        inspected: OffsetDateTime,
        serve_by: Due,
        /// Set where it was sealed at once, on oral consent.
        regularise_by: Option<Due>,
    },
    /// 补办集体研究决定
    Regularised { panel: Vec<String>, in_time: bool },
    /// 决定书送达
    Served { in_time: bool },
    /// 擅自拆封、使用 (消防法 64)
    Broken { finding: String, unit: Uscc },
    /// 解除
    Lifted { cause: Cause },
    /// What happened to a duty's clock.
    Clock { duty: Duty, event: clock::Event },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
