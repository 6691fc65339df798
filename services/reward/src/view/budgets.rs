//! Budgets as they stand: one row each, and one for each claim that holds or awaits money.

use async_trait::async_trait;
use decider::{Id, Recorded};
use eventlog::{View, ViewError};
use sqlx::{FromRow, PgConnection};

use crate::budget::{BudgetKey, Event};

/// A budget as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct BudgetRow {
    pub budget_id: String,
    pub area: String,
    pub fiscal_year: i32,
    pub appropriated_fen: i64,
    pub reserved_fen: i64,
    pub posted_fen: i64,
    pub returned_fen: i64,
    pub queued: i64,
    pub closed: bool,
    pub version: i64,
}

/// Keeps the rows.
pub struct BudgetsView;

#[async_trait]
impl View for BudgetsView {
    fn name(&self) -> &'static str {
        "budgets"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table budgets (
             budget_id text primary key,
             area text not null,
             fiscal_year integer not null,
             appropriated_fen bigint not null default 0,
             posted_fen bigint not null default 0,
             returned_fen bigint not null default 0,
             closed boolean not null default false,
             version bigint not null
         );
         create table holdings (
             budget_id text not null,
             claim_id text not null,
             amount_fen bigint not null,
             reserved boolean not null,
             primary key (budget_id, claim_id)
         )"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "budget" {
            return Ok(());
        }
        match recorded.event::<Event>()? {
            Event::Opened { key, .. } => open(tx, recorded, &key).await?,
            Event::Appropriated { appropriated_fen, .. }
            | Event::ToppedUp { appropriated_fen, .. }
            | Event::Cut { appropriated_fen, .. } => appropriate(tx, recorded, appropriated_fen).await?,
            Event::Reserved { claim, amount_fen, .. } => hold(tx, recorded, &claim, amount_fen, true).await?,
            Event::ReservationRefused { claim, amount_fen, .. } => {
                hold(tx, recorded, &claim, amount_fen, false).await?;
            }
            Event::ReservationReduced { claim, amount_fen } => {
                reduce(tx, recorded, &claim, amount_fen).await?
            }
            Event::Dequeued { claim } | Event::TurnedOver { claim, .. } => {
                leave(tx, recorded, &claim).await?
            }
            Event::Released { claim, amount_fen } => {
                leave(tx, recorded, &claim).await?;
                give_back(tx, recorded, amount_fen).await?;
            }
            Event::Posted { claim, amount_fen, released_fen } => {
                leave(tx, recorded, &claim).await?;
                post(tx, recorded, amount_fen).await?;
                give_back(tx, recorded, released_fen).await?;
            }
            Event::YearClosed { returned_fen, .. } => close(tx, recorded, returned_fen).await?,
        }
        touch(tx, recorded).await?;
        Ok(())
    }
}

async fn open(tx: &mut PgConnection, recorded: &Recorded, key: &BudgetKey) -> Result<(), sqlx::Error> {
    sqlx::query("insert into budgets (budget_id, area, fiscal_year, version) values ($1, $2, $3, $4)")
        .bind(recorded.stream.id())
        .bind(key.area.as_str())
        .bind(key.fiscal_year)
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn touch(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query("update budgets set version = $2 where budget_id = $1")
        .bind(recorded.stream.id())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn appropriate(tx: &mut PgConnection, recorded: &Recorded, fen: i64) -> Result<(), sqlx::Error> {
    sqlx::query("update budgets set appropriated_fen = $2 where budget_id = $1")
        .bind(recorded.stream.id())
        .bind(fen)
        .execute(tx)
        .await
        .map(drop)
}

async fn hold(
    tx: &mut PgConnection,
    recorded: &Recorded,
    claim: &Id,
    amount_fen: i64,
    reserved: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into holdings (budget_id, claim_id, amount_fen, reserved) values ($1, $2, $3, $4)
         on conflict (budget_id, claim_id)
         do update set amount_fen = excluded.amount_fen, reserved = excluded.reserved",
    )
    .bind(recorded.stream.id())
    .bind(claim.as_str())
    .bind(amount_fen)
    .bind(reserved)
    .execute(tx)
    .await
    .map(drop)
}

/// In a closed year what is no longer needed goes back to the treasury.
async fn reduce(
    tx: &mut PgConnection,
    recorded: &Recorded,
    claim: &Id,
    amount_fen: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with before as (
             select amount_fen from holdings where budget_id = $1 and claim_id = $2 and reserved
         ), returned as (
             update budgets
             set appropriated_fen = appropriated_fen - ((select amount_fen from before) - $3),
                 returned_fen = returned_fen + ((select amount_fen from before) - $3)
             where budget_id = $1 and closed and exists (select from before)
         )
         update holdings set amount_fen = $3 where budget_id = $1 and claim_id = $2",
    )
    .bind(recorded.stream.id())
    .bind(claim.as_str())
    .bind(amount_fen)
    .execute(tx)
    .await
    .map(drop)
}

async fn leave(tx: &mut PgConnection, recorded: &Recorded, claim: &Id) -> Result<(), sqlx::Error> {
    sqlx::query("delete from holdings where budget_id = $1 and claim_id = $2")
        .bind(recorded.stream.id())
        .bind(claim.as_str())
        .execute(tx)
        .await
        .map(drop)
}

async fn post(tx: &mut PgConnection, recorded: &Recorded, fen: i64) -> Result<(), sqlx::Error> {
    sqlx::query("update budgets set posted_fen = posted_fen + $2 where budget_id = $1")
        .bind(recorded.stream.id())
        .bind(fen)
        .execute(tx)
        .await
        .map(drop)
}

async fn give_back(tx: &mut PgConnection, recorded: &Recorded, fen: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update budgets set appropriated_fen = appropriated_fen - $2, returned_fen = returned_fen + $2
         where budget_id = $1 and closed",
    )
    .bind(recorded.stream.id())
    .bind(fen)
    .execute(tx)
    .await
    .map(drop)
}

async fn close(tx: &mut PgConnection, recorded: &Recorded, returned_fen: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update budgets
         set closed = true, appropriated_fen = appropriated_fen - $2, returned_fen = returned_fen + $2
         where budget_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(returned_fen)
    .execute(tx)
    .await
    .map(drop)
}

/// One budget.
pub async fn budget(tx: &mut PgConnection, budget_id: &str) -> Result<Option<BudgetRow>, sqlx::Error> {
    sqlx::query_as(
        "select b.budget_id, b.area, b.fiscal_year, b.appropriated_fen, b.posted_fen, b.returned_fen, b.closed,
                b.version,
                coalesce(sum(h.amount_fen) filter (where h.reserved), 0)::bigint as reserved_fen,
                count(h.claim_id) filter (where not h.reserved) as queued
         from budgets b left join holdings h on h.budget_id = b.budget_id
         where b.budget_id = $1
         group by b.budget_id",
    )
    .bind(budget_id)
    .fetch_optional(tx)
    .await
}
