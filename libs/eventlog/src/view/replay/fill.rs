//! Filling the scratch tables: rows and checkpoint of a page in one transaction, as the living view is filled; an
//! event that does not go is set aside with all later ones of its stream.

use std::{collections::HashSet, sync::Arc};

use decider::{Recorded, StreamName};
use sqlx::{AssertSqlSafe, PgConnection};

use super::{
    Living, Parked,
    scratch::{Place, Scratch},
    shape::literal,
};
use crate::{Error, Log, Unreplayable, View, connect, row, view::apply::Failed};

/// How events went in a transaction that somebody else ends.
#[derive(Debug)]
pub(super) enum Filled {
    Shown,
    /// One of them must be parked first, for this reason; the transaction has to be given up for that.
    Poisoned(String),
}

pub(super) struct Filler {
    pub(super) view: Arc<dyn View>,
    pub(super) scratch: Scratch,
    pub(super) log_schema: String,
    /// Read when the first page is shown.
    parked: Option<HashSet<StreamName>>,
}

impl Filler {
    pub(super) fn new(log: &Log, view: Arc<dyn View>, scratch: Scratch) -> Self {
        Self { view, scratch, log_schema: log.options().schema.clone(), parked: None }
    }

    pub(super) fn position(&self) -> u64 {
        self.scratch.place.position
    }

    /// Shows a page, after which nothing is in scope up to `last`.
    pub(super) async fn show(&mut self, page: &[Recorded], last: u64) -> Result<(), Error> {
        if let Filled::Shown = self.try_show(page, last).await? {
            return Ok(());
        }
        for event in page {
            let filled = self.try_show(std::slice::from_ref(event), event.position).await?;
            if let Filled::Poisoned(reason) = filled {
                self.park(event, &reason).await?;
            }
        }
        if self.position() < last {
            self.try_show(&[], last).await?;
        }
        Ok(())
    }

    async fn try_show(&mut self, page: &[Recorded], last: u64) -> Result<Filled, Error> {
        let before = self.scratch.place;
        let filled = self.show_after("begin;", page, last).await?;
        match filled {
            Filled::Shown => self.commit().await?,
            Filled::Poisoned(_) => self.roll_back(before).await?,
        }
        Ok(filled)
    }

    /// Shows events in the transaction that is open.
    pub(super) async fn show_in(&mut self, page: &[Recorded], last: u64) -> Result<Filled, Error> {
        self.show_after("", page, last).await
    }

    async fn show_after(&mut self, begin: &str, page: &[Recorded], last: u64) -> Result<Filled, Error> {
        self.learn_parked().await?;
        self.advance(begin, last, page.len() as u64).await?;
        let parked = self.parked.as_ref().filter(|parked| !parked.is_empty());
        let shown = match parked {
            None => self.view.apply_batch(page, &mut self.scratch.db).await,
            Some(parked) => {
                let behind = |event: &&Recorded| parked.contains(&event.stream);
                let (behind, shown): (Vec<_>, Vec<_>) = page.iter().partition(behind);
                let shown: Vec<Recorded> = shown.into_iter().cloned().collect();
                for event in behind {
                    insert_parked(&mut self.scratch, event, "an earlier event of the stream is parked")
                        .await?;
                }
                self.view.apply_batch(&shown, &mut self.scratch.db).await
            }
        };
        match shown.map_err(Failed::from) {
            Ok(()) => Ok(Filled::Shown),
            Err(Failed::Poison(reason)) => Ok(Filled::Poisoned(reason)),
            Err(Failed::Away(error)) => Err(Error::Unavailable(error)),
        }
    }

    /// Sets an event aside.
    async fn park(&mut self, event: &Recorded, reason: &str) -> Result<(), Error> {
        self.advance("begin;", event.position, 1).await?;
        insert_parked(&mut self.scratch, event, reason).await?;
        self.commit().await?;
        self.parked.get_or_insert_default().insert(event.stream.clone());
        Ok(())
    }

