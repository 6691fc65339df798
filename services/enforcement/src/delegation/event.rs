//! What happens to a delegation (委托、赋权). Names here are the storage format: never rename, retype or reuse.

use std::fmt;

use decider::{Id, authority::Delegation};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use time::OffsetDateTime;

/// What kind of instrument a delegation rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum BasisKind {
    /// 法律
    Law,
    /// 行政法规、地方性法规
    Regulation,
    /// 规章
    Rule,
    /// 省级人民政府的赋权决定 (行政处罚法 24)
    ProvincialDecision,
    /// 规范性文件, which carries no delegation at all
    NormativeDocument,
}

/// The instrument a delegation rests on, by kind and id; never guessed from a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    pub kind: BasisKind,
    pub instrument: Id,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.instrument)
    }
}

/// One of the two who sign and publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Party {
    Delegator,
    Delegate,
}

/// An event of a delegation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 拟定: matters, area and term as they shall stand.
    Drafted { delegation: Delegation, basis: Basis },
    /// 签订
    Signed { by: Party },
    /// 公布
    Published {
        by: Party,
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// 生效
    CameIntoForce { delegation: Delegation, basis: Basis },
    /// 中止
    Suspended {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        cause: String,
    },
    /// 恢复, as a new version that holds from now on.
    Resumed { delegation: Delegation, basis: Basis },
    /// 收回
    Revoked {
        /// No act from here on is covered; while suspended, the suspension's instant.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        cause: String,
    },
    /// 期满
    Expired {
        /// No act from here on is covered; while suspended, the suspension's instant.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
