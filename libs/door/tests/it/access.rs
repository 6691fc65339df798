//! Who is let in, who may append, and over what.

use base64::{Engine, engine::general_purpose::STANDARD};
use decider::{Role, StreamName};
use door::{
    Access, Door, Endpoint, Grant, GrantError, ServeError,
    wire::event_store::client::streams::{all_streams::From as InAll, append_response::Result as Outcome},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, metadata::AsciiMetadataValue};

use crate::support::*;

/// A request with credentials.
fn shown<T>(message: T, authorization: &str) -> Request<T> {
    let mut request = Request::new(message);
    let value = AsciiMetadataValue::try_from(authorization).unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

async fn read_as(open: &Open, authorization: &str) -> Code {
    let answer = open.streams.clone().read(shown(all(InAll::Start(NONE)), authorization)).await;
    answer.map_or_else(|status| status.code(), |_| Code::Ok)
}

async fn append_as(open: &Open, who: &str, stream: &str) -> Answer<Outcome> {
    let messages = futures::stream::iter(append_messages(stream, any(), events(1)));
    let request = shown(messages, &format!("Bearer token-of-{who}"));
    open.streams.clone().append(request).await.map(|answer| answer.into_inner().result.unwrap())
}

#[tokio::test]
async fn whoever_reads_shows_a_token() {
    let open = open_over(fresh_log().await, access()).await;
    for good in [
        "Bearer token-of-auditor".to_owned(),
        "bearer token-of-officer".to_owned(),
        basic("auditor", "token-of-auditor"),
    ] {
        assert_eq!(read_as(&open, &good).await, Code::Ok, "{good}");
    }
    let bad = [
        "Bearer x".to_owned(),
        "Bearer".to_owned(),
        "Digest x".to_owned(),
        "Basic !".to_owned(),
        basic("auditor", "x"),
        basic("officer", "token-of-auditor"),
    ];
    for bad in bad {
        assert_eq!(read_as(&open, &bad).await, Code::Unauthenticated, "{bad}");
    }
    let nobody = open.streams.clone().read(all(InAll::Start(NONE))).await.map(drop);
    assert_eq!(nobody.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn nobody_appends_unless_the_configuration_says_so() {
    let open = open_over(fresh_log().await, access()).await;
    for who in ["auditor", "officer", "operator"] {
        let refused = append_as(&open, who, "a").await.unwrap_err();
        assert_eq!(
            (refused.code(), trailer(&refused, "exception")),
            (Code::PermissionDenied, "access-denied")
        );
        assert_eq!(trailer(&refused, "stream-name"), "a");
    }
}

#[tokio::test]
async fn a_grant_names_a_role_and_the_beginning_of_names() {
    let grants = vec![Grant { role: Some(Role::Operator), prefix: "sensor-".to_owned() }];
    let open = open_over(fresh_log().await, Access { grants, ..access() }).await;
    assert!(append_as(&open, "operator", "sensor-1").await.is_ok());
    for (who, stream) in [("operator", "other-1"), ("officer", "sensor-1"), ("operator", "$$other-1")] {
        let refused = append_as(&open, who, stream).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{who} {stream}");
    }
}

#[tokio::test]
async fn an_auditor_never_appends() {
    let open = open_over(fresh_log().await, Access { grants: vec![anybody("")], ..access() }).await;
    assert!(append_as(&open, "officer", "a").await.is_ok());
    assert_eq!(append_as(&open, "auditor", "a").await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn no_grant_reaches_a_departments_own_decisions() {
    let reserved = vec!["hazard".to_owned()];
    let log = fresh_log().await;
    decide(&log, &StreamName::new("hazard", "wuyi-1"), r#"{"type":"Opened","data":{}}"#).await;
    let open = open_over(log, Access { grants: vec![anybody("")], reserved, ..access() }).await;
    for stream in ["hazard:wuyi-1", "hazard:new", "$$hazard:wuyi-1", "rules:1", "reading:hazard.wuyi-1"] {
        let refused = append_as(&open, "officer", stream).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{stream}");
    }
    assert!(append_as(&open, "officer", "hazard-1").await.is_ok());
}

#[tokio::test]
async fn a_grant_that_would_never_hold_is_refused_at_once() {
    let grant = |role, prefix: &str| Grant { role, prefix: prefix.to_owned() };
    let refusal = |grant: Grant| grant.check(&["hazard".to_owned()]).err();
    for (prefix, category) in [
        ("hazard:", "hazard"),
        ("hazard:wuyi-1", "hazard"),
        ("rules:", "rules"),
        ("reading:hazard.", "reading"),
    ] {
        let reserved = GrantError::Reserved { prefix: prefix.to_owned(), category: category.to_owned() };
        assert_eq!(refusal(grant(Some(Role::Operator), prefix)), Some(reserved));
        assert!(refusal(grant(None, prefix)).is_some());
    }
    for system in ["$", "$$hazard:", "$genesis"] {
        assert_eq!(refusal(grant(None, system)), Some(GrantError::System { prefix: system.to_owned() }));
    }
    let auditor = GrantError::Auditor { prefix: "sensor-".to_owned() };
    assert_eq!(refusal(grant(Some(Role::Auditor), "sensor-")), Some(auditor));
    for good in ["", "hazard", "hazard-", "sensor:", "hazards:1"] {
        assert_eq!(refusal(grant(Some(Role::Operator), good)), None, "{good}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let advertised = Endpoint { address: "localhost".to_owned(), port: 1 };
    let access = Access { grants: vec![anybody("rules:")], ..access() };
    let door = Door::new(fresh_log().await, access, advertised, CancellationToken::new());
    let refused = door::serve(door, listener, None).await;
    assert!(matches!(refused, Err(ServeError::Grant(GrantError::Reserved { .. }))), "{refused:?}");
}

#[tokio::test]
async fn an_append_records_who_called() {
    let open = open_over(fresh_log().await, Access { grants: vec![anybody("")], ..access() }).await;
    append_as(&open, "officer", "a").await.unwrap();
    let stored = open.log.load(&StreamName::new("door", "a")).await.unwrap();
    assert_eq!(stored[0].meta.actor, actor("officer", &[Role::Officer]));
}

#[tokio::test]
async fn plain_text_is_for_loopback_only() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let advertised = Endpoint { address: "localhost".to_owned(), port: 1 };
    let door = Door::new(fresh_log().await, access(), advertised, CancellationToken::new());
    let refused = door::serve(door, listener, None).await;
    assert!(matches!(refused, Err(ServeError::Plain(_))), "{refused:?}");
}
