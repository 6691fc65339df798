//! Events of an append as they come in: each weighed, and none taken that the log could not store.

use crate::{
    Limits,
    append::{Proposed, Refused},
    envelope::Sent,
    ids,
    wire::event_store::client::streams::ProposedEvent,
};

/// Longest content type.
const CONTENT_TYPE_BYTES_MAX: usize = 256;

/// Events as they come in, weighed one by one.
#[derive(Debug, Default)]
pub(crate) struct Basket {
    pub(crate) events: Vec<Proposed>,
    bytes: usize,
}

impl Basket {
    /// Takes an event of the first version of the protocol.
    pub(crate) fn add(&mut self, limits: Limits, event: ProposedEvent) -> Result<(), Refused> {
        let ProposedEvent { id, mut metadata, custom_metadata, data } = event;
        let id = ids::read(id.as_ref()).ok_or_else(|| Refused::Invalid("an event has no id".to_owned()))?;
        let named = metadata.remove("type").zip(metadata.remove("content-type"));
        let (kind, content_type) = named.ok_or(Refused::Unnamed)?;
        if content_type.len() > CONTENT_TYPE_BYTES_MAX {
            return Err(Refused::Invalid(format!(
                "content-type: longer than {CONTENT_TYPE_BYTES_MAX} bytes"
            )));
        }
        let sent = Sent { id, content_type, data, metadata: custom_metadata };
        self.put(limits, Proposed { kind, sent })
    }

    /// Takes an event, if it is not too large and there is room.
    pub(crate) fn put(&mut self, limits: Limits, event: Proposed) -> Result<(), Refused> {
        let size = event.sent.data.len() + event.sent.metadata.len();
        if size > limits.event_bytes_max {
            let id = event.sent.id.to_string();
            return Err(Refused::EventTooLarge { id, size, max: limits.event_bytes_max });
        }
        self.bytes += size;
        if self.bytes > limits.append_bytes_max {
            return Err(Refused::AppendTooLarge { size: self.bytes, max: limits.append_bytes_max });
        }
        if self.events.len() == limits.append_events_max {
            let max = limits.append_events_max;
            return Err(Refused::Invalid(format!("an append holds at most {max} events")));
        }
        self.events.push(event);
        Ok(())
    }

    /// About what it weighs.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}
