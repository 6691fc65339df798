//! Events as the database has them, each compared with the leaf it was sealed as.

use std::io;

use merkle::{
    Frontier, Hash, Hasher, Sha256, Statement, Tile,
    tile::{Entries, TileReader},
};
use sqlx::PgConnection;

use crate::{Stored, Tiles, event, leaf};

/// Why what is sealed cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    #[error("read the database")]
    Database(#[from] sqlx::Error),
    #[error("read the tiles")]
    Store(#[from] io::Error),
    #[error("the leaf of position {position} cannot be read")]
    BadLeaf { position: u64 },
    #[error(
        "the event at position {position} is not as it was sealed; `fenghuo audit verify` says what was changed"
    )]
    NotAsSealed { position: u64 },
}

/// An event, and the leaf it was sealed as.
pub(crate) struct Paired {
    pub(crate) position: u64,
    pub(crate) stored: Stored,
    pub(crate) leaf: Vec<u8>,
}

/// The root that the first `size` leaves give.
pub fn root(tiles: &Tiles, size: u64) -> Result<Hash, SealedError> {
    let mut tree = Frontier::<Sha256>::new();
    for first in (0..size).step_by(Tile::FULL.into()) {
        for entry in entries(tiles, first, size)? {
            tree.push(Sha256::leaf(&entry)).expect("a tree of a signed size is not full");
        }
    }
    Ok(tree.root())
}

/// Events after a position, as they were sealed: those of a case, or all. At most `limit` of them, and all out of one
/// file of leaves; with them the position up to which was looked, which is `size` at the end.
pub async fn page(
    tiles: &Tiles,
    db: &mut PgConnection,
    case: Option<&str>,
    after: u64,
    size: u64,
    limit: usize,
) -> Result<(Vec<Stored>, u64), SealedError> {
    let first = after / u64::from(Tile::FULL) * u64::from(Tile::FULL);
    let mut entries = entries(tiles, first, size)?;
    let leaves = entries.split_off((after - first).min(entries.len() as u64) as usize);
    let end = after + leaves.len() as u64;
    let is_wanted = |leaf: &Statement| case.is_none_or(|case| leaf.case.as_deref() == Some(case));
    let found = pair(after, leaves, is_wanted, limit, db).await?;
    let seen = found.get(limit - 1).map_or(end, |last| last.position);
    Ok((found.into_iter().map(|paired| paired.stored).collect(), seen))
}

/// The wanted ones among leaves that begin at index `first`, at most `limit`, with their events.
pub(crate) async fn pair(
    first: u64,
    leaves: Vec<Vec<u8>>,
    is_wanted: impl Fn(&Statement) -> bool,
    limit: usize,
    db: &mut PgConnection,
) -> Result<Vec<Paired>, SealedError> {
    let mut wanted = Vec::new();
    for (position, leaf) in (first + 1..).zip(leaves) {
        let sealed = Statement::parse(&leaf).map_err(|_| SealedError::BadLeaf { position })?;
        if wanted.len() < limit && is_wanted(&sealed) {
            wanted.push((position, sealed, leaf));
        }
    }
    let (Some((low, ..)), Some((high, ..))) = (wanted.first(), wanted.last()) else { return Ok(Vec::new()) };
    let mut stored = event::read(db, low - 1, *high).await?.into_iter();
    let paired = wanted.into_iter().map(|(position, sealed, leaf)| {
        let found = stored.find(|event| event.position.cast_unsigned() == position);
        let found = found.filter(|event| is_sealed(&sealed, event));
        let stored = found.ok_or(SealedError::NotAsSealed { position })?;
        Ok(Paired { position, stored, leaf })
    });
    paired.collect()
}

/// The leaves from index `first` on that one file has.
pub(crate) fn entries(tiles: &Tiles, first: u64, size: u64) -> Result<Vec<Vec<u8>>, SealedError> {
    let Some(tile) = Tile::of_entry(first, size) else { return Ok(Vec::new()) };
    let bytes = tiles.tile(tile)?;
    let entries = Entries::of(&bytes).map_while(Result::ok).take(tile.width().into());
    let entries: Vec<_> = entries.map(<[u8]>::to_vec).collect();
    let position = first + entries.len() as u64 + 1;
    if entries.len() < usize::from(tile.width()) {
        Err(SealedError::BadLeaf { position })
    } else {
        Ok(entries)
    }
}

fn is_sealed(sealed: &Statement, stored: &Stored) -> bool {
    leaf::statement(&sealed.origin, stored, sealed.salt).is_ok_and(|now| now == *sealed)
}
