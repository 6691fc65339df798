//! Appends: what a caller asks for, what it hears, and what is refused before the batch.

use bytes::Bytes;
use decider::{Meta, StreamName};
use time::OffsetDateTime;
use uuid::Uuid;

/// The version at which a stream is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Wherever it is.
    Any,
    /// It must not exist yet.
    NoStream,
    /// It must exist.
    Exists,
    /// It must be exactly here; 0 is the same as `NoStream`.
    Exact(u64),
}

impl Expected {
    /// Whether a stream at this version is as expected; 0 stands for none.
    pub fn holds(self, actual: u64) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => actual == 0,
            Self::Exists => actual > 0,
            Self::Exact(version) => actual == version,
        }
    }
}

/// An event to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventData {
    /// Unique in the log; repeating an append with the same ids is safe.
    pub id: Uuid,
    /// The event's name.
    pub kind: String,
    /// One JSON value; these very bytes are given back for ever.
    pub data: Bytes,
    /// Words under which append conditions find the event. `case:<id>` is added from the meta.
    pub tags: Vec<String>,
}

/// The command an append belongs to: repeating the command returns its first result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandKey {
    /// The command's id.
    pub id: Uuid,
    /// What tells one command from another under the same id: at most 64 bytes, usually a digest.
    pub fingerprint: Vec<u8>,
}

/// A rule across streams: no event that carries all the tags may stand after the position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The tags, all of which an event must carry to match.
    pub tags: Vec<String>,
    /// The last position that the caller took into account.
    pub after: u64,
}

/// A check, of several, that did not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// Its place among the checks, from 0.
    pub check: usize,
    /// The version of its stream; 0 if there is none.
    pub actual: u64,
}

/// What becomes of the stream's deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeadlineChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is this instant now.
    Set(OffsetDateTime),
    /// There is none any more.
    Clear,
}

/// Events to be appended to one stream, all or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The stream.
    pub stream: StreamName,
    /// Where it is expected.
    pub expected: Expected,
    /// The events, at least one.
    pub events: Vec<EventData>,
    /// Who, which case, why; the same for all events.
    pub meta: Meta,
    /// When it happened, as claimed.
    pub occurred_at: OffsetDateTime,
    /// The command behind it.
    pub command: Option<CommandKey>,
    /// A rule across streams.
    pub condition: Option<Condition>,
    /// The stream's deadline.
    pub deadline: DeadlineChange,
}

impl Append {
    /// An append without command, condition or deadline.
    pub fn new(
        stream: StreamName,
        expected: Expected,
        events: Vec<EventData>,
        meta: Meta,
        occurred_at: OffsetDateTime,
    ) -> Self {
        Self {
            stream,
            expected,
            events,
            meta,
            occurred_at,
            command: None,
            condition: None,
            deadline: DeadlineChange::Keep,
        }
    }
}

/// Where the events of an append stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The stream's version after the last of them.
    pub version: u64,
    /// The position of the first.
    pub first_position: u64,
    /// The position of the last.
    pub last_position: u64,
    /// When the log learnt of the last.
    pub recorded_at: OffsetDateTime,
    /// Whether they had been appended before; then these are the original places.
    pub repeated: bool,
}
