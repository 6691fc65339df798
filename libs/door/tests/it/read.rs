//! Reads that end: one stream and the whole log, both ways, filtered.

use decider::StreamName;
use door::wire::event_store::client::{
    StreamIdentifier, Uuid as WireUuid,
    streams::read_request,
    streams::{all_streams::From as InAll, one_stream::From as InOne, read_response::Content},
    uuid::Value,
};
use eventlog::genesis::Event;
use tonic::Code;
use uuid::Uuid;

use crate::support::*;

/// Ten events, turn by turn in two streams, behind the one that every log begins with.
async fn filled() -> Open {
    let open = open().await;
    for _ in 0..5 {
        open.appended("a", events(1)).await;
        open.appended("b:1", events(1)).await;
    }
    open
}

#[tokio::test]
async fn the_whole_log_is_read_from_a_position_and_backwards_from_before_it() {
    let open = filled().await;
    let read = async |request| commits(&open.read(request).await.unwrap());
    assert_eq!(read(all(InAll::Start(NONE))).await, (1..=11).collect::<Vec<_>>());
    assert_eq!(read(all(from(0)).count(2)).await, [1, 2]);
    assert_eq!(read(all(from(9))).await, [9, 10, 11]);
    assert_eq!(read(all(from(12))).await, [0; 0]);
    assert_eq!(read(all(InAll::End(NONE))).await, [0; 0]);
    assert_eq!(read(all(InAll::End(NONE)).backwards().count(2)).await, [11, 10]);
    assert_eq!(read(all(from(u64::MAX)).backwards().count(1)).await, [11]);
    assert_eq!(read(all(from(3)).backwards()).await, [2, 1]);
    assert_eq!(read(all(from(1)).backwards()).await, [0; 0]);
    assert_eq!(read(all(InAll::Start(NONE)).backwards()).await, [0; 0]);
}

#[tokio::test]
async fn a_log_begins_with_a_stream_that_names_it() {
    let open = filled().await;
    let first = open.events(all(InAll::Start(NONE)).count(1)).await.remove(0);
    let last = open.events(all(InAll::End(NONE)).backwards()).await.pop();
    assert_eq!(last.as_ref(), Some(&first), "what is read last backwards");
    for request in [one("$genesis", InOne::Start(NONE)), one("$genesis", InOne::End(NONE)).backwards()] {
        assert_eq!(open.events(request).await, std::slice::from_ref(&first));
    }
    assert_eq!(first.stream, Some(StreamIdentifier { name: "$genesis".into() }));
    assert_eq!((first.commit, first.revision, &first.metadata["type"][..]), (1, 0, "$genesis"));
    let Event::Begun { format, .. } = serde_json::from_slice(&first.data).unwrap();
    assert_eq!(format, 1);
    assert_eq!(commits(&open.read(one("$genesis:log", InOne::Start(NONE))).await.unwrap()), [0; 0]);
}

