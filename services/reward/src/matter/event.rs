//! What happens to a matter. Names here are the storage format: never rename, retype or reuse.

use decider::Id;
use law::AreaCode;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use time::OffsetDateTime;

/// An event of a matter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// A report of the matter was received.
    Entered {
        claim: Id,
        area: AreaCode,
        #[serde(with = "time::serde::rfc3339")]
        received_at: OffsetDateTime,
    },
    /// 查证属实
    Confirmed { claim: Id },
    /// 查无实据
    Dismissed { claim: Id },
    /// 最先举报
    FirstDetermined { claim: Id },
    /// 在后举报
    CorroboratorDetermined { claim: Id, first: Id },
    /// 认定为另一事项: what was reported before had been put right, and this is new.
    FoundDistinct { claim: Id, document: String, by: Id },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
