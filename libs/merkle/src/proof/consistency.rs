//! That a tree begins with an older one (RFC 9162, section 2.1.4.2).

use thiserror::Error;

use crate::{Hash, Hasher, tree};

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConsistencyError {
    #[error("the old tree of {old} leaves is larger than the new one of {new}")]
    Backwards { old: u64, new: u64 },
    #[error("every tree begins with the empty one, which proves nothing")]
    FromEmpty,
    #[error("a proof from {old} to {new} leaves has {expected} hashes, not {found}")]
    WrongLength { old: u64, new: u64, expected: usize, found: usize },
    #[error("the proof leads to the old root {computed}, not to {expected}")]
    WrongOldRoot { expected: Hash, computed: Hash },
    #[error("the proof leads to the new root {computed}, not to {expected}")]
    WrongNewRoot { expected: Hash, computed: Hash },
}

/// Checks that the tree of `new` leaves begins with the tree of `old` leaves. Between trees of one size it is
/// their roots that must be equal, and the proof empty.
pub fn verify_consistency<H: Hasher>(
    old: u64,
    new: u64,
    proof: &[Hash],
    old_root: &Hash,
    new_root: &Hash,
) -> Result<(), ConsistencyError> {
    has_right_length(old, new, proof.len())?;
    let (old_computed, new_computed) = match old == new {
        true => (*old_root, *old_root),
        false => climb::<H>(old, new, proof, old_root),
    };
    if old_computed != *old_root {
        return Err(ConsistencyError::WrongOldRoot { expected: *old_root, computed: old_computed });
    }
    if new_computed != *new_root {
        return Err(ConsistencyError::WrongNewRoot { expected: *new_root, computed: new_computed });
    }
    Ok(())
}

fn has_right_length(old: u64, new: u64, found: usize) -> Result<(), ConsistencyError> {
    if old > new {
        return Err(ConsistencyError::Backwards { old, new });
    }
    let expected = match (old, new) {
        (0, 0) => 0,
        (0, _) => return Err(ConsistencyError::FromEmpty),
        _ => tree::consistency(old, new).len(),
    };
    if expected != found {
        return Err(ConsistencyError::WrongLength { old, new, expected, found });
    }
    Ok(())
}

/// Both roots that the proof leads to; `0 < old < new`, and the length was checked.
fn climb<H: Hasher>(old: u64, new: u64, proof: &[Hash], old_root: &Hash) -> (Hash, Hash) {
    let whole_peak = old.is_power_of_two().then_some(old_root);
    let mut path = whole_peak.into_iter().chain(proof);
    let first = *path.next().expect("a proof between trees of different sizes has a hash");
    // Up to the largest perfect subtree at the old tree's right edge: what is below it, is inside both.
    let below = (old - 1).trailing_ones();
    let (mut index, mut last) = ((old - 1) >> below, (new - 1) >> below);
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in path {
        while index == last && index.is_multiple_of(2) && index != 0 {
            (index, last) = (index >> 1, last >> 1);
        }
        if index.is_multiple_of(2) {
            new_hash = H::node(&new_hash, sibling);
        } else {
            (old_hash, new_hash) = (H::node(sibling, &old_hash), H::node(sibling, &new_hash));
        }
        (index, last) = (index >> 1, last >> 1);
    }
    (old_hash, new_hash)
}
