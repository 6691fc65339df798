//! What this server can do, as clients ask it when they connect.

use tonic::{Request, Response, Status};

use crate::{
    door::Door,
    wire::event_store::client::{
        Empty,
        server_features::{SupportedMethod, SupportedMethods, server_features_server::ServerFeatures},
    },
};

/// The version of the protocol, as clients compare it: digits and dots. It is no version of ours.
const PROTOCOL: &str = "25.1.0";

const STREAMS: &str = "event_store.client.streams.streams";
const SESSIONS: &str = "kurrentdb.protocol.v2.streams.streamsservice";
const PERSISTENT: &str = "event_store.client.persistent_subscriptions.persistentsubscriptions";

/// Methods and what is to be known of them. Persistent subscriptions stand here although they are refused: where they
/// do not, clients ask for them by HTTP and show an error of the parser.
const METHODS: [(&str, &[&str], &[&str]); 6] = [
    (STREAMS, &["read"], &["position", "events"]),
    (STREAMS, &["batchappend"], &["deadline_duration"]),
    (STREAMS, &["append", "delete", "tombstone"], &[]),
    (SESSIONS, &["appendsession", "appendrecords"], &[]),
    (
        PERSISTENT,
        &["create", "update", "delete", "read", "getinfo", "replayparked", "list"],
        &["stream", "all"],
    ),
    (PERSISTENT, &["restartsubsystem"], &[]),
];

#[tonic::async_trait]
impl ServerFeatures for Door {
    /// Answered without credentials: clients ask before they show any.
    async fn get_supported_methods(&self, _: Request<Empty>) -> Result<Response<SupportedMethods>, Status> {
        let methods = METHODS.iter().flat_map(|(service, methods, features)| {
            methods.iter().map(|method| SupportedMethod {
                method: (*method).to_owned(),
                service: (*service).to_owned(),
                features: features.iter().map(|feature| (*feature).to_owned()).collect(),
            })
        });
        Ok(Response::new(SupportedMethods { methods: methods.collect(), version: PROTOCOL.to_owned() }))
    }
}
