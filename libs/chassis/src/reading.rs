//! Reading is recorded: before a dossier is shown, that it is opened stands in the log.
//!
//! **Invariant**: nothing is shown that was not recorded first; where the log cannot be written, nothing is shown.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use decider::{Actor, Department, DomainEvent, Id, Meta, StreamName};
use eventlog::{
    Append, EventData, Expected,
    reading::{self, Event},
};
use time::{Duration, OffsetDateTime};
use tonic::{Status, metadata::MetadataMap};
use uuid::Uuid;

use crate::{Caller, Node, field, status};

/// The metadata in which a caller says for what purpose it reads: UTF-8, hence binary.
pub const PURPOSE: &str = "fenghuo-purpose-bin";

/// Longest purpose, in characters.
const PURPOSE_CHARS_MAX: usize = 200;
/// Within this time, one person's opening of one dossier for one purpose is one record.
const ONCE_WITHIN: Duration = Duration::minutes(10);
/// Openings that are remembered; beyond them, an opening may be recorded once more than it need be.
const REMEMBERED_MAX: usize = 10_000;

/// Who opened what, and for what purpose.
type Opening = (Id, Department, StreamName, String);

/// What was opened a short while ago, in this process.
#[derive(Default)]
pub(crate) struct Openings(Mutex<HashMap<Opening, OffsetDateTime>>);

impl Openings {
    fn is_recent(&self, opening: &Opening, now: OffsetDateTime) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(opening).is_some_and(|at| (now - *at).abs() < ONCE_WITHIN)
    }

    fn remember(&self, opening: Opening, now: OffsetDateTime) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX {
            known.retain(|_, at| (now - *at).abs() < ONCE_WITHIN);
        }
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(opening, now);
    }
}

/// The purpose that a caller states; nothing where it states none.
pub(crate) fn purpose(metadata: &MetadataMap) -> Result<Option<String>, Status> {
    let Some(value) = metadata.get_bin(PURPOSE) else { return Ok(None) };
    let bytes = value.to_bytes().map_err(|_| field::invalid(PURPOSE, "must be base64"))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| field::invalid(PURPOSE, "must be UTF-8"))?.trim();
    if text.chars().count() > PURPOSE_CHARS_MAX || text.chars().any(char::is_control) {
        let wanted = format!("must be at most {PURPOSE_CHARS_MAX} characters on one line");
        return Err(field::invalid(PURPOSE, wanted));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

impl Node {
    /// Records that a caller is shown a dossier, as far as this log went at `shown`. A handler shows it after this.
    pub async fn opened(
        &self,
        caller: &Caller,
        query: &'static str,
        dossier: &StreamName,
        shown: u64,
    ) -> Result<(), Status> {
        let purpose = caller.purpose.clone().ok_or_else(|| {
            field::invalid(PURPOSE, "whoever opens a dossier says for what purpose, in this metadata")
        })?;
        let (actor, now) = (&caller.actor, self.log().world().clock.now());
        let opening = (actor.id.clone(), actor.department.clone(), dossier.clone(), purpose.clone());
        if self.openings().is_recent(&opening, now) {
            return Ok(());
        }
        let event = Event::Opened { query: query.to_owned(), purpose, shown };
        let append = append(event, reading::of(dossier), caller, now);
        self.log().append(append).await.map_err(|error| status::of_reading(&error))?;
        self.openings().remember(opening, now);
        Ok(())
    }
}

fn append(event: Event, stream: StreamName, caller: &Caller, now: OffsetDateTime) -> Append {
    let data = serde_json::to_vec(&event).expect("two texts and a number are JSON");
    let event =
        EventData { id: Uuid::now_v7(), kind: event.name().to_owned(), data: data.into(), tags: vec![] };
    Append::new(stream, Expected::Any, vec![event], meta(&caller.actor, caller.traceparent.clone()), now)
}

/// No case: a reading is no part of the story that was read.
fn meta(actor: &Actor, traceparent: Option<String>) -> Meta {
    Meta {
        actor: actor.clone(),
        case_id: None,
        causation: None,
        command_id: None,
        traceparent,
        rules: String::new(),
        calendar: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use tonic::{Code, metadata::MetadataValue};

    use super::*;

    fn stated(bytes: &[u8]) -> Result<Option<String>, Status> {
        let mut metadata = MetadataMap::new();
        metadata.insert_bin(PURPOSE, MetadataValue::from_bytes(bytes));
        purpose(&metadata)
    }

    #[test]
    fn a_purpose_is_a_short_line_of_text() {
        assert_eq!(stated("案件办理".as_bytes()).unwrap().as_deref(), Some("案件办理"));
        assert_eq!(stated("案".repeat(200).as_bytes()).unwrap().map(|text| text.chars().count()), Some(200));
        assert_eq!(stated(b"  ").unwrap(), None);
        assert_eq!(purpose(&MetadataMap::new()).unwrap(), None);
        for bad in ["案".repeat(201).as_bytes(), b"two\nlines", b"\xff\xfe"] {
            assert_eq!(stated(bad).unwrap_err().code(), Code::InvalidArgument);
        }
    }

    #[test]
    fn an_opening_is_recent_for_ten_minutes_only_and_only_itself() {
        let (openings, at) = (Openings::default(), datetime!(2023-03-01 10:00 +8));
        let opening = |purpose: &str| {
            let (id, unit) = (Id::parse("officer-1").unwrap(), "fire.330723".parse().unwrap());
            (id, unit, StreamName::new("hazard", "h-1"), purpose.to_owned())
        };
        openings.remember(opening("handling"), at);
        assert!(openings.is_recent(&opening("handling"), at + Duration::seconds(599)));
        assert!(!openings.is_recent(&opening("handling"), at + Duration::seconds(600)));
        assert!(!openings.is_recent(&opening("statistics"), at));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (openings, at) = (Openings::default(), datetime!(2023-03-01 10:00 +8));
        for index in 0..=REMEMBERED_MAX {
            let (id, unit) = (Id::parse("officer-1").unwrap(), "fire.330723".parse().unwrap());
            openings.remember((id, unit, StreamName::new("hazard", &index.to_string()), String::new()), at);
        }
        assert!(openings.0.lock().unwrap().len() <= REMEMBERED_MAX);
    }
}
