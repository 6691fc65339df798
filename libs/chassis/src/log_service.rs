//! The log of a service over gRPC, the same for every service: what auditors read and what listeners that
//! missed something fetch.
//!
//! **Invariant**: a person is shown an event only after the log holds that its dossier, its case or the whole log was
//! opened.

use std::pin::Pin;

use audit::{Standing, State};
use bus::{Source, cloudevent};
use contracts::log::v1::{self as wire, log_service_server::LogService};
use decider::{ActorKind, CaseId, Role, StreamName};
use eventlog::{Direction, Progress, Rebuilt, reading};
use futures::{Stream, StreamExt, TryStreamExt, future};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::{Caller, Node, field, log_event, status, timestamp};

/// Reports of progress that wait for a slow reader.
const REBUILD_REPORTS_MAX: usize = 64;

/// The gRPC service over a node's log.
pub(crate) struct LogDoor(pub(crate) Node);

type Answer<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl LogService for LogDoor {
    type ReadAllStream = Answer<wire::ReadAllResponse>;
    type ReadStreamStream = Answer<wire::ReadStreamResponse>;
    type FollowStream = Answer<wire::FollowResponse>;
    type ReadPublicStream = Answer<wire::ReadPublicResponse>;
    type ReadInboxStream = Answer<wire::ReadInboxResponse>;
    type RebuildViewStream = Answer<wire::RebuildViewResponse>;

    async fn read_all(
        &self,
        request: Request<wire::ReadAllRequest>,
    ) -> Result<Response<Self::ReadAllStream>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::ReadAllRequest { from, limit, backwards, case_id } = request.into_inner();
        let (log, direction) = (self.0.log(), direction(backwards));
        let Some(case) = field::optional::<CaseId>("case_id", &case_id)? else {
            let head = self.opened(&caller, "ReadAll", &self.whole()).await?;
            let (first, count) = within(from, limit, backwards, head);
            let events = log.read_all(first, count, direction);
            return Ok(answer(events, |event| wire::ReadAllResponse { event: Some(log_event(&event)) }));
        };
        let dossier = StreamName::new("case", case.as_str());
        let head = self.opened(&caller, "ReadAll", &dossier).await?;
        let (first, _) = within(from, limit, backwards, head);
        let events = log.read_case(&case, first, bound(limit), direction);
        let events = events.try_take_while(move |event| future::ready(Ok(event.position <= head)));
        Ok(answer(events, |event| wire::ReadAllResponse { event: Some(log_event(&event)) }))
    }

    async fn read_stream(
        &self,
        request: Request<wire::ReadStreamRequest>,
    ) -> Result<Response<Self::ReadStreamStream>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::ReadStreamRequest { stream, from, limit, backwards } = request.into_inner();
        let stream = StreamName::parse(&stream)
            .ok_or_else(|| field::invalid("stream", "must be <aggregate>:<id>, for example hazard:wuyi-1"))?;
        let version = self.0.log().version(&stream).await.map_err(|error| status::of_log(&error))?;
        // What does not exist is not shown.
        if version > 0 && self.0.service().is_dossier(&stream) {
            self.opened(&caller, "ReadStream", &stream).await?;
        }
        let (first, count) = within(from, limit, backwards, version);
        let events = self.0.log().read_stream(&stream, first, count, direction(backwards));
        Ok(answer(events, |event| wire::ReadStreamResponse { event: Some(log_event(&event)) }))
    }

    async fn follow(
        &self,
        request: Request<wire::FollowRequest>,
    ) -> Result<Response<Self::FollowStream>, Status> {
        let caller = self.0.caller(&request)?;
        self.opened(&caller, "Follow", &self.whole()).await?;
        let events = self.0.log().follow(request.into_inner().after);
        Ok(answer(events, |event| wire::FollowResponse { event: Some(log_event(&event)) }))
    }

    async fn read_public(
        &self,
        request: Request<wire::ReadPublicRequest>,
    ) -> Result<Response<Self::ReadPublicStream>, Status> {
        let caller = self.0.caller(&request)?;
        let wire::ReadPublicRequest { from, to } = request.into_inner();
        if from == 0 || to < from {
            return Err(field::invalid("to", "must not be before from, and from begins at 1"));
        }
        self.opened(&caller, "ReadPublic", &self.whole()).await?;
        let service = self.0.service();
        let source = Source::parse(service.name).expect("a service's name is a source");
        let events = self.0.log().read_all(from, to - from + 1, Direction::Forwards);
        let messages = events.map(move |event| {
            let event = event.map_err(|error| status::of_log(&error))?;
            let message = cloudevent::message(&event, service.publish, &source);
            Ok(wire::ReadPublicResponse { position: event.position, message: message.bytes.to_vec() })
        });
        Ok(Response::new(Box::pin(messages)))
    }

    async fn read_inbox(
        &self,
        request: Request<wire::ReadInboxRequest>,
    ) -> Result<Response<Self::ReadInboxStream>, Status> {
        self.0.caller(&request)?;
        let until = request.into_inner().until;
        let until = until.as_ref().map(|at| field::instant("until", Some(at))).transpose()?;
        let until = until.unwrap_or_else(|| self.0.log().world().clock.now());
        let rows = self.0.log().inbox_read(until).await.map_err(|error| status::of_log(&error))?;
        let rows =
            rows.into_iter().map(|(source, position)| Ok(wire::ReadInboxResponse { source, position }));
        Ok(Response::new(Box::pin(futures::stream::iter(rows))))
    }

    async fn status(
        &self,
        request: Request<wire::StatusRequest>,
    ) -> Result<Response<wire::StatusResponse>, Status> {
        self.0.caller(&request)?;
        report(&self.0).await.map(Response::new).map_err(|error| status::of_log(&error))
    }

    async fn verify_order(
        &self,
        request: Request<wire::VerifyOrderRequest>,
    ) -> Result<Response<wire::VerifyOrderResponse>, Status> {
        self.0.caller(&request)?;
        let from = request.into_inner().from.max(1);
        let report = self.0.log().verify_order(from).await.map_err(|error| status::of_log(&error))?;
        let disorders = report.disorders.into_iter();
        Ok(Response::new(wire::VerifyOrderResponse {
            events: report.events,
            position: report.position,
            disorders: disorders
                .map(|found| wire::Disorder { position: found.position, what: found.what })
                .collect(),
        }))
    }

    async fn rebuild_view(
        &self,
        request: Request<wire::RebuildViewRequest>,
    ) -> Result<Response<Self::RebuildViewStream>, Status> {
        let caller = self.0.caller(&request)?;
        if !caller.actor.has(Role::Operator) {
            return Err(Status::permission_denied("only an operator rebuilds a view"));
        }
        let (send, receive) = mpsc::channel(REBUILD_REPORTS_MAX);
        let (views, view) = (self.0.views().clone(), request.into_inner().view);
        tokio::spawn(async move {
            let progress = |at: Progress| {
                // A slow reader misses a report of progress, never the result.
                let _ = send.try_send(Ok(progress(at)));
            };
            let result = views.rebuild(&view, progress).await;
            let _ = send.send(result.map(rebuilt).map_err(|error| status::of_log(&error))).await;
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receive))))
    }
}

