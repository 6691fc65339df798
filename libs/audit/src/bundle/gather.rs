//! A log's part of a case, out of its database and its tiles.

use std::io;

use decider::Meta;
use merkle::{
    Checkpoint, Note, Sha256, Statement, Tile, VerifierKey,
    tile::{Entries, ReadError, TileReader},
    tree::{Plan, PlanError},
};
use sqlx::PgConnection;

use super::{Event, Log, Witnesses};
use crate::{Stored, Tiles, event, leaf};

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
    #[error("the leaf of position {position} cannot be read")]
    BadLeaf { position: u64 },
    #[error(
        "the event at position {position} is not as it was sealed; `fenghuo audit verify` says what was changed"
    )]
    NotAsSealed { position: u64 },
    #[error("the event at position {position} is not under a checkpoint yet")]
    NotSealed { position: u64 },
    #[error("the log has {size} leaves; at most {LEAVES_MAX} are put into a bundle")]
    TooManyLeaves { size: u64 },
}

/// The log's part; none where it has nothing to say of the case.
pub async fn gather(case: &str, source: Source, db: &mut PgConnection) -> Result<Option<Log>, GatherError> {
    let Some(note) = source.tiles.checkpoint()? else {
        all_sealed(case, 0, db).await?;
        return Ok(None);
    };
    let (checkpoint, size) = read_head(note)?;
    all_sealed(case, size, db).await?;
    if source.complete && size > LEAVES_MAX {
        return Err(GatherError::TooManyLeaves { size });
    }
    let (mut events, mut leaves) = (Vec::new(), Vec::new());
    for first in (0..size).step_by(Tile::FULL.into()) {
        let entries = entries(&source.tiles, first, size)?;
        events.extend(of_case(case, first, &entries, size, &source.tiles, db).await?);
        if source.complete {
            leaves.extend(entries);
        }
    }
    if events.is_empty() && !source.complete {
        return Ok(None);
    }
    let Source { name, keys, witnesses, tokens, complete, .. } = source;
    Ok(Some(Log { name, checkpoint, keys, witnesses, events, leaves: complete.then_some(leaves), tokens }))
}

fn read_head(note: Vec<u8>) -> Result<(String, u64), GatherError> {
    let bad = |error: &dyn ToString| GatherError::BadCheckpoint(error.to_string());
    let parsed = Note::parse(&note).map_err(|error| bad(&error))?;
    let head: Checkpoint = parsed.text().parse().map_err(|error| bad(&error))?;
    Ok((String::from_utf8(note).map_err(|error| bad(&error))?, head.size()))
}

/// The leaves from index `first` on that one file has.
fn entries(tiles: &Tiles, first: u64, size: u64) -> Result<Vec<Vec<u8>>, GatherError> {
    let Some(tile) = Tile::of_entry(first, size) else { return Ok(Vec::new()) };
    let bytes = tiles.tile(tile)?;
    let entries = Entries::of(&bytes).map_while(Result::ok).take(tile.width().into());
    let entries: Vec<_> = entries.map(<[u8]>::to_vec).collect();
    let position = first + entries.len() as u64 + 1;
    if entries.len() < usize::from(tile.width()) {
        Err(GatherError::BadLeaf { position })
    } else {
        Ok(entries)
    }
}

/// The events of the case among leaves that begin at index `first`.
async fn of_case(
    case: &str,
    first: u64,
    entries: &[Vec<u8>],
    size: u64,
    tiles: &Tiles,
    db: &mut PgConnection,
) -> Result<Vec<Event>, GatherError> {
    let mut wanted = Vec::new();
    for (position, entry) in (first + 1..).zip(entries) {
        let sealed = Statement::parse(entry).map_err(|_| GatherError::BadLeaf { position })?;
        if sealed.case.as_deref() == Some(case) {
            wanted.push((position, sealed, entry));
        }
    }
    let (Some((low, ..)), Some((high, ..))) = (wanted.first(), wanted.last()) else { return Ok(Vec::new()) };
    let mut stored = event::read(db, low - 1, *high).await?.into_iter();
    let mut events = Vec::new();
    for (position, sealed, entry) in wanted {
        let found = stored.find(|event| event.position.cast_unsigned() == position);
        let found = found.filter(|event| is_sealed(&sealed, event));
        let Stored { data, meta, .. } = found.ok_or(GatherError::NotAsSealed { position })?;
        let path = Plan::inclusion(position - 1, size, size)?.hashes::<Sha256, _>(tiles)?;
        events.push(Event { position, data, meta, leaf: entry.clone(), path });
    }
    Ok(events)
}

fn is_sealed(sealed: &Statement, stored: &Stored) -> bool {
    leaf::statement(&sealed.origin, stored, sealed.salt).is_ok_and(|now| now == *sealed)
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
