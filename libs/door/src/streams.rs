//! The streams service: read, append, and the refusal of all that would take away.

use eventlog::Expected;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    append::{Done, Proposal, Refused},
    basket::Basket,
    batch,
    door::Door,
    expected::{at_revision, revision},
    out::Answers,
    query::stream_name,
    read, refusal,
    wire::event_store::client::{
        Empty, Position,
        streams::{
            self as wire, AppendRequest, AppendResponse, BatchAppendRequest, BatchAppendResponse,
            DeleteRequest, DeleteResponse, ReadRequest, ReadResponse, TombstoneRequest, TombstoneResponse,
            append_request::{Content, Options, options},
            append_response::{Conflict, Result as Outcome, conflict},
            appended,
            streams_server::Streams,
        },
    },
};

#[tonic::async_trait]
impl Streams for Door {
    type ReadStream = Answers<ReadResponse>;
    type BatchAppendStream = Answers<BatchAppendResponse>;

    async fn read(&self, request: Request<ReadRequest>) -> Result<Response<Self::ReadStream>, Status> {
        let reader = self.reader(request.metadata())?;
        read::read(self, reader, request.into_inner()).map(Response::new)
    }

    async fn append(
        &self,
        request: Request<Streaming<AppendRequest>>,
    ) -> Result<Response<AppendResponse>, Status> {
        let actor = self.caller(request.metadata())?;
        let mut messages = request.into_inner();
        let Some(AppendRequest { content: Some(Content::Options(options)) }) = messages.message().await?
        else {
            return Err(refusal::invalid("an append begins with its options"));
        };
        let stream = stream_name(options.stream.as_ref())?;
        let expected = expected(&options)?;
        self.admit_to(&actor, &stream).map_err(status)?;
        let mut basket = Basket::default();
        while let Some(message) = messages.message().await? {
            let Some(Content::Event(event)) = message.content else {
                return Err(refusal::invalid("after its options, an append holds events only"));
            };
            basket.add(self.limits(), event).map_err(status)?;
        }
        let proposal = Proposal { stream, expected, events: basket.events };
        let result = match Door::append(self, &actor, proposal).await {
            Ok(done) => Outcome::Success(success(done)),
            Err(Refused::Conflict { expected, actual }) => Outcome::Conflict(conflict(expected, actual)),
            Err(refused) => return Err(status(refused)),
        };
        Ok(Response::new(AppendResponse { result: Some(result) }))
    }

    async fn batch_append(
        &self,
        request: Request<Streaming<BatchAppendRequest>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        let actor = self.caller(request.metadata())?;
        Ok(Response::new(batch::answer(self.clone(), actor, request.into_inner())))
    }

    async fn delete(&self, request: Request<DeleteRequest>) -> Result<Response<DeleteResponse>, Status> {
        self.caller(request.metadata())?;
        Err(refuse_removal(request.get_ref().options.as_ref()))
    }

    async fn tombstone(
        &self,
        request: Request<TombstoneRequest>,
    ) -> Result<Response<TombstoneResponse>, Status> {
        self.caller(request.metadata())?;
        Err(refuse_removal(request.get_ref().options.as_ref()))
    }
}

fn refuse_removal(options: Option<&Options>) -> Status {
    let stream = options.and_then(|options| stream_name(options.stream.as_ref()).ok());
    refusal::denied(&stream.unwrap_or_default(), refusal::APPEND_ONLY)
}

fn expected(options: &Options) -> Result<Expected, Status> {
    match options.expected {
        Some(options::Expected::Revision(revision)) => Ok(at_revision(revision)),
        Some(options::Expected::NoStream(_)) => Ok(Expected::NoStream),
        Some(options::Expected::Any(_)) => Ok(Expected::Any),
        Some(options::Expected::Exists(_)) => Ok(Expected::Exists),
        None => Err(refusal::invalid("the append does not say where the stream is expected")),
    }
}

/// The answer to an append that has happened. Both parts are always there: clients unwrap them.
pub(crate) fn success(done: Done) -> wire::Appended {
    let current = match done.revision {
        Some(revision) => appended::Current::CurrentRevision(revision),
        None => appended::Current::NoStream(Empty {}),
    };
    let place = match done.position {
        Some(position) => appended::Place::Position(Position { commit: position, prepare: position }),
        None => appended::Place::NoPosition(Empty {}),
    };
    wire::Appended { current: Some(current), place: Some(place) }
}

/// A conflict, in the words of old clients and of new ones.
fn conflict(expected: Expected, actual: u64) -> Conflict {
    let none = Empty {};
    let (old_current, current) = match revision(actual) {
        Some(at) => (conflict::OldCurrent::OldCurrentRevision(at), conflict::Current::CurrentRevision(at)),
        None => (conflict::OldCurrent::OldCurrentNoStream(none), conflict::Current::CurrentNoStream(none)),
    };
    let no_stream =
        || (conflict::OldExpected::OldExpectedRevision(u64::MAX), conflict::Expected::ExpectedNoStream(none));
    let (old_expected, expected) = match expected {
        Expected::Exact(version) => revision(version).map_or_else(no_stream, |at| {
            (conflict::OldExpected::OldExpectedRevision(at), conflict::Expected::ExpectedRevision(at))
        }),
        Expected::NoStream => no_stream(),
        Expected::Any => (conflict::OldExpected::OldExpectedAny(none), conflict::Expected::ExpectedAny(none)),
        Expected::Exists => {
            (conflict::OldExpected::OldExpectedExists(none), conflict::Expected::ExpectedExists(none))
        }
    };
    Conflict {
        old_current: Some(old_current),
        old_expected: Some(old_expected),
        current: Some(current),
        expected: Some(expected),
    }
}

/// A refusal as a status with trailers.
pub(crate) fn status(refused: Refused) -> Status {
    match refused {
        Refused::Denied { stream, why } => refusal::denied(&stream, why),
        Refused::Unnamed => refusal::unnamed(),
        Refused::Invalid(why) => refusal::invalid(why),
        Refused::EventTooLarge { id, size, max } => refusal::event_too_large(&id, size, max),
        Refused::AppendTooLarge { max, .. } => refusal::append_too_large(max),
        Refused::Partial => Status::failed_precondition(PARTIAL),
        Refused::Late => Status::aborted("the append took longer than its deadline"),
        Refused::Unavailable(why) => Status::unavailable(why),
        Refused::Failed => Status::internal("the log failed; the server's own log says why"),
        Refused::Conflict { actual, .. } => {
            Status::failed_precondition(format!("the stream holds {actual} events, which is not as expected"))
        }
    }
}

/// Some events of an append are in the log already.
pub(crate) const PARTIAL: &str = "some of these events were appended before, but not as this append";
