//! A log's part of a case, out of its database and its tiles.

use std::io;

use decider::Meta;
use merkle::{
    Checkpoint, Note, Sha256, Statement, Tile, VerifierKey,
    tile::ReadError,
    tree::{Plan, PlanError},
};
use sqlx::PgConnection;

use super::{Event, Log, Witnesses};
use crate::{
    Stored, Tiles, event,
    sealed::{self, Paired, SealedError},
};

/// Leaves of one log that a bundle carries at most; a longer log's are left out by whoever makes it.
const LEAVES_MAX: u64 = 100_000;
/// Events that are looked through for those that no checkpoint covers yet.
const UNSEALED_MAX: u64 = 10_000;

/// A sealed log.
pub struct Source {
    /// The service's name.
    pub name: String,
    pub tiles: Tiles,
    pub keys: Vec<VerifierKey>,
    pub witnesses: Option<Witnesses>,
    /// Time tokens over its checkpoint, by name.
    pub tokens: Vec<(String, Vec<u8>)>,
    /// All leaves are to come along.
    pub complete: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    #[error("read the database")]
    Database(#[from] sqlx::Error),
    #[error("read the tiles")]
    Store(#[from] io::Error),
    #[error("read the tiles")]
    Tile(#[from] ReadError<io::Error>),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("the published checkpoint cannot be read: {0}")]
    BadCheckpoint(String),
    #[error(transparent)]
    Sealed(#[from] SealedError),
    #[error("no checkpoint has the cosignatures of enough witnesses yet")]
    NotFinal,
    #[error("the event at position {position} is not under a checkpoint yet")]
    NotSealed { position: u64 },
    #[error(
        "the log has {size} leaves; at most {LEAVES_MAX} are put into a bundle: --case-only leaves out those of other cases"
    )]
    TooManyLeaves { size: u64 },
}

/// The log's part; none where it has nothing to say of the case.
pub async fn gather(case: &str, source: Source, db: &mut PgConnection) -> Result<Option<Log>, GatherError> {
    let Some((checkpoint, size)) = head(case, &source, db).await? else {
        all_sealed(case, 0, db).await?;
        return Ok(None);
    };
    if source.complete && size > LEAVES_MAX {
        return Err(GatherError::TooManyLeaves { size });
    }
    let (mut events, mut leaves) = (Vec::new(), Vec::new());
    for first in (0..size).step_by(Tile::FULL.into()) {
        let entries = sealed::entries(&source.tiles, first, size)?;
        if source.complete {
            leaves.extend(entries.iter().cloned());
        }
        events.extend(of_case(case, first, entries, size, &source.tiles, db).await?);
    }
    if events.is_empty() && !source.complete {
        return Ok(None);
    }
    let Source { name, keys, witnesses, tokens, complete, .. } = source;
    Ok(Some(Log { name, checkpoint, keys, witnesses, events, leaves: complete.then_some(leaves), tokens }))
}

/// The checkpoint that has its cosignatures, if they are wanted, or if it covers the case; else the newest.
async fn head(
    case: &str,
    source: &Source,
    db: &mut PgConnection,
) -> Result<Option<(String, u64)>, GatherError> {
    // Read before the newest, which is never smaller.
    let witnessed = source.tiles.final_checkpoint()?.map(read_head).transpose()?;
    let is_wanted = source.witnesses.as_ref().is_some_and(|witnesses| witnesses.quorum > 0);
    let newest = source.tiles.checkpoint()?.map(read_head).transpose()?;
    if let Some((_, size)) = &witnessed {
        match all_sealed(case, *size, db).await {
            Err(GatherError::NotSealed { .. }) if !is_wanted => {}
            sealed => return sealed.map(|()| witnessed),
        }
    } else if is_wanted && newest.is_some() {
        return Err(GatherError::NotFinal);
    }
    if let Some((_, size)) = &newest {
        all_sealed(case, *size, db).await?;
    }
    Ok(newest)
}

fn read_head(note: Vec<u8>) -> Result<(String, u64), GatherError> {
    let bad = |error: &dyn ToString| GatherError::BadCheckpoint(error.to_string());
    let parsed = Note::parse(&note).map_err(|error| bad(&error))?;
    let head: Checkpoint = parsed.text().parse().map_err(|error| bad(&error))?;
    Ok((String::from_utf8(note).map_err(|error| bad(&error))?, head.size()))
}

/// The events of the case among leaves that begin at index `first`.
async fn of_case(
    case: &str,
    first: u64,
    entries: Vec<Vec<u8>>,
    size: u64,
    tiles: &Tiles,
    db: &mut PgConnection,
) -> Result<Vec<Event>, GatherError> {
    let is_of_case = |leaf: &Statement| leaf.case.as_deref() == Some(case);
    let mut events = Vec::new();
    for Paired { position, stored, leaf } in sealed::pair(first, entries, is_of_case, usize::MAX, db).await? {
        let path = Plan::inclusion(position - 1, size, size)?.hashes::<Sha256, _>(tiles)?;
        let Stored { data, meta, .. } = stored;
        events.push(Event { position, data, meta, leaf, path });
    }
    Ok(events)
}

/// Nothing of the case waits for its checkpoint: a bundle that lacked the newest events would mislead.
async fn all_sealed(case: &str, size: u64, db: &mut PgConnection) -> Result<(), GatherError> {
    for stored in event::read(db, size, size + UNSEALED_MAX).await? {
        let meta: Option<Meta> = serde_json::from_slice(&stored.meta).ok();
        if meta.and_then(|meta| meta.case_id).is_some_and(|found| found.as_str() == case) {
            return Err(GatherError::NotSealed { position: stored.position.cast_unsigned() });
        }
    }
    Ok(())
}
