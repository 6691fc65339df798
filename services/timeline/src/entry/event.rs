//! What is written down of a fact. Names here are the storage format: never rename, retype or reuse.

use decider::{Causation, Department, Fact};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::IntoStaticStr;
use time::OffsetDateTime;
use uuid::Uuid;

/// An event of an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 记载. The case is in the event's meta, like everybody else's.
    Recorded { fact: Noted },
}

/// A fact as another log told it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noted {
    /// The event's id in its own log.
    pub id: Uuid,
    /// That log, and the event's position there.
    pub source: String,
    pub position: u64,
    /// The public message's type; for a private event only its name.
    pub kind: String,
    /// The dossier in its own log.
    pub stream: String,
    pub department: Department,
    /// The acting person's reference; never a name.
    pub actor: String,
    #[serde(with = "time::serde::rfc3339")]
    pub occurred_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub recorded_at: OffsetDateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<Causation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Department>,
    /// The public message; `Null` for a private event.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
}

impl Noted {
    /// Everything that a fact says; its trace goes on in the meta.
    pub fn of(fact: &Fact) -> Self {
        Self {
            id: fact.id,
            source: fact.source.clone(),
            position: fact.position,
            kind: fact.kind.clone(),
            stream: fact.stream.clone(),
            department: fact.department.clone(),
            actor: fact.actor.clone(),
            occurred_at: fact.occurred_at,
            recorded_at: fact.recorded_at,
            causation: fact.causation.clone(),
            to: fact.to.clone(),
            body: fact.body.clone(),
        }
    }
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        self.into()
    }
}
