//! The door for a department outside our services: it writes its own stream, below its own subject, without gaps.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::publish::{Ack, headers};
use crate::{Bus, Outgoing, Source, StreamError, cloudevent};

/// How often a department tries anew because another of its processes was faster.
const RACES_MAX: u32 = 64;

/// Why a message was not published, or is not known to have been; repeating it with the same id is safe.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Services publish through their logs only.
    #[error("publish for {0}, which is not an outside department")]
    NotOutside(Source),
    /// The message could not be read again as a fact.
    #[error("publish a message that listeners would refuse")]
    Unreadable(#[source] cloudevent::Error),
    /// The stream cannot be used.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The stream forgot messages that the department had published: listeners would take new ones for old ones.
    #[error("publish to the stream of {department}: it ends at {last}, but {known} were published")]
    Lost {
        /// The department.
        department: Source,
        /// Where the stream ends.
        last: u64,
        /// What the department remembers.
        known: u64,
    },
    /// Others were faster every time.
    #[error("publish to a stream that others keep writing")]
    Contended,
    /// The server said no.
    #[error("publish: the bus refuses: {0}")]
    Refused(String),
    /// No answer came.
    #[error("publish: the bus is away")]
    Away(#[source] async_nats::Error),
}

/// A department's pen. It remembers how far the department has written, so that a wiped stream goes on where it was.
pub struct Publisher {
    bus: Bus,
    department: Source,
    known: AtomicU64,
}

impl Publisher {
    /// A pen for a department that knows to have published `known` messages (0 if it does not).
    pub fn new(bus: Bus, department: Source, known: u64) -> Result<Self, PublishError> {
        if !department.is_outside() {
            return Err(PublishError::NotOutside(department));
        }
        Ok(Self { bus, department, known: AtomicU64::new(known) })
    }

    /// Publishes a message after the last one and returns its sequence. A message whose id was published before,
    /// within the stream's duplicate window, is not published again: its first sequence is returned.
    pub async fn publish(&self, outgoing: &Outgoing) -> Result<u64, PublishError> {
        let mut last = self.last().await?;
        for _ in 0..RACES_MAX {
            let bytes = self.message(outgoing, last + 1)?;
            let ack = self.send(outgoing, last, bytes).await?;
            match ack.error {
                None => {
                    self.known.fetch_max(ack.seq, Ordering::Relaxed);
                    return Ok(ack.seq);
                }
                Some(refusal) if refusal.is_wrong_last() => last = self.last().await?,
                Some(refusal) => return Err(PublishError::Refused(refusal.description)),
            }
        }
        Err(PublishError::Contended)
    }

    async fn last(&self) -> Result<u64, PublishError> {
        let known = self.known.load(Ordering::Relaxed);
        let last = self.bus.ensure_stream(&self.department, known + 1).await?.last;
        if last < known {
            return Err(PublishError::Lost { department: self.department.clone(), last, known });
        }
        self.known.fetch_max(last, Ordering::Relaxed);
        Ok(last)
    }

    /// Writes the message, and reads it as a listener will: what they would refuse never leaves.
    fn message(&self, outgoing: &Outgoing, sequence: u64) -> Result<Bytes, PublishError> {
        let bytes = cloudevent::outside(outgoing, sequence, &self.department);
        let origin = cloudevent::Origin { source: &self.department, position: sequence, subject: None };
        cloudevent::read(&bytes, origin).map_err(PublishError::Unreadable)?;
        Ok(bytes)
    }

    async fn send(&self, outgoing: &Outgoing, last: u64, bytes: Bytes) -> Result<Ack, PublishError> {
        let subject = self.department.subject(&outgoing.stream, &outgoing.public.kind);
        let message_id = format!("{}:{}", self.department, outgoing.id);
        let headers = headers(&self.department, &message_id, last, outgoing.traceparent.as_deref());
        let answer = self
            .bus
            .client
            .request_with_headers(subject, headers, bytes)
            .await
            .map_err(|error| PublishError::Away(error.into()))?;
        serde_json::from_slice(&answer.payload).map_err(|error| PublishError::Away(error.into()))
    }
}
