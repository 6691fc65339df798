//! What happens to a clock.
//!
//! **Warning:** names here are a storage format. They are never renamed, retyped or reused.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Lapse, Terms, Until};
use crate::{due::Due, period::Period};

/// An event of one clock. The decider that holds it adds which of its clocks it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 起算
    Armed { terms: Terms, until: Until },
    /// 预警: the share of the time is over, or only so much is left.
    Warned {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        due: Due,
        /// Whom it is told.
        holder: String,
    },
    /// 中止. The clock stands still unless it was begun too late to matter.
    Suspended {
        /// What it is for, for example the number of the appraisal; suspensions with different references
        /// may overlap.
        reference: String,
        reason: String,
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// Present when the clock runs out all the same: suspended on its last day or after.
        until: Option<Until>,
    },
    /// 恢复
    Resumed {
        reference: String,
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// Absent while another suspension lasts.
        until: Option<Until>,
    },
    /// 延长
    Extended {
        /// The authority that approved it.
        by: String,
        /// Its paper; empty where the authority entered the approval itself.
        document: String,
        period: Period,
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// Absent while the clock stands still.
        until: Option<Until>,
    },
    /// 移交
    Passed {
        holder: String,
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// 履行
    Met {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        in_time: bool,
    },
    /// 逾期: the due instant is the one that counts, whenever anybody looked.
    Breached { due: Due },
    /// 届满: a right has lapsed, or a term has ended; nobody is late.
    Lapsed { what: Lapse, due: Due },
    /// 终止
    Cancelled {
        cause: String,
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// 重新计算, under another calendar or pack.
    Rederived {
        old: Until,
        /// Absent while the clock stands still.
        new: Option<Until>,
        period: Period,
        /// Whom it is told.
        holder: String,
    },
}

impl Event {
    /// What becomes of the date that the clock runs to: nothing; another one; or it runs to none any more.
    pub fn moves(&self) -> Option<Option<&Due>> {
        match self {
            Self::Armed { until, .. } => Some(Some(&until.due)),
            Self::Suspended { until, .. }
            | Self::Resumed { until, .. }
            | Self::Extended { until, .. }
            | Self::Rederived { new: until, .. } => Some(until.as_ref().map(|until| &until.due)),
            Self::Met { .. } | Self::Breached { .. } | Self::Lapsed { .. } | Self::Cancelled { .. } => {
                Some(None)
            }
            Self::Warned { .. } | Self::Passed { .. } => None,
        }
    }

    /// The variant's name, as it is stored.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Armed { .. } => "Armed",
            Self::Warned { .. } => "Warned",
            Self::Suspended { .. } => "Suspended",
            Self::Resumed { .. } => "Resumed",
            Self::Extended { .. } => "Extended",
            Self::Passed { .. } => "Passed",
            Self::Met { .. } => "Met",
            Self::Breached { .. } => "Breached",
            Self::Lapsed { .. } => "Lapsed",
            Self::Cancelled { .. } => "Cancelled",
            Self::Rederived { .. } => "Rederived",
        }
    }
}
