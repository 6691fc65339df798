//! Whom a verifier trusts: the log's keys, and how many of which witnesses.

use std::{collections::BTreeSet, str::FromStr};

use thiserror::Error;

use crate::{
    Checkpoint,
    checkpoint::CheckpointError,
    key::{KeyType, VerifierKey},
    note::{BadSignature, Note, NoteError},
};

/// The keys of one log, the old and the new one while it changes them, and `quorum` of its witnesses.
#[derive(Clone, Debug)]
pub struct Policy {
    log: Vec<VerifierKey>,
    witnesses: Vec<VerifierKey>,
    quorum: usize,
}

/// A policy that could never be met, or be met by fewer than it says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyFault {
    #[error("a policy needs a key of the log")]
    NoLogKey,
    #[error("the keys of a log have its origin for a name; {first:?} and {other:?} differ")]
    TwoOrigins { first: String, other: String },
    #[error("{name:?} is named with a key for another purpose")]
    WrongType { name: String },
    #[error("the key of {name:?} is in the policy twice")]
    SameKey { name: String },
    #[error("{quorum} of {witnesses} witnesses can never cosign")]
    Unreachable { quorum: usize, witnesses: usize },
}

/// Why a signed checkpoint is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyError {
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error("the checkpoint is of {found:?}, not of {expected:?}")]
    WrongOrigin { expected: String, found: String },
    #[error(transparent)]
    Signature(#[from] BadSignature),
    #[error("the log {origin:?} did not sign")]
    NotSigned { origin: String },
    #[error("{found} of the {needed} witnesses needed have cosigned")]
    TooFewWitnesses { needed: usize, found: usize },
}

/// A checkpoint that meets the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub checkpoint: Checkpoint,
    /// The witnesses of the policy that cosigned, the quorum or more.
    pub cosigners: Vec<Cosigner>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigner {
    pub name: String,
    /// Seconds since 1970, by the witness's clock.
    pub time: u64,
}

impl Policy {
    pub fn new(
        log: Vec<VerifierKey>,
        witnesses: Vec<VerifierKey>,
        quorum: usize,
    ) -> Result<Self, PolicyFault> {
        let first = log.first().ok_or(PolicyFault::NoLogKey)?.name();
        if let Some(other) = log.iter().map(VerifierKey::name).find(|other| *other != first) {
            return Err(PolicyFault::TwoOrigins { first: first.to_owned(), other: other.to_owned() });
        }
        if quorum > witnesses.len() {
            return Err(PolicyFault::Unreachable { quorum, witnesses: witnesses.len() });
        }
        are_of(&log, KeyType::Ed25519)?;
        are_of(&witnesses, KeyType::Cosignature)?;
        are_different(log.iter().chain(&witnesses))?;
        Ok(Self { log, witnesses, quorum })
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        self.log[0].name()
    }

    /// How many witnesses it takes.
    pub fn quorum(&self) -> usize {
        self.quorum
    }

    /// The same keys, for a checkpoint that may not have been cosigned yet.
    pub fn unwitnessed(&self) -> Self {
        Self { quorum: 0, ..self.clone() }
    }

    /// The keys of the log itself.
    pub fn log_keys(&self) -> &[VerifierKey] {
        &self.log
    }

    /// Reads a signed checkpoint and checks all that is known of it.
    pub fn accept(&self, note: &[u8]) -> Result<Accepted, PolicyError> {
        let note = Note::parse(note)?;
        let checkpoint = signed_checkpoint(&note, self.origin(), &self.log)?;
        let cosigners = self.cosigners(&note)?;
        let (needed, found) = (self.quorum, cosigners.len());
        if found < needed {
            return Err(PolicyError::TooFewWitnesses { needed, found });
        }
        Ok(Accepted { checkpoint, cosigners })
    }

    fn cosigners(&self, note: &Note) -> Result<Vec<Cosigner>, BadSignature> {
        let mut cosigners = Vec::new();
        for witness in &self.witnesses {
            let time = note.attested(witness)?.and_then(|attested| attested.time);
            cosigners.extend(time.map(|time| Cosigner { name: witness.name().to_owned(), time }));
        }
        Ok(cosigners)
    }
}

/// The checkpoint in a note that one of the log's keys signed.
pub(crate) fn signed_checkpoint(
    note: &Note,
    origin: &str,
    keys: &[VerifierKey],
) -> Result<Checkpoint, PolicyError> {
    let checkpoint = Checkpoint::from_str(note.text())?;
    if checkpoint.origin() != origin {
        let (expected, found) = (origin.to_owned(), checkpoint.origin().to_owned());
        return Err(PolicyError::WrongOrigin { expected, found });
    }
    let mut is_signed = false;
    for key in keys {
        is_signed |= note.attested(key)?.is_some();
    }
    if is_signed { Ok(checkpoint) } else { Err(PolicyError::NotSigned { origin: origin.to_owned() }) }
}

fn are_of(keys: &[VerifierKey], kind: KeyType) -> Result<(), PolicyFault> {
    match keys.iter().find(|key| key.kind() != kind) {
        Some(key) => Err(PolicyFault::WrongType { name: key.name().to_owned() }),
        None => Ok(()),
    }
}

/// One key under two names would count as two witnesses; a log that witnesses itself is none.
fn are_different<'a>(mut keys: impl Iterator<Item = &'a VerifierKey>) -> Result<(), PolicyFault> {
    let mut seen = BTreeSet::new();
    match keys.find(|key| !seen.insert(key.public())) {
        Some(key) => Err(PolicyFault::SameKey { name: key.name().to_owned() }),
        None => Ok(()),
    }
}