    /// Moves the checkpoint, and makes unqualified names mean the scratch tables, as they mean a generation's; in the
    /// transaction that is open, or in one that it begins.
    async fn advance(&mut self, begin: &str, to: u64, events: u64) -> Result<(), Error> {
        let Scratch { schema, place: Place { position, .. }, .. } = &self.scratch;
        // All names in it are checked identifiers.
        let statement = format!(
            "{begin} set local search_path = {schema}, {log};
            update replay_state set position = {to}, events = events + {events} where position = {position}",
            log = self.log_schema,
        );
        let moved = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut self.scratch.db).await?;
        if moved.rows_affected() != 1 {
            return Err(Unreplayable::NoReplay(self.scratch.id.clone()).into());
        }
        self.scratch.place = Place { position: to, events: self.scratch.place.events + events };
        Ok(())
    }

    async fn learn_parked(&mut self) -> Result<(), Error> {
        if self.parked.is_none() {
            let parked = self.parked().await?;
            self.parked = Some(parked.into_iter().map(|parked| parked.stream).collect());
        }
        Ok(())
    }

    /// The events that were set aside, oldest first.
    pub(super) async fn parked(&mut self) -> Result<Vec<Parked>, Error> {
        let statement = format!(
            "select stream, position, reason from {}.replay_parked order by position",
            self.scratch.schema
        );
        let rows = sqlx::query_as(AssertSqlSafe(statement)).fetch_all(&mut self.scratch.db).await?;
        read_parked(rows)
    }

    /// Begins the transaction that sees one moment of everything, and reads the living view's checkpoint in it.
    pub(super) async fn begin_snapshot(&mut self) -> Result<Option<Living>, Error> {
        begin(&mut self.scratch.db, "").await?;
        let row: Option<(i32, i32, i64)> = sqlx::query_as(AssertSqlSafe(format!(
            "select generation, version, position from {}.view_generations where view = $1 and state = 'serving'",
            self.log_schema
        )))
        .bind(self.view.name())
        .fetch_optional(&mut self.scratch.db)
        .await?;
        Ok(row.map(|(generation, version, position)| Living {
            generation: generation.cast_unsigned(),
            version: version.cast_unsigned(),
            position: position.cast_unsigned(),
        }))
    }

    /// Gives the open transaction up; the replay is where it was before.
    pub(super) async fn roll_back(&mut self, before: Place) -> Result<(), Error> {
        self.scratch.place = before;
        self.execute("rollback").await
    }

    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        self.execute("commit").await
    }

    async fn execute(&mut self, statement: &'static str) -> Result<(), Error> {
        sqlx::raw_sql(statement).execute(&mut self.scratch.db).await?;
        Ok(())
    }
}

/// A second connection that sees the same moment but for what the first has written in it, so that both sides of a
/// comparison are read at once.
pub(super) async fn beside(log: &Log, db: &mut PgConnection) -> Result<PgConnection, Error> {
    let snapshot: String = sqlx::query_scalar("select pg_export_snapshot()").fetch_one(db).await?;
    let mut beside = connect::connect(&log.inner.session).await?;
    begin(&mut beside, &format!("set transaction snapshot {};", literal(&snapshot))).await?;
    Ok(beside)
}

/// Begins a transaction that sees one moment. Rows as text must not depend on the settings of whoever looks.
async fn begin(db: &mut PgConnection, snapshot: &str) -> Result<(), sqlx::Error> {
    let statement = format!(
        "begin isolation level repeatable read; {snapshot}
        set local statement_timeout = 0; set local lock_timeout = 0;
        set local idle_in_transaction_session_timeout = 0;
        set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'iso_8601';
        set local bytea_output = 'hex'; set local extra_float_digits = 1"
    );
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(db).await.map(drop)
}

impl Living {
    /// Whether a replay up to a position, by this version of the view, must come to the same rows.
    pub(super) fn is_comparable(&self, position: u64, version: u32) -> bool {
        (self.position, self.version) == (position, version)
    }
}

pub(super) fn read_parked(rows: Vec<(String, i64, String)>) -> Result<Vec<Parked>, Error> {
    let read = |(stream, position, reason): (String, i64, String)| {
        let stream =
            StreamName::parse(&stream).ok_or_else(|| row::corrupt(position, "a stream without name"))?;
        Ok(Parked { stream, position: position.cast_unsigned(), reason })
    };
    rows.into_iter().map(read).collect()
}

async fn insert_parked(scratch: &mut Scratch, event: &Recorded, reason: &str) -> Result<(), sqlx::Error> {
    let statement = format!("insert into {}.replay_parked values ($1, $2, $3)", scratch.schema);
    sqlx::query(AssertSqlSafe(statement))
        .bind(event.position.cast_signed())
        .bind(event.stream.as_str())
        .bind(reason.replace('\0', ""))
        .execute(&mut scratch.db)
        .await
        .map(drop)
}
