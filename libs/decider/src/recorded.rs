//! An event as the log holds it.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Actor, CaseId, StreamName};

/// The event of another log (or of this one) that led to an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Causation {
    /// The source log: a service's or a department's name.
    pub log: String,
    /// Its position there.
    pub position: u64,
}

/// What is known about an event beside its data; stored as JSON bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Who acted.
    pub actor: Actor,
    /// The family root of the case, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_id: Option<CaseId>,
    /// What led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<Causation>,
    /// The command that decided it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<Uuid>,
    /// W3C trace context of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The rule pack's version at the decision.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rules: String,
    /// The calendar's version at the decision.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub calendar: String,
}

impl Meta {
    /// That of what is decided under no rule, for no case, and led to by nothing that is known.
    pub fn by(actor: Actor) -> Self {
        Self {
            actor,
            case_id: None,
            causation: None,
            command_id: None,
            traceparent: None,
            rules: String::new(),
            calendar: String::new(),
        }
    }
}

/// An event as the log holds it. Equal positions of one log hold equal bytes for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// 1, 2, 3 … without gaps in its log.
    pub position: u64,
    /// The stream it belongs to.
    pub stream: StreamName,
    /// 1, 2, 3 … without gaps in its stream.
    pub version: u64,
    /// Unique in its log.
    pub id: Uuid,
    /// The event's name, equal to the stored `type`.
    pub kind: String,
    /// `{"type":..,"data":..}`, the exact bytes that were appended.
    pub data: Bytes,
    /// Who, which case, why; shared by the events of one append.
    pub meta: Arc<Meta>,
    /// When it happened, as claimed.
    pub occurred_at: OffsetDateTime,
    /// When this log learnt of it; strictly increasing with the position.
    pub recorded_at: OffsetDateTime,
}

impl Recorded {
    /// Reads the data as an aggregate's event.
    pub fn event<E: crate::DomainEvent>(&self) -> Result<E, serde_json::Error> {
        serde_json::from_slice(&self.data)
    }
}
