//! What this department has been told of a unit. Names here are the storage format: never rename, retype or reuse.

use decider::{Department, Id};
use law::Level;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use time::OffsetDateTime;

pub use crate::listing::Ground;

/// An event of a unit's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 行政处罚决定
    PenaltyNoted {
        penalty: Id,
        authority: Department,
        /// What was punished: two penalties for one act are one accident.
        act: String,
        /// The level of the accident that the penalty answers, where it answers one.
        level: Option<Level>,
        #[serde(with = "time::serde::rfc3339")]
        decided_at: OffsetDateTime,
    },
    /// 符合列入情形
    GroundMet { listing: Id, ground: Ground, authority: Department, penalties: Vec<Id> },
    /// 列入事项已提出
    ListingNoted { listing: Id, penalties: Vec<Id> },
    /// 行政处罚被撤销
    PenaltyRevoked { penalty: Id },
    /// 列入依据失效
    BasisLost { listing: Id, penalty: Id },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
