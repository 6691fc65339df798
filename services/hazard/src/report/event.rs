//! What happens to a report (举报). Names here are the storage format: never rename, retype or reuse.

use decider::{Department, Id};
use law::{AreaCode, Due, clock};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

/// A duty that the clock watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Duty {
    /// On-site verification within 24 hours or 3 working days (消防监督检查规定 18).
    Verify,
}

/// An event of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 受理
    Received {
        /// A random reference; never a name.
        reporter_ref: Id,
        channel: Id,
        real_name: bool,
        insider: bool,
        premises: String,
        area: AreaCode,
        category: Id,
        /// The on-site verification is due by then.
        verify_by: Due,
    },
    /// 分办
    Routed { to: Department },
    /// 核查完毕
    Verified {
        confirmed: bool,
        /// Who verified: a reference, never a name.
        by: Id,
    },
    /// What happened to a duty's clock.
    Clock { duty: Duty, event: clock::Event },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
