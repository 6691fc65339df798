//! The scratch schema of a replay: the view's own tables, unlogged, with the checkpoint of the replay beside them.
//!
//! A crash of the server empties unlogged tables, the checkpoint with the rows: such a replay begins again, it never
//! goes on with rows that are missing.

use decider::{CaseId, StreamName};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use super::order::{Order, Scope, Until};
use crate::{Error, Log, Unreplayable, View, connect, view::generation::enter};

/// The tables that are the replay's own.
pub(super) const OWN: [&str; 2] = ["replay_state", "replay_parked"];
/// How many digits of an id.
const ID_DIGITS: usize = 12;
/// PostgreSQL's codes for a schema and for a table that are not there.
const NO_SCHEMA: &str = "3F000";
const NO_TABLE: &str = "42P01";

/// A schema, and the one connection that fills it.
pub(super) struct Scratch {
    pub(super) id: String,
    pub(super) schema: String,
    pub(super) db: PgConnection,
    pub(super) place: Place,
}

/// How far a replay is, and how many events it has taken in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) position: u64,
    pub(super) events: u64,
}

impl Scratch {
    /// Creates the schema with the view's tables.
    pub(super) async fn create(
        log: &Log,
        view: &dyn View,
        order: &Order,
        target: Option<u64>,
    ) -> Result<Self, Error> {
        let id = Uuid::new_v4().simple().to_string()[..ID_DIGITS].to_owned();
        let schema = schema(log, &id);
        let mut db = connect(log).await?;
        claim(&mut db, &schema).await?;
        let mut tx = db.begin().await?;
        create_schema(&mut tx, &schema).await?;
        enter(&mut tx, &schema).await?;
        sqlx::raw_sql(view.tables()).execute(&mut *tx).await?;
        unlog(&mut tx, &schema).await?;
        if view.fills_by_key() {
            drop_indexes(&mut tx, &schema).await?;
        }
        sqlx::raw_sql(
            "create unlogged table replay_state (
                view text not null, version integer not null, position bigint not null, events bigint not null,
                target bigint, as_of timestamptz, scope text not null, scope_name text not null);
            create unlogged table replay_parked (
                position bigint primary key, stream text collate \"C\" not null, reason text not null)",
        )
        .execute(&mut *tx)
        .await?;
        remember(&mut tx, view, order, target).await?;
        tx.commit().await?;
        Ok(Self { id, schema, db, place: Place::default() })
    }

    /// Opens the schema of a replay that stopped.
    pub(super) async fn open(log: &Log, view: &dyn View, id: &str) -> Result<(Self, Stored), Error> {
        if id.len() != ID_DIGITS || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Unreplayable::NoReplay(id.to_owned()).into());
        }
        let schema = schema(log, id);
        let mut db = connect(log).await?;
        claim(&mut db, &schema).await?;
        let stored = recall(&mut db, &schema).await?.ok_or_else(|| Unreplayable::NoReplay(id.to_owned()))?;
        if stored.view != view.name() || stored.version.cast_unsigned() != view.version() {
            let reason = format!("replay {id} is of view {:?}, version {}", stored.view, stored.version);
            return Err(Error::View { view: view.name().to_owned(), reason });
        }
        let place =
            Place { position: stored.position.cast_unsigned(), events: stored.events.cast_unsigned() };
        Ok((Self { id: id.to_owned(), schema, db, place }, stored))
    }

    pub(super) async fn drop_schema(&mut self) -> Result<(), Error> {
        // The name was made of a checked identifier and hexadecimal digits.
        let statement = format!("drop schema if exists {} cascade", self.schema);
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut self.db).await?;
        Ok(())
    }
}

fn schema(log: &Log, id: &str) -> String {
    format!("{}_replay_{id}", log.options().schema)
}

/// Commits wait for no disk: what a crash takes back is replayed again.
async fn connect(log: &Log) -> Result<PgConnection, Error> {
    let mut db = connect::connect(&log.inner.session).await?;
    sqlx::raw_sql("set synchronous_commit = off; set client_min_messages = warning").execute(&mut db).await?;
    Ok(db)
}

