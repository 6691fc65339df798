//! Parked events: set aside for a view, with the reason, until an operator shows them after all.

use std::collections::HashSet;

use decider::{Recorded, StreamName};
use sqlx::PgConnection;

use super::{Views, generation::Lease};
use crate::{Error, ViewError, connect::retry, row};

/// An event that a view does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The stream, none of whose later events is shown either.
    pub stream: StreamName,
    /// The event.
    pub position: u64,
    /// Why.
    pub reason: String,
}

pub(super) async fn insert(
    tx: &mut PgConnection,
    lease: &Lease,
    event: &Recorded,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into view_parked (view, generation, position, stream, reason) values ($1, $2, $3, $4, $5)",
    )
    .bind(lease.view)
    .bind(lease.generation.number)
    .bind(event.position.cast_signed())
    .bind(event.stream.as_str())
    .bind(reason.replace('\0', ""))
    .execute(tx)
    .await
    .map(drop)
}

/// Counts a change to the parked streams, so that whoever fills the generation reads them again.
pub(super) async fn count(tx: &mut PgConnection, lease: &Lease) -> Result<(), sqlx::Error> {
    sqlx::query("update view_generations set parks = parks + 1 where view = $1 and generation = $2")
        .bind(lease.view)
        .bind(lease.generation.number)
        .execute(tx)
        .await
        .map(drop)
}

pub(super) async fn streams(
    tx: &mut PgConnection,
    lease: &Lease,
) -> Result<HashSet<StreamName>, sqlx::Error> {
    let names: Vec<String> =
        sqlx::query_scalar("select distinct stream from view_parked where view = $1 and generation = $2")
            .bind(lease.view)
            .bind(lease.generation.number)
            .fetch_all(tx)
            .await?;
    Ok(names.iter().filter_map(|name| StreamName::parse(name)).collect())
}

impl Views {
    /// Whether events of the stream are parked for the view.
    pub async fn is_parked(&self, view: &str, stream: &StreamName) -> Result<bool, Error> {
        let log = &self.shown(view).map(|_| &self.0.log.inner)?;
        retry(log.options.unavailable_after, || {
            sqlx::query_scalar(
                "select exists (select from view_parked join view_generations using (view, generation)
                    where view = $1 and state = 'serving' and stream = $2)",
            )
            .bind(view)
            .bind(stream.as_str())
            .fetch_one(&log.pool)
        })
        .await
    }

    /// The events the view does not show, oldest first.
    pub async fn parked(&self, view: &str) -> Result<Vec<Parked>, Error> {
        let log = &self.shown(view).map(|_| &self.0.log.inner)?;
        let rows: Vec<(String, i64, String)> = retry(log.options.unavailable_after, || {
            sqlx::query_as(
                "select stream, p.position, reason from view_parked p join view_generations using (view, generation)
                    where view = $1 and state = 'serving' order by p.position",
            )
            .bind(view)
            .fetch_all(&log.pool)
        })
        .await?;
        rows.into_iter()
            .map(|(stream, position, reason)| {
                let stream = StreamName::parse(&stream)
                    .ok_or_else(|| row::corrupt(position, "a stream without name"))?;
                Ok(Parked { stream, position: position.cast_unsigned(), reason })
            })
            .collect()
    }

    /// Shows a parked stream's events after all, all or none. Returns how many.
    pub async fn unpark(&self, view: &str, stream: &StreamName) -> Result<u64, Error> {
        let shown = self.shown(view)?;
        let log = &self.0.log.inner;
        let mut tx = log.pool.begin().await?;
        // The lock keeps the projector out: events that come meanwhile are shown after these.
        let serving: Option<(i32, String)> = sqlx::query_as(
            "update view_generations set parks = parks + 1 where view = $1 and state = 'serving'
                returning generation, set_config('search_path', schema_name || ', ' || current_schema(), true)",
        )
        .bind(view)
        .fetch_optional(&mut *tx)
        .await?;
        let (generation, _) = serving.ok_or_else(|| Error::UnknownView(view.to_owned()))?;
        let positions: Vec<i64> = sqlx::query_scalar(
            "delete from view_parked where view = $1 and generation = $2 and stream = $3 returning position",
        )
        .bind(view)
        .bind(generation)
        .bind(stream.as_str())
        .fetch_all(&mut *tx)
        .await?;
        let events = log.at(&positions).await?;
        shown.view.apply_batch(&events, &mut tx).await.map_err(|error| match error {
            ViewError::Poison(reason) => Error::View { view: view.to_owned(), reason },
            ViewError::Database(error) => match Error::from(error) {
                Error::Database(error) => Error::View { view: view.to_owned(), reason: error.to_string() },
                error => error,
            },
        })?;
        tx.commit().await?;
        Ok(events.len() as u64)
    }
}
