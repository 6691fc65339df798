//! A monitor: follows what a log publishes, remembers the last head that it believed, and says when they disagree.
//!
//! Anyone can run one: it needs the log's public key and a way to the published files, and nothing of the log's owner.
//!
//! **Invariant**: what is remembered only ever moves to a larger head that is proved to begin with it.

mod alarm;
mod memory;
mod source;

use std::time::Duration;

use merkle::{Accepted, Checkpoint, Policy, Sha256, proof::verify_consistency, tree::Plan};
use time::OffsetDateTime;

use crate::store::{CHECKPOINT, FINAL};
use memory::Known;

pub use alarm::Alarm;
pub use memory::{Memory, MemoryError};
pub use source::{FetchError, Source};

/// What is watched, and what counts as late.
pub struct Watch {
    pub source: Source,
    /// The log's keys; with a quorum, checkpoints must become final too.
    pub policy: Policy,
    /// How long the log may show no sign of life: a larger checkpoint, or newer lines of its witnesses.
    pub stale_after: Option<Duration>,
    /// How long witnesses may take.
    pub final_after: Duration,
    pub memory: Memory,
}

/// What one look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Events under the head that is believed.
    pub size: u64,
    /// Events under the newest checkpoint with its quorum.
    pub final_size: u64,
    pub alarms: Vec<Alarm>,
}

impl Watch {
    /// Looks once, at this time. Only a memory that cannot be kept is an error: everything else is a finding.
    pub async fn look(&mut self, now: OffsetDateTime) -> Result<Seen, MemoryError> {
        let mut known = self.memory.recall(&self.policy.unwitnessed())?;
        let mut alarms = Vec::new();
        // The newest is read last, so that it is never smaller than the other.
        let last_final = self.fetch(FINAL, &self.policy).await;
        let newest = self.fetch(CHECKPOINT, &self.policy.unwitnessed()).await;
        match newest {
            Ok(Some((note, accepted))) => match self.follows(&known, &accepted.checkpoint).await {
                Ok(()) => known.grow(note, accepted.checkpoint, now),
                Err(alarm) => alarms.push(alarm),
            },
            Ok(None) => alarms.push(Alarm::Gone { known: known.size() }),
            Err(alarm) => alarms.push(alarm),
        }
        match last_final {
            Ok(Some((_, accepted))) => match self.belongs(&known, &accepted.checkpoint).await {
                Ok(()) => known.finish(&accepted, now),
                Err(alarm) => alarms.push(alarm),
            },
            Ok(None) if self.policy.quorum() > 0 => {
                alarms.push(Alarm::NoQuorum { why: "no checkpoint is published as final".to_owned() });
            }
            Ok(None) => {}
            Err(alarm) => alarms.push(alarm),
        }
        self.late(&known, now, &mut alarms);
        self.memory.keep(&known)?;
        // The same silence need not be told of two files.
        let is_silent = |alarm: &Alarm| matches!(alarm, Alarm::Unreachable { .. });
        alarms.dedup_by(|one, other| one == other || is_silent(one) && is_silent(other));
        Ok(Seen { size: known.size(), final_size: known.final_size(), alarms })
    }

    async fn fetch(&self, name: &str, policy: &Policy) -> Result<Option<(String, Accepted)>, Alarm> {
        let note = self.source.read(name).await.map_err(|error| Alarm::unreachable(&error))?;
        let Some(note) = note else { return Ok(None) };
        match policy.accept(&note) {
            Ok(accepted) => Ok(Some((String::from_utf8_lossy(&note).into_owned(), accepted))),
            Err(error @ merkle::PolicyError::TooFewWitnesses { .. }) => {
                Err(Alarm::NoQuorum { why: error.to_string() })
            }
            Err(error) => Err(Alarm::BadCheckpoint { file: name.to_owned(), why: error.to_string() }),
        }
    }

    /// The newest checkpoint against the head that is remembered.
    async fn follows(&self, known: &Known, newest: &Checkpoint) -> Result<(), Alarm> {
        let Some(head) = known.head() else { return Ok(()) };
        if newest.size() < head.size() {
            return Err(Alarm::RolledBack { known: head.size(), size: newest.size() });
        }
        self.begins_with(head, newest).await
    }

    /// The final checkpoint against the newest one, and against the one before.
    async fn belongs(&self, known: &Known, last_final: &Checkpoint) -> Result<(), Alarm> {
        if last_final.size() < known.final_size() {
            return Err(Alarm::RolledBack { known: known.final_size(), size: last_final.size() });
        }
        match known.head() {
            // It was compared when it was new.
            _ if known.is_last_final(last_final) => Ok(()),
            None => Ok(()),
            Some(head) if head.size() < last_final.size() => {
                Err(Alarm::RolledBack { known: last_final.size(), size: head.size() })
            }
            Some(head) => self.begins_with(last_final, head).await,
        }
    }

    /// Whether the tree of one checkpoint is the beginning of the other's, as the published tiles prove.
    async fn begins_with(&self, old: &Checkpoint, new: &Checkpoint) -> Result<(), Alarm> {
        let (from, to) = (old.size(), new.size());
        if from == to {
            return if old.root() == new.root() { Ok(()) } else { Err(Alarm::Forked { size: from }) };
        }
        let Ok(plan) = Plan::consistency(from, to, to) else {
            return Err(Alarm::RolledBack { known: from, size: to });
        };
        let proof = self.source.hashes(&plan).await;
        let proof = proof.map_err(|error| Alarm::Unproved { from, to, why: crate::chain(&error) })?;
        if from == 0 || verify_consistency::<Sha256>(from, to, &proof, old.root(), new.root()).is_ok() {
            return Ok(());
        }
        Err(Alarm::Rewritten { from, to })
    }

    fn late(&self, known: &Known, now: OffsetDateTime, alarms: &mut Vec<Alarm>) {
        let is_over = |since: OffsetDateTime, limit: Duration| now - since > limit;
        if let (Some(since), Some(limit)) = (known.alive_at(), self.stale_after)
            && is_over(since, limit)
        {
            alarms.push(Alarm::Stale { size: known.size(), since });
        }
        if self.policy.quorum() == 0 || known.final_size() >= known.size() {
            return;
        }
        if let Some(since) = known.final_at().filter(|since| is_over(*since, self.final_after)) {
            alarms.push(Alarm::NotFinal { final_size: known.final_size(), size: known.size(), since });
        }
    }
}
