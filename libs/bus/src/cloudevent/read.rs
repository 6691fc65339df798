//! From bytes to a fact, believing nothing that the stream it came on does not confirm.

use std::borrow::Cow;

use decider::{CaseId, Causation, Department, Fact, StreamName};
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::strict::Strict;
use super::write::may_publish;
use super::{DATA_CONTENT_TYPE, MESSAGE_BYTES_MAX, SPEC_VERSION};
use crate::Source;

/// Where a message was found.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The log whose stream or service it came from.
    pub source: &'a Source,
    /// The sequence it has there.
    pub position: u64,
    /// The subject it was published on; `None` if it came over gRPC.
    pub subject: Option<&'a str>,
}

/// Why a message is not a fact.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was not even parsed.
    #[error("the message has {0} bytes; {MESSAGE_BYTES_MAX} are allowed")]
    TooLarge(usize),
    /// It is not JSON, lacks an attribute, or has one of the wrong form.
    #[error("read a CloudEvent: {0}")]
    Malformed(#[source] serde_json::Error),
    /// It is not CloudEvents 1.0 with JSON data.
    #[error("read attribute {name}: {value:?}")]
    Attribute {
        /// The attribute.
        name: &'static str,
        /// What it says.
        value: String,
    },
    /// It claims to come from somebody else than the stream's owner.
    #[error("the message claims source {claimed:?}, but came from {expected}")]
    Source {
        /// What the message says.
        claimed: String,
        /// Whose stream it came on.
        expected: String,
    },
    /// It was published on a subject that is not its source's.
    #[error("the message came on subject {0:?}, which is not its source's")]
    Subject(String),
    /// It claims another position than the sequence it has.
    #[error("the message claims position {claimed}, but has {expected}")]
    Position {
        /// What the message says.
        claimed: u64,
        /// Its sequence in the stream.
        expected: u64,
    },
    /// An outside department speaks for a department of another kind.
    #[error("{source_name} speaks for department {department}")]
    Department {
        /// Whose stream it came on.
        source_name: String,
        /// Who acted, as claimed.
        department: Department,
    },
    /// The source publishes a type that is not its own.
    #[error("{source_name} may not publish type {kind:?}")]
    Type {
        /// Whose stream it came on.
        source_name: String,
        /// The type.
        kind: String,
    },
    /// The owner could not make the event public; once it can, its log will answer with the right message.
    #[error("its owner could not publish it: {0}")]
    Unpublished(String),
}

/// Reads a message that was found at `origin`.
pub fn read(bytes: &[u8], origin: Origin<'_>) -> Result<Fact, Error> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(Error::TooLarge(bytes.len()));
    }
    let json: Json<'_> = serde_json::from_slice(bytes).map_err(Error::Malformed)?;
    json.check_origin(origin)?;
    json.into_fact(origin.source)
}

#[derive(Deserialize)]
struct Json<'a> {
    #[serde(borrow)]
    specversion: Cow<'a, str>,
    id: Uuid,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    #[serde(with = "time::serde::rfc3339")]
    time: OffsetDateTime,
    #[serde(borrow)]
    sequence: Cow<'a, str>,
    #[serde(with = "time::serde::rfc3339")]
    occurredat: OffsetDateTime,
    stream: String,
    department: Department,
    actor: String,
    causationlog: Option<String>,
    #[serde(borrow)]
    causationposition: Option<Cow<'a, str>>,
    #[serde(borrow)]
    addressedto: Option<Cow<'a, str>>,
    traceparent: Option<String>,
    unpublished: Option<String>,
    #[serde(borrow)]
    datacontenttype: Option<Cow<'a, str>>,
    data: Option<Strict>,
}

