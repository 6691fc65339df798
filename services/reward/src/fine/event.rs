//! What this department has been told of a fine. Names here are the storage format: never rename, retype or reuse.

use decider::Id;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

/// An event of a fine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 罚款决定
    Imposed { claim: Id, fine_fen: i64 },
    /// 罚款变更、撤销
    Revised { claim: Id, fine_fen: i64 },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
