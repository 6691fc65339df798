//! The second way to append: records with a schema and properties, and checks of where streams are.
//!
//! An append of the log belongs to one stream. Several streams at once are refused, not stored one by one: half of
//! such an append would be worse than none.

use decider::Actor;
use eventlog::Expected;
use prost_types::{Value, value::Kind};
use serde_json::Map;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::{
    append::{Basket, Done, Proposal, Proposed},
    door::Door,
    envelope::Sent,
    expected::at_revision,
    refusal,
    session_refusal::{self, Asked},
    wire::kurrentdb::protocol::v2::streams::{
        AppendRecordsRequest, AppendRecordsResponse, AppendRequest, AppendResponse, AppendSessionResponse,
        Record, StreamRevision, check::Kind as Check, record::Format, streams_service_server::StreamsService,
    },
};

/// Where a stream is expected, below the revisions.
const NO_STREAM: i64 = -1;
const ANY: i64 = -2;
const EXISTS: i64 = -4;

#[tonic::async_trait]
impl StreamsService for Door {
    async fn append_session(
        &self,
        request: Request<Streaming<AppendRequest>>,
    ) -> Result<Response<AppendSessionResponse>, Status> {
        let actor = self.caller(request.metadata())?;
        let mut requests = request.into_inner();
        let first = requests.message().await?.ok_or_else(|| refusal::invalid("the session is empty"))?;
        if let Some(second) = requests.message().await? {
            return Err(match second.stream == first.stream {
                true => session_refusal::stream_twice(&first.stream),
                false => session_refusal::several_streams(),
            });
        }
        let AppendRequest { stream, records, expected } = first;
        let done = self.append_records_to(&actor, &stream, records, expected.unwrap_or(ANY), Asked::Session);
        let done = done.await?;
        let position = done.position.map(u64::cast_signed);
        let appended = AppendResponse { stream, revision: wire_revision(done), position };
        Ok(Response::new(AppendSessionResponse {
            streams: vec![appended],
            position: position.unwrap_or_default(),
        }))
    }

    async fn append_records(
        &self,
        request: Request<AppendRecordsRequest>,
    ) -> Result<Response<AppendRecordsResponse>, Status> {
        let actor = self.caller(request.metadata())?;
        let AppendRecordsRequest { records, checks } = request.into_inner();
        let stream = records.first().map(|record| record.stream.clone());
        let stream = stream.ok_or_else(|| refusal::invalid("the append holds no record"))?;
        if records.iter().any(|record| record.stream != stream) {
            return Err(session_refusal::several_streams());
        }
        let mut expected = None;
        for (index, check) in (0..).zip(checks) {
            let Some(Check::StreamState(state)) = check.kind else {
                return Err(refusal::invalid(format!("check {index} says nothing")));
            };
            if state.stream != stream || expected.is_some_and(|(_, known)| known != state.expected) {
                return Err(session_refusal::several_streams());
            }
            expected.get_or_insert((index, state.expected));
        }
        let (index, expected) = expected.unwrap_or((0, ANY));
        let done =
            self.append_records_to(&actor, &stream, records, expected, Asked::Records { index }).await?;
        let position = done.position.unwrap_or_default().cast_signed();
        let revision = StreamRevision { stream, revision: wire_revision(done) };
        Ok(Response::new(AppendRecordsResponse { streams: vec![revision], position }))
    }
}

impl Door {
    async fn append_records_to(
        &self,
        actor: &Actor,
        stream: &str,
        records: Vec<Record>,
        expected: i64,
        asked: Asked,
    ) -> Result<Done, Status> {
        if stream.is_empty() {
            return Err(refusal::invalid("the stream has no name"));
        }
        let refused = |refused| session_refusal::status(refused, stream, expected, asked);
        let mut basket = Basket::default();
        for record in records {
            basket.put(self.limits(), proposed(record)?).map_err(refused)?;
        }
        let proposal = Proposal {
            stream: stream.to_owned(),
            expected: self::expected(expected)?,
            events: basket.events,
        };
        self.append(actor, proposal).await.map_err(refused)
    }
}

fn wire_revision(done: Done) -> i64 {
    done.revision.map_or(NO_STREAM, u64::cast_signed)
}

fn expected(state: i64) -> Result<Expected, Status> {
    match state {
        NO_STREAM => Ok(Expected::NoStream),
        ANY => Ok(Expected::Any),
        EXISTS => Ok(Expected::Exists),
        state => match u64::try_from(state) {
            Ok(revision) => Ok(at_revision(revision)),
            Err(_) => Err(refusal::invalid(format!("{state} is no state of a stream"))),
        },
    }
}

/// A record as an event of the first version: its properties and schema become the metadata.
fn proposed(record: Record) -> Result<Proposed, Status> {
    let Record { id, properties, schema, data, .. } = record;
    let id = match id.as_str() {
        "" => Uuid::new_v4(),
        id => Uuid::parse_str(id).map_err(|_| refusal::invalid(format!("{id:?} is no id of a record")))?,
    };
    let schema = schema.filter(|schema| !schema.name.is_empty());
    let schema = schema.ok_or_else(|| refusal::invalid("a record names no type in its schema"))?;
    let (format, content_type) = match schema.format() {
        Format::Json => ("Json", "application/json"),
        Format::Protobuf => ("Protobuf", "application/octet-stream"),
        Format::Avro => ("Avro", "application/octet-stream"),
        Format::Bytes | Format::Unspecified => ("Bytes", "application/octet-stream"),
    };
    let mut metadata = properties
        .into_iter()
        .map(|(key, value)| (key, json(value)))
        .collect::<Map<String, serde_json::Value>>();
    metadata.insert("$schema.name".to_owned(), schema.name.clone().into());
    metadata.insert("$schema.format".to_owned(), format.into());
    if !schema.id.is_empty() {
        metadata.insert("$schema.id".to_owned(), schema.id.into());
    }
    let metadata = serde_json::Value::Object(metadata).to_string().into();
    let sent = Sent { id, content_type: content_type.to_owned(), data, metadata };
    Ok(Proposed { kind: schema.name, sent })
}

/// A property's value as JSON. How deep it goes is bounded by the decoder of messages.
fn json(value: Value) -> serde_json::Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => serde_json::Value::Null,
        Some(Kind::NumberValue(number)) => number.into(),
        Some(Kind::StringValue(text)) => text.into(),
        Some(Kind::BoolValue(flag)) => flag.into(),
        Some(Kind::StructValue(object)) => {
            object.fields.into_iter().map(|(key, value)| (key, json(value))).collect::<Map<_, _>>().into()
        }
        Some(Kind::ListValue(list)) => list.values.into_iter().map(json).collect::<Vec<_>>().into(),
    }
}
