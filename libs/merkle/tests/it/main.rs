//! What the audit trail promises, checked against other implementations, published vectors and hostile bytes.

#![allow(clippy::unwrap_used, reason = "clippy sees no test in helpers of an integration test")]

mod cosignature;
mod hostile;
mod key;
mod naive;
mod note;
mod openssl;
mod policy;
mod proof;
mod receipt;
mod root;
mod size;
mod statement;
mod tile;
mod tile_path;
mod vectors;
mod witness;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use ed25519_dalek::SigningKey;
use merkle::{
    Checkpoint, Ed25519Signer, Frontier, Hash, Hasher, KeyType, Policy, Sha256, Signer, Tile, VerifierKey,
    tile::{Missing, TileReader, extend},
    tree::Plan,
};

const ORIGIN: &str = "log.example/hazard";

fn log_signer() -> Ed25519Signer {
    signer(ORIGIN, KeyType::Ed25519, 1)
}

fn witness_signer(number: u8) -> Ed25519Signer {
    signer(&format!("witness.example/{number}"), KeyType::Cosignature, 100 + number)
}

fn signer(name: &str, kind: KeyType, seed: u8) -> Ed25519Signer {
    Ed25519Signer::new(name, kind, SigningKey::from_bytes(&[seed; 32])).unwrap()
}

/// The log and three witnesses, of whom `quorum` must have cosigned.
fn policy(quorum: usize) -> Policy {
    let witnesses = (1..=3).map(|number| witness_signer(number).key().clone()).collect();
    Policy::new(vec![log_key()], witnesses, quorum).unwrap()
}

fn log_key() -> VerifierKey {
    log_signer().key().clone()
}

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

    fn checkpoint(&self, size: u64) -> Checkpoint {
        Checkpoint::new(ORIGIN, size, self.root(size)).unwrap()
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
