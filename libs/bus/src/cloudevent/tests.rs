use std::sync::Arc;

use bytes::Bytes;
use decider::harness::actor;
use decider::{
    CaseId, Causation, Department, DepartmentKind, Fact, Id, Meta, Public, Recorded, StreamName, Unreadable,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::*;
use crate::Source;

fn alpha() -> Source {
    Source::parse("alpha").unwrap()
}

fn at(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).unwrap()
}

fn recorded(position: u64) -> Recorded {
    Recorded {
        position,
        stream: StreamName::new("report", "r1"),
        version: 1,
        id: Uuid::from_u128(7),
        kind: "Received".to_owned(),
        data: Bytes::from_static(br#"{"type":"Received","data":{"body":{"n":1}}}"#),
        meta: Arc::new(Meta {
            actor: actor(DepartmentKind::Fire, "330723", &[]),
            case_id: None,
            causation: None,
            command_id: Some(Uuid::from_u128(8)),
            traceparent: None,
            rules: "cn-1".to_owned(),
            calendar: "cn-2026-1".to_owned(),
        }),
        occurred_at: at(1_681_711_307_000_000),
        recorded_at: at(1_681_711_308_123_456),
    }
}

/// Publishes what the test wrote into the event's data.
fn publish(recorded: &Recorded) -> Result<Option<Public>, Unreadable> {
    let data: Value = serde_json::from_slice(&recorded.data)
        .map_err(|error| Unreadable { kind: recorded.kind.clone(), reason: error.to_string() })?;
    let to = data["to"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let to = to.map(|one| Department::parse(one).unwrap()).collect();
    let kind = data["kind"].as_str().unwrap_or("fenghuo.alpha.v1.Received").to_owned();
    Ok(data.get("data").map(|data| Public { kind, body: data["body"].clone(), to }))
}

fn origin(source: &Source, position: u64) -> Origin<'_> {
    Origin { source, position, subject: None }
}

fn sent(recorded: &Recorded) -> Bytes {
    message(recorded, publish, &alpha()).bytes
}

fn altered(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Vec<u8> {
    let mut json: Value = serde_json::from_slice(&sent(&recorded(5))).unwrap();
    change(json.as_object_mut().unwrap());
    serde_json::to_vec(&json).unwrap()
}

fn error(bytes: &[u8]) -> Error {
    read(bytes, origin(&alpha(), 5)).unwrap_err()
}

#[test]
fn a_message_has_the_attributes_that_the_standard_asks_for() {
    let json: Value = serde_json::from_slice(&sent(&recorded(5))).unwrap();
    assert_eq!(
        json,
        json!({
            "specversion": "1.0", "id": "00000000-0000-0000-0000-000000000007", "source": "urn:fenghuo:alpha",
            "type": "fenghuo.alpha.v1.Received", "subject": "report:r1", "time": "2023-04-17T06:01:48.123456Z",
            "sequence": "5", "occurredat": "2023-04-17T06:01:47Z", "stream": "report:r1",
            "department": "fire.330723", "actor": "tester", "commandid": "00000000-0000-0000-0000-000000000008",
            "rules": "cn-1", "calendar": "cn-2026-1", "datacontenttype": "application/json", "data": {"n": 1},
        })
    );
    for name in json.as_object().unwrap().keys() {
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{name}");
    }
}

#[test]
fn a_private_event_leaves_without_a_body() {
    let event = Recorded { data: Bytes::from_static(b"{}"), ..recorded(5) };
    let bytes = message(&event, publish, &alpha()).bytes;
    let fact = read(&bytes, origin(&alpha(), 5)).unwrap();
    assert_eq!((fact.kind.as_str(), fact.body), ("fenghuo.alpha.private.Received", Value::Null));
}

#[test]
fn an_event_that_cannot_be_mapped_leaves_with_its_reason_and_is_no_fact() {
    let event = Recorded { data: Bytes::from_static(b"not json"), ..recorded(5) };
    let message = message(&event, publish, &alpha());
    let reason = message.fault.unwrap();
    match read(&message.bytes, origin(&alpha(), 5)).unwrap_err() {
        Error::Unpublished(said) => assert_eq!(said, reason),
        other => panic!("{other}"),
    }
}

#[test]
fn an_oversized_message_leaves_with_its_reason() {
    let body = format!(r#"{{"data":{{"body":{{"n":"{}"}}}}}}"#, "x".repeat(MESSAGE_BYTES_MAX));
    let message = message(&Recorded { data: body.into(), ..recorded(5) }, publish, &alpha());
    assert!(message.fault.is_some() && message.bytes.len() < MESSAGE_BYTES_MAX);
}

#[test]
fn a_service_cannot_publish_the_types_of_another() {
    let data = Bytes::from_static(br#"{"kind":"fenghuo.beta.v1.Received","data":{"body":{}}}"#);
    assert!(message(&Recorded { data, ..recorded(5) }, publish, &alpha()).fault.is_some());
    let forged = altered(|json| json["type"] = json!("fenghuo.beta.v1.Received"));
    assert!(matches!(error(&forged), Error::Type { .. }));
}

#[test]
fn every_service_tells_of_its_clocks_in_the_shared_words_and_no_outside_department_does() {
    let data = Bytes::from_static(br#"{"kind":"fenghuo.clock.v1.DeadlineMet","data":{"body":{}}}"#);
    let clocked = Recorded { data, ..recorded(5) };
    assert_eq!(message(&clocked, publish, &alpha()).fault, None);
    assert!(message(&clocked, publish, &Source::parse("police").unwrap()).fault.is_some());
}

#[test]
fn a_claimed_source_must_be_the_streams_owner() {
    let forged = altered(|json| json["source"] = json!("urn:fenghuo:beta"));
    assert!(matches!(error(&forged), Error::Source { .. }));
    let source = alpha();
    let elsewhere = Origin { source: &source, position: 5, subject: Some("fenghuo.beta.report.Received") };
    assert!(matches!(read(&sent(&recorded(5)), elsewhere), Err(Error::Subject(_))));
}

#[test]
fn a_claimed_position_must_be_the_sequence() {
    assert!(matches!(
        read(&sent(&recorded(5)), origin(&alpha(), 6)),
        Err(Error::Position { claimed: 5, expected: 6 })
    ));
    for odd in ["+5", "05", "5 ", "-5", ""] {
        assert!(
            matches!(error(&altered(|json| json["sequence"] = json!(odd))), Error::Attribute { .. }),
            "{odd:?}"
        );
    }
}

#[test]
fn an_outside_department_speaks_for_itself_only() {
    let police = Source::parse("police").unwrap();
    let speak = |kind| {
        let outgoing = Outgoing {
            id: Uuid::from_u128(1),
            public: Public {
                kind: "fenghuo.outside.v1.TransferReceived".into(),
                body: json!({}),
                to: vec![],
            },
            stream: StreamName::new("transfer", "t1"),
            case_id: None,
            actor: actor(kind, "330723", &[]),
            occurred_at: at(1),
            recorded_at: at(2),
            causation: None,
            traceparent: None,
        };
        read(&outside(&outgoing, 5, &police), origin(&police, 5))
    };
    assert!(speak(DepartmentKind::Police).is_ok());
    assert!(matches!(speak(DepartmentKind::Fire), Err(Error::Department { .. })));
}

#[test]
fn what_strangers_write_is_read_strictly() {
    assert!(matches!(error(b"{"), Error::Malformed(_)));
    assert!(matches!(error(&vec![b' '; MESSAGE_BYTES_MAX + 1]), Error::TooLarge(_)));
    assert!(matches!(
        error(&altered(|json| drop(json.remove("data")))),
        Error::Attribute { name: "data", .. }
    ));
    assert!(matches!(
        error(&altered(|json| json["data"] = json!([1]))),
        Error::Attribute { name: "data", .. }
    ));
    assert!(matches!(error(&altered(|json| json["specversion"] = json!("0.3"))), Error::Attribute { .. }));
    assert!(matches!(error(&altered(|json| drop(json.remove("department")))), Error::Malformed(_)));
    assert!(matches!(
        error(&altered(|json| drop(json.insert("causationlog".into(), json!("x"))))),
        Error::Attribute { .. }
    ));
    let text = String::from_utf8(sent(&recorded(5)).to_vec()).unwrap();
    assert!(matches!(error(text.replace(r#"{"n":1}"#, r#"{"n":1,"n":2}"#).as_bytes()), Error::Malformed(_)));
    assert!(matches!(
        error(text.replace(r#""actor""#, r#""actor":"a","actor""#).as_bytes()),
        Error::Malformed(_)
    ));
    let deep = format!("{}{}", r#"{"a":"#.repeat(40), "1") + &"}".repeat(40);
    assert!(matches!(error(text.replace(r#"{"n":1}"#, &deep).as_bytes()), Error::Malformed(_)));
}

#[test]
fn an_attribute_of_a_later_version_is_no_obstacle() {
    let later = altered(|json| drop(json.insert("tenant".to_owned(), json!("x"))));
    assert!(read(&later, origin(&alpha(), 5)).is_ok());
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z灯]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

prop_compose! {
    fn event()(
        position in 1..u64::MAX, id in any::<u128>(), command in any::<Option<u128>>(),
        case_id in proptest::option::of("[a-z0-9][a-z0-9.-]{0,20}"), stream in "[a-z0-9][a-z0-9.-]{0,20}",
        cause in proptest::option::of(("[a-z]{1,8}", any::<u64>())), trace in proptest::option::of("[0-9a-f-]{55}"),
        occurred in -62_135_596_800_000_000i64..253_402_300_799_999_999, body in proptest::option::of(json_value()),
        to in prop::collection::vec(prop::sample::select(vec!["fire.33", "town.330723103", "police.330723"]), 0..3),
    ) -> (Recorded, Option<Value>, Vec<&'static str>) {
        let mut event = recorded(position);
        event.id = Uuid::from_u128(id);
        event.stream = StreamName::new("report", &stream);
        event.meta = Arc::new(Meta {
            command_id: command.map(Uuid::from_u128),
            case_id: case_id.map(|text| CaseId(Id::parse(&text).unwrap())),
            causation: cause.map(|(log, position)| Causation { log, position }),
            traceparent: trace,
            ..Meta::clone(&event.meta)
        });
        event.occurred_at = at(occurred);
        let body = body.map(|inner| json!({ "inner": inner }));
        if let Some(body) = &body {
            event.data = serde_json::to_vec(&json!({ "data": { "body": body }, "to": to })).unwrap().into();
        } else {
            event.data = Bytes::from_static(b"{}");
        }
        (event, body, to)
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read_again((event, body, to) in event()) {
        let Message { bytes, fault, subject, .. } = message(&event, publish, &alpha());
        prop_assert_eq!(fault, None);
        let source = alpha();
        let origin = Origin { source: &source, position: event.position, subject: Some(&subject) };
        let public = body.is_some();
        let meta = Arc::unwrap_or_clone(event.meta);
        let kind = if public { "fenghuo.alpha.v1.Received" } else { "fenghuo.alpha.private.Received" };
        let expected = Fact {
            id: event.id,
            source: "alpha".to_owned(),
            position: event.position,
            kind: kind.to_owned(),
            stream: event.stream.to_string(),
            case_id: meta.case_id,
            department: meta.actor.department,
            actor: meta.actor.id.to_string(),
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            causation: meta.causation,
            to: to.iter().filter(|_| public).map(|one| Department::parse(one).unwrap()).collect(),
            traceparent: meta.traceparent,
            body: body.unwrap_or(Value::Null),
        };
        prop_assert_eq!(read(&bytes, origin).unwrap(), expected);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..600) {
        let source = alpha();
        let _ = read(&bytes, origin(&source, 1));
        let whole = sent(&recorded(5));
        let _ = read(&whole[..cut.min(whole.len())], origin(&source, 5));
    }
}

#[test]
fn of_a_reading_only_its_position_leaves() {
    let dossier = StreamName::new("hazard", "wuyi-h1");
    let mut meta = Arc::unwrap_or_clone(recorded(7).meta);
    meta.actor.id = Id::parse("officer-9").unwrap();
    meta.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    let data = br#"{"type":"Opened","data":{"query":"GetHazard","purpose":"curiosity","shown":3}}"#;
    let reading = Recorded {
        stream: eventlog::reading::of(&dossier),
        kind: "Opened".to_owned(),
        data: Bytes::from_static(data),
        meta: Arc::new(meta),
        ..recorded(7)
    };
    let message = message(&reading, publish, &alpha());
    assert_eq!(message.fault, None);
    let text = std::str::from_utf8(&message.bytes).unwrap();
    for told in ["wuyi-h1", "officer-9", "curiosity", "0af7651916cd43dd8448eb211c80319c"] {
        assert!(!text.contains(told), "{text}");
    }
    assert!(message.is_withheld, "no header names its trace");
    let value: Value = serde_json::from_slice(&message.bytes).unwrap();
    assert_eq!((value["sequence"].as_str(), value["stream"].as_str()), (Some("7"), Some("reading:withheld")));
    let fact = read(&message.bytes, origin(&alpha(), 7)).unwrap();
    assert_eq!((fact.position, fact.body), (7, Value::Null));
}

/// A client may name stream and type as a department does: it says nothing in the department's name.
#[test]
fn of_a_clients_event_only_its_position_leaves() {
    let data =
        br#"{"client":{"id":"0af76519-16cd-43dd-8448-eb211c80319c"},"type":"Opened","data":{"n":"secret"}}"#;
    for (stream, kind) in
        [("report:r-1", "Received"), ("door:sensor-1", "\u{706b} \n {}"), ("sensor:1", "Clock")]
    {
        let foreign = Recorded {
            stream: StreamName::parse(stream).unwrap(),
            kind: kind.to_owned(),
            data: Bytes::from_static(data),
            ..recorded(7)
        };
        let message = message(&foreign, publish, &alpha());
        assert_eq!(message.fault, None, "{stream}");
        let value: Value = serde_json::from_slice(&message.bytes).unwrap();
        assert_eq!(value["type"], "fenghuo.alpha.private.Appended");
        assert_eq!((&value["sequence"], &value["stream"]), (&"7".into(), &"door:withheld".into()));
        assert!(!value.to_string().contains("secret") && !value.to_string().contains("sensor"), "{value}");
        assert_eq!((&message.subject[..], message.is_withheld), ("fenghuo.alpha.door.Appended", true));
        let fact = read(&message.bytes, origin(&alpha(), 7)).unwrap();
        assert_eq!((fact.position, fact.body), (7, Value::Null));
    }
}

#[test]
fn of_what_a_log_begins_with_only_its_position_leaves() {
    let log_id = Uuid::new_v4();
    let data = format!(r#"{{"type":"$genesis","data":{{"log_id":"{log_id}","format":1}}}}"#);
    let begun = Recorded {
        stream: eventlog::genesis::stream(),
        kind: eventlog::genesis::CATEGORY.to_owned(),
        data: Bytes::from(data),
        ..recorded(1)
    };
    let message = message(&begun, |_| panic!("a service is not asked about it"), &alpha());
    assert_eq!(message.fault, None);
    assert!(!std::str::from_utf8(&message.bytes).unwrap().contains(&log_id.to_string()));
    assert_eq!(alpha().subject(&begun.stream, &begun.kind), "fenghuo.alpha._genesis._genesis");
    let fact = read(&message.bytes, origin(&alpha(), 1)).unwrap();
    assert_eq!((fact.position, fact.body), (1, Value::Null));
}
