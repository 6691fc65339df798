//! The task that seals a log: one process at a time, about once a second, behind the appends and never before them.

mod ahead;
mod ask;
mod batch;
mod finality;
mod gather;
mod refusal;
mod resume;
mod shadow;
mod stamp;
mod status;
mod twins;
mod witnessed;

use std::{io, sync::Arc, time::Duration};

use eventlog::Log;
use merkle::{Signer, VerifierKey, tile::ReadError};
use sqlx::PgConnection;
use tokio::{sync::watch, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Conflict, Site, Tiles, chain, event,
    record::{self, Lease},
};
use ahead::{Ahead, Stating};
use ask::Signed;
use batch::Tree;
use shadow::{Shadow, ShadowRefusal};
use witnessed::{Session, heard};

pub use finality::{Finality, Standing, WitnessStatus, Witnesses};
pub use refusal::Refusal;
pub use shadow::ShadowStatus;
pub use stamp::Tsa;
pub use status::{State, Status};

/// Time between two tries for a folder or a lease that another process holds, or after a failure.
const STANDBY: Duration = Duration::from_millis(500);

/// How a log is sealed.
#[derive(Clone)]
pub struct Sealing {
    /// Where tiles and checkpoint are kept. Every process that may seal this log must be given the same place.
    pub site: Site,
    /// The log's key; its name is the log's origin.
    pub signer: Arc<dyn Signer>,
    /// Keys that signed before this one.
    pub older_keys: Vec<VerifierKey>,
    /// Who cosigns, if anybody does.
    pub witnesses: Option<Witnesses>,
    /// Whether a shadow tree, hashed with SM3, follows the log's.
    pub sm3: bool,
    /// How often a changed log is signed.
    pub every: Duration,
    /// Events between two signatures while catching up; best a multiple of a tile's width.
    pub batch_events_max: u64,
    /// How long a lease lasts without being renewed.
    pub lease: Duration,
}

