//! One page of a source's positions: read, reacted to, and described for the record.

use std::time::Duration;

use bytes::Bytes;
use decider::Reaction;
use uuid::Uuid;

use super::item::{Content, Item, Told, id_of};
use super::{Interruption, Listener};
use crate::backoff::Backoff;
use crate::react::{Reactor, Stopped};
use crate::record::{Parked, Taken};

/// How often an unreadable message is fetched anew before it is parked.
const READS_MAX: u32 = 3;
const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_LONGEST: Duration = Duration::from_millis(200);

/// What became of a position before its reactions were executed.
enum Slot {
    /// It is a fact; the index of its cause.
    Fact(usize),
    /// It is none.
    Aside { event_id: Uuid, parked: Option<Parked> },
}

impl From<Stopped> for Interruption {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

impl Listener {
    /// Reads the items, executes what they lead to, and says what is to be remembered of each.
    pub(super) async fn take(&self, items: Vec<Item>) -> Result<Vec<Taken>, Interruption> {
        let at = self.wiring.log.world().clock.now();
        let (mut causes, mut reactions, mut slots) =
            (Vec::new(), Vec::new(), Vec::with_capacity(items.len()));
        for Item { position, content } in items {
            let (slot, payload) = match content {
                Content::Lost { reason } => {
                    let parked = reason.map(|reason| Parked {
                        reason,
                        message: Bytes::new(),
                    });
                    (
                        Slot::Aside {
                            event_id: Uuid::nil(),
                            parked,
                        },
                        Bytes::new(),
                    )
                }
                Content::Message { payload, subject } => {
                    match self.read(position, subject, &payload).await? {
                        Ok((told, answers)) => {
                            causes.push(told);
                            reactions.push(answers);
                            (Slot::Fact(causes.len() - 1), payload)
                        }
                        Err(reason) => {
                            let event_id = id_of(&payload);
                            let parked = Some(Parked {
                                reason,
                                message: payload,
                            });
                            (Slot::Aside { event_id, parked }, Bytes::new())
                        }
                    }
                }
            };
            slots.push((position, slot, payload));
        }
        let mut failed = self.reactor().react(&causes, reactions).await?;
        let taken = slots.into_iter().map(|(position, slot, message)| match slot {
            Slot::Aside { event_id, parked } => Taken {
                position,
                event_id,
                at,
                parked,
            },
            Slot::Fact(cause) => {
                let parked = failed[cause].take().map(|reason| Parked { reason, message });
                Taken {
                    position,
                    event_id: causes[cause].fact.id,
                    at,
                    parked,
                }
            }
        });
        Ok(taken.collect())
    }

    fn reactor(&self) -> Reactor<'_> {
        Reactor {
            log: &self.wiring.log,
            actor: &self.wiring.actor,
            board: &self.board,
            shutdown: &self.shutdown,
        }
    }

    /// Reads a message; one that is unreadable is fetched anew, from its owner's log first: it may be a fault of the
    /// bus, or one that the owner has mended. The inner error is why it must be parked.
    async fn read(
        &self,
        position: u64,
        subject: Option<String>,
        payload: &Bytes,
    ) -> Result<Result<(Told, Vec<Reaction>), String>, Interruption> {
        let react = self.wiring.react;
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
