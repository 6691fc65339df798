//! On the log of a service it is recorded who reads, before anything is shown.

use decider::{Role, StreamName};
use door::{
    Access, Dossiers,
    wire::event_store::client::streams::{
        all_streams::From as InAll, one_stream::From as InOne, read_response::Content,
    },
};
use eventlog::{
    Log,
    reading::{self, Event, Register},
};
use futures::TryStreamExt;
use tonic::{Code, Request, metadata::MetadataValue};

use crate::support::*;

const UNSTATED: &str = "经事件库协议读取 / through the event-store protocol";

/// A reading as the log holds it: whose, of what, by which query, for what purpose, and as far as which position.
type Told = (String, String, String, String, u64);

/// A door over the log of a service with one decider, and one dossier of three events behind the log's own first.
async fn office() -> Open {
    let log = fresh_log().await;
    for _ in 0..3 {
        decide(&log, &dossier(), r#"{"type":"Opened","data":{}}"#).await;
    }
    let register = Register::new(log.clone());
    let dossiers = Some(Dossiers { register, service: "hazard", categories: vec!["hazard"] });
    let anonymous = Some(actor("somebody", &[Role::Officer]));
    let reserved = vec!["hazard".to_owned()];
    open_over(log, Access { anonymous, grants: vec![anybody("")], reserved, dossiers, ..access() }).await
}

fn dossier() -> StreamName {
    StreamName::new("hazard", "wuyi-1")
}

async fn readings(log: &Log) -> Vec<Told> {
    let events = log.read_all(1, u64::MAX, eventlog::Direction::Forwards);
    let events: Vec<_> = events.try_collect().await.unwrap();
    let told = |event: &decider::Recorded| {
        let dossier = reading::dossier(&event.stream)?.to_string();
        let Event::Opened { query, purpose, shown } = event.event().unwrap();
        assert_eq!(event.meta.case_id, None);
        Some((event.meta.actor.id.to_string(), dossier, query, purpose, shown))
    };
    events.iter().filter_map(told).collect()
}

fn told(dossier: &str, query: &str, purpose: &str, shown: u64) -> Told {
    ("somebody".to_owned(), dossier.to_owned(), query.to_owned(), purpose.to_owned(), shown)
}

async fn read_for(open: &Open, purpose: &[u8]) -> Answer<Vec<Content>> {
    let mut request = Request::new(one("hazard:wuyi-1", InOne::Start(NONE)));
    request.metadata_mut().insert_bin(reading::purpose::METADATA, MetadataValue::from_bytes(purpose));
    let mut answers = open.streams.clone().read(request).await?.into_inner();
    let mut contents = Vec::new();
    while let Some(answer) = answers.message().await? {
        contents.push(answer.content.unwrap());
    }
    Ok(contents)
}

#[tokio::test]
async fn whoever_reads_a_dossier_is_recorded_once_for_each_purpose() {
    let open = office().await;
    for _ in 0..2 {
        assert_eq!(open.events(one("hazard:wuyi-1", InOne::Start(NONE))).await.len(), 3);
        assert_eq!(open.events(one("hazard:wuyi-1", InOne::End(NONE)).backwards().count(1)).await.len(), 1);
    }
    let unstated = told("hazard:wuyi-1", "Streams.Read", UNSTATED, 4);
    assert_eq!(readings(&open.log).await, std::slice::from_ref(&unstated));
    assert_eq!(read_for(&open, "审计抽查".as_bytes()).await.unwrap().len(), 3);
    let stated = told("hazard:wuyi-1", "Streams.Read", "审计抽查", 5);
    assert_eq!(readings(&open.log).await, [unstated.clone(), stated.clone()]);
    for malformed in [&b"two\nlines"[..], b"\xff", "长".repeat(201).as_bytes()] {
        assert_eq!(read_for(&open, malformed).await.unwrap_err().code(), Code::InvalidArgument);
    }
    assert_eq!(readings(&open.log).await, [unstated, stated], "what was not shown was not opened");
}

#[tokio::test]
async fn what_is_no_dossier_or_does_not_exist_is_read_without_a_record() {
    let open = office().await;
    open.appended("sensor-1", events(1)).await;
    open.appended("sensor:1", events(1)).await;
    for stream in ["sensor-1", "sensor:1", "$genesis", "hazard:none", "rules:none"] {
        open.read(one(stream, InOne::Start(NONE))).await.unwrap();
    }
    assert_eq!(readings(&open.log).await, []);
    open.events(one("hazard:wuyi-1", InOne::Start(NONE))).await;
    for _ in 0..2 {
        assert_eq!(open.events(one("reading:hazard.wuyi-1", InOne::Start(NONE))).await.len(), 1);
    }
    assert_eq!(readings(&open.log).await.len(), 1, "to read who has read is no reading of a dossier");
}

#[tokio::test]
async fn whoever_reads_the_whole_log_opens_all_of_it_and_is_shown_what_there_was() {
    let open = office().await;
    let all = || open.events(all(InAll::Start(NONE)));
    assert_eq!(all().await.len(), 4, "the record of the reading itself comes after what is shown");
    assert_eq!(all().await.len(), 5);
    let back = open.events(crate::support::all(InAll::End(NONE)).backwards().count(2)).await;
    assert_eq!(back.iter().map(|event| event.commit).collect::<Vec<_>>(), [5, 4]);
    let first = told("log:hazard", "Streams.Read", UNSTATED, 4);
    assert_eq!(readings(&open.log).await, std::slice::from_ref(&first), "only the reading itself is new");
    decide(&open.log, &dossier(), r#"{"type":"Opened","data":{}}"#).await;
    for _ in 0..2 {
        assert!(all().await.iter().any(|event| event.commit == 6));
    }
    let second = told("log:hazard", "Streams.Read", UNSTATED, 6);
    assert_eq!(readings(&open.log).await, [first, second], "what came since was opened as well");
}

#[tokio::test]
async fn whoever_subscribes_is_recorded_once_and_goes_on_without_a_further_record() {
    let open = office().await;
    assert_eq!(open.events(all(InAll::Start(NONE))).await.len(), 4);
    let mut follower = open.subscribe(all(InAll::Start(NONE)).subscription()).await;
    assert_eq!(follower.commits(6).await, [1, 2, 3, 4, 5, 6], "with the records of both readings");
    decide(&open.log, &dossier(), r#"{"type":"Opened","data":{}}"#).await;
    assert_eq!(follower.commits(1).await, [7]);
    let whole = [
        told("log:hazard", "Streams.Read", UNSTATED, 4),
        told("log:hazard", "Streams.Subscribe", UNSTATED, 5),
    ];
    assert_eq!(readings(&open.log).await, whole);

    let mut one = open.subscribe(one("hazard:wuyi-1", InOne::Start(NONE)).subscription()).await;
    assert_eq!(one.commits(4).await, [2, 3, 4, 7]);
    let last = readings(&open.log).await.pop().unwrap();
    assert_eq!(last, told("hazard:wuyi-1", "Streams.Subscribe", UNSTATED, 7));
}

#[tokio::test]
async fn a_dossier_that_is_waited_for_is_opened_when_it_is_first_shown() {
    let open = office().await;
    let mut waiting = open.subscribe(one("hazard:wuyi-2", InOne::Start(NONE)).subscription()).await;
    waiting.until_caught_up().await;
    assert_eq!(readings(&open.log).await, [], "nothing was shown");
    let second = StreamName::new("hazard", "wuyi-2");
    for _ in 0..2 {
        decide(&open.log, &second, r#"{"type":"Opened","data":{}}"#).await;
    }
    assert_eq!(waiting.commits(2).await.len(), 2);
    let [(_, dossier, query, ..)] = &readings(&open.log).await[..] else { panic!("one record") };
    assert_eq!((&dossier[..], &query[..]), ("hazard:wuyi-2", "Streams.Subscribe"));
}

#[tokio::test]
async fn a_link_opens_the_dossier_that_it_leads_to() {
    let open = office().await;
    let mut link = event("$>", "0@hazard:wuyi-1");
    link.metadata.insert("content-type".to_owned(), "application/octet-stream".to_owned());
    open.appended("links", vec![link]).await;
    let plain = one("links", InOne::Start(NONE));
    assert_eq!(open.events(plain.clone()).await[0].commit, 5);
    assert_eq!(readings(&open.log).await, [], "the link alone shows nothing");
    let resolved = open.events(plain.but(|options| options.resolve_links = true)).await;
    assert_eq!(resolved[0].commit, 2);
    assert_eq!(readings(&open.log).await, [told("hazard:wuyi-1", "Streams.Read", UNSTATED, 5)]);
}

#[tokio::test]
async fn a_log_of_nobodys_dossiers_records_nothing() {
    let open = open().await;
    open.appended("hazard:wuyi-1", events(3)).await;
    assert_eq!(open.events(one("hazard:wuyi-1", InOne::Start(NONE))).await.len(), 3);
    assert_eq!(open.events(all(InAll::Start(NONE))).await.len(), 4);
    assert_eq!(open.log.head().await.unwrap().position, 4);
}