/// One process works on a schema; the claim ends with its connection.
async fn claim(db: &mut PgConnection, schema: &str) -> Result<(), Error> {
    let is_ours: bool = sqlx::query_scalar("select pg_try_advisory_lock(hashtextextended($1, 2))")
        .bind(schema)
        .fetch_one(db)
        .await?;
    if is_ours { Ok(()) } else { Err(Error::Leased(schema.to_owned())) }
}

/// By own right, or by the right that the log's owner gives to whoever keeps views.
async fn create_schema(tx: &mut PgConnection, schema: &str) -> Result<(), Error> {
    let may: bool = sqlx::query_scalar("select has_database_privilege(current_database(), 'create')")
        .fetch_one(&mut *tx)
        .await?;
    let created = if may {
        sqlx::raw_sql(AssertSqlSafe(format!("create schema {schema}"))).execute(tx).await
    } else {
        sqlx::query("select create_generation_schema($1, current_user)").bind(schema).execute(tx).await
    };
    match created.map_err(Error::from) {
        Err(Error::Database(source)) => {
            Err(Unreplayable::Scratch { schema: schema.to_owned(), source }.into())
        }
        created => created.map(drop),
    }
}

/// Rows that can be made again need no write-ahead log.
async fn unlog(tx: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    for table in super::shape::tables(tx, schema).await? {
        let statement = format!("alter table {} set unlogged", super::shape::quoted(&table));
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Drops the indexes that keep no constraint.
async fn drop_indexes(tx: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    let names: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', nspname, relname) from pg_catalog.pg_index i
            join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_namespace n on n.oid = relnamespace
            where nspname = $1 and not indisunique and not indisexclusion",
    )
    .bind(schema)
    .fetch_all(&mut *tx)
    .await?;
    for name in names {
        sqlx::raw_sql(AssertSqlSafe(format!("drop index {name}"))).execute(&mut *tx).await?;
    }
    Ok(())
}

async fn remember(
    tx: &mut PgConnection,
    view: &dyn View,
    order: &Order,
    target: Option<u64>,
) -> Result<(), sqlx::Error> {
    let (scope, name) = match &order.scope {
        Scope::All => ("all", ""),
        Scope::Case(case) => ("case", case.as_str()),
        Scope::Stream(stream) => ("stream", stream.as_str()),
    };
    let as_of = if let Until::Time(at) = order.until { Some(at) } else { None };
    sqlx::query("insert into replay_state values ($1, $2, 0, 0, $3, $4, $5, $6)")
        .bind(view.name())
        .bind(view.version().cast_signed())
        .bind(target.map(u64::cast_signed))
        .bind(as_of)
        .bind(scope)
        .bind(name)
        .execute(tx)
        .await
        .map(drop)
}

/// What a replay was told to do, and how far it is.
#[derive(sqlx::FromRow)]
pub(super) struct Stored {
    view: String,
    version: i32,
    position: i64,
    events: i64,
    target: Option<i64>,
    as_of: Option<time::OffsetDateTime>,
    scope: String,
    scope_name: String,
}

impl Stored {
    /// The position to stop at; `None` for the living view's.
    pub(super) fn target(&self) -> Option<u64> {
        self.target.map(i64::cast_unsigned)
    }

    pub(super) fn scope(&self) -> Result<Scope, Error> {
        let lost = || Unreplayable::NoReplay(self.scope_name.clone());
        Ok(match self.scope.as_str() {
            "case" => Scope::Case(CaseId::parse(&self.scope_name).map_err(|_| lost())?),
            "stream" => Scope::Stream(StreamName::parse(&self.scope_name).ok_or_else(lost)?),
            _ => Scope::All,
        })
    }

    pub(super) fn until(&self) -> Until {
        match (self.as_of, self.target()) {
            (Some(at), _) => Until::Time(at),
            (None, Some(position)) => Until::Position(position),
            (None, None) => Until::Living,
        }
    }
}

/// What the replay was told to do, and how far it is; nothing, if there is no such replay or the server lost it.
async fn recall(db: &mut PgConnection, schema: &str) -> Result<Option<Stored>, Error> {
    let statement = format!("select * from {schema}.replay_state");
    let stored = sqlx::query_as(AssertSqlSafe(statement)).fetch_optional(db).await;
    match stored {
        Err(sqlx::Error::Database(error))
            if matches!(error.code().as_deref(), Some(NO_SCHEMA | NO_TABLE)) =>
        {
            Ok(None)
        }
        stored => Ok(stored?),
    }
}