impl LogDoor {
    fn whole(&self) -> StreamName {
        reading::whole_log(self.0.service().name)
    }

    /// Records that a caller opens a dossier, and tells how far the log went before that. Services that fetch what they
    /// missed are nobody who reads.
    async fn opened(
        &self,
        caller: &Caller,
        query: &'static str,
        dossier: &StreamName,
    ) -> Result<u64, Status> {
        let head = self.0.log().head().await.map_err(|error| status::of_log(&error))?.position;
        if caller.actor.kind != ActorKind::Service {
            self.0.opened(caller, query, dossier, head).await?;
        }
        Ok(head)
    }
}

async fn report(node: &Node) -> Result<wire::StatusResponse, eventlog::Error> {
    let log = node.log();
    let head = log.head().await?;
    let views = node.views().status().await?;
    let mut parked = Vec::new();
    for view in &views {
        let rows = node.views().parked(&view.view).await?;
        parked.extend(rows.into_iter().map(|row| wire::Parked {
            place: view.view.clone(),
            stream: row.stream.to_string(),
            position: row.position,
            reason: row.reason,
        }));
    }
    parked.extend(log.inbox_parked().await?.into_iter().map(|message| wire::Parked {
        place: format!("inbox/{}", message.source),
        stream: String::new(),
        position: message.position,
        reason: message.reason,
    }));
    let inbox = log.inbox_read(log.world().clock.now()).await?;
    Ok(wire::StatusResponse {
        head: head.position,
        recorded_at: Some(timestamp(head.recorded_at)),
        views: views.into_iter().map(view_status).collect(),
        parked,
        inbox: inbox.into_iter().map(|(source, position)| wire::InboxStatus { source, position }).collect(),
        relayed: node.relayed(),
        department: node.department().to_string(),
        sealed: node.sealed().map(|sealed| sealed_status(sealed, head.position)),
    })
}

