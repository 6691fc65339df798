//! What happens to a certificate (行政执法证). Names here are the storage format: never rename, retype or reuse.

use decider::authority::Certificate;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use time::OffsetDateTime;

/// An event of a certificate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 发证
    Issued { certificate: Certificate },
    /// 收回、注销
    Withdrawn {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        cause: String,
    },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
