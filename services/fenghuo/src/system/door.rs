//! The development endpoint of a system on a scripted clock: where everything is, how to act as anybody, what time it is.
//!
//! **Invariant**: it listens on loopback only, and is never opened on the real clock: where time is real, so are acts.

use chassis::auth::Signer;
use contracts::dev::v1::{
    self as wire,
    dev_service_server::{DevService, DevServiceServer},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status, transport::Server};

use super::{Logins, journey::Journey};
use crate::endpoints::Endpoints;

/// An open door.
pub(super) struct Door {
    shutdown: DropGuard,
    task: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Door {
    /// Opens it; it stays open until closed or dropped.
    pub(super) fn open(
        listener: TcpListener,
        endpoints: &Endpoints,
        signer: &Signer,
        logins: &Logins,
        journey: Journey,
    ) -> Self {
        let keeper = Keeper { system: describe(endpoints, signer, logins), journey };
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let serving = Server::builder()
            .add_service(DevServiceServer::new(keeper))
            .serve_with_incoming_shutdown(
                TcpListenerStream::new(listener),
                async move { stop.cancelled().await },
            );
        Self { shutdown: shutdown.drop_guard(), task: tokio::spawn(serving) }
    }

    pub(super) async fn close(self) {
        drop(self.shutdown);
        match self.task.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the development endpoint ended badly"),
            Err(error) => tracing::warn!(%error, "the development endpoint ended in disorder"),
        }
    }
}

struct Keeper {
    system: wire::GetSystemResponse,
    journey: Journey,
}

fn describe(endpoints: &Endpoints, signer: &Signer, logins: &Logins) -> wire::GetSystemResponse {
    let login = |(name, login): (&str, &super::Login)| {
        let login = wire::Login { user: login.user.clone(), password: login.password.clone() };
        (name.to_owned(), login)
    };
    wire::GetSystemResponse {
        services: endpoints.services.clone().into_iter().collect(),
        nats_url: endpoints.nats_url.clone(),
        departments: logins.outside().map(login).collect(),
        signing_key_pem: signer.pem().to_owned(),
        scripted: true,
        now: None,
    }
}

#[tonic::async_trait]
impl DevService for Keeper {
    async fn get_system(
        &self,
        _: Request<wire::GetSystemRequest>,
    ) -> Result<Response<wire::GetSystemResponse>, Status> {
        let now = Some(chassis::timestamp(self.journey.now()));
        Ok(Response::new(wire::GetSystemResponse { now, ..self.system.clone() }))
    }

    async fn set_clock(
        &self,
        request: Request<wire::SetClockRequest>,
    ) -> Result<Response<wire::SetClockResponse>, Status> {
        let now = request.into_inner().now;
        let now = chassis::field::instant("now", now.as_ref())?;
        self.journey
            .go(now)
            .await
            .map_err(|error| Status::failed_precondition(error.line(decider::Lang::En)))?;
        Ok(Response::new(wire::SetClockResponse {}))
    }
}
