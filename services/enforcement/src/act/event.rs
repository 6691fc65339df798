//! What happens to an act's holder. Names here are the storage format: never rename, retype or reuse.

use decider::Id;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

/// An event of an act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// A penalty case holds the act from now on.
    Claimed { penalty: Id },
    /// Another case holds it already.
    Denied { penalty: Id, holder: Id },
    /// The case ended without a penalty, or its decision was revoked.
    Released { penalty: Id },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
