//! What happens to a fire (火灾). Names here are the storage format: never rename, retype or reuse.

use decider::Department;
use law::{AreaCode, Due, Level, Tier, Uscc, clock};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use time::OffsetDateTime;

use crate::inquiry::InquiryId;

/// Who tells whom in the urgent report (事故信息报告), lowest first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::Display,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Rung {
    Unit,
    County,
    City,
    Province,
    State,
}

impl From<Tier> for Rung {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::County => Self::County,
            Tier::City => Self::City,
            Tier::Province => Self::Province,
            Tier::State => Self::State,
        }
    }
}

/// The two ladders of jurisdiction, which never follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Track {
    /// 火灾事故认定, by the fire rescue body.
    Cause,
    /// 事故调查, by the government.
    Government,
}

/// What is known of the harm; totals, not increments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub deaths: u32,
    pub serious_injuries: u32,
    pub households: u32,
    /// 直接经济损失, which 493号令 3 grades by.
    pub direct_loss_fen: i64,
    /// 直接财产损失, which fire statistics count.
    pub property_loss_fen: i64,
}

/// A duty that the clock watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Duty {
    /// The unit's head to the county within an hour (493号令 9).
    UnitReport,
    /// Each level to the next within two hours (493号令 11).
    CountyReport,
    CityReport,
    ProvinceReport,
    /// The units declare their losses within 7 days of extinction (火灾事故调查规定 26).
    DeclareLoss,
}

/// An event of a fire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 接警
    AlarmRaised {
        premises: String,
        area: AreaCode,
        /// The unit on fire.
        unit: Uscc,
        #[serde(with = "time::serde::rfc3339")]
        ignited_at: OffsetDateTime,
        #[serde(with = "time::serde::rfc3339")]
        alarm_at: OffsetDateTime,
        /// Casualties known by then set the level.
        recompute_until: Due,
        determine_by: Due,
    },
    /// 事故信息报告 is due from this rung.
    ReportDue {
        from: Rung,
        /// Since when it knew.
        #[serde(with = "time::serde::rfc3339")]
        since: OffsetDateTime,
        due: Due,
    },
    /// 事故信息报告
    Reported {
        from: Rung,
        to: Rung,
        /// When it was made, by whose side it is told.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        in_time: bool,
    },
    /// 伤亡损失更新
    CasualtiesUpdated {
        totals: Totals,
        /// Whether it came within the window in which the level follows.
        within_window: bool,
    },
    /// 事故等级
    LevelDetermined {
        level: Level,
        before: Option<Level>,
        /// The government's inquiry, which must know.
        inquiry: Option<InquiryId>,
    },
    /// 管辖上移
    JurisdictionMoved { track: Track, from: Tier, to: Tier },
    /// 火灾扑灭
    Extinguished { declare_loss_by: Due },
    /// 申报火灾直接财产损失
    LossDeclared { unit: Uscc, property_loss_fen: i64, document: String, in_time: bool },
    /// 封闭火灾现场
    SceneClosed { range: String, demands: Vec<String> },
    /// 解除现场封闭
    SceneReleased {},
    /// A government has formed its inquiry group.
    InquiryNoted {
        inquiry: InquiryId,
        government: Department,
        tier: Tier,
        leader: String,
        members: Vec<String>,
        area: AreaCode,
        #[serde(with = "time::serde::rfc3339")]
        accident_at: OffsetDateTime,
        level: Level,
        /// The lower government's inquiry that ends with it.
        supersedes: Option<InquiryId>,
    },
    /// What happened to a duty's clock.
    Clock { duty: Duty, event: clock::Event },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
