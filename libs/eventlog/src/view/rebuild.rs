//! Rebuilding: a green generation is filled beside the blue one that answers, compared with it, and switched to.
//!
//! The rebuilt generation is what the events say. If it differs from the one that answered, that one was wrong, so
//! it is switched to all the same, and the difference is reported and logged. The former generation stays for a
//! rollback until the next switch. A rebuild that dies is taken up where it stopped by the next one.

use std::sync::Arc;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Shown, Views,
    apply::{Filler, Went},
    generation::{self, Generation, Lease, State},
    project::PAGE_MAX,
};
use crate::{Error, Log, fault};

/// How often the switch is tried again after an event turned up in it that must be parked first.
const SWITCHES_MAX: usize = 100;

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The position reached.
    pub position: u64,
    /// The position to reach, as of now.
    pub target: u64,
}

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The generation that answers now.
    pub generation: u32,
    /// The position at which both were compared.
    pub position: u64,
    /// The digest of the generation that answered before; `None` if it was of another version.
    pub digest_live: Option<String>,
    /// The digest of the rebuilt generation.
    pub digest_rebuilt: String,
    /// How many events were applied.
    pub events: u64,
}

impl Rebuilt {
    /// Whether the living view was what its events say; `None` if the two cannot be compared.
    pub fn is_equal(&self) -> Option<bool> {
        self.digest_live.as_ref().map(|live| *live == self.digest_rebuilt)
    }
}

impl Views {
    /// Builds the view anew beside the living one and switches to it, also if the two differ: see [`Rebuilt::is_equal`].
    pub async fn rebuild(&self, view: &str, progress: impl FnMut(Progress) + Send) -> Result<Rebuilt, Error> {
        rebuild(&self.0.log, self.shown(view)?, progress).await
    }

    /// Switches back to the generation that answered before the last switch. It catches up from where it stopped.
    pub async fn roll_back(&self, view: &str) -> Result<u32, Error> {
        let version = self.shown(view)?.view.version();
        let mut tx = self.0.log.inner.pool.begin().await?;
        let generations: Vec<(i32, i32, String)> = sqlx::query_as(
            "select generation, version, state from view_generations
                where view = $1 and state in ('serving', 'retired') order by generation for update",
        )
        .bind(view)
        .fetch_all(&mut *tx)
        .await?;
        let find = |wanted: &str| generations.iter().rev().find(|(.., state)| state == wanted);
        let (Some((serving, ..)), Some((retired, old, _))) = (find("serving"), find("retired")) else {
            return Err(failed(view, "there is no generation to go back to"));
        };
        if old.cast_unsigned() != version {
            return Err(failed(view, "the generation to go back to is of another version of the view"));
        }
        set_state(&mut tx, view, *serving, "retired").await?;
        set_state(&mut tx, view, *retired, "serving").await?;
        tx.commit().await?;
        Ok(retired.cast_unsigned())
    }
}

