//! A tree that grows leaf by leaf in logarithmic memory.

use std::{fmt, marker::PhantomData};

use thiserror::Error;

use crate::{Hash, Hasher, Sha256};

/// The right edge of a tree: the roots of its perfect subtrees, the largest first, one for each bit set in
/// the size.
pub struct Frontier<H = Sha256> {
    size: u64,
    peaks: Vec<Hash>,
    hasher: PhantomData<fn() -> H>,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a tree of {size} leaves has {expected} peaks, not {found}")]
pub struct WrongPeaks {
    pub size: u64,
    pub expected: usize,
    pub found: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a tree holds at most {} leaves", u64::MAX)]
pub struct Full;

impl<H: Hasher> Frontier<H> {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self { size: 0, peaks: Vec::new(), hasher: PhantomData }
    }

    /// A tree of this size, from the hashes of [`Plan::peaks`](super::Plan::peaks).
    pub fn resume(size: u64, peaks: Vec<Hash>) -> Result<Self, WrongPeaks> {
        let (expected, found) = (size.count_ones() as usize, peaks.len());
        if expected != found {
            return Err(WrongPeaks { size, expected, found });
        }
        Ok(Self { size, peaks, hasher: PhantomData })
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the hash of the next leaf and answers its index.
    pub fn push(&mut self, leaf: Hash) -> Result<u64, Full> {
        let index = self.size;
        self.size = index.checked_add(1).ok_or(Full)?;
        let finished = index.trailing_ones() as usize;
        let waiting = self.peaks.split_off(self.peaks.len() - finished);
        self.peaks.push(waiting.iter().rfold(leaf, |right, left| H::node(left, &right)));
        Ok(index)
    }

    /// The root of the tree as it is now (RFC 6962, section 2.1).
    pub fn root(&self) -> Hash {
        let hashes = self.peaks.iter().copied().rev();
        hashes.reduce(|right, left| H::node(&left, &right)).unwrap_or_else(H::empty)
    }
}

impl<H: Hasher> Default for Frontier<H> {
    fn default() -> Self {
        Self::new()
    }
}

impl<H> Clone for Frontier<H> {
    fn clone(&self) -> Self {
        Self { size: self.size, peaks: self.peaks.clone(), hasher: PhantomData }
    }
}

impl<H> fmt::Debug for Frontier<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frontier").field("size", &self.size).field("peaks", &self.peaks).finish()
    }
}
