//! The back-fill door of a service, served from a real log: what chassis does, without its other doors.

use std::pin::Pin;

use contracts::log::v1::log_service_server::LogService;
use contracts::log::v1::*;
use eventlog::{Direction, Log};
use futures::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use crate::actors::publish;
use crate::stage::source;

pub(crate) struct Door {
    pub(crate) log: Log,
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl LogService for Door {
    type ReadAllStream = Answers<ReadAllResponse>;
    type ReadStreamStream = Answers<ReadStreamResponse>;
    type FollowStream = Answers<FollowResponse>;
    type ReadPublicStream = Answers<ReadPublicResponse>;
    type ReadInboxStream = Answers<ReadInboxResponse>;
    type RebuildViewStream = Answers<RebuildViewResponse>;

    async fn read_public(
        &self,
        request: Request<ReadPublicRequest>,
    ) -> Result<Response<Self::ReadPublicStream>, Status> {
        let bearer = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        if bearer != Some("Bearer letmein") {
            return Err(Status::unauthenticated("who are you"));
        }
        let ReadPublicRequest { from, to } = request.into_inner();
        let events = self.log.read_all(from, to - from + 1, Direction::Forwards).map(|event| {
            let event = event.map_err(|error| Status::unavailable(error.to_string()))?;
            let message = bus::cloudevent::message(&event, publish, &source("alpha"));
            Ok(ReadPublicResponse { position: event.position, message: message.bytes.to_vec() })
        });
        Ok(Response::new(events.boxed()))
    }

    async fn read_all(&self, _: Request<ReadAllRequest>) -> Result<Response<Self::ReadAllStream>, Status> {
        Err(shut())
    }

    async fn read_stream(
        &self,
        _: Request<ReadStreamRequest>,
    ) -> Result<Response<Self::ReadStreamStream>, Status> {
        Err(shut())
    }

    async fn follow(&self, _: Request<FollowRequest>) -> Result<Response<Self::FollowStream>, Status> {
        Err(shut())
    }

    async fn read_inbox(
        &self,
        _: Request<ReadInboxRequest>,
    ) -> Result<Response<Self::ReadInboxStream>, Status> {
        Err(shut())
    }

    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        Err(shut())
    }

    async fn verify_order(
        &self,
        _: Request<VerifyOrderRequest>,
    ) -> Result<Response<VerifyOrderResponse>, Status> {
        Err(shut())
    }

    async fn rebuild_view(
        &self,
        _: Request<RebuildViewRequest>,
    ) -> Result<Response<Self::RebuildViewStream>, Status> {
        Err(shut())
    }
}

fn shut() -> Status {
    Status::unimplemented("not this door")
}
