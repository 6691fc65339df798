//! What a log begins with: a record at position 1 that names it, so that two logs are told apart by their first leaf,
//! and a log that was made anew by another one.
//!
//! It is stored with what is first appended, and not when a log is opened: only then is it known whose time the log goes
//! by. A scripted clock may stand at today when the log is opened, and be set to the past before anything happens
//! (`fenghuo play`); as recording times never run backwards in a log, a record of today would push all that follows
//! behind it. So an empty log stays empty, and who opens one to read writes nothing.
//!
//! **Invariant**: a log has one, at position 1, or none: one that held events before there was such a record keeps what
//! it has. Names here are the storage format: never rename, retype or reuse.

use decider::{Actor, ActorKind, Department, Id, Meta, StreamName};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{clock::micros, committer::End};

/// The category of its stream. No append reaches it.
pub const CATEGORY: &str = "$genesis";
/// The id of its stream, and of who records it: the log itself.
const LOG: &str = "log";
/// The number of the format in which events are stored.
const FORMAT: u32 = 1;

/// What a log begins with. Whose log it is stands in the meta, and when it was begun in its recording time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// 日志开始
    #[serde(rename = "$genesis")]
    Begun {
        /// Drawn when the log was made; no other has it.
        log_id: Uuid,
        /// The number of the format in which events are stored.
        format: u32,
    },
}

impl decider::DomainEvent for Event {
    fn name(&self) -> &'static str {
        match self {
            Self::Begun { .. } => CATEGORY,
        }
    }
}

/// The stream that holds the record, and nothing else.
pub fn stream() -> StreamName {
    StreamName::new(CATEGORY, LOG)
}

/// Where what is appended now comes to stand behind: the log's end, or in an empty log the record that is yet to be
/// stored. That is recorded as shortly before as can be: the first event keeps the instant that the clock shows.
pub(crate) fn before_append(end: End, now: OffsetDateTime) -> End {
    if end.position > 0 {
        return end;
    }
    End { position: 1, recorded_at: micros(now) - Duration::MICROSECOND, streams: end.streams + 1 }
}

/// Stores the record of an empty log whose head is locked, as the end that [`before_append`] told.
pub(crate) async fn store(
    tx: &mut PgConnection,
    record: End,
    department: &Department,
) -> Result<(), sqlx::Error> {
    let log_id: Uuid = sqlx::query_scalar("select log_id from head").fetch_one(&mut *tx).await?;
    let event = Event::Begun { log_id, format: FORMAT };
    sqlx::query(
        "with h as (
            update head set position = $1, recorded_at = $2, streams = $3 where position = 0 returning position
        ), s as (
            insert into streams (stream_id, name) select $3, $4 from h
        )
        insert into events (position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta)
            select $1, $3, 1, $2, $2, $5, $6, $7, $8 from h",
    )
    .bind(record.position.cast_signed())
    .bind(record.recorded_at)
    .bind(record.streams)
    .bind(stream().as_str())
    .bind(Uuid::new_v5(&log_id, CATEGORY.as_bytes()))
    .bind(CATEGORY)
    .bind(serde_json::to_vec(&event).expect("string keys"))
    .bind(serde_json::to_vec(&meta(department)).expect("string keys"))
    .execute(tx)
    .await
    .map(drop)
}

/// The log itself speaks, for no case and under no rule.
fn meta(department: &Department) -> Meta {
    let actor = Actor {
        kind: ActorKind::Service,
        id: Id::parse(LOG).expect("a literal id"),
        department: department.clone(),
        roles: Vec::new(),
        certificate: None,
    };
    Meta::by(actor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_that_was_ever_stored_is_read() {
        let stored = include_str!("../stored/Genesis.Begun.json");
        let event: Event = serde_json::from_str(stored).unwrap();
        let Event::Begun { log_id, format } = &event;
        assert_eq!((log_id.get_version_num(), *format), (4, FORMAT));
        assert_eq!(serde_json::to_string(&event).unwrap(), stored.trim());
    }

    #[test]
    fn only_an_empty_log_is_begun() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::DAY;
        let empty = End { position: 0, recorded_at: OffsetDateTime::UNIX_EPOCH, streams: 0 };
        let begun = before_append(empty, now);
        assert_eq!(begun, End { position: 1, recorded_at: now - Duration::MICROSECOND, streams: 1 });
        assert_eq!(before_append(begun, now + Duration::DAY), begun);
    }
}
