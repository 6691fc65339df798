//! Criminal transfers as they stand, one row each.

use std::collections::BTreeMap;

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{View, ViewError};
use law::{Due, clock};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, types::Json};

use crate::crime::{Article, Event};

/// Why a crime is suspected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indication {
    pub facts: Vec<String>,
    pub early_warning: bool,
}

/// A transfer as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct TransferRow {
    pub transfer_id: String,
    pub case_id: Option<String>,
    pub agency: String,
    pub article: String,
    /// By article.
    pub indications: Json<BTreeMap<String, Indication>>,
    pub state: String,
    pub due: Option<Json<Due>>,
    pub version: i64,
}

/// Keeps the rows.
pub struct TransfersView;

#[async_trait]
impl View for TransfersView {
    fn name(&self) -> &'static str {
        "transfers"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table transfers (
             transfer_id text primary key,
             case_id text,
             agency text not null default '',
             article text not null default '',
             indications jsonb not null default '{}',
             state text not null default 'noted',
             due jsonb,
             version bigint not null
         )"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "crime" {
            return Ok(());
        }
        match recorded.event::<Event>()? {
            Event::FactNoted { .. } | Event::HarmNoted { .. } => note(tx, recorded).await?,
            Event::Indicated { article, facts, early_warning } => {
                let facts = facts.iter().map(ToString::to_string).collect();
                indicate(tx, recorded, article, Indication { facts, early_warning }).await?;
            }
            Event::TeamAppointed { agency, .. } => team(tx, recorded, agency.to_string()).await?,
            Event::ReportedToPrincipal { article, decide_by, .. } => {
                report(tx, recorded, article).await?;
                state(tx, recorded, "reported", Some(decide_by)).await?;
            }
            Event::Approved { send_by, .. } => state(tx, recorded, "approved", Some(send_by)).await?,
            Event::Declined { .. } => state(tx, recorded, "declined", None).await?,
            Event::Sent { answer_by, .. } => state(tx, recorded, "sent", Some(answer_by)).await?,
            Event::Received { answer_by, .. } => state(tx, recorded, "received", Some(answer_by)).await?,
            Event::Answered { filed: true, hand_over_by, .. } => {
                state(tx, recorded, "filed", hand_over_by).await?;
            }
            Event::Answered { filed: false, object_by, .. } => {
                state(tx, recorded, "not-filed", object_by).await?;
            }
            Event::Objected { answer_by } => state(tx, recorded, "objected", Some(answer_by)).await?,
            Event::HandedOver { .. } => state(tx, recorded, "handed-over", None).await?,
            Event::Closed { .. } => state(tx, recorded, "closed", None).await?,
            Event::Clock { event: clock::Event::Rederived { old, new, .. }, .. } => {
                rederive(tx, recorded, old.due, new.map(|until| until.due)).await?;
            }
            Event::Clock { .. } => touch(tx, recorded).await?,
        }
        Ok(())
    }
}

async fn note(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into transfers (transfer_id, case_id, version) values ($1, $2, $3)
         on conflict (transfer_id) do update set version = excluded.version",
    )
    .bind(recorded.stream.id())
    .bind(recorded.meta.case_id.as_ref().map(decider::CaseId::as_str))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

/// An indication says something new of a matter that rests; one that is on its way goes on.
async fn indicate(
    tx: &mut PgConnection,
    recorded: &Recorded,
    article: Article,
    indication: Indication,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update transfers
         set indications = indications || jsonb_build_object($2::text, $3::jsonb), version = $4,
             state = case when state in ('noted', 'closed') then 'indicated' else state end
         where transfer_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(article.to_string())
    .bind(Json(indication))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn team(tx: &mut PgConnection, recorded: &Recorded, agency: String) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update transfers set agency = $2, state = 'team', due = null, version = $3 where transfer_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(agency)
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn report(tx: &mut PgConnection, recorded: &Recorded, article: Article) -> Result<(), sqlx::Error> {
    sqlx::query("update transfers set article = $2 where transfer_id = $1")
        .bind(recorded.stream.id())
        .bind(article.to_string())
        .execute(tx)
        .await
        .map(drop)
}

async fn state(
    tx: &mut PgConnection,
    recorded: &Recorded,
    state: &str,
    due: Option<Due>,
) -> Result<(), sqlx::Error> {
    sqlx::query("update transfers set state = $2, due = $3, version = $4 where transfer_id = $1")
        .bind(recorded.stream.id())
        .bind(state)
        .bind(due.map(Json))
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

/// Whatever was due then is due as another calendar or pack says.
async fn rederive(
    tx: &mut PgConnection,
    recorded: &Recorded,
    old: Due,
    new: Option<Due>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update transfers set due = case when due = $2 then $3 else due end, version = $4
         where transfer_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(Json(old))
    .bind(new.map(Json))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn touch(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query("update transfers set version = $2 where transfer_id = $1")
        .bind(recorded.stream.id())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

/// One transfer.
pub async fn transfer(tx: &mut PgConnection, transfer_id: &str) -> Result<Option<TransferRow>, sqlx::Error> {
    sqlx::query_as("select * from transfers where transfer_id = $1")
        .bind(transfer_id)
        .fetch_optional(tx)
        .await
}
