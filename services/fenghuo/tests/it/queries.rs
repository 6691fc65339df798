//! `fenghuo audit queries` on a played case, and on events that were written past every decider.

use std::{path::Path, process::Output, sync::Arc};

use bytes::Bytes;
use decider::{Actor, ActorKind, CaseId, Department, Id, Meta, Role, StreamName};
use eventlog::{Append, EventData, Expected, Log, Options, SystemClock, World};
use law::{Calendar, RulePack};
use serde_json::{Value, json};
use servers::{Postgres, PostgresOptions, Scratch};
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

use crate::{
    dev::Dev,
    program::{err, out, run},
};

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/wuyi-2023-0417.yaml");

fn ask(arguments: &[&str]) -> (Output, Value) {
    let output = run(&[&["--lang", "en", "audit", "queries", "run", "--json"], arguments].concat());
    let answer = serde_json::from_str(&out(&output)).unwrap_or_else(|_| panic!("{}", err(&output)));
    (output, answer)
}

/// Every finding with its query.
fn findings(answer: &Value) -> Vec<(String, Value)> {
    let queries = answer["queries"].as_array().unwrap();
    let of = |query: &Value| {
        let name = query["name"].as_str().unwrap().to_owned();
        assert_eq!(query["count"], query["findings"].as_array().unwrap().len());
        query["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (name.clone(), row.clone()))
            .collect::<Vec<_>>()
    };
    queries.iter().flat_map(of).collect()
}

#[test]
fn the_played_case_gives_no_false_alarm() {
    let scratch = Scratch::new().unwrap();
    let data = scratch.path().join("data");
    let _dev = Dev::start(&data);
    let data = data.to_str().unwrap();
    let played = run(&["play", SCENARIO, "--data", data]);
    assert!(played.status.success(), "{}", err(&played));
    let (output, answer) = ask(&["--all", "--data", data]);
    assert_eq!(findings(&answer), []);
    assert_eq!(answer["unreadable"], json!([]));
    assert!(answer["logs"].as_array().unwrap().iter().all(|log| log["events"].as_u64() > Some(0)));
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
}

/// A log, written to by somebody who asks no decider.
struct Forger {
    log: Log,
    service: &'static str,
}

impl Forger {
    async fn open(url: &str, service: &'static str) -> Self {
        let world =
            World { clock: Arc::new(SystemClock), rules: RulePack::builtin(), calendar: Calendar::builtin() };
        Self { log: Log::open(Options::new(url.parse().unwrap(), service), world).await.unwrap(), service }
    }

    async fn write(&self, stream: &str, sample: &str, patch: Value, actor: &Actor, at: OffsetDateTime) {
        let file = format!("{}/../{}/stored/{sample}.json", env!("CARGO_MANIFEST_DIR"), self.service);
        let mut event: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for (field, value) in patch.as_object().unwrap() {
            event["data"][field] = value.clone();
        }
        let kind = event["type"].as_str().unwrap().to_owned();
        self.append(stream, kind, event.to_string().into(), actor, at).await;
    }

    async fn append(&self, stream: &str, kind: String, data: Bytes, actor: &Actor, at: OffsetDateTime) {
        let meta = Meta {
            actor: actor.clone(),
            case_id: Some(CaseId::parse("case-1").unwrap()),
            causation: None,
            command_id: None,
            traceparent: None,
            rules: String::new(),
            calendar: String::new(),
        };
        let event = EventData { id: Uuid::new_v4(), kind, data, tags: vec![] };
        let stream = StreamName::parse(stream).unwrap();
        let append = Append::new(stream, Expected::Any, vec![event], meta, at);
        self.log.append(append).await.unwrap();
    }
}

fn person(id: &str, department: &str, role: Role) -> Actor {
    Actor {
        kind: ActorKind::Person,
        id: Id::parse(id).unwrap(),
        department: Department::parse(department).unwrap(),
        roles: vec![role],
        certificate: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_past_the_deciders_is_found_in_the_logs() {
    let scratch = Scratch::new().unwrap();
    let folder: &Path = scratch.path();
    let postgres = Postgres::start(&folder.join("postgres"), PostgresOptions::default()).await.unwrap();
    let url = postgres.url();
    assert!(run(&["migrate", "all", "--database-url", &url]).status.success());
    let (output, answer) = ask(&["--all", "--database-url", &url]);
    assert_eq!((output.status.code(), &answer["count"]), (Some(0), &json!(0)), "{}", err(&output));

    let at = datetime!(2023-03-01 10:00 +8);
    let officer = person("officer-1", "town.330723103", Role::Officer);
    let hazard = Forger::open(&url, "hazard").await;
    let none = json!({"delegation": null, "item": null});
    hazard.write("hazard:h-1", "Hazard.Inspected", none, &officer, at).await;
    let enforcement = Forger::open(&url, "enforcement").await;
    let handler = person("officer-2", "fire.330723", Role::Officer);
    let filed =
        json!({"delegation": null, "department": "fire.330723", "handler": "officer-2", "officers": []});
    enforcement.write("penalty:p-1", "Penalty.Filed", filed, &handler, at).await;
    let concluded = json!({"handler": "officer-2", "review": ["complex"]});
    enforcement.write("penalty:p-1", "Penalty.InvestigationConcluded", concluded, &handler, at).await;
    enforcement.write("penalty:p-1", "Penalty.Decided", json!({}), &handler, at).await;
    let investigation = Forger::open(&url, "investigation").await;
    investigation.write("crime:x-1", "Crime.Sent", json!({}), &handler, at).await;
    let reward = Forger::open(&url, "reward").await;
    let finance = person("finance-1", "emergency.330723", Role::Finance);
    for sample in ["Claim.ApprovedFirst", "Claim.ApprovedSecond"] {
        reward.write("claim:r-1", sample, json!({"by": "finance-1"}), &finance, at).await;
    }
    let gap = json!({"at": "2023-02-01T00:00:00Z"});
    enforcement.write("delegation:d-1", "Delegation.CameIntoForce", json!({}), &handler, at).await;
    enforcement.write("delegation:d-1", "Delegation.Revoked", gap, &handler, at).await;
    hazard.write("hazard:h-2", "Hazard.Inspected", json!({}), &officer, at).await;

    let (output, answer) = ask(&["--all", "--database-url", &url]);
    assert_eq!(output.status.code(), Some(1));
    let found = findings(&answer);
    let places: Vec<_> = found
        .iter()
        .map(|(name, row)| {
            (name.as_str(), row["stream"].as_str().unwrap(), row["position"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(
        places,
        [
            ("outside-delegation", "hazard:h-1", 2),
            ("delegation-gap", "hazard:h-2", 3),
            // The samples show one officer, with a certificate that nobody has issued.
            ("expired-certificate", "hazard:h-1", 2),
            ("expired-certificate", "hazard:h-2", 3),
            ("missing-second-officer", "hazard:h-1", 2),
            ("missing-second-officer", "penalty:p-1", 2),
            ("missing-second-officer", "hazard:h-2", 3),
            ("missing-legal-review", "penalty:p-1", 4),
            ("segregation-of-duties", "penalty:p-1", 4),
            ("segregation-of-duties", "claim:r-1", 3),
            ("unanswered-transfers", "crime:x-1", 2),
        ]
    );
    assert_eq!(found[0].1["who"], "officer-1@town.330723103");
    assert_eq!(found[0].1["case"], "case-1");

    let unknown = run(&["audit", "queries", "run", "--all", "--database-url", &url, "--case", "case-2"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        err(&unknown).contains("no log has events of case case-2"),
        "a slip is no clean bill: {}",
        err(&unknown)
    );
    let (_, answer) = ask(&["--all", "--database-url", &url, "--to", "2020-01-01T00:00:00Z"]);
    assert_eq!(answer["count"], 0, "nothing had been recorded then");

    let broken = br#"{"type":"Inspected","data":{}}"#;
    let kind = "Inspected".to_owned();
    hazard.append("hazard:h-3", kind, Bytes::from_static(broken), &officer, at).await;
    let (output, answer) = ask(&["missing-legal-review", "--database-url", &url, "--case", "case-2"]);
    assert_eq!(output.status.code(), Some(1), "what cannot be read may be anything");
    assert_eq!(answer["unreadable"][0]["stream"], "hazard:h-3");
    assert!(err(&output).contains("1 events cannot be read"), "{}", err(&output));
}

#[test]
fn a_query_that_does_not_exist_and_a_log_that_is_missing_are_told() {
    let unknown =
        run(&["--lang", "en", "audit", "queries", "run", "guesses", "--database-url", "postgres://x"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("known are outside-delegation"), "{}", err(&unknown));
    let url = "hazard=postgres://x";
    let missing = run(&["--lang", "en", "audit", "queries", "run", "--all", "--database-url", url]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(err(&missing).contains("the log of enforcement is wanted too"), "{}", err(&missing));
    let listed = run(&["--lang", "zh", "audit", "queries", "list"]);
    assert!(out(&listed).contains("segregation-of-duties") && out(&listed).contains("职责未分离"));
}
