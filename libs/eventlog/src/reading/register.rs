//! The register of readings of one log: whoever shows a dossier enters it here first.
//!
//! **Invariant**: what was entered is durable in the log, or was entered within the last minutes. Whoever opens a whole
//! log opens what it then holds: entered again as soon as it holds more.

use std::sync::Arc;

use decider::{Actor, DomainEvent, Meta, StreamName};
use futures::TryStreamExt;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    CATEGORY, Event, is_whole, of,
    recent::{Opening, Recent},
};
use crate::{Append, AppendError, Direction, EventData, Expected, Log};

/// Events looked through for one that is no reading; of more, one of them surely is.
const LOOKED_THROUGH_MAX: u64 = 1_000;

/// Who reads, and why.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Who.
    pub actor: Actor,
    /// For what purpose.
    pub purpose: String,
    /// Within which trace.
    pub traceparent: Option<String>,
}

/// Enters readings. Cloning is cheap, and clones remember together.
#[derive(Clone)]
pub struct Register(Arc<Parts>);

struct Parts {
    log: Log,
    recent: Recent,
}

impl Register {
    /// The register of a log.
    pub fn new(log: Log) -> Self {
        Self(Arc::new(Parts { log, recent: Recent::new() }))
    }

    /// Enters that a dossier is opened by a query, as far as the log went at `shown`. Only then is it shown.
    pub async fn enter(
        &self,
        reader: &Reader,
        query: &'static str,
        dossier: &StreamName,
        shown: u64,
    ) -> Result<(), AppendError> {
        let Parts { log, recent } = &*self.0;
        let now = log.world().clock.now();
        let opening = Opening {
            id: reader.actor.id.clone(),
            department: reader.actor.department.clone(),
            dossier: dossier.clone(),
            query,
            purpose: reader.purpose.clone(),
        };
        if let Some(before) = recent.shown(&opening, now)
            && (!is_whole(dossier) || !self.has_grown(before, shown).await?)
        {
            return Ok(());
        }
        let event = Event::Opened { query: query.to_owned(), purpose: reader.purpose.clone(), shown };
        log.append(append(&event, of(dossier), reader, now)).await?;
        recent.remember(opening, now, shown);
        Ok(())
    }

    /// Whether more than readings was recorded after one position, up to another.
    async fn has_grown(&self, before: u64, shown: u64) -> Result<bool, AppendError> {
        let count = shown.saturating_sub(before);
        if count > LOOKED_THROUGH_MAX {
            return Ok(true);
        }
        let mut later = self.0.log.read_all(before + 1, count, Direction::Forwards);
        while let Some(event) =
            later.try_next().await.map_err(|error| AppendError::Unavailable(error.into()))?
        {
            if event.stream.category() != CATEGORY {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Without a case: a reading is no part of the story that was read.
fn append(event: &Event, stream: StreamName, reader: &Reader, now: OffsetDateTime) -> Append {
    let data = serde_json::to_vec(event).expect("two texts and a number are JSON");
    let event =
        EventData { id: Uuid::now_v7(), kind: event.name().to_owned(), data: data.into(), tags: vec![] };
    let meta = Meta { traceparent: reader.traceparent.clone(), ..Meta::by(reader.actor.clone()) };
    Append::new(stream, Expected::Any, vec![event], meta, now)
}
