//! What a monitor remembers, in one file that is replaced whole; whoever can change it can make it forget.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use merkle::{Accepted, Checkpoint, Hash, Policy};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use witness::durable;

/// Why a monitor cannot go on: without its memory it would believe anything.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    #[error("keep what is known of the log in {file:?}")]
    File { file: PathBuf, source: io::Error },
    #[error("another process watches with {file:?}")]
    InUse { file: PathBuf },
    #[error("what {file:?} says is known of the log cannot be used: {why}")]
    Bad { file: PathBuf, why: String },
}

/// The file, and the lock beside it.
#[derive(Debug)]
pub struct Memory {
    file: PathBuf,
    _lock: File,
}

/// As it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    /// The signed note of the head: evidence, if another history is shown one day.
    checkpoint: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    grown_at: Option<OffsetDateTime>,
    final_size: u64,
    final_root: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    final_at: Option<OffsetDateTime>,
    /// The newest time in a line of a witness.
    #[serde(with = "time::serde::rfc3339::option")]
    cosigned_at: Option<OffsetDateTime>,
}

/// What is known of a log.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    head: Option<Checkpoint>,
    stored: Stored,
}

impl Memory {
    /// Takes the file for this process.
    pub fn claim(file: &Path) -> Result<Self, MemoryError> {
        let failed = |source| MemoryError::File { file: file.to_owned(), source };
        let lock = durable::lock(&file.with_added_extension("lock")).map_err(failed)?;
        let lock = lock.ok_or_else(|| MemoryError::InUse { file: file.to_owned() })?;
        Ok(Self { file: file.to_owned(), _lock: lock })
    }

    pub(super) fn recall(&self, policy: &Policy) -> Result<Known, MemoryError> {
        let file = || self.file.clone();
        let bytes = durable::read(&self.file).map_err(|source| MemoryError::File { file: file(), source })?;
        let Some(bytes) = bytes else { return Ok(Known::default()) };
        let bad = |why: String| MemoryError::Bad { file: file(), why };
        let stored: Stored = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
        let head = stored.checkpoint.as_ref().map(|note| policy.accept(note.as_bytes())).transpose();
        let head = head.map_err(|error| bad(error.to_string()))?.map(|accepted| accepted.checkpoint);
        Ok(Known { head, stored })
    }

    pub(super) fn keep(&self, known: &Known) -> Result<(), MemoryError> {
        let bytes = serde_json::to_vec_pretty(&known.stored).map_err(io::Error::from);
        let kept = bytes.and_then(|bytes| durable::replace(&self.file, &bytes));
        kept.map_err(|source| MemoryError::File { file: self.file.clone(), source })
    }
}

impl Known {
    pub(super) fn head(&self) -> Option<&Checkpoint> {
        self.head.as_ref()
    }

    pub(super) fn size(&self) -> u64 {
        self.head.as_ref().map_or(0, Checkpoint::size)
    }

    pub(super) fn final_size(&self) -> u64 {
        self.stored.final_size
    }

    pub(super) fn final_at(&self) -> Option<OffsetDateTime> {
        self.stored.final_at
    }

    /// The last sign of life.
    pub(super) fn alive_at(&self) -> Option<OffsetDateTime> {
        self.stored.grown_at.max(self.stored.cosigned_at)
    }

    pub(super) fn is_last_final(&self, checkpoint: &Checkpoint) -> bool {
        let root: Option<Hash> = self.stored.final_root.as_ref().and_then(|root| root.parse().ok());
        checkpoint.size() == self.stored.final_size && Some(*checkpoint.root()) == root
    }

    /// Moves to a checkpoint that begins with the head.
    pub(super) fn grow(&mut self, note: String, checkpoint: Checkpoint, now: OffsetDateTime) {
        if self.head.as_ref().is_none_or(|head| head.size() < checkpoint.size()) {
            // What was final until now is behind from now on.
            if self.stored.final_size >= self.size() {
                self.stored.final_at = Some(now);
            }
            self.stored.grown_at = Some(now);
            self.stored.checkpoint = Some(note);
            self.head = Some(checkpoint);
        }
    }

    /// Moves to a final checkpoint.
    pub(super) fn finish(&mut self, accepted: &Accepted, now: OffsetDateTime) {
        if accepted.checkpoint.size() > self.stored.final_size {
            self.stored.final_at = Some(now);
        }
        self.stored.final_size = accepted.checkpoint.size();
        self.stored.final_root = Some(accepted.checkpoint.root().to_string());
        let times = accepted.cosigners.iter().filter_map(|cosigner| i64::try_from(cosigner.time).ok());
        let times = times.filter_map(|time| OffsetDateTime::from_unix_timestamp(time).ok());
        // A witness whose clock is ahead does not keep a dead log alive.
        let newest = times.max().map(|time| time.min(now));
        self.stored.cosigned_at = self.stored.cosigned_at.max(newest);
    }
}
