//! What a store refuses, so that two writers never harm what is signed.

use std::io;

/// Why a file was not written, though the store is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Another process writes now, or has written since this one last looked.
    #[error("{name} was replaced by another process")]
    Replaced { name: String },
    /// Tiles follow from the events alone: another history wrote it, or a release that states events otherwise.
    #[error("{name} is there with other bytes than these events give, and is not replaced")]
    Occupied { name: String },
    /// Nothing would keep a process that was taken for dead from writing over what is signed.
    #[error(
        "the store does not heed If-Match and If-None-Match, and two processes could harm what is signed"
    )]
    Unconditional,
}

impl Conflict {
    /// The conflict that an error of a store tells of.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<Conflict> for io::Error {
    fn from(conflict: Conflict) -> Self {
        Self::other(conflict)
    }
}
