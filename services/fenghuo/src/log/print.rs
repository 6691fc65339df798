//! An event of a log as a line: for people, or as JSON that holds the stored bytes unchanged.

use contracts::log::v1::Event;
use decider::Meta;
use pbjson_types::Timestamp;
use serde_json::{Value, json};
use time::{format_description::well_known::Rfc3339, macros::offset};

use crate::{due::beijing, error::Error, shell::Shell};

/// Longest data that a person is shown; the rest is in the JSON form.
const DATA_CHARS_MAX: usize = 200;

/// Prints an event.
pub(super) fn event(event: Option<Event>, as_json: bool, shell: Shell) -> Result<(), Error> {
    let event = event.unwrap_or_default();
    if as_json { shell.line(json_line(&event)) } else { shell.line(line(&event)) }
}

/// The case that an event belongs to.
pub(super) fn case_of(event: &Event) -> Option<String> {
    meta(event)?.case_id.map(|case| case.to_string())
}

fn line(event: &Event) -> String {
    let actor = meta(event).map(|meta| format!("{}/{}", meta.actor.department, meta.actor.id));
    let data = serde_json::from_slice::<Value>(&event.data).unwrap_or_default();
    let data = data.get("data").map(Value::to_string).unwrap_or_default();
    format!(
        "{:>6}  {}  {}@{}  {}  {}  {}",
        event.position,
        instant(event.recorded_at.as_ref()),
        event.stream,
        event.version,
        event.kind,
        actor.unwrap_or_default(),
        shortened(&data),
    )
}

/// Data and meta are put in as they are stored: reading and writing them again might reorder their keys.
fn json_line(event: &Event) -> String {
    let head = json!({
        "position": event.position,
        "stream": event.stream,
        "version": event.version,
        "id": event.id,
        "kind": event.kind,
        "occurred_at": exactly(event.occurred_at.as_ref()),
        "recorded_at": exactly(event.recorded_at.as_ref()),
    })
    .to_string();
    let head = head.trim_end_matches('}');
    let (data, meta) = (String::from_utf8_lossy(&event.data), String::from_utf8_lossy(&event.meta));
    format!("{head},\"data\":{data},\"meta\":{meta}}}")
}

fn meta(event: &Event) -> Option<Meta> {
    serde_json::from_slice(&event.meta).ok()
}

fn instant(at: Option<&Timestamp>) -> String {
    at.and_then(|at| chassis::from_timestamp(at).ok()).map(beijing).unwrap_or_default()
}

/// With its fraction: what is asked as of a printed instant has the event that was recorded then.
fn exactly(at: Option<&Timestamp>) -> Option<String> {
    let at = chassis::from_timestamp(at?).ok()?;
    at.checked_to_offset(offset!(+8))?.format(&Rfc3339).ok()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(DATA_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Event {
        Event {
            position: 7,
            stream: "hazard:wuyi-1".into(),
            version: 2,
            kind: "Opened".into(),
            data: br#"{"type":"Opened","data":{"z":1,"a":"x"}}"#.to_vec(),
            meta:
                br#"{"actor":{"kind":"person","id":"officer-1","department":"fire.330723"},"case_id":"wuyi"}"#
                    .to_vec(),
            recorded_at: Some(Timestamp { seconds: 1_681_711_440, nanos: 3_000 }),
            ..Event::default()
        }
    }

    #[test]
    fn a_line_tells_where_when_what_and_who() {
        assert_eq!(
            line(&stored()),
            r#"     7  2023-04-17T14:04:00+08:00  hazard:wuyi-1@2  Opened  fire.330723/officer-1  {"a":"x","z":1}"#
        );
        assert_eq!(case_of(&stored()).as_deref(), Some("wuyi"));
    }

    #[test]
    fn json_holds_the_stored_bytes() {
        let text = json_line(&stored());
        assert!(text.contains(r#""data":{"type":"Opened","data":{"z":1,"a":"x"}}"#), "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["meta"]["case_id"], "wuyi");
        assert_eq!(value["recorded_at"], "2023-04-17T14:04:00.000003+08:00", "the microsecond as well");
    }
}
