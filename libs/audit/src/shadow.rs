//! The shadow of a log: its entries under a second tree, hashed with SM3 (GB/T 32905-2016), with an origin of its own.
//!
//! Its checkpoints are signed with Ed25519, by the log's key under the shadow's name: who knows the one key knows both.
//! A line signed with SM2 may be put under the same note by a [`merkle::Signer`] of that kind; there is none yet, and
//! verifiers pass over lines of types that they do not know.

use merkle::{KeyError, VerifierKey};

use crate::Tiles;

/// The folder of the shadow's checkpoint and tiles, beside those of the log.
pub(crate) const FOLDER: &str = "sm3";

/// The origin of a log's shadow.
pub fn origin(log: &str) -> String {
    format!("{log}/{FOLDER}")
}

/// The key that verifies the shadow of the log which this key verifies.
pub fn key(log: &VerifierKey) -> Result<VerifierKey, KeyError> {
    log.renamed(&origin(log.name()))
}

impl Tiles {
    /// Where the shadow of these tiles is.
    pub fn shadow(&self) -> Self {
        Self(self.0.below(FOLDER))
    }
}
