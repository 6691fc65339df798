//! A log's signing key as one line of text, in the form that other tools for signed notes use.

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::SigningKey;
use merkle::{Ed25519Signer, KeyError, KeyType, Signer, VerifierKey};

const HEAD: &str = "PRIVATE+KEY+";

/// Why a text is no signing key. It never says what the text was.
#[derive(Debug, thiserror::Error)]
pub enum BadKey {
    #[error("a signing key is one line PRIVATE+KEY+name+id+base64")]
    Malformed,
    #[error("the id in the signing key is not that of its key")]
    WrongId,
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Draws a new key for a log of this name; its private line, and the key that verifies.
pub fn generate(origin: &str, kind: KeyType) -> Result<(String, VerifierKey), KeyError> {
    let seed: [u8; 32] = rand::random();
    let signer = Ed25519Signer::new(origin, kind, SigningKey::from_bytes(&seed))?;
    let secret = BASE64_STANDARD.encode([&[kind as u8], seed.as_slice()].concat());
    let key = signer.key().clone();
    Ok((format!("{HEAD}{}+{}+{secret}\n", key.name(), key.id()), key))
}

/// Reads a private line.
pub fn parse(text: &str) -> Result<Ed25519Signer, BadKey> {
    let (name, id, kind, seed) = parts(text.trim_end()).ok_or(BadKey::Malformed)?;
    let signer = Ed25519Signer::new(name, kind, SigningKey::from_bytes(&seed))?;
    if signer.key().id().to_string() == id { Ok(signer) } else { Err(BadKey::WrongId) }
}

fn parts(line: &str) -> Option<(&str, &str, KeyType, [u8; 32])> {
    let (name, rest) = line.strip_prefix(HEAD)?.split_once('+')?;
    let (id, secret) = rest.split_once('+')?;
    let secret = BASE64_STANDARD.decode(secret).ok()?;
    let (kind, seed) = secret.split_first()?;
    let kind = [KeyType::Ed25519, KeyType::Cosignature].into_iter().find(|known| *known as u8 == *kind)?;
    Some((name, id, kind, seed.try_into().ok()?))
}