pub(super) async fn rebuild(
    log: &Log,
    shown: &Shown,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Rebuilt, Error> {
    let view = shown.view.name();
    generation::create(log, shown.view.as_ref()).await?;
    let leased = || Error::Leased(view.to_owned());
    let building = generation::building(log, view).await?.ok_or_else(leased)?;
    let lease =
        Lease::take(log, view, building.number, State::Building, Uuid::now_v7()).await?.ok_or_else(leased)?;
    let mut filler = Filler::new(log.clone(), Arc::clone(&shown.view), lease.clone());
    let start = filler.position;
    for _ in 0..SWITCHES_MAX {
        catch_up(log, &mut filler, &mut progress).await?;
        let position = filler.position;
        match switch(log, &mut filler).await {
            Ok(switched) => {
                let rebuilt = Rebuilt { events: filler.position - start, ..switched };
                report(view, &rebuilt);
                return Ok(rebuilt);
            }
            // An event that does not go: it is parked on the way, then the switch is tried again.
            Err(Error::View { .. }) => filler.position = position,
            Err(error) => {
                let _ = lease.release(log).await;
                return Err(error);
            }
        }
    }
    Err(failed(view, "every switch met an event that cannot be shown"))
}

fn report(view: &str, rebuilt: &Rebuilt) {
    if rebuilt.is_equal() == Some(false) {
        tracing::error!(
            view.name = view,
            position = rebuilt.position,
            live = rebuilt.digest_live,
            rebuilt = rebuilt.digest_rebuilt,
            "a view was not what its events say; the rebuilt one answers now"
        );
    } else {
        tracing::info!(view.name = view, generation = rebuilt.generation, "a rebuilt view answers now");
    }
}

/// Where the green generation has to be before the switch: never beyond the blue one, to compare them; at the head,
/// if they cannot be compared.
async fn target(log: &Log, lease: &Lease) -> Result<u64, Error> {
    let serving = generation::serving(log, lease.view).await?;
    match serving {
        Some(serving) if serving.version == lease.generation.version => Ok(serving.position),
        _ => Ok(log.head().await?.position),
    }
}

async fn catch_up(
    log: &Log,
    filler: &mut Filler,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<(), Error> {
    loop {
        let target = target(log, &filler.lease).await?;
        progress(Progress { position: filler.position, target });
        if filler.position >= target {
            return Ok(());
        }
        while filler.position < target {
            let page = next_page(log, filler.position, target).await?;
            if filler.show(&page).await? == Went::Fenced {
                return Err(Error::Leased(filler.lease.view.to_owned()));
            }
            fault::point("rebuild.page");
            progress(Progress { position: filler.position, target });
        }
    }
}

async fn next_page(log: &Log, position: u64, target: u64) -> Result<Vec<decider::Recorded>, Error> {
    let page = log.inner.after(position, target.min(position + PAGE_MAX as u64)).await?;
    match page.first() {
        Some(first) if first.position == position + 1 => Ok(page),
        first => {
            let found = first.map_or(target, |first| first.position);
            Err(Error::Gap { expected: position + 1, found })
        }
    }
}

/// In one transaction: keep both from moving, bring green to blue's position, compare, switch.
async fn switch(log: &Log, filler: &mut Filler) -> Result<Rebuilt, Error> {
    let lease = filler.lease.clone();
    let mut tx = log.inner.pool.begin().await?;
    sqlx::query(
        "select set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true),
        set_config('idle_in_transaction_session_timeout', '0', true)",
    )
    .execute(&mut *tx)
    .await?;
    let blue = lock(&mut tx, lease.view, &lease.generation).await?;
    let comparable = blue.as_ref().filter(|blue| blue.version == lease.generation.version);
    let target = match comparable {
        Some(blue) => blue.position,
        None => log.head().await?.position,
    };
    while filler.position < target {
        let page = next_page(log, filler.position, target).await?;
        if filler.show_in(&page, &mut tx).await? == Went::Fenced {
            return Err(Error::Leased(lease.view.to_owned()));
        }
    }
    generation::enter(&mut tx, &log.inner.options.schema).await?;
    if !lease.is_held(&mut tx).await? {
        return Err(Error::Leased(lease.view.to_owned()));
    }
    let digest_live = match comparable {
        Some(blue) => Some(digest(&mut tx, &blue.schema).await?),
        None => None,
    };
    let digest_rebuilt = digest(&mut tx, &lease.generation.schema).await?;
    for retired in retired(&mut tx, lease.view).await? {
        generation::discard(&mut tx, lease.view, &retired).await?;
    }
    if let Some(blue) = &blue {
        set_state(&mut tx, lease.view, blue.number, "retired").await?;
    }
    set_state(&mut tx, lease.view, lease.generation.number, "serving").await?;
    fault::point("rebuild.before_switch");
    tx.commit().await?;
    let generation = lease.generation.number.cast_unsigned();
    Ok(Rebuilt { generation, position: target, digest_live, digest_rebuilt, events: 0 })
}

/// Locks the answering generation and the one being built. The answering one is returned.
async fn lock(
    tx: &mut PgConnection,
    view: &str,
    green: &Generation,
) -> Result<Option<Generation>, sqlx::Error> {
    let rows: Vec<(i32, i32, i64, String)> = sqlx::query_as(
        "select generation, version, position, schema_name from view_generations
            where view = $1 and (state = 'serving' or generation = $2) order by generation for update",
    )
    .bind(view)
    .bind(green.number)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(Generation::read).find(|generation| generation.number != green.number))
}

async fn retired(tx: &mut PgConnection, view: &str) -> Result<Vec<Generation>, sqlx::Error> {
    let rows: Vec<(i32, i32, i64, String)> = sqlx::query_as(
        "select generation, version, position, schema_name from view_generations
            where view = $1 and state = 'retired' for update",
    )
    .bind(view)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(Generation::read).collect())
}

async fn digest(tx: &mut PgConnection, schema: &str) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("select digest_of_schema($1)").bind(schema).fetch_one(tx).await
}

/// Gives a generation another part. Whoever held its lease is fenced.
async fn set_state(
    tx: &mut PgConnection,
    view: &str,
    generation: i32,
    state: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update view_generations set state = $3, epoch = epoch + 1, owner = null, leased_until = '-infinity'
            where view = $1 and generation = $2",
    )
    .bind(view)
    .bind(generation)
    .bind(state)
    .execute(tx)
    .await
    .map(drop)
}

fn failed(view: &str, reason: &str) -> Error {
    Error::View { view: view.to_owned(), reason: reason.to_owned() }
}
