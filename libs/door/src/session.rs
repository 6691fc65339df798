//! The second way to append: records with a schema and properties, and checks of where streams are.
//!
//! **Invariant**: all records of a call are stored, or none, and only while all its checks hold.

use std::collections::{BTreeMap, HashSet};

use decider::Actor;
use eventlog::Expected;
use prost_types::{Value, value::Kind};
use serde_json::Map;
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::{
    Limits,
    append::{Done, Proposal, Proposed},
    basket::Basket,
    door::Door,
    envelope::Sent,
    expected::at_revision,
    refusal,
    session_refusal::{self, Asked},
    several::Several,
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
        let (mut session, mut streams) = (Session::default(), HashSet::new());
        while let Some(AppendRequest { stream, records, expected }) = requests.message().await? {
            self.admit_to(&actor, &stream).map_err(|refused| session_refusal::status(refused, &stream))?;
            session.begin(self.limits(), &stream)?;
            if !streams.insert(stream.clone()) {
                return Err(session_refusal::stream_twice(&stream));
            }
            session.checks.push((stream.clone(), expected.unwrap_or(ANY)));
            for record in records {
                session.add(self.limits(), record)?;
            }
        }
        let done = self.append_session(&actor, session, Asked::Session).await?;
        let position =
            done.iter().filter_map(|(_, done)| done.position).max().unwrap_or_default().cast_signed();
        let streams = done.into_iter().map(|(stream, done)| AppendResponse {
            stream,
            revision: wire_revision(done),
            position: done.position.map(u64::cast_signed),
        });
        Ok(Response::new(AppendSessionResponse { streams: streams.collect(), position }))
    }

    async fn append_records(
        &self,
        request: Request<AppendRecordsRequest>,
    ) -> Result<Response<AppendRecordsResponse>, Status> {
        let actor = self.caller(request.metadata())?;
        let AppendRecordsRequest { records, checks } = request.into_inner();
        let mut session = Session::default();
        for record in records {
            if session.runs.last().is_none_or(|run| run.stream != record.stream) {
                self.admit_to(&actor, &record.stream)
                    .map_err(|refused| session_refusal::status(refused, &record.stream))?;
                session.begin(self.limits(), &record.stream)?;
            }
            session.add(self.limits(), record)?;
        }
        for (index, check) in checks.into_iter().enumerate() {
            let Some(Check::StreamState(state)) = check.kind else {
                return Err(refusal::invalid(format!("check {index} says nothing")));
            };
            session.checks.push((state.stream, state.expected));
        }
        let done = self.append_session(&actor, session, Asked::Records).await?;
        let position =
            done.iter().filter_map(|(_, done)| done.position).max().unwrap_or_default().cast_signed();
        // A stream may have several runs: the last tells where it is.
        let streams = done.into_iter().map(|(stream, done)| (stream, wire_revision(done)));
        let streams = streams.collect::<BTreeMap<_, _>>().into_iter();
        let streams = streams.map(|(stream, revision)| StreamRevision { stream, revision }).collect();
        Ok(Response::new(AppendRecordsResponse { streams, position }))
    }
}

/// Records on their way: in the order in which they were sent, neighbours of one stream together.
#[derive(Default)]
struct Session {
    runs: Vec<Run>,
    basket: Basket,
    /// Streams and where they are expected, in the protocol's numbers.
    checks: Vec<(String, i64)>,
}

struct Run {
    stream: String,
    records: usize,
}

impl Session {
    fn begin(&mut self, limits: Limits, stream: &str) -> Result<(), Status> {
        if self.runs.len() == limits.append_events_max {
            let max = limits.append_events_max;
            return Err(refusal::invalid(format!("an append goes to at most {max} streams")));
        }
        self.runs.push(Run { stream: stream.to_owned(), records: 0 });
        Ok(())
    }

    /// Adds a record to the run begun last.
    fn add(&mut self, limits: Limits, record: Record) -> Result<(), Status> {
        let Some(run) = self.runs.last_mut() else { return Ok(()) };
        run.records += 1;
        let put = self.basket.put(limits, proposed(record)?);
        put.map_err(|refused| session_refusal::status(refused, &run.stream))
    }

    fn into_proposals(self) -> Vec<Proposal> {
        let mut events = self.basket.events.into_iter();
        let proposals = self.runs.into_iter().map(|run| Proposal {
            stream: run.stream,
            expected: Expected::Any,
            events: events.by_ref().take(run.records).collect(),
        });
        proposals.collect()
    }
}

impl Door {
    /// Appends all or nothing; tells for each run what came of it.
    async fn append_session(
        &self,
        actor: &Actor,
        session: Session,
        asked: Asked,
    ) -> Result<Vec<(String, Done)>, Status> {
        let checks = session.checks.clone();
        let expectations = checks.iter().map(|(stream, state)| Ok((stream.as_str(), expected(*state)?)));
        let expectations = expectations.collect::<Result<Vec<_>, Status>>()?;
        let streams = session.runs.iter().map(|run| run.stream.clone()).collect::<Vec<_>>();
        let first = streams.first().ok_or_else(|| refusal::invalid("there is nothing to append"))?;
        let appended = self.append_several(actor, session.into_proposals(), &expectations).await;
        let done = appended.map_err(|refused| match refused {
            Several::Violated(violations) => session_refusal::violated(&checks, &violations, asked),
            Several::Refused(refused) => session_refusal::status(refused, first),
        })?;
        Ok(streams.into_iter().zip(done).collect())
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
