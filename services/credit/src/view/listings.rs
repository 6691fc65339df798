//! Listings as they stand, one row each.

use async_trait::async_trait;
use decider::Recorded;
use eventlog::{View, ViewError};
use law::{Due, clock};
use sqlx::{FromRow, PgConnection, types::Json};

use crate::listing::{Basis, Event, Ground, Party};

/// A listing as it stands.
#[derive(Debug, Clone, FromRow)]
pub struct ListingRow {
    pub listing_id: String,
    pub case_id: Option<String>,
    pub unit: String,
    pub of_person: bool,
    pub authority: String,
    pub ground: String,
    pub legal_form: String,
    pub instrument: String,
    pub state: String,
    pub document: String,
    pub published: bool,
    pub defend_by: Option<Json<Due>>,
    pub removable_from: Option<Json<Due>>,
    pub until: Option<Json<Due>>,
    pub version: i64,
    pub proposed_position: i64,
}

/// Keeps the rows.
pub struct ListingsView;

#[async_trait]
impl View for ListingsView {
    fn name(&self) -> &'static str {
        "listings"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static str {
        "create table listings (
             listing_id text primary key,
             case_id text,
             unit text not null,
             of_person boolean not null,
             authority text not null,
             ground text not null,
             legal_form text not null,
             instrument text not null,
             state text not null,
             document text not null default '',
             published boolean not null default false,
             defend_by jsonb,
             removable_from jsonb,
             until jsonb,
             version bigint not null,
             proposed_position bigint not null
         );
         create index listings_by_unit on listings (unit, proposed_position desc);
         create index listings_by_state on listings (state, proposed_position desc);
         create index listings_by_age on listings (proposed_position desc)"
    }

    async fn apply(&self, recorded: &Recorded, tx: &mut PgConnection) -> Result<(), ViewError> {
        if recorded.stream.category() != "listing" {
            return Ok(());
        }
        match recorded.event::<Event>()? {
            Event::Proposed { party, authority, ground, basis, .. } => {
                propose(tx, recorded, &party, &authority.to_string(), ground, &basis).await?;
            }
            Event::PriorNoticeServed { defend_by, .. } => notice(tx, recorded, defend_by).await?,
            Event::Listed { document, until, removable_from, .. } => {
                decide(tx, recorded, "listed", document, Some((until, removable_from))).await?;
            }
            Event::NotListed { document, .. } => decide(tx, recorded, "not-listed", document, None).await?,
            Event::Published { .. } => publish(tx, recorded).await?,
            Event::RemovedEarly { .. } => state(tx, recorded, "removed-early").await?,
            Event::RemovalRevoked { .. } => restore(tx, recorded).await?,
            Event::TermEnded { .. } => state(tx, recorded, "term-ended").await?,
            Event::Suspended { .. } => state(tx, recorded, "suspended").await?,
            Event::Withdrawn { .. } => state(tx, recorded, "withdrawn").await?,
            Event::LegallyReviewed { .. }
            | Event::DefenceReceived { .. }
            | Event::DefenceWaived { .. }
            | Event::DefenceLapsed { .. } => touch(tx, recorded).await?,
            Event::Clock { event: clock::Event::Rederived { old, new: Some(new), .. }, .. } => {
                rederive(tx, recorded, &old.due, &new.due).await?;
            }
            Event::Clock { .. } => touch(tx, recorded).await?,
        }
        Ok(())
    }
}

async fn propose(
    tx: &mut PgConnection,
    recorded: &Recorded,
    party: &Party,
    authority: &str,
    ground: Ground,
    basis: &Basis,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into listings (listing_id, case_id, unit, of_person, authority, ground, legal_form, instrument,
                               state, version, proposed_position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'proposed', $9, $10)",
    )
    .bind(recorded.stream.id())
    .bind(recorded.meta.case_id.as_ref().map(decider::CaseId::as_str))
    .bind(party.unit.as_str())
    .bind(party.person.is_some())
    .bind(authority)
    .bind(ground.to_string())
    .bind(basis.form.to_string())
    .bind(basis.instrument.as_str())
    .bind(recorded.version.cast_signed())
    .bind(recorded.position.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn notice(tx: &mut PgConnection, recorded: &Recorded, defend_by: Due) -> Result<(), sqlx::Error> {
    sqlx::query("update listings set state = 'noticed', defend_by = $2, version = $3 where listing_id = $1")
        .bind(recorded.stream.id())
        .bind(Json(defend_by))
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

async fn decide(
    tx: &mut PgConnection,
    recorded: &Recorded,
    state: &str,
    document: String,
    term: Option<(Due, Due)>,
) -> Result<(), sqlx::Error> {
    let (until, removable_from) = term.unzip();
    sqlx::query(
        "update listings
         set state = $2, document = $3, until = $4, removable_from = $5, version = $6
         where listing_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(state)
    .bind(document)
    .bind(until.map(Json))
    .bind(removable_from.map(Json))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn publish(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update listings set state = 'published', published = true, version = $2 where listing_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn restore(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update listings
         set state = case when published then 'published' else 'listed' end, version = $2
         where listing_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn state(tx: &mut PgConnection, recorded: &Recorded, state: &str) -> Result<(), sqlx::Error> {
    sqlx::query("update listings set state = $2, version = $3 where listing_id = $1")
        .bind(recorded.stream.id())
        .bind(state)
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

/// Whatever was due then is due as another calendar or pack says.
async fn rederive(
    tx: &mut PgConnection,
    recorded: &Recorded,
    old: &Due,
    new: &Due,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update listings
         set defend_by = case when defend_by = $2 then $3 else defend_by end,
             removable_from = case when removable_from = $2 then $3 else removable_from end,
             until = case when until = $2 then $3 else until end, version = $4
         where listing_id = $1",
    )
    .bind(recorded.stream.id())
    .bind(Json(old))
    .bind(Json(new))
    .bind(recorded.version.cast_signed())
    .execute(tx)
    .await
    .map(drop)
}

async fn touch(tx: &mut PgConnection, recorded: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query("update listings set version = $2 where listing_id = $1")
        .bind(recorded.stream.id())
        .bind(recorded.version.cast_signed())
        .execute(tx)
        .await
        .map(drop)
}

/// One listing.
pub async fn get(tx: &mut PgConnection, listing_id: &str) -> Result<Option<ListingRow>, sqlx::Error> {
    sqlx::query_as("select * from listings where listing_id = $1").bind(listing_id).fetch_optional(tx).await
}

/// Listings, newest first, proposed before a position; only those of `unit` and in `state` unless these are empty.
pub async fn list(
    tx: &mut PgConnection,
    unit: &str,
    state: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<ListingRow>, sqlx::Error> {
    sqlx::query_as(
        "select * from listings
         where ($1 = '' or unit = $1) and ($2 = '' or state = $2) and proposed_position < $3
         order by proposed_position desc limit $4",
    )
    .bind(unit)
    .bind(state)
    .bind(before)
    .bind(limit)
    .fetch_all(tx)
    .await
}

/// The unit's own listings in force, newest first.
pub async fn in_force(tx: &mut PgConnection, unit: &str, limit: i64) -> Result<Vec<ListingRow>, sqlx::Error> {
    sqlx::query_as(
        "select * from listings
         where unit = $1 and not of_person and state in ('listed', 'published')
         order by proposed_position desc limit $2",
    )
    .bind(unit)
    .bind(limit)
    .fetch_all(tx)
    .await
}
