//! The statement about one event that becomes a leaf: canonical JSON (RFC 8785) without the event's content.
//!
//! **Invariant:** it never holds what may have to be erased, only hashes of it. The salt keeps a leaf's hash,
//! which witnesses see, from confirming a guess about the rest.

mod instant;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Hash, Hasher, Hex, tile::MAX_ENTRY};

/// The one version of the statement there is.
pub const VERSION: u8 = 1;
/// Beyond it, JSON numbers are not exact (RFC 8785, section 3.2.2.3).
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// What a log says of one of its events. The fields stand in the order that RFC 8785 wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// A reference to who acted, never a name.
    pub actor: String,
    /// SHA-256 of each attachment as it is stored, encrypted.
    pub attachments: Vec<Hex<32>>,
    /// The case it belongs to, so that whoever has all leaves sees that no event of a case was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Over the exact stored bytes.
    pub data_sha256: Hex<32>,
    pub department: String,
    pub event_id: Uuid,
    /// Over the exact stored bytes of what is known beside the data: case, roles, rules, cause.
    pub meta_sha256: Hex<32>,
    #[serde(with = "instant")]
    pub occurred_at: OffsetDateTime,
    /// The log.
    pub origin: String,
    #[serde(with = "instant")]
    pub recorded_at: OffsetDateTime,
    /// The number of the event in its stream.
    pub revision: u64,
    pub salt: Hex<16>,
    /// Which shape the stored bytes have.
    pub schema: String,
    pub stream: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// [`VERSION`].
    pub v: u8,
}

/// The event, mostly of another log, that led to this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// The hash of that event's leaf, where the log knew it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<Hex<32>>,
    pub origin: String,
    pub position: u64,
}

#[derive(Debug, Error)]
pub enum StatementError {
    #[error("statements of version {found} are not known")]
    UnknownVersion { found: u8 },
    #[error("{number} is too large for a number of JSON")]
    InexactNumber { number: u64 },
    #[error("the statement has {found} bytes; at most {MAX_ENTRY} make a leaf")]
    TooLong { found: usize },
    #[error("the statement is no JSON of its form")]
    Json(#[from] serde_json::Error),
    #[error("the statement is not written in its canonical form")]
    NotCanonical,
}

impl Statement {
    /// The one spelling of this statement: the entry of the log.
    pub fn canonical(&self) -> Result<Vec<u8>, StatementError> {
        let mut entry = Vec::new();
        self.write(&mut entry)?;
        Ok(entry)
    }

    /// Adds that spelling to what is there already; after an error, less than all of it may have been added.
    pub fn write(&self, to: &mut Vec<u8>) -> Result<(), StatementError> {
        if self.v != VERSION {
            return Err(StatementError::UnknownVersion { found: self.v });
        }
        let numbers = [Some(self.revision), self.cause.as_ref().map(|cause| cause.position)];
        if let Some(number) = numbers.into_iter().flatten().find(|number| *number > MAX_NUMBER) {
            return Err(StatementError::InexactNumber { number });
        }
        // With the fields in order and no fractions, serde_json writes just what RFC 8785 asks for.
        let before = to.len();
        serde_json::to_writer(&mut *to, self)?;
        is_short(&to[before..])
    }

    /// Reads an entry; only its canonical spelling.
    pub fn parse(entry: &[u8]) -> Result<Self, StatementError> {
        is_short(entry)?;
        let statement: Self = serde_json::from_slice(entry)?;
        if statement.canonical()? != entry {
            return Err(StatementError::NotCanonical);
        }
        Ok(statement)
    }

    /// The hash of the statement as a leaf.
    pub fn leaf<H: Hasher>(&self) -> Result<Hash, StatementError> {
        self.canonical().map(|entry| H::leaf(&entry))
    }
}

fn is_short(entry: &[u8]) -> Result<(), StatementError> {
    let found = entry.len();
    if found > MAX_ENTRY { Err(StatementError::TooLong { found }) } else { Ok(()) }
}
