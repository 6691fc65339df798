//! The events that are measured: 400 bytes of JSON, and who appends them.

use bytes::Bytes;
use decider::{Actor, ActorKind, Department, Id, Meta, StreamName};
use eventlog::{Append, EventData, Expected};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

/// Bytes of an event's data.
pub(super) const EVENT_BYTES: usize = 400;
/// Events of a stream.
pub(super) const STREAM_EVENTS: u64 = 10;
/// The name of the event.
pub(super) const KIND: &str = "Noted";

/// The data of an event: a number, and text up to the size.
pub(super) fn data(number: u64) -> Bytes {
    let whole = |text: &str| json!({ "type": KIND, "data": { "number": number, "text": text } }).to_string();
    let room = EVENT_BYTES.saturating_sub(whole("").len());
    let text: String = "烽火台夜举火昼燔烟".chars().cycle().take(room / 3).collect();
    whole(&format!("{text}{}", ".".repeat(room - text.len()))).into_bytes().into()
}

/// A stream that was not there before.
pub(super) fn new_stream() -> StreamName {
    StreamName::new("bench", &Uuid::now_v7().to_string())
}

/// An append of so many events.
pub(super) fn append(stream: StreamName, expected: Expected, events: usize, data: &Bytes) -> Append {
    let event =
        |_| EventData { id: Uuid::now_v7(), kind: KIND.to_owned(), data: data.clone(), tags: Vec::new() };
    Append::new(stream, expected, (0..events).map(event).collect(), meta(), OffsetDateTime::now_utc())
}

/// An officer of a fire brigade.
pub(super) fn actor() -> Actor {
    Actor {
        kind: ActorKind::Person,
        id: Id::parse("officer-1").expect("a literal that is an id"),
        department: Department::parse("fire.330723").expect("a literal that is a department"),
        roles: Vec::new(),
        certificate: None,
    }
}

pub(super) fn meta() -> Meta {
    Meta {
        rules: law::RulePack::builtin().version().to_owned(),
        calendar: law::Calendar::builtin().version().to_owned(),
        ..Meta::by(actor())
    }
}