impl Json<'_> {
    fn check_origin(&self, origin: Origin<'_>) -> Result<(), Error> {
        if self.specversion != SPEC_VERSION {
            return Err(attribute("specversion", &self.specversion));
        }
        if self.source != origin.source.urn() {
            return Err(Error::Source { claimed: self.source.to_string(), expected: origin.source.urn() });
        }
        if let Some(subject) = origin.subject.filter(|subject| !origin.source.owns(subject)) {
            return Err(Error::Subject(subject.to_owned()));
        }
        let claimed = position("sequence", &self.sequence)?;
        if claimed != origin.position {
            return Err(Error::Position { claimed, expected: origin.position });
        }
        // A service reports what officers of many departments did; a department speaks for itself only.
        if origin.source.is_outside() && self.department.kind.as_str() != origin.source.as_str() {
            let source_name = origin.source.to_string();
            return Err(Error::Department { source_name, department: self.department.clone() });
        }
        Ok(())
    }

    fn into_fact(self, source: &Source) -> Result<Fact, Error> {
        if let Some(reason) = self.unpublished {
            return Err(Error::Unpublished(reason));
        }
        let position = position("sequence", &self.sequence)?;
        let stream = StreamName::parse(&self.stream).ok_or_else(|| attribute("stream", &self.stream))?;
        let body = body(source, &self.kind, self.datacontenttype.as_deref(), self.data)?;
        Ok(Fact {
            id: self.id,
            source: source.to_string(),
            position,
            case_id: case(&self.subject, &stream)?,
            stream: self.stream,
            kind: self.kind,
            department: self.department,
            actor: self.actor,
            occurred_at: self.occurredat,
            recorded_at: self.time,
            causation: causation(self.causationlog, self.causationposition.as_deref())?,
            to: addressees(self.addressedto.as_deref())?,
            traceparent: self.traceparent,
            body,
        })
    }
}

/// A public message has a body that is an object; a private one has none.
fn body(source: &Source, kind: &str, media_type: Option<&str>, data: Option<Strict>) -> Result<Value, Error> {
    if kind.starts_with(&source.private_prefix()) {
        return match data {
            None => Ok(Value::Null),
            Some(_) => Err(attribute("data", "a private event with a body")),
        };
    }
    if !may_publish(source, kind) {
        return Err(Error::Type { source_name: source.to_string(), kind: kind.to_owned() });
    }
    if media_type.is_some_and(|media_type| media_type != DATA_CONTENT_TYPE) {
        return Err(attribute("datacontenttype", media_type.unwrap_or_default()));
    }
    match data {
        Some(Strict(body @ Value::Object(_))) => Ok(body),
        Some(_) => Err(attribute("data", "not an object")),
        None => Err(attribute("data", "nothing")),
    }
}

/// The subject is the case, or the stream where there is no case; an id never holds the stream's colon.
fn case(subject: &str, stream: &StreamName) -> Result<Option<CaseId>, Error> {
    if subject == stream.as_str() {
        return Ok(None);
    }
    CaseId::parse(subject).map(Some).map_err(|_| attribute("subject", subject))
}

fn causation(log: Option<String>, at: Option<&str>) -> Result<Option<Causation>, Error> {
    match (log, at) {
        (Some(log), Some(at)) => Ok(Some(Causation { log, position: position("causationposition", at)? })),
        (None, None) => Ok(None),
        (Some(log), None) => Err(attribute("causationlog", &log)),
        (None, Some(at)) => Err(attribute("causationposition", at)),
    }
}

fn addressees(list: Option<&str>) -> Result<Vec<Department>, Error> {
    let Some(list) = list else { return Ok(Vec::new()) };
    list.split(',').map(|one| Department::parse(one).map_err(|_| attribute("addressedto", list))).collect()
}

/// Only the digits that we write ourselves: no sign, no leading zero.
fn position(name: &'static str, text: &str) -> Result<u64, Error> {
    let value: u64 = text.parse().map_err(|_| attribute(name, text))?;
    if value.to_string() == text { Ok(value) } else { Err(attribute(name, text)) }
}

/// Quotes at most so much of what a stranger wrote.
const QUOTED_CHARS_MAX: usize = 80;

fn attribute(name: &'static str, value: &str) -> Error {
    Error::Attribute { name, value: value.chars().take(QUOTED_CHARS_MAX).collect() }
}
