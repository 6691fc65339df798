//! Proofs are exactly those of RFC 6962, and nothing else is believed.

use merkle::{
    Frontier, Hash, Sha256,
    proof::{ConsistencyError, InclusionError, verify_consistency, verify_inclusion},
    tree::{Plan, PlanError},
};
use proptest::{prelude::*, sample::Index};

use crate::{Store, frontier, hashes, leaves, naive};

const SIZES: u64 = 70;

fn included(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> Result<(), InclusionError> {
    verify_inclusion::<Sha256>(leaf, index, size, path, root)
}

fn consistent(old: u64, new: u64, proof: &[Hash], roots: (&Hash, &Hash)) -> Result<(), ConsistencyError> {
    verify_consistency::<Sha256>(old, new, proof, roots.0, roots.1)
}

#[test]
fn every_inclusion_path_of_small_trees_is_that_of_the_rfc() {
    let (store, leaves) = (Store::of(SIZES), leaves(SIZES));
    for size in 1..=SIZES {
        let tree = &leaves[..size as usize];
        for index in 0..size {
            let path = store.inclusion(index, size);
            assert_eq!(path, naive::path(index as usize, tree), "{index} of {size}");
            included(&tree[index as usize], index, size, &path, &naive::root(tree)).unwrap();
        }
    }
}

#[test]
fn every_consistency_proof_of_small_trees_is_that_of_the_rfc() {
    let (store, leaves) = (Store::of(SIZES), leaves(SIZES));
    for new in 1..=SIZES {
        let new_root = naive::root(&leaves[..new as usize]);
        for old in 1..=new {
            let proof = store.consistency(old, new);
            assert_eq!(proof, naive::proof(old as usize, &leaves[..new as usize]), "{old} to {new}");
            consistent(old, new, &proof, (&naive::root(&leaves[..old as usize]), &new_root)).unwrap();
        }
    }
}

#[test]
fn a_path_fits_no_other_leaf_of_its_tree() {
    let (store, leaves) = (Store::of(20), leaves(20));
    for (index, size) in (1..=20).flat_map(|size| (0..size).map(move |index| (index, size))) {
        let (path, root) = (store.inclusion(index, size), store.root(size));
        for other in (0..size).filter(|other| *other != index) {
            assert!(
                included(&leaves[index as usize], other, size, &path, &root).is_err(),
                "{index} of {size}"
            );
            assert!(
                included(&leaves[other as usize], index, size, &path, &root).is_err(),
                "{index} of {size}"
            );
        }
    }
}

#[test]
fn a_wrong_proof_is_refused_with_the_reason() {
    let (store, leaf, root) = (Store::of(9), leaves(1)[0], hashes("another root"));
    let path = store.inclusion(0, 9);
    assert_eq!(included(&leaf, 9, 9, &path, &root), Err(InclusionError::NoSuchLeaf { index: 9, size: 9 }));
    let short = InclusionError::WrongLength { index: 0, size: 9, expected: 4, found: 3 };
    assert_eq!(included(&leaf, 0, 9, &path[1..], &root), Err(short));
    let wrong = InclusionError::WrongRoot { expected: root, computed: store.root(9) };
    assert_eq!(included(&leaf, 0, 9, &path, &root), Err(wrong));
    let proof = store.consistency(4, 9);
    let (old, new) = (store.root(4), store.root(9));
    assert_eq!(consistent(9, 4, &proof, (&new, &old)), Err(ConsistencyError::Backwards { old: 9, new: 4 }));
    assert_eq!(consistent(0, 9, &[], (&old, &new)), Err(ConsistencyError::FromEmpty));
    let wrong = consistent(4, 9, &proof, (&old, &root));
    assert!(matches!(wrong, Err(ConsistencyError::WrongNewRoot { .. })));
    let wrong = consistent(6, 9, &store.consistency(6, 9), (&root, &new));
    assert!(matches!(wrong, Err(ConsistencyError::WrongOldRoot { .. })));
}

#[test]
fn sizes_at_the_edge_of_64_bits_are_counted_right() {
    let (hash, max) = (hashes("any"), u64::MAX);
    let lengths =
        [(0, max, 64), (max - 1, max, 63), (0, 1 << 63, 63), (1 << 63, max, 64), (1 << 62, (1 << 62) + 1, 1)];
    for (index, size, length) in lengths {
        let path = vec![hash; length];
        let result = included(&hash, index, size, &path, &hash);
        assert!(matches!(result, Err(InclusionError::WrongRoot { .. })), "{index} of {size}: {result:?}");
    }
    for (old, new) in [(1, max), (max - 1, max), (1 << 63, max), ((1 << 63) + 1, max), (max, max)] {
        let length = Plan::consistency(old, new, max).map(|_| ()).is_ok();
        assert!(length && consistent(old, new, &[], (&hash, &hash)).is_err() == (old != new));
    }
}

#[test]
fn a_question_that_cannot_be_answered_is_refused() {
    assert_eq!(Plan::inclusion(0, 9, 8).unwrap_err(), PlanError::NotStored { size: 9, stored: 8 });
    assert_eq!(Plan::inclusion(8, 8, 8).unwrap_err(), PlanError::NoSuchLeaf { index: 8, size: 8 });
    assert_eq!(Plan::consistency(3, 2, 8).unwrap_err(), PlanError::Backwards { old: 3, new: 2 });
    assert_eq!(Plan::root(9, 8).unwrap_err(), PlanError::NotStored { size: 9, stored: 8 });
}

#[test]
fn a_frontier_resumed_from_tiles_goes_on_as_if_never_stopped() {
    let leaves = leaves(600);
    for size in [0, 1, 255, 256, 257, 511, 599] {
        let peaks = Store::of(size).answer(Plan::peaks(size));
        let mut tree = Frontier::<Sha256>::resume(size, peaks).unwrap();
        leaves[size as usize..].iter().for_each(|leaf| _ = tree.push(*leaf).unwrap());
        assert_eq!(tree.root(), frontier(&leaves).root(), "{size}");
    }
}

fn flipped(hash: &Hash, bit: usize) -> Hash {
    let mut flipped = *hash;
    flipped.0[bit / 8] ^= 1 << (bit % 8);
    flipped
}

/// Every proof that differs from this one in one bit.
fn flips(proof: &[Hash]) -> impl Iterator<Item = Vec<Hash>> {
    (0..proof.len() * 256).map(move |bit| {
        let mut proof = proof.to_vec();
        proof[bit / 256] = flipped(&proof[bit / 256], bit % 256);
        proof
    })
}

/// Every proof with one hash too few, too many, or two changed places.
fn reshaped(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let without = (0..proof.len()).map(|at| [&proof[..at], &proof[at + 1..]].concat());
    let twice = (0..proof.len()).map(|at| [&proof[..=at], &proof[at..]].concat());
    let swapped = (1..proof.len()).map(|at| {
        let mut proof = proof.to_vec();
        proof.swap(at - 1, at);
        proof
    });
    without.chain(twice).chain(swapped).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn every_flipped_bit_of_an_inclusion_path_is_refused(size in 1..700_u64, index in any::<Index>()) {
        let (store, index) = (Store::of(size), index.index(size as usize) as u64);
        let (leaf, root) = (leaves(size)[index as usize], store.root(size));
        let path = store.inclusion(index, size);
        included(&leaf, index, size, &path, &root).unwrap();
        for wrong in flips(&path).chain(reshaped(&path)) {
            prop_assert!(included(&leaf, index, size, &wrong, &root).is_err());
        }
        for bit in 0..256 {
            prop_assert!(included(&flipped(&leaf, bit), index, size, &path, &root).is_err());
            prop_assert!(included(&leaf, index, size, &path, &flipped(&root, bit)).is_err());
        }
    }

    #[test]
    fn every_flipped_bit_of_a_consistency_proof_is_refused(new in 1..700_u64, old in any::<Index>()) {
        let (store, old) = (Store::of(new), old.index(new as usize) as u64 + 1);
        let (roots, proof) = ((store.root(old), store.root(new)), store.consistency(old, new));
        consistent(old, new, &proof, (&roots.0, &roots.1)).unwrap();
        for wrong in flips(&proof).chain(reshaped(&proof)) {
            prop_assert!(consistent(old, new, &wrong, (&roots.0, &roots.1)).is_err());
        }
        for bit in 0..256 {
            prop_assert!(consistent(old, new, &proof, (&flipped(&roots.0, bit), &roots.1)).is_err());
            prop_assert!(consistent(old, new, &proof, (&roots.0, &flipped(&roots.1, bit))).is_err());
        }
    }
}