fn sealed_status(sealed: audit::Status, head: u64) -> wire::Sealed {
    let (state, reason) = match sealed.state {
        State::New | State::Standby => ("standby", String::new()),
        State::Sealing => ("sealing", String::new()),
        State::Waiting(reason) => ("waiting", reason),
        State::Refused(reason) => ("refused", reason),
    };
    let lag = head.saturating_sub(sealed.sealed);
    let finality = sealed.finality.map(finality);
    let shadow = |shadow: audit::ShadowStatus| wire::Shadow {
        size: shadow.size,
        reason: shadow.trouble.unwrap_or_default(),
    };
    let shadow = sealed.shadow.map(shadow);
    wire::Sealed { size: sealed.sealed, lag, state: state.to_owned(), reason, finality, shadow }
}

fn finality(finality: audit::Finality) -> wire::Finality {
    let witness = |witness: audit::WitnessStatus| {
        let (since, reason) = match witness.standing {
            Standing::Unasked | Standing::Cosigns => (None, String::new()),
            Standing::Troubled { since, why } => (Some(timestamp(since)), why),
        };
        wire::Witness { name: witness.name, size: witness.size, troubled_since: since, reason }
    };
    wire::Finality {
        size: finality.size,
        quorum: u32::try_from(finality.quorum).unwrap_or(u32::MAX),
        witnesses: finality.witnesses.into_iter().map(witness).collect(),
        time_stamps: finality.tsa.map(witness),
    }
}

fn view_status(view: eventlog::ViewStatus) -> wire::ViewStatus {
    wire::ViewStatus {
        name: view.view,
        generation: view.generation,
        version: view.version,
        position: view.position,
        parked: view.parked,
    }
}

fn progress(at: Progress) -> wire::RebuildViewResponse {
    wire::RebuildViewResponse { position: at.position, target: at.target, rebuilt: None }
}

fn rebuilt(done: Rebuilt) -> wire::RebuildViewResponse {
    wire::RebuildViewResponse {
        position: done.position,
        target: done.position,
        rebuilt: Some(wire::Rebuilt {
            generation: done.generation,
            position: done.position,
            events: done.events,
            digest_serving: done.digest_live.unwrap_or_default(),
            digest_rebuilt: done.digest_rebuilt,
        }),
    }
}

fn direction(backwards: bool) -> Direction {
    if backwards { Direction::Backwards } else { Direction::Forwards }
}

/// Where to begin and how much there is up to `end`. Nothing said means the beginning or, backwards, the end.
fn within(from: u64, limit: u64, backwards: bool, end: u64) -> (u64, u64) {
    match (backwards, from) {
        (true, 0) => (end, bound(limit)),
        (true, _) => (from.min(end), bound(limit)),
        (false, _) => (from, bound(limit).min((end + 1).saturating_sub(from.max(1)))),
    }
}

fn bound(limit: u64) -> u64 {
    if limit == 0 { u64::MAX } else { limit }
}

fn answer<T, U>(
    items: impl Stream<Item = Result<T, eventlog::Error>> + Send + 'static,
    encode: impl Fn(T) -> U + Send + 'static,
) -> Response<Answer<U>>
where
    U: Send + 'static,
{
    Response::new(Box::pin(items.map_ok(encode).map_err(|error| status::of_log(&error))))
}
