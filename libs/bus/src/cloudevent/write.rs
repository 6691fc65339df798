//! From an event of a log, or an outside department's message, to bytes.

use bytes::Bytes;
use decider::{Actor, CaseId, Causation, Decider, Department, Id, Public, Recorded, StreamName, Unreadable};
use eventlog::{foreign, genesis, reading, rules::Rules};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{DATA_CONTENT_TYPE, MESSAGE_BYTES_MAX, SPEC_VERSION};
use crate::Source;

/// The service's own mapping: a domain event becomes a public message, or nothing.
pub type Publish = fn(&Recorded) -> Result<Option<Public>, Unreadable>;

/// What leaves for one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it goes on the bus.
    pub subject: String,
    /// The CloudEvent.
    pub bytes: Bytes,
    /// Whether nothing but its position may be known: no header names its trace either.
    pub is_withheld: bool,
    /// Why the event could not be made public; the CloudEvent says so too, and listeners park it. Decision 2.
    pub fault: Option<String>,
}

/// The message that leaves for an event: the same bytes on the bus and through `ReadPublic`.
///
/// **Warning**: it never fails. An event that cannot be mapped, or whose message is too large, leaves without a
/// body and with the reason in `unpublished`: stopping the line would withhold every later fact from everybody.
pub fn message(recorded: &Recorded, publish: Publish, service: &Source) -> Message {
    // What a log has been told of the law, and what it begins with, is its own bookkeeping, whoever's log it is.
    let is_own = [Rules::NAME, genesis::CATEGORY].contains(&recorded.stream.category());
    // Looked at first: a client's event is none of the service's, whatever its stream and its type are called.
    if foreign::is_foreign(&recorded.data) {
        return withheld(recorded, foreign::CATEGORY, APPENDED, service);
    }
    if recorded.stream.category() == reading::CATEGORY {
        return withheld(recorded, reading::CATEGORY, &recorded.kind, service);
    }
    let public = match if is_own { Ok(None) } else { publish(recorded) } {
        Ok(public) => public,
        Err(error) => return unpublished(recorded, service, error.to_string()),
    };
    if let Some(public) = &public
        && !may_publish(service, &public.kind)
    {
        return unpublished(recorded, service, format!("{} is not a type of {service}", public.kind));
    }
    let bytes = encode(&Event::of(recorded, public.as_ref(), service));
    if bytes.len() > MESSAGE_BYTES_MAX {
        return unpublished(recorded, service, format!("the message has {} bytes", bytes.len()));
    }
    told(recorded, bytes, service)
}

/// The type that all events of clients have on the bus: theirs are words of their own.
const APPENDED: &str = "Appended";
/// Stands for whoever read or wrote, and for what.
const WITHHELD: &str = "withheld";

/// What every service says in the same words: what happens to its statutory clocks.
const SHARED: &str = "clock";

/// Whether a source may publish messages of a type: a service its own package and what all services share, an
/// outside department the common one.
pub(super) fn may_publish(source: &Source, kind: &str) -> bool {
    let of = |package: &str| {
        kind.strip_prefix("fenghuo.")
            .and_then(|rest| rest.strip_prefix(package))
            .is_some_and(|rest| rest.starts_with('.') && !rest.starts_with(".private."))
    };
    if source.is_outside() { of("outside") } else { of(source.as_str()) || of(SHARED) }
}

/// A message of a department outside our services.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Chosen by the department; the same id is never published twice within the stream's duplicate window.
    pub id: Uuid,
    /// What it says.
    pub public: Public,
    /// The department's own dossier.
    pub stream: StreamName,
    /// The family root of the case.
    pub case_id: Option<CaseId>,
    /// Who acted.
    pub actor: Actor,
    /// When it happened, as claimed.
    pub occurred_at: OffsetDateTime,
    /// When the department learnt of it.
    pub recorded_at: OffsetDateTime,
    /// The fact that led to it.
    pub causation: Option<Causation>,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

/// The CloudEvent of an outside department's message at a sequence of its stream.
pub fn outside(outgoing: &Outgoing, sequence: u64, department: &Source) -> Bytes {
    encode(&Event {
        causation: outgoing.causation.as_ref(),
        kind: outgoing.public.kind.clone(),
        id: outgoing.id,
        case_id: outgoing.case_id.as_ref(),
        stream: &outgoing.stream,
        actor: &outgoing.actor,
        occurred_at: outgoing.occurred_at,
        recorded_at: outgoing.recorded_at,
        sequence,
        source: department,
        public: Some(&outgoing.public),
        traceparent: outgoing.traceparent.as_deref(),
        command_id: None,
        rules: "",
        calendar: "",
        unpublished: None,
    })
}

