//! Receipts: one event's place in the log, in one file.

use std::{io, str::FromStr};

use merkle::{
    Checkpoint, Note, Receipt, Sha256, Statement, Tile,
    tile::{Entries, ReadError, TileReader},
    tree::{Plan, PlanError},
};
use uuid::Uuid;

use crate::Tiles;

#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("read the tiles")]
    Store(#[from] io::Error),
    #[error("read the tiles")]
    Tile(#[from] ReadError<io::Error>),
    #[error("no checkpoint is published")]
    NoCheckpoint,
    #[error("the published checkpoint cannot be read: {0}")]
    BadCheckpoint(String),
    #[error("the log does not have it under its checkpoint yet")]
    NotSealed(#[from] PlanError),
    #[error("the file of leaves {tile} does not have the leaf")]
    NoLeaf { tile: Tile },
}

/// The receipt of the event at a position, under the newest published checkpoint that has witnesses, or else under
/// the newest. It carries the leaf itself.
pub fn prove(tiles: &Tiles, position: u64) -> Result<Receipt, ProofError> {
    let witnessed = tiles.final_checkpoint()?.map(text).transpose()?;
    let (checkpoint, size) = match witnessed {
        Some((note, size)) if position <= size => (note, size),
        _ => text(tiles.checkpoint()?.ok_or(ProofError::NoCheckpoint)?)?,
    };
    let index = position.checked_sub(1).ok_or(PlanError::NoSuchLeaf { index: 0, size: 0 })?;
    let path = Plan::inclusion(index, size, size)?.hashes::<Sha256, _>(tiles)?;
    Ok(Receipt { extra: Some(entry(tiles, index, size)?), index, path, checkpoint })
}

/// The position at which an event is sealed, looked for from the newest leaf to the oldest.
pub fn sealed_at(tiles: &Tiles, event: Uuid) -> Result<Option<u64>, ProofError> {
    let note = tiles.checkpoint()?.ok_or(ProofError::NoCheckpoint)?;
    let size = size(&String::from_utf8_lossy(&note))?;
    for bundle in (0..size.div_ceil(u64::from(Tile::FULL))).rev() {
        let first = bundle << Tile::HEIGHT;
        let Some(tile) = Tile::of_entry(first, size) else { continue };
        let bytes = tiles.tile(tile)?;
        let entries = Entries::of(&bytes).map_while(Result::ok);
        let is_it = |entry: &[u8]| Statement::parse(entry).is_ok_and(|leaf| leaf.event_id == event);
        let place = entries.take(tile.width().into()).position(is_it);
        if let Some(place) = place {
            return Ok(Some(first + place as u64 + 1));
        }
    }
    Ok(None)
}

fn text(note: Vec<u8>) -> Result<(String, u64), ProofError> {
    let note = String::from_utf8(note).map_err(|error| ProofError::BadCheckpoint(error.to_string()))?;
    let size = size(&note)?;
    Ok((note, size))
}

fn size(note: &str) -> Result<u64, ProofError> {
    let bad = |error: &dyn std::error::Error| ProofError::BadCheckpoint(error.to_string());
    let note = Note::parse(note.as_bytes()).map_err(|error| bad(&error))?;
    Ok(Checkpoint::from_str(note.text()).map_err(|error| bad(&error))?.size())
}

fn entry(tiles: &Tiles, index: u64, size: u64) -> Result<Vec<u8>, ProofError> {
    let tile = Tile::of_entry(index, size).ok_or(PlanError::NoSuchLeaf { index, size })?;
    let bytes = tiles.tile(tile)?;
    let place = (index % u64::from(Tile::FULL)) as usize;
    let entry = Entries::of(&bytes).map_while(Result::ok).nth(place);
    entry.map(<[u8]>::to_vec).ok_or(ProofError::NoLeaf { tile })
}
