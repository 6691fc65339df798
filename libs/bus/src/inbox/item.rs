//! One position of a source: a message, or the knowledge that there is none any more.

use std::sync::Arc;

use async_nats::jetstream;
use bytes::Bytes;
use decider::{CaseId, Causation, Fact, Reaction, Unreadable};
use serde::Deserialize;
use uuid::Uuid;

use super::React;
use crate::cloudevent::{self, Origin};
use crate::react::Cause;
use crate::{Source, Stored};

/// What a source has at a position.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) position: u64,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// A message, and the subject if it came from the bus.
    Message { payload: Bytes, subject: Option<String> },
    /// Nothing; where it begins a run of them, the reason to be parked.
    Lost { reason: Option<String> },
}

impl Item {
    pub(super) fn delivered(position: u64, delivery: &jetstream::Message) -> Self {
        let subject = Some(delivery.subject.to_string());
        Self { position, content: Content::Message { payload: delivery.payload.clone(), subject } }
    }

    pub(super) fn stored(stored: Stored) -> Self {
        let content = Content::Message { payload: stored.payload, subject: Some(stored.subject) };
        Self { position: stored.sequence, content }
    }

    pub(super) fn backfilled(position: u64, payload: Bytes) -> Self {
        Self { position, content: Content::Message { payload, subject: None } }
    }

    pub(super) fn lost(position: u64, reason: Option<String>) -> Self {
        Self { position, content: Content::Lost { reason } }
    }
}

/// A fact that was read, with the policies that answer to it.
pub(super) struct Told {
    pub(super) fact: Fact,
    react: Arc<[React]>,
}

impl Told {
    /// Reads a message and asks the policies; why it cannot be, if it cannot.
    pub(super) fn read(
        source: &Source,
        position: u64,
        subject: Option<&str>,
        payload: &[u8],
        react: &Arc<[React]>,
    ) -> Result<(Self, Vec<Reaction>), String> {
        let origin = Origin { source, position, subject };
        let fact = cloudevent::read(payload, origin).map_err(|error| error.to_string())?;
        let told = Self { fact, react: Arc::clone(react) };
        let reactions = told.reactions().map_err(|error| error.to_string())?;
        Ok((told, reactions))
    }
}

impl Cause for Told {
    fn id(&self) -> Uuid {
        self.fact.id
    }

    fn causation(&self) -> Causation {
        Causation { log: self.fact.source.clone(), position: self.fact.position }
    }

    fn case_id(&self) -> Option<&CaseId> {
        self.fact.case_id.as_ref()
    }

    fn traceparent(&self) -> Option<&str> {
        self.fact.traceparent.as_deref()
    }

    fn kind(&self) -> &str {
        &self.fact.kind
    }

    fn reactions(&self) -> Result<Vec<Reaction>, Unreadable> {
        let mut reactions = Vec::new();
        for react in self.react.iter() {
            reactions.extend(react(&self.fact)?);
        }
        Ok(reactions)
    }
}

/// The id in a message that is no fact; nil if there is none.
pub(super) fn id_of(payload: &[u8]) -> Uuid {
    #[derive(Deserialize)]
    struct Identified {
        id: Uuid,
    }
    if payload.len() > cloudevent::MESSAGE_BYTES_MAX {
        return Uuid::nil();
    }
    serde_json::from_slice(payload).map_or(Uuid::nil(), |found: Identified| found.id)
}
