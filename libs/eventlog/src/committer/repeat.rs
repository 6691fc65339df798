//! Repeats: what was appended or executed before is answered with its first result.

use std::collections::HashMap;

use decider::Refused;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Waiting, queue::Answer};
use crate::{Append, AppendError, Appended};

/// A command as it is remembered.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Command {
    pub(crate) id: Uuid,
    version: i64,
    position: i64,
    recorded_at: OffsetDateTime,
    events: i32,
    stream: String,
    fingerprint: Vec<u8>,
    refusal: Option<Vec<u8>>,
}

impl Command {
    pub(crate) fn is(&self, stream: &str, fingerprint: &[u8]) -> bool {
        self.stream == stream && self.fingerprint == fingerprint
    }

    pub(crate) fn version(&self) -> u64 {
        self.version.cast_unsigned()
    }

    pub(crate) fn position(&self) -> u64 {
        self.position.cast_unsigned()
    }

    pub(crate) fn events(&self) -> u64 {
        u64::from(self.events.cast_unsigned())
    }

    /// The refusal, if it was refused.
    pub(crate) fn refusal(&self) -> Option<Refused> {
        self.refusal.as_deref().map(|refusal| {
            serde_json::from_slice(refusal).unwrap_or_else(|error| Refused {
                name: "Unreadable".to_owned(),
                article: String::new(),
                zh: format!("已存的驳回理由无法读取：{error}"),
                en: format!("the stored refusal cannot be read: {error}"),
            })
        })
    }

    fn appended(&self, repeated: bool) -> Appended {
        Appended {
            version: self.version(),
            first_position: self.position() + 1 - self.events().max(1),
            last_position: self.position(),
            recorded_at: self.recorded_at,
            repeated,
        }
    }
}

/// An event as it is remembered by its id.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Event {
    id: Uuid,
    position: i64,
    version: i64,
    recorded_at: OffsetDateTime,
    stream: String,
}

/// What is remembered of a batch's events and commands.
pub(super) struct Found {
    events: HashMap<Uuid, Event>,
    commands: HashMap<Uuid, Command>,
}

/// Looks up every event id and command id of the requests.
pub(super) async fn look<'a>(
    db: &mut PgConnection,
    batch: impl IntoIterator<Item = &'a Waiting>,
) -> Result<Found, sqlx::Error> {
    let (mut ids, mut command_ids) = (Vec::new(), Vec::new());
    for waiting in batch {
        ids.extend(waiting.checked.append.events.iter().map(|event| event.id));
        command_ids.extend(waiting.checked.append.command.as_ref().map(|command| command.id));
    }
    let events: Vec<Event> = sqlx::query_as(
        "select e.id, e.position, e.version, e.recorded_at, s.name as stream
            from events e join streams s on s.stream_id = e.stream_id where e.id = any($1)",
    )
    .bind(ids)
    .fetch_all(&mut *db)
    .await?;
    let commands = if command_ids.is_empty() { Vec::new() } else { commands(db, &command_ids).await? };
    Ok(Found {
        events: events.into_iter().map(|event| (event.id, event)).collect(),
        commands: commands.into_iter().map(|command| (command.id, command)).collect(),
    })
}

/// The command as it is remembered, if it is.
pub(crate) async fn command(db: &mut PgConnection, id: Uuid) -> Result<Option<Command>, sqlx::Error> {
    Ok(commands(db, &[id]).await?.pop())
}

async fn commands(db: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Command>, sqlx::Error> {
    sqlx::query_as(
        "select id, version, position, recorded_at, events, stream, fingerprint, refusal
            from commands where id = any($1)",
    )
    .bind(ids)
    .fetch_all(db)
    .await
}

impl Found {
    /// The answer to a request that was there before; `None` if it is new.
    pub(super) fn answer(&self, waiting: &Waiting) -> Option<Answer> {
        let append = &waiting.checked.append;
        // After an outcome that nobody heard, finding the append means that this attempt was stored.
        let repeated = !waiting.is_unsure;
        self.by_command(append, repeated).or_else(|| self.by_events(append, repeated))
    }

    fn by_command(&self, append: &Append, repeated: bool) -> Option<Answer> {
        let key = append.command.as_ref()?;
        let command = self.commands.get(&key.id)?;
        Some(if !command.is(append.stream.as_str(), &key.fingerprint) {
            Err(AppendError::KeyReused)
        } else if let Some(refused) = command.refusal() {
            Err(AppendError::RefusedBefore(Box::new(refused)))
        } else {
            Ok(command.appended(repeated))
        })
    }

    fn by_events(&self, append: &Append, repeated: bool) -> Option<Answer> {
        let found: Vec<&Event> =
            append.events.iter().filter_map(|event| self.events.get(&event.id)).collect();
        let (first, last) = (found.first()?, found.last()?);
        let is_whole = found.len() == append.events.len()
            && first.stream == append.stream.as_str()
            && found
                .windows(2)
                .all(|pair| pair[0].version + 1 == pair[1].version && pair[0].stream == pair[1].stream);
        Some(if is_whole {
            Ok(Appended {
                version: last.version.cast_unsigned(),
                first_position: first.position.cast_unsigned(),
                last_position: last.position.cast_unsigned(),
                recorded_at: last.recorded_at,
                repeated,
            })
        } else {
            Err(AppendError::PartialRepeat)
        })
    }
}
