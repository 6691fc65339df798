//! What happens to a proposed version. Names here are the storage format: never rename, retype or reuse.

use decider::Id;
use law::{Adoption, Allowance, Kind};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use time::OffsetDateTime;

/// A file that is to take effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub id: Id,
    pub kind: Kind,
    /// The file's name, as errors tell it.
    pub file: String,
    pub text: String,
    /// Absent: when it is approved.
    #[serde(with = "time::serde::rfc3339::option", default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<OffsetDateTime>,
    /// Whoever signs for unverified rows of the pack. Verified at the door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowance: Option<Allowance>,
}

/// What a version would change in the text of the law.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Differences {
    /// The first of them, a line each.
    pub lines: Vec<String>,
    /// How many there are beyond these.
    pub more: u64,
}

/// What a version would move in the log of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub service: String,
    /// Streams that a clock may act on.
    pub open: u64,
    /// Clocks that would end at another time.
    pub moved: u64,
}

/// An event of a proposed version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 提出
    Proposed {
        proposal: Proposal,
        /// What the pack or calendar would be called.
        version: String,
        by: Id,
    },
    /// 试算
    DryRun { differences: Differences, counted: Vec<Counted> },
    /// 批准
    Approved {
        by: Id,
        #[serde(with = "time::serde::rfc3339")]
        effective_from: OffsetDateTime,
    },
    /// 施行
    Adopted { adoption: Adoption },
    /// 撤回
    Withdrawn { cause: String },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
