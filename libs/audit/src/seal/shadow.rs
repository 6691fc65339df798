//! The shadow follows what is sealed: a second tree, hashed with SM3, over the entries that the log's tree has.
//!
//! **Invariant**: nothing waits for it. It signs a size only after the entries that it read were proved to be those
//! under the log's signed root, so what it signs follows from what the log has signed: switched on late, or killed
//! between any two steps, it comes to the same root of every size.

use std::{sync::Arc, time::Duration};

use merkle::{Hash, Policy, Renamed, Signer};
use tokio::{sync::watch, task::JoinSet};

use super::{SealError, Sealing, Status, batch::beside, twins::Twins};
use crate::{Tiles, chain, shadow};

/// Time before it tries again after a failure; it doubles up to the longest.
const RETRY: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(30);

/// What the log has signed and published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) size: u64,
    pub(super) root: Hash,
}

/// Why a shadow is not signed on; a person must look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ShadowRefusal {
    #[error("its checkpoint cannot be trusted: {why}")]
    BadCheckpoint { why: String },
    #[error("its checkpoint is about {size} events, that of the log about {sealed}")]
    Ahead { size: u64, sealed: u64 },
    #[error("its tiles do not give the signed root of {size} events: {why}")]
    WrongTiles { size: u64, why: String },
    #[error("the entries of positions {first} to {last} are not those that the log has signed: {why}")]
    OtherEntries { first: u64, last: u64, why: String },
    #[error("the key cannot sign: {why}")]
    Key { why: String },
}

/// How the shadow fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShadowStatus {
    /// Events under its last checkpoint.
    pub size: u64,
    /// Why it does not go on, when it does not.
    pub trouble: Option<String>,
}

/// The following of one session; it ends when this is dropped.
pub(super) struct Shadow {
    newest: watch::Sender<Sealed>,
    _task: JoinSet<()>,
}

impl Shadow {
    /// Begins behind the last checkpoint; none, where no shadow is wanted.
    pub(super) fn start(
        sealing: &Sealing,
        tiles: &Tiles,
        status: &watch::Sender<Status>,
        last: Sealed,
    ) -> Option<Self> {
        if !sealing.sm3 {
            return None;
        }
        let newest = watch::Sender::new(last);
        let (sealing, trunk, status) = (sealing.clone(), tiles.clone(), status.clone());
        let follower = Follower { sealing, trunk, newest: newest.subscribe(), status };
        let mut task = JoinSet::new();
        task.spawn(follower.run());
        Some(Self { newest, _task: task })
    }

    /// The log has signed and published more.
    pub(super) fn offer(&self, sealed: Sealed) {
        self.newest.send_replace(sealed);
    }
}

struct Follower {
    sealing: Sealing,
    trunk: Tiles,
    newest: watch::Receiver<Sealed>,
    status: watch::Sender<Status>,
}

impl Follower {
    async fn run(mut self) {
        let mut wait = RETRY;
        loop {
            let error = match self.follow(&mut wait).await {
                // Nobody seals here any more.
                Ok(()) | Err(SealError::Fenced) => return,
                Err(error) => error,
            };
            let why = chain(&error);
            self.tell(|shadow| shadow.trouble = Some(why.clone()));
            if matches!(error, SealError::Shadow(_) | SealError::Refused(_)) {
                tracing::error!(why, "the shadow of the log is not signed any more");
                return;
            }
            tracing::warn!(why, "the shadow of the log was interrupted");
            tokio::time::sleep(wait).await;
            wait = RETRY_MAX.min(wait * 2);
        }
    }

    /// Goes along with what is sealed, until nothing is any more.
    async fn follow(&mut self, wait: &mut Duration) -> Result<(), SealError> {
        let (signer, policy) = names(&self.sealing)?;
        let (trunk, sealed) = (self.trunk.clone(), *self.newest.borrow_and_update());
        let mut twins = beside(move || Twins::resume(trunk, signer, &policy, sealed)).await?;
        loop {
            let sealed = *self.newest.borrow_and_update();
            while twins.size() < sealed.size {
                twins = beside(move || twins.grow(sealed)).await?;
                *wait = RETRY;
                self.tell(|shadow| shadow.size = twins.size());
            }
            self.tell(|shadow| *shadow = ShadowStatus { size: twins.size(), trouble: None });
            if self.newest.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    fn tell(&self, change: impl FnOnce(&mut ShadowStatus)) {
        self.status.send_modify(|status| change(status.shadow.get_or_insert_default()));
    }
}

/// Who signs the shadow, and whose signatures under it count.
fn names(sealing: &Sealing) -> Result<(Arc<dyn Signer>, Policy), ShadowRefusal> {
    let bad = |error: &dyn std::error::Error| ShadowRefusal::Key { why: chain(error) };
    let origin = shadow::origin(sealing.signer.key().name());
    let signer = Renamed::new(sealing.signer.clone(), &origin).map_err(|error| bad(&error))?;
    let keys = sealing.keys().map(shadow::key).collect::<Result<_, _>>().map_err(|error| bad(&error))?;
    let policy = Policy::new(keys, Vec::new(), 0).map_err(|error| bad(&error))?;
    Ok((Arc::new(signer), policy))
}
