//! Between the domain's values and the published language: one way each, with the field named when it fails.

use contracts::{envelope::v1 as envelope, log::v1 as log};
use decider::{DomainEvent, Fact, Recorded, Unreadable};
use law::Due;
use pbjson_types::Timestamp;
use time::{Date, OffsetDateTime, macros::format_description};

/// The public form of a date of law.
pub fn due(due: &Due) -> envelope::Due {
    envelope::Due {
        last_day: due.last_day.to_string(),
        at: Some(timestamp(due.at)),
        rolled: due.rolled,
        provisional: due.provisional,
        calendar: due.calendar.clone(),
    }
}

/// The public form of an instant.
pub fn timestamp(at: OffsetDateTime) -> Timestamp {
    Timestamp { seconds: at.unix_timestamp(), nanos: i32::try_from(at.nanosecond()).unwrap_or(0) }
}

/// Why a protobuf timestamp is not an instant.
#[derive(Debug, thiserror::Error)]
#[error("an instant between the years 1 and 9999 is wanted")]
pub struct TimestampError;

/// Reads a protobuf timestamp.
pub fn from_timestamp(timestamp: &Timestamp) -> Result<OffsetDateTime, TimestampError> {
    let nanos = u32::try_from(timestamp.nanos).map_err(|_| TimestampError)?;
    OffsetDateTime::from_unix_timestamp(timestamp.seconds)
        .and_then(|at| at.replace_nanosecond(nanos))
        .map_err(|_| TimestampError)
}

/// Reads an instant that a fact must carry.
pub fn instant(fact: &Fact, name: &str, value: Option<Timestamp>) -> Result<OffsetDateTime, Unreadable> {
    let value = fact.field(name, value.ok_or("an instant is wanted"))?;
    fact.field(name, from_timestamp(&value))
}

/// Reads a date written 2023-05-17.
pub fn date(text: &str) -> Result<Date, time::error::Parse> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
}

/// Reads a stored event as its aggregate's.
pub fn event<E: DomainEvent>(recorded: &Recorded) -> Result<E, Unreadable> {
    recorded.event().map_err(|error| Unreadable { kind: recorded.kind.clone(), reason: error.to_string() })
}

/// An event as the door of its log hands it out.
pub fn log_event(event: &Recorded) -> log::Event {
    log::Event {
        position: event.position,
        stream: event.stream.to_string(),
        version: event.version,
        id: event.id.to_string(),
        kind: event.kind.clone(),
        data: event.data.to_vec(),
        meta: serde_json::to_vec(&*event.meta).unwrap_or_default(),
        occurred_at: Some(timestamp(event.occurred_at)),
        recorded_at: Some(timestamp(event.recorded_at)),
    }
}

/// A stream of an aggregate that this service does not have.
pub fn unknown_category(category: &str) -> Unreadable {
    Unreadable { kind: category.to_owned(), reason: "no aggregate of this service has this name".to_owned() }
}
