//! How many of whom make a checkpoint final, and how they fare.

use std::time::Duration;

use merkle::{Policy, PolicyFault};
use time::OffsetDateTime;
use witness::Peer;

use super::{Sealing, Tsa};

/// Time before a witness that failed is asked again; it doubles up to the longest.
const RETRY: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(30);
/// How often a log that does not grow is cosigned anew, so that its finality stays fresh.
const REFRESH: Duration = Duration::from_secs(3_600);
/// How long sealing waits at its start to hear from every witness whether it holds more.
const FENCE: Duration = Duration::from_secs(3);

/// The witnesses of a log.
#[derive(Clone, Debug)]
pub struct Witnesses {
    pub(crate) peers: Vec<Peer>,
    pub(crate) policy: Policy,
    pub quorum: usize,
    /// Who says when a checkpoint was final, if anybody does.
    pub tsa: Option<Tsa>,
    pub retry: Duration,
    pub retry_max: Duration,
    pub refresh: Duration,
    pub fence: Duration,
}

impl Witnesses {
    /// `quorum` of these, for the log that is sealed so.
    pub fn new(sealing: &Sealing, peers: Vec<Peer>, quorum: usize) -> Result<Self, PolicyFault> {
        let keys = peers.iter().map(|peer| peer.key().clone()).collect();
        let policy = Policy::new(sealing.keys().cloned().collect(), keys, quorum)?;
        let (retry, retry_max, refresh, fence) = (RETRY, RETRY_MAX, REFRESH, FENCE);
        Ok(Self { peers, policy, quorum, tsa: None, retry, retry_max, refresh, fence })
    }
}

/// Up to where the log is final, and what is known of its witnesses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finality {
    /// Events under the last checkpoint that has its quorum.
    pub size: u64,
    /// How many witnesses it takes.
    pub quorum: usize,
    pub witnesses: Vec<WitnessStatus>,
    /// The service of time stamps, which is asked like a witness; the size is that of its last token.
    pub tsa: Option<WitnessStatus>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessStatus {
    pub name: String,
    /// The largest checkpoint it cosigned since this process seals.
    pub size: u64,
    pub standing: Standing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has not answered yet.
    Unasked,
    Cosigns,
    /// It cannot be reached, or does not cosign; it is asked again and again.
    Troubled {
        since: OffsetDateTime,
        why: String,
    },
}

impl Finality {
    /// Nothing is known of the witnesses yet.
    pub(super) fn unasked(witnesses: &Witnesses, size: u64) -> Self {
        let unasked =
            |name: &str| WitnessStatus { name: name.to_owned(), size: 0, standing: Standing::Unasked };
        Self {
            size,
            quorum: witnesses.quorum,
            witnesses: witnesses.peers.iter().map(|peer| unasked(peer.name())).collect(),
            tsa: witnesses.tsa.as_ref().map(|tsa| unasked(&tsa.url)),
        }
    }

    pub(super) fn is_asked(&self) -> bool {
        self.witnesses.iter().all(|witness| witness.standing != Standing::Unasked)
    }
}

impl WitnessStatus {
    pub(super) fn cosigned(&mut self, size: u64) {
        if let Standing::Troubled { since, .. } = &self.standing {
            tracing::info!(witness = self.name, %since, size, "the witness signs again");
        }
        (self.size, self.standing) = (size, Standing::Cosigns);
    }

    pub(super) fn troubled(&mut self, why: String) {
        let since = match &self.standing {
            Standing::Troubled { since, .. } => *since,
            Standing::Unasked | Standing::Cosigns => {
                tracing::warn!(witness = self.name, why, "a witness does not sign; finality may wait for it");
                OffsetDateTime::now_utc()
            }
        };
        self.standing = Standing::Troubled { since, why };
    }
}
