//! The keys that verify notes, and their one-line text (C2SP signed-note, verifier keys).

use std::{fmt, str::FromStr};

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::{codec, hex::Hex};

/// What a key signs, by the number that stands before it in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyType {
    /// The text of a note, as logs do.
    Ed25519 = 0x01,
    /// A checkpoint with a time, as witnesses do (C2SP tlog-cosignature, cosignature/v1).
    Cosignature = 0x04,
}

/// Four bytes that tell the keys of one name apart; not enough to trust a key by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 4]);

/// A public key with its owner's name: for logs their origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: KeyId,
    kind: KeyType,
    public: VerifyingKey,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// What was given is not repeated: it may be a secret.
    #[error("a public key is of the form name+id+key; this is not")]
    Malformed,
    #[error("this is a private key; its public key is wanted")]
    Private,
    #[error("the name {name:?} is empty or has spaces, control characters or a plus")]
    BadName { name: String },
    #[error("the key of {name:?} is of the unknown type {number:#04x}")]
    UnknownType { name: String, number: u8 },
    #[error("the key of {name:?} is not a point of Ed25519 that can be trusted")]
    NotAKey { name: String },
    #[error("the key of {name:?} has the id {computed}, not {written}")]
    WrongId { name: String, written: KeyId, computed: KeyId },
}

impl KeyType {
    fn of(number: u8) -> Option<Self> {
        [Self::Ed25519, Self::Cosignature].into_iter().find(|kind| *kind as u8 == number)
    }
}

impl VerifierKey {
    pub fn new(name: &str, kind: KeyType, public: [u8; 32]) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::BadName { name: name.to_owned() });
        }
        let key = VerifyingKey::from_bytes(&public).ok().filter(|key| !key.is_weak());
        let key = key.ok_or_else(|| KeyError::NotAKey { name: name.to_owned() })?;
        Ok(Self { name: name.to_owned(), id: KeyId::of(name, kind, &public), kind, public: key })
    }

    /// The same key under another name, which is another key to whoever verifies notes.
    pub fn renamed(&self, name: &str) -> Result<Self, KeyError> {
        Self::new(name, self.kind, self.public())
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn id(&self) -> KeyId {
        self.id
    }

    pub fn kind(&self) -> KeyType {
        self.kind
    }

    pub fn public(&self) -> [u8; 32] {
        self.public.to_bytes()
    }

    /// Strict Ed25519: one signature never has a second spelling.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.public.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl KeyId {
    fn of(name: &str, kind: KeyType, public: &[u8; 32]) -> Self {
        let hash = Sha256::new().chain_update(name).chain_update([b'\n', kind as u8]).chain_update(public);
        let [a, b, c, d, ..]: [u8; 32] = hash.finalize().into();
        Self([a, b, c, d])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(self.0).fmt(f)
    }
}

/// A name that a signature line can carry.
pub(crate) fn is_name(name: &str) -> bool {
    let bad = |symbol: char| symbol.is_whitespace() || symbol < ' ' || symbol == '+';
    !name.is_empty() && !name.contains(bad)
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.kind as u8], self.public.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, self.id, codec::to_base64(&key))
    }
}

/// What the text of a private key begins with.
const PRIVATE: &str = "PRIVATE+";

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let malformed = || KeyError::Malformed;
        if text.starts_with(PRIVATE) {
            return Err(KeyError::Private);
        }
        let (name, written, number, key) = parts(text).ok_or_else(malformed)?;
        let unknown = KeyError::UnknownType { name: name.to_owned(), number };
        let kind = KeyType::of(number).ok_or(unknown)?;
        let key = Self::new(name, kind, key.try_into().map_err(|_| malformed())?)?;
        if key.id != written {
            return Err(KeyError::WrongId { name: key.name, written, computed: key.id });
        }
        Ok(key)
    }
}

fn parts(text: &str) -> Option<(&str, KeyId, u8, Vec<u8>)> {
    let (name, rest) = text.split_once('+')?;
    let (id, key) = rest.split_once('+')?;
    let id: Hex<4> = id.parse().ok()?;
    let key = codec::from_base64(key)?;
    let (number, key) = key.split_first()?;
    Some((name, KeyId(id.0), *number, key.to_vec()))
}