impl Sealing {
    /// The usual pace.
    pub fn new(site: impl Into<Site>, signer: Arc<dyn Signer>) -> Self {
        Self {
            site: site.into(),
            signer,
            older_keys: Vec::new(),
            witnesses: None,
            sm3: false,
            every: Duration::from_secs(1),
            batch_events_max: 8_192,
            lease: Duration::from_secs(10),
        }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &VerifierKey> {
        [self.signer.key()].into_iter().chain(&self.older_keys)
    }
}

/// Why a session of sealing ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    /// Another process seals now.
    #[error("keep the lease of sealing")]
    Fenced,
    #[error("read or store what is sealed")]
    Database(#[from] sqlx::Error),
    #[error("use the log")]
    Log(#[from] eventlog::Error),
    #[error("keep tiles")]
    Store(#[source] io::Error),
    /// Nothing more may be signed until a person has looked.
    #[error("sign: refused")]
    Refused(#[from] Refusal),
    /// The shadow may not be signed on; the log may.
    #[error("sign the shadow: refused")]
    Shadow(#[from] ShadowRefusal),
}

impl SealError {
    /// Tiles that are missing or wrong are for a person to look at; a store that is away is waited for.
    fn tiles(size: u64, error: ReadError<io::Error>) -> Self {
        match error {
            ReadError::Unreadable { source, .. } if source.kind() != io::ErrorKind::NotFound => source.into(),
            error => Refusal::tiles(size, chain(&error)).into(),
        }
    }
}

impl From<io::Error> for SealError {
    fn from(error: io::Error) -> Self {
        match Conflict::of(&error) {
            Some(Conflict::Replaced { .. }) => Self::Fenced,
            Some(conflict) => Refusal::Store { why: conflict.to_string() }.into(),
            None => Self::Store(error),
        }
    }
}

/// Seals one log.
pub struct Sealer {
    log: Log,
    sealing: Sealing,
    owner: Uuid,
    status: watch::Sender<Status>,
}

impl Sealer {
    pub fn new(log: Log, sealing: Sealing) -> Self {
        Self { log, sealing, owner: Uuid::now_v7(), status: watch::Sender::default() }
    }

    /// How it fares.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Seals until told to stop, or until it must refuse. Failures are tried again; another process is waited for.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let state = match self.session(&stop).await {
                Ok(()) | Err(SealError::Fenced) => State::Standby,
                Err(SealError::Refused(refusal)) => {
                    tracing::error!(%refusal, schema = self.schema(), "the log is not sealed any more");
                    self.tell(State::Refused(refusal.to_string()));
                    return;
                }
                Err(error) => {
                    let error = chain(&error);
                    tracing::warn!(error, schema = self.schema(), "sealing was interrupted");
                    State::Waiting(error)
                }
            };
            self.tell(state);
            stop.run_until_cancelled(tokio::time::sleep(STANDBY)).await;
        }
    }

    /// From taking the folder and the lease to losing them. A process that stands still keeps the folder: two that
    /// wrote into one could harm what is signed, whatever the database said of their leases. A bucket refuses by itself.
    async fn session(&self, stop: &CancellationToken) -> Result<(), SealError> {
        let Some(tiles) = self.sealing.site.claim()? else { return Ok(()) };
        let mut db = self.log.connection().await?;
        let Some(lease) = Lease::take(&mut db, self.owner, self.sealing.lease).await? else { return Ok(()) };
        let sealed = self.keep(&mut db, &lease, tiles, stop).await;
        if let Err(error) = lease.release(&mut db).await {
            tracing::debug!(%error, "the lease of sealing was not given back and will run out");
        }
        sealed
    }

    async fn keep(
        &self,
        db: &mut PgConnection,
        lease: &Lease,
        tiles: Tiles,
        stop: &CancellationToken,
    ) -> Result<(), SealError> {
        let last = record::last(db).await?;
        let head = event::head(db).await?;
        let mut tree = resume::resume(&self.sealing, tiles, last, head).await?;
        let gathering = self.gather(&tree, db).await?;
        let batch = self.sealing.batch_events_max.max(1);
        let stating = Stating::new(self.sealing.signer.key().name(), lease.salts());
        let ahead = Ahead::new(&self.log, stating, batch);
        let shadow = Shadow::start(&self.sealing, tree.tiles(), &self.status, tree.sealed());
        let mut session = Session { db, lease, gathering, ahead, shadow };
        self.at(tree.size(), head);
        self.fence(&tree, &mut session).await?;
        self.tell(State::Sealing);
        tracing::info!(schema = self.schema(), sealed = tree.size(), "the log is sealed here");
        let mut pace = tokio::time::interval(self.sealing.every);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = session.ahead.appended() => session.ahead.make(tree.size()).await,
                _ = pace.tick() => self.step(&mut tree, &mut session, stop).await?,
                heard = heard(&mut session.gathering) => self.hear(heard, &tree, &mut session).await?,
            }
        }
    }

    async fn step(
        &self,
        tree: &mut Tree,
        session: &mut Session<'_>,
        stop: &CancellationToken,
    ) -> Result<(), SealError> {
        let head = event::head(session.db).await?;
        self.at(tree.size(), head);
        if head < tree.size() {
            return Err(Refusal::HeadBehind { sealed: tree.size(), head }.into());
        }
        if head == tree.size() && !session.lease.renew(session.db).await? {
            return Err(SealError::Fenced);
        }
        while tree.size() < head && !stop.is_cancelled() {
            session.ahead.make(tree.size()).await;
            let last = session.ahead.batch(tree.size(), head);
            let (signer, ahead) = (self.sealing.signer.as_ref(), &mut session.ahead);
            let (made, stating) = (ahead.take(last), ahead.stating().clone());
            let sealed = tree.seal(last, made, stating, signer, session.db, session.lease);
            let note = ahead.make_beside(last, sealed).await?;
            self.at(tree.size(), head.max(tree.size()));
            if let Some(gathering) = &session.gathering {
                gathering.offer(Signed { size: tree.size(), note });
            }
            if let Some(shadow) = &session.shadow {
                shadow.offer(tree.sealed());
            }
        }
        Ok(())
    }

    fn at(&self, sealed: u64, head: u64) {
        self.status.send_modify(|status| {
            (status.sealed, status.head) = (sealed, head);
        });
    }

    fn tell(&self, state: State) {
        self.status.send_modify(|status| status.state = state);
    }

    fn schema(&self) -> &str {
        &self.log.options().schema
    }
}
