//! What happens to a version in a log. Names here are the storage format: never rename, retype or reuse.

use law::Adoption;
use serde::{Deserialize, Serialize};

/// An event of a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 收到: the version is known here, and when it takes effect.
    Received { adoption: Adoption },
    /// 生效: from here on, what was decided under older versions is computed again.
    TookEffect {},
    /// 重新计算完毕: every stream that was open has been looked at.
    Rederived {
        /// How many streams were older than the version.
        streams: u64,
    },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        match self {
            Self::Received { .. } => "Received",
            Self::TookEffect {} => "TookEffect",
            Self::Rederived { .. } => "Rederived",
        }
    }
}
