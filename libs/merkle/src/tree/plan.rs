//! What a question about a stored tree needs to read, and the answer once it is read.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::{Node, span, span::Span};
use crate::{
    Hash, Hasher, Tile,
    tile::{ReadError, TileReader, locate, read},
};

/// The hashes a question asks for, each over one run of leaves, in a tree of `stored` leaves.
///
/// Whoever reads tiles asynchronously fetches [`tiles`](Self::tiles) first and hands in a map of them.
#[derive(Clone, Debug)]
pub struct Plan {
    spans: Vec<Span>,
    stored: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    #[error("a tree of {size} leaves was asked for, {stored} are stored")]
    NotStored { size: u64, stored: u64 },
    #[error("leaf {index} was asked for in a tree of {size}")]
    NoSuchLeaf { index: u64, size: u64 },
    #[error("a proof from {old} leaves to fewer, {new}, was asked for")]
    Backwards { old: u64, new: u64 },
}

impl Plan {
    /// The inclusion path of leaf `index` in the tree of the first `size` leaves, from the leaf upwards.
    pub fn inclusion(index: u64, size: u64, stored: u64) -> Result<Self, PlanError> {
        is_stored(size, stored)?;
        if index >= size {
            return Err(PlanError::NoSuchLeaf { index, size });
        }
        Ok(Self { spans: span::inclusion(index, size), stored })
    }

    /// The proof that the first `new` leaves begin with the first `old`; empty where `old` is 0 or `new`.
    pub fn consistency(old: u64, new: u64, stored: u64) -> Result<Self, PlanError> {
        is_stored(new, stored)?;
        if old > new {
            return Err(PlanError::Backwards { old, new });
        }
        let spans = if old == 0 { Vec::new() } else { span::consistency(old, new) };
        Ok(Self { spans, stored })
    }

    /// The root of the first `size` leaves, as the one hash; none for the empty tree.
    pub fn root(size: u64, stored: u64) -> Result<Self, PlanError> {
        is_stored(size, stored)?;
        let spans = if size == 0 { Vec::new() } else { vec![Span::whole(size)] };
        Ok(Self { spans, stored })
    }

    /// What [`Frontier::resume`](super::Frontier::resume) needs to go on after all that is stored.
    pub fn peaks(stored: u64) -> Self {
        Self { spans: peaks(stored), stored }
    }

    /// What it needs to go on after the first `size` leaves.
    pub fn peaks_of(size: u64, stored: u64) -> Result<Self, PlanError> {
        is_stored(size, stored)?;
        Ok(Self { spans: peaks(size), stored })
    }

    /// The tiles that will be read, each once.
    pub fn tiles(&self) -> BTreeSet<Tile> {
        let nodes = self.spans.iter().flat_map(|span| span.nodes());
        nodes.map(|node| locate(node, self.stored).0).collect()
    }

    /// Reads the tiles and answers the hashes.
    pub fn hashes<H: Hasher, R: TileReader>(&self, reader: &R) -> Result<Vec<Hash>, ReadError<R::Error>> {
        let mut tiles = BTreeMap::new();
        for tile in self.tiles() {
            tiles.insert(tile, read(reader, tile)?);
        }
        Ok(self.spans.iter().map(|span| hash::<H>(*span, self.stored, &tiles)).collect())
    }
}

/// The perfect subtrees that the first `size` leaves consist of.
fn peaks(size: u64) -> Vec<Span> {
    let perfect = |node: Node| {
        let start = node.index << node.level;
        Span { start, end: start + (1 << node.level) }
    };
    Span::whole(size).nodes().into_iter().map(perfect).collect()
}

fn is_stored(size: u64, stored: u64) -> Result<(), PlanError> {
    if size > stored { Err(PlanError::NotStored { size, stored }) } else { Ok(()) }
}

fn hash<H: Hasher>(span: Span, stored: u64, tiles: &BTreeMap<Tile, Vec<Hash>>) -> Hash {
    let perfect = span.nodes().into_iter().map(|node| {
        let (tile, place) = locate(node, stored);
        perfect_root::<H>(&tiles[&tile][place])
    });
    perfect.rev().reduce(|right, left| H::node(&left, &right)).unwrap_or_else(H::empty)
}

/// The root over the hashes of a perfect subtree's lowest stored level.
pub(crate) fn perfect_root<H: Hasher>(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => H::empty(),
        [hash] => *hash,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            H::node(&perfect_root::<H>(left), &perfect_root::<H>(right))
        }
    }
}
