//! How large proofs are in logs of ten million leaves, and how little they read.

use std::{cell::Cell, convert::Infallible};

use merkle::{
    Frontier, Hash, Hasher, Sha256, Tile,
    proof::{verify_consistency, verify_inclusion},
    tile::{Row, TileReader},
    tree::Plan,
};

const SIZE: u64 = 10_000_000;

/// A log whose leaves are all the same, so that every perfect subtree of a level has one hash.
#[derive(Default)]
struct Uniform {
    reads: Cell<usize>,
}

fn leaf() -> Hash {
    Sha256::leaf(b"the same")
}

fn perfect(level: u32) -> Hash {
    (0..level).fold(leaf(), |hash, _| Sha256::node(&hash, &hash))
}

impl TileReader for Uniform {
    type Error = Infallible;

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, Infallible> {
        self.reads.set(self.reads.get() + 1);
        let Row::Hashes(row) = tile.row() else { unreachable!("a proof reads no entries") };
        Ok(perfect(8 * u32::from(row)).0.repeat(tile.width().into()))
    }
}

fn root(size: u64) -> Hash {
    Plan::root(size, SIZE).unwrap().hashes::<Sha256, _>(&Uniform::default()).unwrap()[0]
}

/// Leaves at the edges of the tree and of its tiles, and some in between.
fn indexes() -> impl Iterator<Item = u64> {
    let edges = [0, 1, 255, 256, 65_535, 65_536, 8_388_607, 8_388_608, SIZE - 2, SIZE - 1];
    edges.into_iter().chain((0..500).map(|step| step * 19_997))
}

#[test]
fn an_inclusion_path_has_at_most_768_bytes_and_reads_few_tiles() {
    let root = root(SIZE);
    let longest = indexes().map(|index| {
        let reader = Uniform::default();
        let path = Plan::inclusion(index, SIZE, SIZE).unwrap().hashes::<Sha256, _>(&reader).unwrap();
        verify_inclusion::<Sha256>(&leaf(), index, SIZE, &path, &root).unwrap();
        assert!(reader.reads.get() <= 6, "{index} read {} tiles", reader.reads.get());
        path.len() * Hash::LENGTH
    });
    assert_eq!(longest.max(), Some(768));
}

#[test]
fn a_consistency_proof_has_at_most_800_bytes() {
    let new = root(SIZE);
    let longest = indexes().map(|index| {
        let old = index + 1;
        let reader = Uniform::default();
        let proof = Plan::consistency(old, SIZE, SIZE).unwrap().hashes::<Sha256, _>(&reader).unwrap();
        verify_consistency::<Sha256>(old, SIZE, &proof, &root(old), &new).unwrap();
        proof.len() * Hash::LENGTH
    });
    assert!(longest.max() <= Some(800));
}

#[test]
fn the_synthetic_log_is_a_log() {
    let mut tree = Frontier::<Sha256>::new();
    (0..70_000).for_each(|_| _ = tree.push(leaf()).unwrap());
    assert_eq!(tree.root(), root(70_000));
}
