//! The door on a port: TLS, or plain text on loopback; what it does not offer is told in words.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tonic::{
    Status,
    body::Body,
    service::Routes,
    transport::{Identity, Server, ServerTlsConfig, server::TcpIncoming},
};

use crate::{
    Access, GrantError,
    door::Door,
    limits::MESSAGE_BYTES_MAX,
    refusal,
    wire::{
        event_store::client::{
            gossip::gossip_server::GossipServer,
            persistent_subscriptions::persistent_subscriptions_server::PersistentSubscriptionsServer,
            server_features::server_features_server::ServerFeaturesServer,
            streams::streams_server::StreamsServer,
        },
        kurrentdb::protocol::v2::streams::streams_service_server::StreamsServiceServer,
    },
};

/// Services that would change or remove what was recorded, or decide what readers see. They will never be here.
const REFUSED: [&str; 3] =
    ["/event_store.client.projections.", "/event_store.client.operations.", "/event_store.client.redaction."];

/// Why a door cannot be opened, or had to be closed.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Tokens would be readable on the way.
    #[error("listen on {0} without TLS: plain text is for loopback only")]
    Plain(SocketAddr),
    /// Whoever comes is let in without a token, which is for plain text on loopback only.
    #[error("listen with TLS for callers without a token")]
    Anonymous,
    /// A grant would never hold.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The listener's address is unknown.
    #[error("read the listening address")]
    Listen(#[from] std::io::Error),
    /// gRPC or TLS failed.
    #[error("serve the event-store protocol")]
    Grpc(#[from] tonic::transport::Error),
}

/// Serves until the door closes.
pub async fn serve(door: Door, listener: TcpListener, tls: Option<Identity>) -> Result<(), ServeError> {
    let Access { grants, reserved, .. } = door.access();
    grants.iter().try_for_each(|grant| grant.check(reserved))?;
    let address = listener.local_addr()?;
    let mut server = Server::builder();
    match tls {
        Some(_) if door.access().anonymous.is_some() => return Err(ServeError::Anonymous),
        Some(identity) => server = server.tls_config(ServerTlsConfig::new().identity(identity))?,
        None if address.ip().is_loopback() => {}
        None => return Err(ServeError::Plain(address)),
    }
    let closing = door.closing().clone();
    // Answers are small and many: none of them waits for the next to fill a packet.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving =
        server.add_routes(routes(&door)).serve_with_incoming_shutdown(incoming, closing.cancelled_owned());
    serving.await.map_err(ServeError::Grpc)
}

fn routes(door: &Door) -> Routes {
    let streams = StreamsServer::new(door.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let sessions = StreamsServiceServer::new(door.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let routes = Routes::new(streams)
        .add_service(sessions)
        .add_service(ServerFeaturesServer::new(door.clone()))
        .add_service(GossipServer::new(door.clone()))
        .add_service(PersistentSubscriptionsServer::new(door.clone()));
    let axum = routes
        .into_axum_router()
        .fallback(|request: tonic::codegen::http::Request<_>| async move { elsewhere(request.uri().path()) });
    Routes::from(axum)
}

/// The answer to calls that the protocol has and this server has not.
fn elsewhere(path: &str) -> tonic::codegen::http::Response<Body> {
    let status: Status = if REFUSED.iter().any(|refused| path.starts_with(refused)) {
        refusal::denied("", refusal::APPEND_ONLY)
    } else {
        refusal::not_offered(path.trim_start_matches('/'))
    };
    status.into_http()
}
