//! A hash of the tree, 32 bytes whichever function made it.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::codec;

/// The hash of a leaf, of a node or of a whole tree; its text is base64, as in checkpoints and proofs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; Hash::LENGTH]);

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is not the base64 of {} bytes", Hash::LENGTH)]
pub struct HashError {
    pub text: String,
}

impl Hash {
    pub const LENGTH: usize = 32;

    /// Reads a run of hashes as a tile holds them; bytes that make no whole hash are left out.
    pub fn run(bytes: &[u8]) -> Vec<Self> {
        bytes.as_chunks().0.iter().copied().map(Self).collect()
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&codec::to_base64(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let bytes = codec::from_base64(text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| HashError { text: text.to_owned() })
    }
}
