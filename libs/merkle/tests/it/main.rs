//! What the audit trail promises, checked against other implementations, published vectors and hostile bytes.

#![allow(clippy::unwrap_used, reason = "clippy sees no test in helpers of an integration test")]

mod naive;
mod proof;
mod root;
mod size;
mod tile;
mod tile_path;
mod vectors;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use merkle::{
    Frontier, Hash, Hasher, Sha256, Tile,
    tile::{Missing, TileReader, extend},
    tree::Plan,
};

fn entry(index: u64) -> Vec<u8> {
    format!("entry {index} {}", "x".repeat((index % 7) as usize)).into_bytes()
}

fn entries(range: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    range.map(entry).collect()
}

fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|index| Sha256::leaf(&entry(index))).collect()
}

fn hashes(text: &str) -> Hash {
    Sha256::digest(&[text.as_bytes()])
}

/// Tiles in memory; remembers which were read.
#[derive(Default)]
struct Store {
    tiles: BTreeMap<Tile, Vec<u8>>,
    size: u64,
    read: RefCell<BTreeSet<Tile>>,
}

impl Store {
    fn of(size: u64) -> Self {
        let mut store = Self::default();
        store.grow_to(size);
        store
    }

    /// As a sealing task does it: the new files, then the new size.
    fn grow_to(&mut self, size: u64) {
        let extension = extend::<Sha256, _>(self.size, &entries(self.size..size), self).unwrap();
        self.tiles.extend(extension.tiles);
        self.size = extension.size;
    }

    fn answer(&self, plan: Plan) -> Vec<Hash> {
        plan.hashes::<Sha256, _>(self).unwrap()
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        self.answer(Plan::inclusion(index, size, self.size).unwrap())
    }

    fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        self.answer(Plan::consistency(old, new, self.size).unwrap())
    }

    fn root(&self, size: u64) -> Hash {
        let root = self.answer(Plan::root(size, self.size).unwrap());
        root.first().copied().unwrap_or_else(Sha256::empty)
    }
}

impl TileReader for Store {
    type Error = Missing;

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, Missing> {
        self.read.borrow_mut().insert(tile);
        self.tiles.tile(tile)
    }
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.push(*leaf).unwrap();
    }
    frontier
}