#[tokio::test]
async fn a_position_beyond_the_log_is_an_error() {
    let open = filled().await;
    for request in [all(from(13)), all(from(13)).backwards(), all(from(13)).subscription()] {
        let refused = open.read(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn a_stream_is_read_from_a_revision_in_both_directions() {
    let open = filled().await;
    let read = async |request| revisions(&open.read(request).await.unwrap());
    assert_eq!(read(one("a", InOne::Start(NONE))).await, [0, 1, 2, 3, 4]);
    assert_eq!(read(one("b:1", InOne::Revision(3))).await, [3, 4]);
    assert_eq!(read(one("a", InOne::Revision(3)).count(1)).await, [3]);
    assert_eq!(read(one("a", InOne::Revision(5))).await, [0; 0]);
    assert_eq!(read(one("a", InOne::End(NONE)).backwards().count(2)).await, [4, 3]);
    assert_eq!(read(one("a", InOne::Revision(1)).backwards()).await, [1, 0]);
    assert_eq!(read(one("a", InOne::Revision(1000)).backwards().count(1)).await, [4]);
    assert_eq!(read(one("a", InOne::Start(NONE)).backwards()).await, [0]);
}

#[tokio::test]
async fn a_stream_that_does_not_exist_is_not_found_and_no_error() {
    let open = open().await;
    let answers = open.read(one("nothing", InOne::Start(NONE)).telling_ends()).await.unwrap();
    let [Content::NotFound(not_found)] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(not_found.stream, Some(StreamIdentifier { name: "nothing".into() }));
}

#[tokio::test]
async fn whoever_asks_hears_where_a_stream_begins_and_ends() {
    let open = filled().await;
    let ends = async |request| {
        let answers = open.read(request).await.unwrap();
        answers.into_iter().filter(|content| recorded(content).is_none()).collect::<Vec<_>>()
    };
    let last = || Content::LastRevision(4);
    assert_eq!(ends(one("a", InOne::Start(NONE)).telling_ends().count(2)).await, [last()]);
    assert_eq!(ends(one("a", InOne::Revision(9)).telling_ends()).await, [Content::FirstRevision(0), last()]);
    assert_eq!(ends(one("a", InOne::Start(NONE))).await, []);
    assert_eq!(ends(all(InAll::Start(NONE)).telling_ends()).await, []);
}

#[tokio::test]
async fn an_event_comes_back_byte_for_byte() {
    let open = open().await;
    let id = Uuid::now_v7();
    let mut sent = event_with(id, "Filed", "{ \"b\":1,\n\"a\" :[1.0e2] }");
    sent.custom_metadata = vec![0, 159, 146, 150].into();
    open.appended("a", vec![sent.clone()]).await;
    let [_, found] = &open.events(all(InAll::Start(NONE))).await[..] else {
        panic!("one event behind the first")
    };
    assert_eq!((&found.data, &found.custom_metadata), (&sent.data, &sent.custom_metadata));
    assert_eq!(found.id, Some(id_of(id)));
    assert_eq!((found.prepare, found.commit, found.revision), (2, 2, 0));
    assert_eq!(
        (&found.metadata["type"][..], &found.metadata["content-type"][..]),
        ("Filed", "application/json")
    );
    let recorded_at = open.log.head().await.unwrap().recorded_at;
    assert_eq!(found.metadata["created"], (recorded_at.unix_timestamp_nanos() / 100).to_string());
}

#[tokio::test]
async fn an_event_of_a_department_shows_its_stored_bytes_and_who_decided() {
    let open = open().await;
    let data = r#"{"type":"Opened","data":{"level":"general"}}"#;
    decide(&open.log, &StreamName::new("hazard", "wuyi-1"), data).await;
    let [found] = &open.events(one("hazard:wuyi-1", InOne::Start(NONE))).await[..] else {
        panic!("one event")
    };
    assert_eq!(found.data, data);
    let meta: std::collections::HashMap<String, String> = [("rules".to_owned(), "\"r1\"".to_owned())].into();
    let text = String::from_utf8(found.custom_metadata.to_vec()).unwrap();
    assert!(meta.iter().all(|(key, value)| text.contains(&format!("\"{key}\":{value}"))), "{text}");
    assert!(text.contains("\"officer-1\"") && text.contains("\"recorded_at\":\"2"), "{text}");
}

#[tokio::test]
async fn ids_have_the_form_that_was_asked_for() {
    let open = open().await;
    let id = Uuid::now_v7();
    open.appended("a", vec![event_with(id, "Filed", "{}")]).await;
    let halves = Some(read_request::uuid_form::Form::Halves(NONE));
    let request = all(InAll::Start(NONE));
    let request = request.but(|options| options.uuid_form = Some(read_request::UuidForm { form: halves }));
    let [_, found] = &open.events(request).await[..] else { panic!("one event behind the first") };
    let Some(WireUuid { value: Some(Value::Halves(halves)) }) = &found.id else { panic!("{:?}", found.id) };
    assert_eq!((halves.high.cast_unsigned(), halves.low.cast_unsigned()), id.as_u64_pair());
}

#[tokio::test]
async fn a_filter_leaves_out_what_does_not_match_and_counts_what_does() {
    let open = filled().await;
    open.appended("$$a", vec![event("$metadata", "{\"owner\":\"x\"}")]).await;
    let read = async |filter| commits(&open.read(all(InAll::Start(NONE)).filter(filter)).await.unwrap());
    assert_eq!(read(by_stream(expression("^b:", &[]))).await, [3, 5, 7, 9, 11]);
    assert_eq!(read(by_stream(expression("", &["b", "c"]))).await, [3, 5, 7, 9, 11]);
    assert_eq!(read(by_type(expression("", &["$meta"]))).await, [12]);
    // What Python's clients send where their users say nothing.
    let usual = r"^(?!(\$.+$|PersistentConfig\d+$|Result$))";
    assert_eq!(read(by_type(expression(usual, &[]))).await, (2..=11).collect::<Vec<_>>());
    // A pattern is heard before prefixes.
    assert_eq!(read(by_stream(expression("^a$", &["b"]))).await, [2, 4, 6, 8, 10]);
    let request = all(InAll::End(NONE)).backwards().count(2).filter(by_stream(expression("^a$", &[])));
    assert_eq!(commits(&open.read(request).await.unwrap()), [10, 8]);
}

#[tokio::test]
async fn a_filter_that_takes_too_long_is_an_error_and_hides_nothing() {
    let open = open().await;
    open.appended(&format!("{}!", "a".repeat(60)), events(1)).await;
    // The look-ahead keeps the engine from knowing better than to try every way.
    let slow = by_stream(expression(r"^(?=(a|aa|aaa)+(?!x)$)(a|aa)+$", &[]));
    let refused = open.read(all(InAll::Start(NONE)).filter(slow)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("position 2:"), "{}", refused.message());
    for wrong in [by_stream(expression("(", &[])), by_stream(expression("", &[]))] {
        let refused = open.read(all(InAll::Start(NONE)).filter(wrong)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn an_index_of_other_servers_is_not_found_rather_than_empty() {
    let open = filled().await;
    let index = by_stream(expression("", &["$idx-orders"]));
    let refused = open.read(all(InAll::Start(NONE)).filter(index)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(
        (trailer(&refused, "exception"), trailer(&refused, "index-name")),
        ("index-not-found", "orders")
    );
}

#[tokio::test]
async fn a_link_is_followed_where_the_client_asks() {
    let open = filled().await;
    let mut link = event("$>", "2@b:1");
    link.metadata.insert("content-type".to_owned(), "application/octet-stream".to_owned());
    open.appended("links", vec![link, event("$>", "99@b:1")]).await;
    let request = one("links", InOne::Start(NONE)).but(|options| options.resolve_links = true);
    let answers = open.read(request).await.unwrap();
    let [Some(found), Some(broken)] = [&answers[0], &answers[1]].map(shown) else { panic!("{answers:?}") };
    assert_eq!(found.event.map(|event| event.commit), Some(7));
    assert_eq!(found.link.map(|link| link.commit), Some(12));
    assert_eq!((broken.event.is_none(), broken.link.is_some()), (true, true));
    assert_eq!(open.events(one("links", InOne::Start(NONE))).await[0].data, "2@b:1");
}
