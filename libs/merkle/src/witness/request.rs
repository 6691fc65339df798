//! The body of a request `add-checkpoint`.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::{
    Checkpoint, Hash, Note,
    checkpoint::CheckpointError,
    codec::decimal,
    note::{MAX_NOTE, NoteError},
};

/// The most hashes that the document lets a client send.
const MAX_PROOF: usize = 63;

/// A log asks a witness to cosign a checkpoint that extends the `old` leaves it cosigned last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    pub old: u64,
    pub proof: Vec<Hash>,
    pub(super) note: Note,
    pub(super) checkpoint: Checkpoint,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    #[error("the request is not UTF-8 of at most {MAX_NOTE} bytes")]
    NotText,
    #[error("no blank line separates proof and checkpoint")]
    NoCheckpoint,
    #[error("the first line is not \"old\" and a size")]
    BadOld,
    #[error("line {line} is not a hash")]
    BadHash { line: usize },
    #[error("the proof has {found} hashes; at most {MAX_PROOF} may be sent")]
    ProofTooLong { found: usize },
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl AddCheckpoint {
    pub fn new(old: u64, proof: Vec<Hash>, note: Note) -> Result<Self, RequestError> {
        let found = proof.len();
        if found > MAX_PROOF {
            return Err(RequestError::ProofTooLong { found });
        }
        let checkpoint = Checkpoint::from_str(note.text())?;
        Ok(Self { old, proof, note, checkpoint })
    }

    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        let body = str::from_utf8(body).ok().filter(|body| body.len() <= MAX_NOTE);
        let body = body.ok_or(RequestError::NotText)?;
        let (lines, note) = body.split_once("\n\n").ok_or(RequestError::NoCheckpoint)?;
        let mut lines = (1..).zip(lines.split('\n'));
        let old = lines.next().and_then(|(_, line)| decimal(line.strip_prefix("old ")?));
        let old = old.ok_or(RequestError::BadOld)?;
        let hash = |(line, text): (usize, &str)| text.parse().map_err(|_| RequestError::BadHash { line });
        let proof = lines.map(hash).collect::<Result<_, _>>()?;
        Self::new(old, proof, Note::parse(note.as_bytes())?)
    }

    /// The log that asks, by its own word; its signature is checked later.
    pub fn origin(&self) -> &str {
        self.checkpoint.origin()
    }

    /// The checkpoint to be cosigned.
    pub fn note(&self) -> &Note {
        &self.note
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.note)
    }
}
