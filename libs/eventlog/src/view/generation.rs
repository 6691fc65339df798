//! Generations of a view: their rows, schemas and leases.
//!
//! **Invariant**: whoever advances a generation names the epoch of its lease; a later lease has a higher epoch, so
//! a projector that was taken for dead cannot write any more.

use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _, Transaction};
use uuid::Uuid;

use super::View;
use crate::{
    Error, Log, Options,
    connect::{self, retry},
};

/// What a generation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Building,
    Serving,
}

impl State {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Serving => "serving",
        }
    }
}

/// A generation as its row says.
#[derive(Debug, Clone)]
pub(super) struct Generation {
    pub(super) number: i32,
    pub(super) version: i32,
    pub(super) position: u64,
    pub(super) schema: String,
}

type Row = (i32, i32, i64, String);

impl Generation {
    pub(super) fn read((number, version, position, schema): Row) -> Self {
        Self { number, version, position: position.cast_unsigned(), schema }
    }
}

/// The right to advance a generation, until it runs out or is taken over.
#[derive(Debug, Clone)]
pub(super) struct Lease {
    pub(super) view: &'static str,
    pub(super) generation: Generation,
    pub(super) state: State,
    epoch: i64,
}

/// The generation that answers, if the view was ever started.
pub(super) async fn serving(log: &Log, view: &str) -> Result<Option<Generation>, Error> {
    find(log, view, State::Serving).await
}

pub(super) async fn building(log: &Log, view: &str) -> Result<Option<Generation>, Error> {
    find(log, view, State::Building).await
}

async fn find(log: &Log, view: &str, state: State) -> Result<Option<Generation>, Error> {
    let row: Option<Row> = retry(log.inner.options.unavailable_after, || {
        sqlx::query_as(
            "select generation, version, position, schema_name from view_generations
                where view = $1 and state = $2",
        )
        .bind(view)
        .bind(state.as_str())
        .fetch_optional(&log.inner.pool)
    })
    .await?;
    Ok(row.map(Generation::read))
}

/// Creates a view's first generation, unless it has one that answers.
pub(super) async fn first(log: &Log, view: &dyn View) -> Result<(), Error> {
    if serving(log, view.name()).await?.is_some() {
        return Ok(());
    }
    let mut tx = begin(log, view.name()).await?;
    let is_there: bool = sqlx::query_scalar(
        "select exists (select from view_generations where view = $1 and state = 'serving')",
    )
    .bind(view.name())
    .fetch_one(&mut *tx)
    .await?;
    if !is_there {
        create_in(&mut tx, log, view, State::Serving).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Creates a generation to be built. One that was begun by another version of the view is dropped.
pub(super) async fn create(log: &Log, view: &dyn View) -> Result<(), Error> {
    let mut tx = begin(log, view.name()).await?;
    let begun: Option<Row> = sqlx::query_as(
        "select generation, version, position, schema_name from view_generations
            where view = $1 and state = 'building' for update",
    )
    .bind(view.name())
    .fetch_optional(&mut *tx)
    .await?;
    match begun.map(Generation::read) {
        Some(begun) if begun.version.cast_unsigned() == view.version() => return Ok(()),
        Some(begun) => discard(&mut tx, view.name(), &begun).await?,
        None => {}
    }
    create_in(&mut tx, log, view, State::Building).await?;
    Ok(tx.commit().await?)
}

/// Generations of one view are created one at a time.
async fn begin(log: &Log, view: &str) -> Result<Transaction<'static, Postgres>, Error> {
    let mut tx = log.inner.pool.begin().await?;
    sqlx::query("select pg_advisory_xact_lock(hashtextextended(current_schema() || '.' || $1, 0))")
        .bind(view)
        .execute(&mut *tx)
        .await?;
    Ok(tx)
}

async fn create_in(tx: &mut PgConnection, log: &Log, view: &dyn View, state: State) -> Result<(), Error> {
    let number: i32 =
        sqlx::query_scalar("select coalesce(max(generation), 0) + 1 from view_generations where view = $1")
            .bind(view.name())
            .fetch_one(&mut *tx)
            .await?;
    let schema = format!("{}_{}_g{number}", log.inner.options.schema, view.name());
    sqlx::query(
        "insert into view_generations (view, generation, version, state, schema_name) values ($1, $2, $3, $4, $5)",
    )
    .bind(view.name())
    .bind(number)
    .bind(view.version().cast_signed())
    .bind(state.as_str())
    .bind(&schema)
    .execute(&mut *tx)
    .await?;
    sqlx::query("select create_generation_schema($1, current_user)").bind(&schema).execute(&mut *tx).await?;
    enter(tx, &schema).await?;
    sqlx::raw_sql(view.tables()).execute(&mut *tx).await?;
    enter(tx, &log.inner.options.schema).await?;
    Ok(())
}

/// Makes unqualified names mean the tables of a schema, until the transaction ends.
pub(super) async fn enter(tx: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    sqlx::query("select set_config('search_path', $1, true)").bind(schema).execute(tx).await.map(drop)
}

/// Drops a generation with all its rows.
pub(super) async fn discard(
    tx: &mut PgConnection,
    view: &str,
    generation: &Generation,
) -> Result<(), sqlx::Error> {
    // The name was made of checked identifiers by `create_in`.
    let statement = format!("drop schema if exists {} cascade", generation.schema);
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *tx).await?;
    sqlx::query("delete from view_generations where view = $1 and generation = $2")
        .bind(view)
        .bind(generation.number)
        .execute(tx)
        .await
        .map(drop)
}

