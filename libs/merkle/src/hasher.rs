//! The hash functions a tree can be made with.

use sha2::Digest as _;

use crate::Hash;

/// A hash function of 32 bytes, with the domains of RFC 6962 section 2.1: no leaf can pass for a node.
///
/// A certified module takes the place of a function here by answering `digest`.
pub trait Hasher {
    /// The hash of the parts, put one after another.
    fn digest(parts: &[&[u8]]) -> Hash;

    /// The root of the tree without leaves.
    fn empty() -> Hash {
        Self::digest(&[])
    }

    /// The hash of an entry as a leaf.
    fn leaf(entry: &[u8]) -> Hash {
        Self::digest(&[&[0x00], entry])
    }

    /// The hash of the node over two others.
    fn node(left: &Hash, right: &Hash) -> Hash {
        Self::digest(&[&[0x01], &left.0, &right.0])
    }
}

/// The interoperable trunk (FIPS 180-4): what every published verifier reads.
#[derive(Clone, Copy, Debug)]
pub enum Sha256 {}

/// The national hash (GB/T 32905-2016), for a shadow tree under an origin of its own.
#[derive(Clone, Copy, Debug)]
pub enum Sm3 {}

impl Hasher for Sha256 {
    fn digest(parts: &[&[u8]]) -> Hash {
        Hash(parts.iter().fold(sha2::Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into())
    }
}

impl Hasher for Sm3 {
    fn digest(parts: &[&[u8]]) -> Hash {
        Hash(parts.iter().fold(sm3::Sm3::new(), |hash, part| hash.chain_update(part)).finalize().into())
    }
}
