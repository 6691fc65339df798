//! Facts: what another department made public, and what we do about it.

use std::fmt;

use prost::Name;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{CaseId, Causation, Department, Order};

/// A message whose body does not have the shape its type promises. It is parked, never skipped.
#[derive(Debug, thiserror::Error)]
#[error("read {kind}: {reason}")]
pub struct Unreadable {
    /// The message's or event's type.
    pub kind: String,
    /// What was wrong, and where.
    pub reason: String,
}

/// A public message on its way out: a protobuf message in its JSON mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Public {
    /// The protobuf message's full name.
    pub kind: String,
    /// The body in protobuf's JSON mapping.
    pub body: Value,
    /// The departments it is addressed to, where it is a transfer; empty for the general public of departments.
    pub to: Vec<Department>,
}

impl Public {
    /// The public form of a protobuf message. Writing a generated message as JSON cannot fail.
    pub fn of<M: Name + Serialize>(message: &M) -> Self {
        let body = serde_json::to_value(message).expect("generated protobuf JSON has string keys only");
        Self { kind: M::full_name(), body, to: Vec::new() }
    }

    /// Names whom it is addressed to.
    pub fn to(mut self, department: &Department) -> Self {
        self.to.push(department.clone());
        self
    }
}

/// An event of another log, as the bus brought it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// The event's id in its own log.
    pub id: Uuid,
    /// The log it comes from: a service's or an outside department's name.
    pub source: String,
    /// Its position there.
    pub position: u64,
    /// The protobuf message's full name; for a private event `<source>.private.<Name>` and no body.
    pub kind: String,
    /// The stream in its own log.
    pub stream: String,
    /// The family root of the case.
    pub case_id: Option<CaseId>,
    /// Who acted.
    pub department: Department,
    /// The acting person's reference in its own department.
    pub actor: String,
    /// When it happened, as claimed.
    pub occurred_at: OffsetDateTime,
    /// When its own log learnt of it.
    pub recorded_at: OffsetDateTime,
    /// What led to it.
    pub causation: Option<Causation>,
    /// Whom it is addressed to.
    pub to: Vec<Department>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// The body in protobuf's JSON mapping; `Null` for a private event.
    pub body: Value,
}

impl Fact {
    /// Whether the fact is a message of this type.
    pub fn is<M: Name>(&self) -> bool {
        self.kind == M::full_name()
    }

    /// Reads the body as `M`; `None` if it is another type of message.
    pub fn read<M: Name + DeserializeOwned>(&self) -> Result<Option<M>, Unreadable> {
        if !self.is::<M>() {
            return Ok(None);
        }
        serde_json::from_value(self.body.clone()).map(Some).map_err(|error| self.unreadable(error))
    }

    /// The value of a field that was parsed, or what is wrong with it.
    pub fn field<T, E: fmt::Display>(&self, name: &str, parsed: Result<T, E>) -> Result<T, Unreadable> {
        parsed.map_err(|error| self.unreadable(format_args!("{name}: {error}")))
    }

    fn unreadable(&self, reason: impl fmt::Display) -> Unreadable {
        Unreadable { kind: self.kind.clone(), reason: reason.to_string() }
    }
}

/// What a policy answers to a fact: a command of our own.
#[derive(Debug)]
pub struct Reaction {
    /// The policy's name. The command's id is a UUIDv5 of (fact id, policy, stream): a repeated fact is the same command.
    pub policy: &'static str,
    /// The command.
    pub order: Order,
    /// The case the command belongs to; the fact's, unless the policy knows better.
    pub case_id: Option<CaseId>,
}

impl Reaction {
    /// A reaction within the fact's own case.
    pub fn new(policy: &'static str, order: Order) -> Self {
        Self { policy, order, case_id: None }
    }

    /// The id of the command: stable over repetition.
    pub fn command_id(&self, cause: Uuid) -> Uuid {
        Uuid::new_v5(&cause, format!("{}/{}", self.policy, self.order.stream).as_bytes())
    }
}
