//! RFC 6962 section 2.1 as it is written: recursive, over all leaves, for comparison only.

use merkle::{Hash, Hasher, Sha256};

pub(crate) fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::empty(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = split(leaves);
            Sha256::node(&root(left), &root(right))
        }
    }
}

/// PATH(m, D\[n\])
pub(crate) fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = split(leaves);
    let (mut path, last) = match index < left.len() {
        true => (path(index, left), root(right)),
        false => (path(index - left.len(), right), root(left)),
    };
    path.push(last);
    path
}

/// PROOF(m, D\[n\])
pub(crate) fn proof(old: usize, leaves: &[Hash]) -> Vec<Hash> {
    subproof(old, leaves, true)
}

fn subproof(old: usize, leaves: &[Hash], is_known: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if is_known { Vec::new() } else { vec![root(leaves)] };
    }
    let (left, right) = split(leaves);
    let (mut proof, last) = match old <= left.len() {
        true => (subproof(old, left, is_known), root(right)),
        false => (subproof(old - left.len(), right, false), root(left)),
    };
    proof.push(last);
    proof
}

fn split(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
    let mut middle = 1;
    while middle * 2 < leaves.len() {
        middle *= 2;
    }
    leaves.split_at(middle)
}
