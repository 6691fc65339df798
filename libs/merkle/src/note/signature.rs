//! One signature line of a note, and what it proves.

use std::fmt;

use thiserror::Error;

use crate::{
    codec, cosignature,
    key::{KeyId, KeyType, VerifierKey, is_name},
};

/// A line `— name base64(key id || signature)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    key_id: KeyId,
    bytes: Vec<u8>,
}

/// That a key signed a note; a witness also says when, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attested {
    pub time: Option<u64>,
}

/// A signature in the name of a known key that is not its own: the whole note is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the signature of {name:?} ({key_id}): {fault}")]
pub struct BadSignature {
    pub name: String,
    pub key_id: KeyId,
    pub fault: SignatureFault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignatureFault {
    #[error("has the wrong length")]
    WrongLength,
    #[error("does not verify")]
    Invalid,
}

impl NoteSignature {
    pub(crate) fn new(key: &VerifierKey, bytes: Vec<u8>) -> Self {
        Self { name: key.name().to_owned(), key_id: key.id(), bytes }
    }

    pub(super) fn parse(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = codec::from_base64(signature)?;
        let (key_id, bytes) = bytes.split_first_chunk()?;
        let whole = is_name(name) && !bytes.is_empty();
        whole.then(|| Self { name: name.to_owned(), key_id: KeyId(*key_id), bytes: bytes.to_vec() })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// What stands after the key id: for Ed25519 64 bytes, for a cosignature 8 of time before them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The line claims to be of this key.
    pub fn is_of(&self, key: &VerifierKey) -> bool {
        self.name == key.name() && self.key_id == key.id()
    }

    pub fn verify(&self, text: &str, key: &VerifierKey) -> Result<Attested, BadSignature> {
        let attested = match key.kind() {
            KeyType::Ed25519 => verify_text(&self.bytes, text, key),
            KeyType::Cosignature => cosignature::verify(&self.bytes, text, key),
        };
        attested.map_err(|fault| BadSignature { name: self.name.clone(), key_id: self.key_id, fault })
    }
}

fn verify_text(signature: &[u8], text: &str, key: &VerifierKey) -> Result<Attested, SignatureFault> {
    let signature = signature.try_into().map_err(|_| SignatureFault::WrongLength)?;
    match key.verifies(text.as_bytes(), signature) {
        true => Ok(Attested { time: None }),
        false => Err(SignatureFault::Invalid),
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signature = [self.key_id.0.as_slice(), &self.bytes].concat();
        write!(f, "— {} {}", self.name, codec::to_base64(&signature))
    }
}
