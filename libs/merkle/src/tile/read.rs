//! Reading a tree's hashes out of its tiles.

use std::{collections::BTreeMap, ops::Range};

use thiserror::Error;

use super::{Row, Tile};
use crate::{Hash, tree::Node};

/// Where tiles come from: a folder, an object store, a map of what was fetched before.
pub trait TileReader {
    type Error: std::error::Error + 'static;

    /// The tile's bytes. A fuller version of the same tile will do, since tiles only grow: whoever keeps full
    /// tiles alone may answer with [`Tile::full`].
    fn tile(&self, tile: Tile) -> Result<Vec<u8>, Self::Error>;
}

#[derive(Debug, PartialEq, Eq, Error)]
pub enum ReadError<E: std::error::Error + 'static> {
    #[error("reading {tile}")]
    Unreadable { tile: Tile, source: E },
    #[error("{tile} has {found} bytes and should have {expected}")]
    Short { tile: Tile, expected: usize, found: usize },
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{tile} is not at hand")]
pub struct Missing {
    pub tile: Tile,
}

impl TileReader for BTreeMap<Tile, Vec<u8>> {
    type Error = Missing;

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, Missing> {
        let found = self.get(&tile).or_else(|| self.get(&tile.full()));
        found.cloned().ok_or(Missing { tile })
    }
}

/// The tile that has this node in a tree of this size, and which of its hashes the node is the root of.
pub(crate) fn locate(node: Node, size: u64) -> (Tile, Range<usize>) {
    let (row, rise) = (node.level / Tile::HEIGHT as u8, node.level % Tile::HEIGHT as u8);
    let number = node.index << rise;
    let place = (number % u64::from(Tile::FULL)) as usize;
    (Tile::holding(Row::Hashes(row), number, size), place..place + (1 << rise))
}

/// The hashes of a tile, as many as its width says.
pub(crate) fn read<R: TileReader>(reader: &R, tile: Tile) -> Result<Vec<Hash>, ReadError<R::Error>> {
    let bytes = reader.tile(tile).map_err(|source| ReadError::Unreadable { tile, source })?;
    let expected = usize::from(tile.width()) * Hash::LENGTH;
    let hashes = bytes.get(..expected).ok_or(ReadError::Short { tile, expected, found: bytes.len() })?;
    Ok(Hash::run(hashes))
}