/// That something was read, or that a client wrote, leaves for the sake of the sequence; who, what, and within which
/// trace does not.
fn withheld(recorded: &Recorded, category: &str, kind: &str, service: &Source) -> Message {
    let actor = Actor { id: Id::parse(WITHHELD).expect("a literal id"), ..recorded.meta.actor.clone() };
    let stream = StreamName::new(category, WITHHELD);
    let subject = service.subject(&stream, kind);
    let kind = format!("{}{kind}", service.private_prefix());
    let event = Event::of(recorded, None, service);
    let event = Event { kind, actor: &actor, stream: &stream, case_id: None, traceparent: None, ..event };
    Message { subject, bytes: encode(&event), is_withheld: true, fault: None }
}

fn told(recorded: &Recorded, bytes: Bytes, service: &Source) -> Message {
    let subject = service.subject(&recorded.stream, &recorded.kind);
    Message { subject, bytes, is_withheld: false, fault: None }
}

fn unpublished(recorded: &Recorded, service: &Source, reason: String) -> Message {
    let bytes = encode(&Event { unpublished: Some(&reason), ..Event::of(recorded, None, service) });
    Message { fault: Some(reason), ..told(recorded, bytes, service) }
}

/// Everything a CloudEvent of ours says.
struct Event<'a> {
    id: Uuid,
    source: &'a Source,
    kind: String,
    sequence: u64,
    stream: &'a StreamName,
    case_id: Option<&'a CaseId>,
    actor: &'a Actor,
    occurred_at: OffsetDateTime,
    recorded_at: OffsetDateTime,
    causation: Option<&'a Causation>,
    command_id: Option<Uuid>,
    traceparent: Option<&'a str>,
    rules: &'a str,
    calendar: &'a str,
    public: Option<&'a Public>,
    unpublished: Option<&'a str>,
}

impl<'a> Event<'a> {
    fn of(recorded: &'a Recorded, public: Option<&'a Public>, service: &'a Source) -> Self {
        let private = || format!("{}{}", service.private_prefix(), recorded.kind);
        Self {
            id: recorded.id,
            source: service,
            kind: public.map_or_else(private, |public| public.kind.clone()),
            sequence: recorded.position,
            stream: &recorded.stream,
            case_id: recorded.meta.case_id.as_ref(),
            actor: &recorded.meta.actor,
            occurred_at: recorded.occurred_at,
            recorded_at: recorded.recorded_at,
            causation: recorded.meta.causation.as_ref(),
            command_id: recorded.meta.command_id,
            traceparent: recorded.meta.traceparent.as_deref(),
            rules: &recorded.meta.rules,
            calendar: &recorded.meta.calendar,
            public,
            unpublished: None,
        }
    }
}

/// The attributes as they stand in JSON. Extension names are lower-case letters and digits, as the standard asks;
/// positions are strings, because its integers end at 2^31.
#[derive(Serialize)]
struct Json<'a> {
    specversion: &'static str,
    id: Uuid,
    source: String,
    #[serde(rename = "type")]
    kind: &'a str,
    subject: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    time: OffsetDateTime,
    sequence: String,
    #[serde(with = "time::serde::rfc3339")]
    occurredat: OffsetDateTime,
    stream: &'a str,
    department: String,
    actor: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    causationlog: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causationposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commandid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    addressedto: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    rules: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    calendar: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unpublished: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    datacontenttype: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

fn encode(event: &Event<'_>) -> Bytes {
    let to = event.public.map(|public| public.to.as_slice()).unwrap_or_default();
    let json = Json {
        specversion: SPEC_VERSION,
        id: event.id,
        source: event.source.urn(),
        kind: &event.kind,
        subject: event.case_id.map_or(event.stream.as_str(), CaseId::as_str),
        time: event.recorded_at,
        sequence: event.sequence.to_string(),
        occurredat: event.occurred_at,
        stream: event.stream.as_str(),
        department: event.actor.department.to_string(),
        actor: event.actor.id.as_str(),
        causationlog: event.causation.map(|cause| cause.log.as_str()),
        causationposition: event.causation.map(|cause| cause.position.to_string()),
        commandid: event.command_id,
        addressedto: (!to.is_empty()).then(|| addressees(to)),
        traceparent: event.traceparent,
        rules: event.rules,
        calendar: event.calendar,
        unpublished: event.unpublished,
        datacontenttype: event.public.map(|_| DATA_CONTENT_TYPE),
        data: event.public.map(|public| &public.body),
    };
    serde_json::to_vec(&json).expect("string keys, and instants between the years 0 and 9999").into()
}

fn addressees(to: &[Department]) -> String {
    to.iter().map(Department::to_string).collect::<Vec<_>>().join(",")
}
