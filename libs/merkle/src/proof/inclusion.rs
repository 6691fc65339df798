//! That a leaf is in a tree (RFC 9162, section 2.1.3.2).

use thiserror::Error;

use crate::{Hash, Hasher, tree};

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InclusionError {
    #[error("leaf {index} cannot be in a tree of {size}")]
    NoSuchLeaf { index: u64, size: u64 },
    #[error("the path of leaf {index} in a tree of {size} has {expected} hashes, not {found}")]
    WrongLength { index: u64, size: u64, expected: usize, found: usize },
    #[error("leaf and path lead to the root {computed}, not to {expected}")]
    WrongRoot { expected: Hash, computed: Hash },
}

/// Checks that the tree of `size` leaves with this root has `leaf`, a leaf's hash, at `index`.
pub fn verify_inclusion<H: Hasher>(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), InclusionError> {
    if index >= size {
        return Err(InclusionError::NoSuchLeaf { index, size });
    }
    let (expected, found) = (tree::inclusion(index, size).len(), path.len());
    if expected != found {
        return Err(InclusionError::WrongLength { index, size, expected, found });
    }
    let computed = climb::<H>(leaf, index, size - 1, path);
    if computed != *root {
        return Err(InclusionError::WrongRoot { expected: *root, computed });
    }
    Ok(())
}

/// The root that the path leads to; `last` is the index of the last leaf.
fn climb<H: Hasher>(leaf: &Hash, index: u64, last: u64, path: &[Hash]) -> Hash {
    let (mut index, mut last, mut hash) = (index, last, *leaf);
    for sibling in path {
        // A node on the right edge without a sibling moves up as it is, until it is a right child.
        while index == last && index.is_multiple_of(2) && index != 0 {
            (index, last) = (index >> 1, last >> 1);
        }
        let is_right = !index.is_multiple_of(2);
        hash = if is_right { H::node(sibling, &hash) } else { H::node(&hash, sibling) };
        (index, last) = (index >> 1, last >> 1);
    }
    hash
}
