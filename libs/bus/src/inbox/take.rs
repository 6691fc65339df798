//! One position of a source: read, understood by the policies, and ready to be worked on.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream;
use bytes::Bytes;
use decider::Reaction;
use uuid::Uuid;

use super::item::{Content, Item, Told, id_of};
use super::{Interruption, Listener};
use crate::backoff::Backoff;
use crate::record::{Parked, Taken};
use crate::window::Work;

/// How often an unreadable message is fetched anew before it is parked.
const READS_MAX: u32 = 3;
const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_LONGEST: Duration = Duration::from_millis(200);

impl Listener {
    /// Reads an item and asks the policies: what is to be done at its position.
    pub(super) async fn open(
        &self,
        item: Item,
        delivery: Option<jetstream::Message>,
    ) -> Result<Work, Interruption> {
        let at = self.wiring.log.world().clock.now();
        let Item { position, content } = item;
        let aside = |event_id, parked, delivery| Work {
            taken: Taken { position, event_id, at, parked },
            delivery,
            message: Bytes::new(),
            cause: None,
            reactions: Vec::new(),
        };
        let (payload, subject) = match content {
            Content::Message { payload, subject } => (payload, subject),
            Content::Lost { reason } => {
                let parked = reason.map(|reason| Parked { reason, message: Bytes::new() });
                return Ok(aside(Uuid::nil(), parked, delivery));
            }
        };
        Ok(match self.read(position, subject, &payload).await? {
            Ok((told, reactions)) => Work {
                taken: Taken { position, event_id: told.fact.id, at, parked: None },
                delivery,
                message: payload,
                cause: Some(Arc::new(told)),
                reactions,
            },
            Err(reason) => aside(id_of(&payload), Some(Parked { reason, message: payload }), delivery),
        })
    }

    /// Reads a message; one that is unreadable is fetched anew, from its owner's log first: it may be a fault of the
    /// bus, or one that the owner has mended. The inner error is why it must be parked.
    async fn read(
        &self,
        position: u64,
        subject: Option<String>,
        payload: &Bytes,
    ) -> Result<Result<(Told, Vec<Reaction>), String>, Interruption> {
        let react = &self.wiring.react;
        let first = match Told::read(&self.source, position, subject.as_deref(), payload, react) {
            Ok(read) => return Ok(Ok(read)),
            Err(reason) => reason,
        };
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        for _ in 1..READS_MAX {
            if !backoff.wait(&self.shutdown).await {
                return Err(Interruption::Stopped);
            }
            let Some((subject, payload)) = self.fetch_anew(position).await else {
                continue;
            };
            if let Ok(read) = Told::read(&self.source, position, subject.as_deref(), &payload, react) {
                self.board.note(|status| status.refound += 1);
                return Ok(Ok(read));
            }
        }
        tracing::error!(source = %self.source, event.position = position, reason = first, "a message is parked");
        Ok(Err(first))
    }

    async fn fetch_anew(&self, position: u64) -> Option<(Option<String>, Bytes)> {
        let Self { wiring, source, .. } = self;
        if let Ok(mut found) = wiring.backfill.fetch(source.as_str(), position, position).await
            && let Some(payload) = found.remove(&position)
        {
            return Some((None, payload));
        }
        let stored = wiring.bus.stored(source, position).await.ok()??;
        Some((Some(stored.subject), stored.payload))
    }
}
