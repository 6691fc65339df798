//! The tiles that change when entries are added: what a sealing task writes before it signs.
//!
//! That is long work beside others that are waited for: after each tile it lets them have the processor.

use std::thread::yield_now;

use thiserror::Error;

use super::{BundleError, Entries, ReadError, Row, Tile, TileReader, read};
use crate::{Hash, Hasher, tree};

#[derive(Debug, PartialEq, Eq, Error)]
pub enum ExtendError<E: std::error::Error + 'static> {
    #[error(transparent)]
    Read(#[from] ReadError<E>),
    #[error("the stored {tile} has {found} entries and should have {}", .tile.width())]
    WrongCount { tile: Tile, found: usize },
    #[error("entry {number} of the new ones, or the stored {tile}, cannot be read")]
    Bundle { tile: Tile, number: usize, source: BundleError },
    #[error("{old} leaves and {more} more are more than a tree holds")]
    Full { old: u64, more: usize },
}

/// A tree after entries were added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    pub size: u64,
    /// Every file to be written, entries first, and the order to write them in: what is found on disk after a
    /// crash never refers to what is not.
    pub tiles: Vec<(Tile, Vec<u8>)>,
    /// The hashes of the new leaves, for [`Frontier::push`](crate::Frontier::push).
    pub leaves: Vec<Hash>,
}

type Files = Vec<(Tile, Vec<u8>)>;

/// Adds entries to a stored tree of `old` leaves. Of what is stored, at most one partial tile a row is read.
pub fn extend<H: Hasher, R: TileReader>(
    old: u64,
    entries: &[impl AsRef<[u8]>],
    reader: &R,
) -> Result<Extension, ExtendError<R::Error>> {
    let size = grown(old, entries.len())?;
    let mut leaves = Vec::with_capacity(entries.len());
    for entries in entries.chunks(Tile::FULL.into()) {
        leaves.extend(entries.iter().map(|entry| H::leaf(entry.as_ref())));
        yield_now();
    }
    let mut tiles = bundles(old, entries, reader)?;
    rows::<H, R>(old, &leaves, reader, &mut tiles)?;
    Ok(Extension { size, tiles, leaves })
}

/// Adds leaves to a stored tree whose entries lie elsewhere: its tiles hold hashes only.
pub fn extend_hashes<H: Hasher, R: TileReader>(
    old: u64,
    leaves: Vec<Hash>,
    reader: &R,
) -> Result<Extension, ExtendError<R::Error>> {
    let size = grown(old, leaves.len())?;
    let mut tiles = Files::new();
    rows::<H, R>(old, &leaves, reader, &mut tiles)?;
    Ok(Extension { size, tiles, leaves })
}

fn grown<E: std::error::Error>(old: u64, more: usize) -> Result<u64, ExtendError<E>> {
    let full = ExtendError::Full { old, more };
    u64::try_from(more).ok().and_then(|more| old.checked_add(more)).ok_or(full)
}

/// All rows of hashes, from the leaves upwards.
fn rows<H: Hasher, R: TileReader>(
    old: u64,
    leaves: &[Hash],
    reader: &R,
    files: &mut Files,
) -> Result<(), ReadError<R::Error>> {
    let mut hashes = grow::<H, R>(Row::Hashes(0), old, leaves, reader, files)?;
    for level in 1..=Row::TOP {
        hashes = grow::<H, R>(Row::Hashes(level), old, &hashes, reader, files)?;
    }
    Ok(())
}

/// Puts hashes at the end of a row; the roots of the tiles that became full go to the row above.
fn grow<H: Hasher, R: TileReader>(
    row: Row,
    old: u64,
    hashes: &[Hash],
    reader: &R,
    files: &mut Files,
) -> Result<Vec<Hash>, ReadError<R::Error>> {
    let mut roots = Vec::new();
    if hashes.is_empty() {
        return Ok(roots);
    }
    let stored = unfinished(row, old).map(|tile| read(reader, tile)).transpose()?.unwrap_or_default();
    let all = [stored.as_slice(), hashes].concat();
    for (index, hashes) in (row.length(old) >> Tile::HEIGHT..).zip(all.chunks(Tile::FULL.into())) {
        let tile = Tile::new(row, index, hashes.len() as u16).expect("the size of the tree was checked");
        if tile.is_full() {
            roots.push(tree::perfect_root::<H>(hashes));
        }
        files.push((tile, hashes.iter().flat_map(|hash| hash.0).collect()));
        yield_now();
    }
    Ok(roots)
}

/// The partial tile at the end of a row, where there is one.
fn unfinished(row: Row, size: u64) -> Option<Tile> {
    let length = row.length(size);
    (!length.is_multiple_of(Tile::FULL.into())).then(|| Tile::holding(row, length, size))
}

fn bundles<R: TileReader>(
    old: u64,
    entries: &[impl AsRef<[u8]>],
    reader: &R,
) -> Result<Files, ExtendError<R::Error>> {
    let mut files = Files::new();
    let mut bundle = unfinished(Row::Entries, old).map(|tile| stored(tile, reader)).transpose()?;
    for (number, entry) in entries.iter().enumerate() {
        let tile = Tile::holding(Row::Entries, old + number as u64, old + number as u64 + 1);
        let entry = entry.as_ref();
        // Entries are about of one length.
        let whole = || Vec::with_capacity(usize::from(Tile::FULL) * (2 + entry.len()));
        let bytes = bundle.get_or_insert_with(whole);
        Entries::put(bytes, entry).map_err(|source| ExtendError::Bundle { tile, number, source })?;
        if tile.is_full() || number + 1 == entries.len() {
            files.push((tile, bundle.take().unwrap_or_default()));
            yield_now();
        }
    }
    Ok(files)
}

/// The stored partial bundle, cut to the entries that the tree has.
fn stored<R: TileReader>(tile: Tile, reader: &R) -> Result<Vec<u8>, ExtendError<R::Error>> {
    let mut bytes = reader.tile(tile).map_err(|source| ReadError::Unreadable { tile, source })?;
    let mut length = 0;
    let mut found = 0;
    for entry in Entries::of(&bytes).take(tile.width().into()) {
        length += 2 + entry.map_err(|source| ExtendError::Bundle { tile, number: found, source })?.len();
        found += 1;
    }
    if found != usize::from(tile.width()) {
        return Err(ExtendError::WrongCount { tile, found });
    }
    bytes.truncate(length);
    Ok(bytes)
}
