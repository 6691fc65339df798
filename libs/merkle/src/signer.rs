//! Who signs: a key in memory here, a certified module or a vault elsewhere.

use std::{error::Error as StdError, fmt, sync::Arc};

use ed25519_dalek::{Signer as _, SigningKey};
use thiserror::Error;

use crate::{
    key::{KeyError, KeyType, VerifierKey},
    note::{Note, NoteSignature},
};

/// Holds a private Ed25519 key. It must be deterministic (RFC 8032): a checkpoint that is signed again after
/// a crash gets the same bytes.
pub trait Signer: Send + Sync {
    fn key(&self) -> &VerifierKey;
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerFailed>;
}

/// The provider of a key could not sign.
#[derive(Debug, Error)]
#[error("the provider of the key")]
pub struct SignerFailed(#[source] pub Box<dyn StdError + Send + Sync>);

#[derive(Debug, Error)]
pub enum SignError {
    #[error("signing as {name:?}")]
    Failed { name: String, source: SignerFailed },
    #[error("the signature as {name:?} does not verify with its own public key")]
    Faulty { name: String },
    #[error("the key of {name:?} is {found:?}; {wanted:?} is needed here")]
    WrongKey { name: String, wanted: KeyType, found: KeyType },
}

/// A key in memory.
pub struct Ed25519Signer {
    key: VerifierKey,
    secret: SigningKey,
}

impl Ed25519Signer {
    pub fn new(name: &str, kind: KeyType, secret: SigningKey) -> Result<Self, KeyError> {
        let key = VerifierKey::new(name, kind, secret.verifying_key().to_bytes())?;
        Ok(Self { key, secret })
    }
}

impl Signer for Ed25519Signer {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerFailed> {
        Ok(self.secret.sign(message).to_bytes())
    }
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519Signer").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A key that also signs for a second log of its owner. What is signed names its log in its first line, so that no
/// signature can stand for one of the other.
pub struct Renamed {
    key: VerifierKey,
    signer: Arc<dyn Signer>,
}

impl Renamed {
    pub fn new(signer: Arc<dyn Signer>, name: &str) -> Result<Self, KeyError> {
        Ok(Self { key: signer.key().renamed(name)?, signer })
    }
}

impl Signer for Renamed {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerFailed> {
        self.signer.sign(message)
    }
}

impl Note {
    /// Adds the signature of a log's key.
    pub fn sign(&mut self, signer: &dyn Signer) -> Result<(), SignError> {
        let signature = signed(signer, KeyType::Ed25519, self.text().as_bytes())?;
        self.add(NoteSignature::new(signer.key(), signature.to_vec()));
        Ok(())
    }
}

/// Signs and checks what the provider answered, so that nothing wrong is ever published.
pub(crate) fn signed(signer: &dyn Signer, wanted: KeyType, message: &[u8]) -> Result<[u8; 64], SignError> {
    let (key, name) = (signer.key(), signer.key().name().to_owned());
    if key.kind() != wanted {
        return Err(SignError::WrongKey { name, wanted, found: key.kind() });
    }
    match signer.sign(message) {
        Ok(signature) if key.verifies(message, &signature) => Ok(signature),
        Ok(_) => Err(SignError::Faulty { name }),
        Err(source) => Err(SignError::Failed { name, source }),
    }
}
