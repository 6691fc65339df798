//! The audit trail of a log: sealed as it grows, and verified by whoever doubts it.
//!
//! A [`Sealer`] follows a log, makes a leaf of every event, writes the tree as tiles and signs its root. [`verify`]
//! compares events, leaves, tiles, roots and checkpoints, and says what is wrong and where. A [`Watch`] follows what
//! is published from outside. The formats are those of [`merkle`], so that tools which nobody here wrote can do the same.
//!
//! **Invariants**: a size of a log has one root, for ever: its row is stored before any byte of the checkpoint
//! leaves. Sealing never holds up an append. Who is unsure whether a signature would fork the log does not sign.

pub mod bundle;
mod event;
pub mod key;
mod leaf;
mod proof;
mod publish;
mod record;
mod seal;
pub mod sealed;
pub mod shadow;
mod store;
pub mod verify;
pub mod watch;

pub use event::{Connect, Stored, read as read_events, read_case};
pub use leaf::{LeafError, statement};
pub use proof::{ProofError, prove, sealed_at};
pub use publish::Publish;
pub use record::covering;
pub use seal::{
    Finality, Refusal, Sealer, Sealing, ShadowStatus, Standing, State, Status, Tsa, WitnessStatus, Witnesses,
};
pub use store::{Bucket, BucketError, Conflict, Folder, Site, Store, Tiles};
pub use verify::{Found, Place, Report, Scope, Verify, What};
pub use watch::Watch;

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
