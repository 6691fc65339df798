//! What is refused for ever, what is not offered, and what clients learn when they connect.

use door::wire::event_store::client::{
    Empty,
    gossip::{gossip_client::GossipClient, member::State},
    persistent_subscriptions::persistent_subscriptions_client::PersistentSubscriptionsClient,
    server_features::server_features_client::ServerFeaturesClient,
    streams::{DeleteRequest, TombstoneRequest, append_request::Options},
};
use tonic::{Code, Status, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

use crate::support::*;

#[tokio::test]
async fn nothing_is_removed_whoever_asks() {
    let open = open().await;
    open.appended("火-1", events(1)).await;
    let options = Some(Options { stream: Some(stream_id("火-1")), expected: Some(any()) });
    let delete = open.streams.clone().delete(DeleteRequest { options: options.clone() }).await.unwrap_err();
    let tombstone = open.streams.clone().tombstone(TombstoneRequest { options }).await.unwrap_err();
    for refused in [delete, tombstone] {
        assert_eq!(
            (refused.code(), trailer(&refused, "exception")),
            (Code::PermissionDenied, "access-denied")
        );
        assert_eq!(trailer(&refused, "stream-name"), "\\u{706b}-1");
        assert!(!refused.message().contains("is deleted"), "clients would take the stream for deleted");
    }
}

#[tokio::test]
async fn metadata_that_would_hide_events_is_refused() {
    let open = open().await;
    open.appended("a", events(1)).await;
    for hiding in ["{\"$maxAge\":1}", "{\"$maxCount\":1}", "{\"$tb\":1}", "{\"$acl\":{}}"] {
        let refused = open.append("$$a", any(), vec![event("$metadata", hiding)]).await.unwrap_err();
        assert_eq!(
            (refused.code(), trailer(&refused, "exception")),
            (Code::PermissionDenied, "access-denied")
        );
        assert_eq!(trailer(&refused, "stream-name"), "$$a");
    }
    for wrong in [event("Other", "{}"), event("$metadata", "[]")] {
        let refused = open.append("$$a", any(), vec![wrong]).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    let harmless = event("$metadata", "{\"$cacheControl\":1,\"owner\":\"x\"}");
    assert_eq!(open.appended("$$a", vec![harmless]).await, (Some(0), Some(3)));
}

#[tokio::test]
async fn other_system_streams_are_not_written_by_clients() {
    let open = open().await;
    for stream in ["$ce-order", "$et-Filed", "$$$scavenges", "$$", "$genesis", "$$$genesis", "$genesis:log"] {
        let refused = open.append(stream, any(), events(1)).await;
        assert!(refused.is_err(), "{stream}");
    }
    assert_eq!(open.log.head().await.unwrap().position, 0);
}

#[tokio::test]
async fn a_client_learns_what_the_server_can() {
    let open = open().await;
    let mut features = ServerFeaturesClient::new(open.channel.clone());
    let known = features.get_supported_methods(Empty {}).await.unwrap().into_inner();
    let version = known.version.split('.').map(str::parse::<u32>).collect::<Result<Vec<_>, _>>().unwrap();
    assert!(version >= vec![25, 1, 0], "some clients use what they find in this version only");
    let is_there = |method: &str, service: &str| {
        known.methods.iter().any(|it| it.method == method && it.service == service)
    };
    assert!(is_there("batchappend", "event_store.client.streams.streams"));
    assert!(is_there("appendsession", "kurrentdb.protocol.v2.streams.streamsservice"));
    assert!(is_there("list", "event_store.client.persistent_subscriptions.persistentsubscriptions"));
}

#[tokio::test]
async fn gossip_names_the_advertised_address() {
    let open = open().await;
    let members = GossipClient::new(open.channel.clone()).read(Empty {}).await.unwrap().into_inner().members;
    let [member] = &members[..] else { panic!("{members:?}") };
    let endpoint = member.endpoint.as_ref().unwrap();
    assert_eq!((&endpoint.address[..], endpoint.port), ("audit.example", 4242));
    assert_eq!((member.state(), member.is_alive), (State::Leader, true));
}

#[tokio::test]
async fn persistent_subscriptions_are_listed_as_none_and_refused_by_name() {
    let open = open().await;
    let mut persistent = PersistentSubscriptionsClient::new(open.channel.clone());
    assert!(persistent.list(Empty {}).await.is_ok());
    let refused = persistent.create(Empty {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    assert!(refused.message().contains("persistent subscriptions"), "{}", refused.message());
}

/// Calls a method that we have no proto of.
async fn call(open: &Open, path: &'static str) -> Status {
    let mut grpc = Grpc::new(open.channel.clone());
    grpc.ready().await.unwrap();
    let request = tonic::Request::new(Empty {});
    let codec = ProstCodec::<Empty, Empty>::default();
    grpc.unary(request, PathAndQuery::from_static(path), codec).await.unwrap_err()
}

#[tokio::test]
async fn what_is_not_here_is_told_in_words() {
    let open = open().await;
    let users = call(&open, "/event_store.client.users.Users/Create").await;
    assert_eq!((users.code(), users.message().is_empty()), (Code::Unimplemented, false));
    for path in [
        "/event_store.client.projections.Projections/Create",
        "/event_store.client.operations.Operations/StartScavenge",
    ] {
        let refused = call(&open, path).await;
        assert_eq!(
            (refused.code(), trailer(&refused, "exception")),
            (Code::PermissionDenied, "access-denied")
        );
    }
}
