//! What happens to a budget. Names here are the storage format: never rename, retype or reuse.

use decider::Id;
use law::{AreaCode, AreaLevel, Due, shanghai_date};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use time::OffsetDateTime;

use super::BudgetId;

/// Whose budget, and of which year. The level that rewards pays (安监总财〔2018〕19号), so it is the county's
/// wherever the report lies in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetKey {
    pub area: AreaCode,
    pub fiscal_year: i32,
}

impl BudgetKey {
    /// The budget of an area in a year.
    pub fn of(area: &AreaCode, fiscal_year: i32) -> Self {
        let area = area.within(AreaLevel::County).unwrap_or_else(|| area.clone());
        Self { area, fiscal_year }
    }

    /// The budget that pays for a report from this area at this time.
    pub fn at(area: &AreaCode, at: OffsetDateTime) -> Self {
        Self::of(area, shanghai_date(at).year())
    }

    /// The budget of the year after.
    pub fn next(&self) -> Self {
        Self { area: self.area.clone(), fiscal_year: self.fiscal_year.saturating_add(1) }
    }

    /// Its id, as `330723-2023`.
    pub fn id(&self) -> BudgetId {
        BudgetId(
            Id::parse(&format!("{}-{}", self.area, self.fiscal_year)).expect("digits and a hyphen are an id"),
        )
    }
}

/// An event of a budget. Every amount is in fen; `appropriated_fen` is the whole sum after the event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// The budget is heard of for the first time.
    Opened { key: BudgetKey, year_end: Due },
    /// 预算批复
    Appropriated { key: BudgetKey, amount_fen: i64, appropriated_fen: i64, document: String },
    /// 追加预算
    ToppedUp { key: BudgetKey, amount_fen: i64, appropriated_fen: i64, document: String },
    /// 核减预算
    Cut { key: BudgetKey, amount_fen: i64, appropriated_fen: i64, document: String },
    /// 预留: the claim's whole reservation.
    Reserved { key: BudgetKey, claim: Id, amount_fen: i64 },
    /// 预算不足，排队
    ReservationRefused { key: BudgetKey, claim: Id, amount_fen: i64, available_fen: i64 },
    /// 核减预留, or what waits in the queue
    ReservationReduced { claim: Id, amount_fen: i64 },
    /// 退出排队
    Dequeued { claim: Id },
    /// 解除预留
    Released { claim: Id, amount_fen: i64 },
    /// 列支
    Posted { claim: Id, amount_fen: i64, released_fen: i64 },
    /// 年终结余收回
    YearClosed { due: Due, returned_fen: i64 },
    /// 结转下年排队
    TurnedOver { claim: Id, amount_fen: i64, to: BudgetKey },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
