//! An entry as it is shown: from an event, or from the view's table.

use decider::Recorded;
use sqlx::FromRow;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::entry::Event;

/// A fact as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct EntryRow {
    /// Empty for what belongs to no case.
    pub case_id: String,
    pub source: String,
    pub position: i64,
    pub event_id: Uuid,
    pub stream: String,
    pub department: String,
    pub actor: String,
    pub kind: String,
    pub occurred_at: OffsetDateTime,
    pub recorded_at: OffsetDateTime,
    /// When the timeline took it in.
    pub known_at: OffsetDateTime,
    pub cause_source: Option<String>,
    pub cause_position: Option<i64>,
    pub addressed_to: Vec<String>,
    /// JSON; `None` for a private event.
    pub body: Option<String>,
    /// Its place in the timeline's own log.
    pub log_position: i64,
    /// How the party in question knows of it; `None` where nobody asked.
    #[sqlx(default)]
    pub how: Option<String>,
}

impl EntryRow {
    /// The entry that an event of this service's log writes.
    pub fn of(recorded: &Recorded) -> Result<Self, serde_json::Error> {
        let Event::Recorded { fact } = recorded.event()?;
        let (cause_source, cause_position) =
            fact.causation.map(|cause| (cause.log, cause.position.cast_signed())).unzip();
        Ok(Self {
            case_id: recorded.meta.case_id.as_ref().map(|case| case.as_str().to_owned()).unwrap_or_default(),
            source: fact.source,
            position: fact.position.cast_signed(),
            event_id: fact.id,
            stream: fact.stream,
            department: fact.department.to_string(),
            actor: fact.actor,
            kind: fact.kind,
            occurred_at: fact.occurred_at,
            recorded_at: fact.recorded_at,
            known_at: recorded.recorded_at,
            cause_source,
            cause_position,
            addressed_to: fact.to.iter().map(ToString::to_string).collect(),
            body: (!fact.body.is_null()).then(|| fact.body.to_string()),
            log_position: recorded.position.cast_signed(),
            how: None,
        })
    }
}
