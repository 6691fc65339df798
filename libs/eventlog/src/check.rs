//! What is refused before the batch, so that a bad request never sinks its neighbours.

use std::collections::HashSet;

use crate::{Append, AppendError, EventData, Invalid, Options, clock::micros};

/// Deepest nesting of arrays and objects in an event's data.
pub(crate) const DEPTH_MAX: usize = 32;
/// Longest stream name, tag and event name, in bytes.
const NAME_BYTES_MAX: usize = 256;
/// Most tags of one event.
const TAGS_MAX: usize = 32;
/// Longest fingerprint of a command, in bytes.
pub(crate) const FINGERPRINT_BYTES_MAX: usize = 64;
/// What an event weighs beside its data and meta.
const OVERHEAD_BYTES: usize = 128;

/// An append that the database will not refuse for its shape.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) append: Append,
    /// The meta as it is stored.
    pub(crate) meta: Vec<u8>,
    /// About what it weighs in a batch.
    pub(crate) bytes: usize,
}

/// Checks an append, and completes it: the case becomes a tag, instants are cut to what the database holds.
pub(crate) fn check(mut append: Append, options: &Options) -> Result<Checked, AppendError> {
    text("stream", append.stream.as_str())?;
    if append.events.is_empty() {
        return Err(Invalid::NoEvents.into());
    }
    if append.events.len() > options.append_events_max {
        let (count, max) = (append.events.len(), options.append_events_max);
        return Err(Invalid::TooManyEvents { count, max }.into());
    }
    let mut seen = HashSet::with_capacity(append.events.len());
    if append.events.len() > 1 && !append.events.iter().all(|event| seen.insert(event.id)) {
        return Err(Invalid::RepeatedId.into());
    }
    if let Some(case) = &append.meta.case_id {
        let tag = case_tag(case.as_str());
        for event in append.events.iter_mut().filter(|event| !event.tags.contains(&tag)) {
            event.tags.push(tag.clone());
        }
    }
    append.events.iter().try_for_each(|event| check_event(event, options))?;
    if append.command.as_ref().is_some_and(|command| command.fingerprint.len() > FINGERPRINT_BYTES_MAX) {
        return Err(field("fingerprint", format!("longer than {FINGERPRINT_BYTES_MAX} bytes")).into());
    }
    if let Some(condition) = &append.condition {
        check_tags(&condition.tags)?;
        if condition.tags.is_empty() {
            return Err(field("condition", "without a tag".to_owned()).into());
        }
    }
    append.occurred_at = micros(append.occurred_at);
    let meta = serde_json::to_vec(&append.meta)
        .map_err(|error| field("meta", error.to_string()))
        .and_then(|meta| no_escaped_nul("meta", &meta).map(|()| meta))?;
    let bytes = append.events.iter().map(|event| event.data.len() + meta.len() + OVERHEAD_BYTES).sum();
    if bytes > options.batch_bytes_max {
        return Err(Invalid::TooLarge { bytes, max: options.batch_bytes_max }.into());
    }
    Ok(Checked { append, meta, bytes })
}

/// The tag under which a case's events are found.
pub(crate) fn case_tag(case: &str) -> String {
    format!("case:{case}")
}

fn check_event(event: &EventData, options: &Options) -> Result<(), Invalid> {
    text("kind", &event.kind)?;
    check_tags(&event.tags)?;
    if event.data.len() > options.event_bytes_max {
        return Err(Invalid::TooLarge { bytes: event.data.len(), max: options.event_bytes_max });
    }
    json(&event.data)
}

fn check_tags(tags: &[String]) -> Result<(), Invalid> {
    if tags.len() > TAGS_MAX {
        return Err(field("tags", format!("more than {TAGS_MAX}")));
    }
    if (1..tags.len()).any(|n| tags[..n].contains(&tags[n])) {
        return Err(field("tags", "one stands twice".to_owned()));
    }
    tags.iter().try_for_each(|tag| text("tags", tag))
}

fn text(name: &'static str, value: &str) -> Result<(), Invalid> {
    if value.is_empty() {
        return Err(field(name, "empty".to_owned()));
    }
    if value.len() > NAME_BYTES_MAX {
        return Err(field(name, format!("longer than {NAME_BYTES_MAX} bytes")));
    }
    if value.contains('\0') { Err(Invalid::Nul { field: name }) } else { Ok(()) }
}

fn field(field: &'static str, reason: String) -> Invalid {
    Invalid::Field { field, reason }
}

/// Accepts one JSON value in UTF-8, not nested too deeply, without NUL in any string.
fn json(data: &[u8]) -> Result<(), Invalid> {
    if data.contains(&0) {
        return Err(Invalid::Nul { field: "data" });
    }
    let text = std::str::from_utf8(data).map_err(|error| Invalid::Utf8 { at: error.valid_up_to() })?;
    shallow(data)?;
    let wrong = |error: serde_json::Error| Invalid::Json { reason: error.to_string() };
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(wrong)?;
    no_escaped_nul("data", data)?;
    whole_surrogates(data)
}

/// Counts brackets outside of strings.
fn shallow(data: &[u8]) -> Result<(), Invalid> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in data {
        match (quoted, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(Invalid::Deep { max: DEPTH_MAX });
        }
    }
    Ok(())
}

fn no_escaped_nul(name: &'static str, json: &[u8]) -> Result<(), Invalid> {
    if escapes(json).any(|unit| unit == 0) { Err(Invalid::Nul { field: name }) } else { Ok(()) }
}

/// Half a surrogate pair is JSON by the letter, but no text: readers would fail on it for ever.
fn whole_surrogates(json: &[u8]) -> Result<(), Invalid> {
    if !escapes(json).any(|unit| (0xd800..0xe000).contains(&unit)) {
        return Ok(());
    }
    serde_json::from_slice::<serde_json::Value>(json)
        .map(drop)
        .map_err(|error| Invalid::Json { reason: error.to_string() })
}

/// The code units written as `\uXXXX` in valid JSON. Backslashes occur in strings only.
fn escapes(json: &[u8]) -> impl Iterator<Item = u16> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            at += json.get(at..)?.iter().position(|byte| *byte == b'\\')?;
            let escape = json.get(at + 1..)?;
            if escape.first() != Some(&b'u') {
                at += 2;
                continue;
            }
            at += 6;
            let digits = escape.get(1..5)?;
            return u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_json_value_is_accepted() {
        for good in [r#"{"type":"Filed","data":{}}"#, "1", r#""\\u0000""#, r#""[[[\"""#, r#""\ud83d\ude00""#]
        {
            assert_eq!(json(good.as_bytes()), Ok(()), "{good}");
        }
        let nested = format!("{}{}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX));
        assert_eq!(json(nested.as_bytes()), Ok(()));
    }

    #[test]
    fn what_readers_would_choke_on_is_refused() {
        assert_eq!(json(b"\"a\0\""), Err(Invalid::Nul { field: "data" }));
        assert_eq!(json(br#""\u0000""#), Err(Invalid::Nul { field: "data" }));
        assert_eq!(json(br#"{"\\\u0000":1}"#), Err(Invalid::Nul { field: "data" }));
        assert_eq!(json(b"\"\xff\""), Err(Invalid::Utf8 { at: 1 }));
        for bad in ["", "{", "{} {}", "nul", r#""\ud83d""#, "{\"a\":1,}"] {
            assert!(matches!(json(bad.as_bytes()), Err(Invalid::Json { .. })), "{bad}");
        }
        let nested = "[".repeat(100_000);
        assert_eq!(json(nested.as_bytes()), Err(Invalid::Deep { max: DEPTH_MAX }));
    }
}
