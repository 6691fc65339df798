//! What is refused before the batch, so that a bad request never sinks its neighbours.

use std::{collections::HashSet, fmt};

use decider::StreamName;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};

use crate::{Append, AppendError, EventData, Invalid, Options, clock::micros, genesis};

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
    check_stream(&append.stream)?;
    if append.stream.category() == genesis::CATEGORY {
        return Err(field("stream", "the log itself writes its first record".to_owned()).into());
    }
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
        .and_then(|meta| json(&meta).map(|()| meta).map_err(|error| field("meta", error.to_string())))?;
    let bytes = append.events.iter().map(|event| event.data.len() + meta.len() + OVERHEAD_BYTES).sum();
    if bytes > options.batch_bytes_max {
        return Err(Invalid::TooLarge { bytes, max: options.batch_bytes_max }.into());
    }
    Ok(Checked { append, meta, bytes })
}

/// The tag under which a case's events are found.
pub fn case_tag(case: &str) -> String {
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

/// Whether a stream may be called so.
pub fn check_stream(stream: &StreamName) -> Result<(), Invalid> {
    text("stream", stream.as_str())
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

/// Whether an event may hold this data: one JSON value in UTF-8, not nested too deeply, without NUL in any string.
pub fn check_json(data: &[u8]) -> Result<(), Invalid> {
    json(data)
}

fn json(data: &[u8]) -> Result<(), Invalid> {
    if data.contains(&0) {
        return Err(Invalid::Nul { field: "data" });
    }
    let text = std::str::from_utf8(data).map_err(|error| Invalid::Utf8 { at: error.valid_up_to() })?;
    let mut json = serde_json::Deserializer::from_str(text);
    let sound = Sound { depth: 0 }.deserialize(&mut json).and_then(|()| json.end());
    sound.map_err(|error| match error.to_string() {
        text if text.starts_with(NUL) => Invalid::Nul { field: "data" },
        text if text.starts_with(DEEP) => Invalid::Deep { max: DEPTH_MAX },
        reason => Invalid::Json { reason },
    })
}

/// What [`Sound`] says; the parser adds where.
const NUL: &str = "a string holds a NUL";
const DEEP: &str = "nested too deeply";

/// Reads a JSON value and keeps nothing of it. Reading strings in full also finds halves of surrogate pairs, which
/// are JSON by the letter but no text.
struct Sound {
    depth: usize,
}

impl Sound {
    fn inner<E: Error>(&self) -> Result<Self, E> {
        if self.depth < DEPTH_MAX { Ok(Self { depth: self.depth + 1 }) } else { Err(E::custom(DEEP)) }
    }
}

impl<'de> DeserializeSeed<'de> for Sound {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Sound {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') { Err(E::custom(NUL)) } else { Ok(()) }
    }

    /// Text without an escape cannot hold a NUL, since the bytes hold none.
    fn visit_borrowed_str<E: Error>(self, _: &'de str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self.inner()?)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let key = || Self { depth: self.depth };
        while map.next_key_seed(key())?.is_some() {
            map.next_value_seed(self.inner()?)?;
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
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
