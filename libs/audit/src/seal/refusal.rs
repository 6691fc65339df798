//! Why a log is not signed: every reason is one for a person to look, none goes away by itself.

use std::fmt::Display;

/// What the log would deny by signing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(
        "a checkpoint of {published} events was published, the database knows of {stored}: it was restored from \
         an older backup, or rolled back"
    )]
    Rollback { published: u64, stored: u64 },
    #[error(
        "witness {witness} holds {held} events, all that is known here ends at {stored}: database and folder were \
         restored from an older backup, or rolled back"
    )]
    WitnessAhead { witness: String, held: u64, stored: u64 },
    #[error("witness {witness} cosigned another history of the first {size} events: the log has forked")]
    WitnessFork { witness: String, size: u64 },
    #[error("{sealed} events are signed, the log ends at {head}: it was cut")]
    HeadBehind { sealed: u64, head: u64 },
    #[error("the published checkpoint of {size} events is not the one stored: the log has forked")]
    Fork { size: u64 },
    #[error("the checkpoint of {size} events cannot be trusted: {why}")]
    Unsigned { size: u64, why: String },
    #[error("the published checkpoint cannot be trusted: {why}")]
    BadPublished { why: String },
    #[error("the tiles do not give the signed root of {size} events: {why}")]
    WrongTiles { size: u64, why: String },
    #[error("the event at position {position} is missing or out of place")]
    Gap { position: u64 },
    #[error("the event at position {position} cannot be stated: {why}")]
    Unstatable { position: u64, why: String },
    #[error("the key cannot sign: {why}")]
    Key { why: String },
    #[error("nothing more is written where the tiles are: {why}")]
    Store { why: String },
    #[error("another root is stored for {size} events: the log would fork")]
    SecondRoot { size: u64 },
}

impl Refusal {
    pub(super) fn tiles(size: u64, why: impl Display) -> Self {
        Self::WrongTiles { size, why: why.to_string() }
    }
}
