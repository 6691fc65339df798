//! What this department has been told of certificates. Names here are the storage format.

use decider::authority::Certificate;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use time::OffsetDateTime;

/// An event of the register of authority.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// An officer was certified.
    CertificateNoted { certificate: Certificate },
    /// A certificate was withdrawn.
    CertificateEnded {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
