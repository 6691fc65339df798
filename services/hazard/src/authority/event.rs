//! What this department has been told of certificates and delegations. Names here are the storage format.

use decider::authority::{Certificate, Delegation};
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
    /// A delegation came into force, or changed.
    DelegationNoted { delegation: Delegation },
    /// A delegation ended.
    DelegationEnded {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
