//! Bytes from outside may be anything; every parser answers, and what it read it writes the same.

use merkle::{
    Checkpoint, Hash, Hex, Note, Receipt, Sha256, Statement, Tile, VerifierKey,
    note::signature_lines,
    proof::{verify_consistency, verify_inclusion},
    tile::Entries,
    witness::AddCheckpoint,
};
use proptest::prelude::*;

use crate::{Store, hashes, log_key, log_signer, policy, statement::statement};

/// A valid text of each kind, to be damaged.
fn seeds() -> Vec<Vec<u8>> {
    let store = Store::of(9);
    let note = store.checkpoint(9).sign(&log_signer()).unwrap();
    let receipt =
        Receipt { extra: None, index: 3, path: store.inclusion(3, 9), checkpoint: note.to_string() };
    let request = AddCheckpoint::new(4, store.consistency(4, 9), note.clone()).unwrap();
    let texts = [note.to_string(), receipt.to_string(), request.to_string(), log_key().to_string()];
    texts
        .map(String::into_bytes)
        .into_iter()
        .chain([statement().canonical().unwrap(), store.tiles.into_iter().next_back().unwrap().1])
        .collect()
}

/// One of the seeds, with some bytes taken out and others put in.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let damage = (any::<prop::sample::Index>(), 0..40_usize, prop::collection::vec(any::<u8>(), 0..40));
    (prop::sample::select(seeds()), damage).prop_map(|(mut bytes, (at, taken, put))| {
        let at = at.index(bytes.len());
        let end = (at + taken).min(bytes.len());
        bytes.splice(at..end, put);
        bytes
    })
}

/// Whatever the bytes are, they are answered, and have one meaning at most.
fn survives(bytes: &[u8]) {
    same(Note::parse(bytes).ok().map(|note| note.to_string()), bytes);
    same(AddCheckpoint::parse(bytes).ok().map(|request| request.to_string()), bytes);
    same(
        Statement::parse(bytes).ok().map(|said| String::from_utf8(said.canonical().unwrap()).unwrap()),
        bytes,
    );
    _ = policy(1).accept(bytes);
    assert!(Entries::of(bytes).count() <= bytes.len() + 1);
    _ = Hash::run(bytes);
    let text = String::from_utf8_lossy(bytes);
    same(text.parse::<Receipt>().ok().map(|receipt| receipt.to_string()), text.as_bytes());
    same(text.parse::<Checkpoint>().ok().map(|checkpoint| checkpoint.to_string()), text.as_bytes());
    same(text.parse::<VerifierKey>().ok().map(|key| key.to_string()), text.as_bytes());
    same(text.parse::<Tile>().ok().map(|tile| tile.to_string()), text.as_bytes());
    same(text.parse::<Hex<4>>().ok().map(|hex| hex.to_string()), text.as_bytes());
    same(text.parse::<Hash>().ok().map(|hash| hash.to_string()), text.as_bytes());
    _ = signature_lines(&text);
}

fn same(written: Option<String>, bytes: &[u8]) {
    if let Some(written) = written {
        assert_eq!(written.as_bytes(), bytes);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&bytes);
    }

    #[test]
    fn damaged_texts_are_answered(bytes in damaged()) {
        survives(&bytes);
    }

    #[test]
    fn proofs_of_any_sizes_and_lengths_are_answered(
        a in any::<u64>(),
        b in any::<u64>(),
        shift in 0..64_u32,
        length in 0..70_usize,
    ) {
        let (a, hash, proof) = (a >> shift, hashes("any"), vec![hashes("any"); length]);
        prop_assert!(verify_inclusion::<Sha256>(&hash, a, b, &proof, &hash).is_err() || b == 1);
        prop_assert!(verify_consistency::<Sha256>(a, b, &proof, &hash, &hash).is_err() || a == b);
    }
}

#[test]
fn the_seeds_are_themselves_read() {
    seeds().iter().for_each(|bytes| survives(bytes));
}