impl Lease {
    /// Takes the lease of a generation if nobody holds one that has not run out.
    pub(super) async fn take(
        log: &Log,
        view: &'static str,
        generation: i32,
        state: State,
        owner: Uuid,
    ) -> Result<Option<Self>, Error> {
        let row: Option<(i32, i32, i64, String, i64)> = sqlx::query_as(
            "update view_generations set epoch = epoch + 1, owner = $4,
                leased_until = clock_timestamp() + make_interval(secs => $5)
                where view = $1 and generation = $2 and state = $3
                    and (leased_until < clock_timestamp() or owner = $4)
                returning generation, version, position, schema_name, epoch",
        )
        .bind(view)
        .bind(generation)
        .bind(state.as_str())
        .bind(owner)
        .bind(log.inner.options.lease.as_secs_f64())
        .fetch_optional(&log.inner.pool)
        .await?;
        Ok(row.map(|(number, version, position, schema, epoch)| {
            let generation = Generation::read((number, version, position, schema));
            Self { view, generation, state, epoch }
        }))
    }

    /// A connection on which [`Lease::begin`] works.
    ///
    /// Its commits wait for no disk: what a crash of the server takes back is rows and checkpoint together, and they
    /// are shown again from the log, of which the server never loses what it had stored before them.
    pub(super) async fn connect(&self, log: &Log) -> Result<PgConnection, sqlx::Error> {
        let mut db = connect::connect(&log.inner.session).await?;
        let advance = self.advance_statement(log, "$1", "$2");
        let prepare = format!("set synchronous_commit = off; prepare advance (bigint, bigint) as {advance}");
        sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut db).await?;
        Ok(db)
    }

    /// Begins a transaction and advances the checkpoint in it, as [`Lease::advance`] does, in one round trip.
    pub(super) async fn begin(
        &self,
        db: &mut PgConnection,
        from: u64,
        to: u64,
    ) -> Result<Option<i64>, sqlx::Error> {
        parks(db, format!("begin; execute advance ({from}, {to})")).await
    }

    /// Advances the checkpoint in the transaction of the rows, renews the lease, and enters the generation's schema
    /// with the log's behind it. Returns the count of changes to the parked streams; `None` if the lease is lost.
    pub(super) async fn advance(
        &self,
        log: &Log,
        tx: &mut PgConnection,
        from: u64,
        to: u64,
    ) -> Result<Option<i64>, sqlx::Error> {
        parks(tx, self.advance_statement(log, &from.to_string(), &to.to_string())).await
    }

    /// As text, for `prepare` takes no parameters. All names in it are checked identifiers.
    fn advance_statement(&self, log: &Log, from: &str, to: &str) -> String {
        let Self { view, generation: Generation { number, schema, .. }, state, epoch } = self;
        let Options { schema: log_schema, lease, .. } = &log.inner.options;
        format!(
            "update view_generations set position = {to},
                leased_until = clock_timestamp() + make_interval(secs => {lease})
                where view = '{view}' and generation = {number} and state = '{state}' and epoch = {epoch}
                    and position = {from}
                returning parks, set_config('search_path', '{schema}, {log_schema}', true)",
            lease = lease.as_secs_f64(),
            state = state.as_str(),
        )
    }

    /// Keeps the lease while there is nothing to do; `false` if it is lost.
    pub(super) async fn renew(&self, log: &Log) -> Result<bool, sqlx::Error> {
        let renewed = sqlx::query(
            "update view_generations set leased_until = clock_timestamp() + make_interval(secs => $5)
                where view = $1 and generation = $2 and state = $3 and epoch = $4",
        )
        .bind(self.view)
        .bind(self.generation.number)
        .bind(self.state.as_str())
        .bind(self.epoch)
        .bind(log.inner.options.lease.as_secs_f64())
        .execute(&log.inner.pool)
        .await?;
        Ok(renewed.rows_affected() == 1)
    }

    /// Whether the lease is still this one, as the transaction sees it.
    pub(super) async fn is_held(&self, tx: &mut PgConnection) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "select exists (select from view_generations
                where view = $1 and generation = $2 and state = $3 and epoch = $4)",
        )
        .bind(self.view)
        .bind(self.generation.number)
        .bind(self.state.as_str())
        .bind(self.epoch)
        .fetch_one(tx)
        .await
    }

    /// Gives the lease back, so that others need not wait until it runs out.
    pub(super) async fn release(&self, log: &Log) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update view_generations set leased_until = '-infinity', owner = null
                where view = $1 and generation = $2 and epoch = $3",
        )
        .bind(self.view)
        .bind(self.generation.number)
        .bind(self.epoch)
        .execute(&log.inner.pool)
        .await
        .map(drop)
    }
}

/// The answer to an advance.
async fn parks(db: &mut PgConnection, statement: String) -> Result<Option<i64>, sqlx::Error> {
    let rows = sqlx::raw_sql(AssertSqlSafe(statement)).fetch_all(db).await?;
    rows.first().map(|row| row.try_get("parks")).transpose()
}
