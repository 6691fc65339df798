//! The doors of services: what clients write there is in the log, and disturbs nothing that the department does.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chassis::reading::PURPOSE;
use contracts::{
    envelope::v1::Request as Envelope,
    hazard::v1::{self as hazard, hazard_service_client::HazardServiceClient},
    log::v1::{ReadAllRequest, ReadPublicRequest, log_service_client::LogServiceClient},
};
use door::wire::event_store::client::{
    StreamIdentifier,
    streams::{
        AllStreams, OneStream, ReadRequest,
        read_request::{Options, options::Amount},
        streams_client::StreamsClient,
    },
};
use fenghuo::{endpoints::Endpoints, services};
use serde_json::Value;
use servers::Scratch;
use sqlx::{Connection, PgConnection};
use tonic::{Code, Request, Status, metadata::MetadataValue, transport::Channel};

use crate::{
    audit::{SCENARIO, sealed},
    dev::Dev,
    eventstore,
    program::{err, out, run},
};

const CASE: &str = "wuyi-2023-0417";
/// How many answers came.
type Answer = Result<usize, Status>;
const SOON: Duration = Duration::from_secs(30);

/// Appends to a new stream as a client would.
pub(crate) async fn write(channel: &Channel, stream: &str, kind: &str, token: &str) -> Result<(), Status> {
    let mut request = Request::new(futures::stream::iter(eventstore::append(stream, kind)));
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    StreamsClient::new(channel.clone()).append(request).await.map(drop)
}

/// A running system with open doors, to which operators may write.
pub(crate) struct Building {
    dev: Dev,
    pub(crate) data: PathBuf,
    pub(crate) scratch: Scratch,
}

impl Building {
    pub(crate) fn open() -> Self {
        let scratch = Scratch::new().unwrap();
        let data = scratch.path().join("data");
        let dev = Dev::start_with(&data, &["--door-base", "0", "--door-writer", "operator="]);
        Self { dev, data, scratch }
    }

    /// What a command prints, which must succeed.
    pub(crate) fn told(&self, arguments: &[&str]) -> String {
        let output = run(&[&["--lang", "en"], arguments, &["--data", self.data.to_str().unwrap()]].concat());
        assert!(output.status.success(), "{arguments:?}: {}{}", out(&output), err(&output));
        out(&output)
    }

    pub(crate) fn token(&self, role: &str) -> String {
        let id = format!("{role}-1");
        self.told(&["token", "--department", "fire.330723", "--role", role, "--id", &id]).trim().to_owned()
    }

    fn service_token(&self) -> String {
        let kind = ["token", "--department", "fire.330723", "--kind", "service", "--id", "reward"];
        self.told(&kind).trim().to_owned()
    }

    pub(crate) async fn door(&self, service: &str) -> Channel {
        let url = format!("http://{}", self.dev.door(service));
        Channel::from_shared(url).unwrap().connect().await.unwrap()
    }

    pub(crate) async fn service(&self, service: &str) -> Channel {
        let endpoints = Endpoints::load(&Endpoints::file(&self.data)).unwrap();
        Channel::from_shared(endpoints.services[service].clone()).unwrap().connect().await.unwrap()
    }

    /// Reads a stream, or the whole log, as a client would.
    async fn read(&self, service: &str, stream: Option<&str>, who: &str, purpose: Option<&str>) -> Answer {
        let mut options = Options { amount: Some(Amount::Count(1_000)), ..Options::default() };
        match stream {
            Some(stream) => {
                let stream = Some(StreamIdentifier { name: stream.to_owned().into() });
                options.one = Some(OneStream { stream, ..OneStream::default() });
            }
            None => options.all = Some(AllStreams::default()),
        }
        let mut request = Request::new(ReadRequest { options: Some(options) });
        request
            .metadata_mut()
            .insert("authorization", format!("Bearer {}", self.token(who)).parse().unwrap());
        if let Some(purpose) = purpose {
            request.metadata_mut().insert_bin(PURPOSE, MetadataValue::from_bytes(purpose.as_bytes()));
        }
        let mut answers = StreamsClient::new(self.door(service).await).read(request).await?.into_inner();
        let mut count = 0;
        while answers.message().await?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    /// What `audit readings` tells: who, of what, by which query, for what purpose.
    fn readings(&self) -> BTreeSet<[String; 4]> {
        let told = self.told(&["audit", "readings", CASE, "--json"]);
        let reading = |line: &str| {
            let reading: Value = serde_json::from_str(line).unwrap();
            ["actor", "dossier", "query", "purpose"].map(|field| reading[field].as_str().unwrap().to_owned())
        };
        told.lines().map(reading).collect()
    }

    /// How all services fare, once everything that was recorded has arrived wherever it is to arrive.
    fn settled(&self) -> Vec<Value> {
        let give_up = Instant::now() + SOON;
        loop {
            let status: Vec<Value> = serde_json::from_str(&self.told(&["view", "status", "--json"])).unwrap();
            let head = |name: &Value| status.iter().find(|of| of["service"] == *name).map(|of| &of["head"]);
            let has_arrived = |of: &Value| {
                let all = |part: &str, is_there: &dyn Fn(&Value) -> bool| {
                    of[part].as_array().unwrap().iter().all(is_there)
                };
                of["relayed"] == of["head"]
                    && all("views", &|view| view["position"] == of["head"])
                    && all("inbox", &|inbox| {
                        head(&inbox["source"]).is_none_or(|head| *head == inbox["position"])
                    })
            };
            if status.iter().all(has_arrived) {
                return status;
            }
            assert!(Instant::now() < give_up, "{status:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The entries of the case.
    fn story(&self) -> Value {
        serde_json::from_str::<Value>(&self.told(&["timeline", CASE, "--json"])).unwrap()["entries"].take()
    }

    /// The message with which an event of the hazard service has left, as another service fetches it.
    async fn public(&self, position: u64) -> Value {
        let mut request = Request::new(ReadPublicRequest { from: position, to: position });
        let bearer = format!("Bearer {}", self.service_token());
        request.metadata_mut().insert("authorization", bearer.parse().unwrap());
        let mut log = LogServiceClient::new(self.service("hazard").await);
        let mut answer = log.read_public(request).await.unwrap().into_inner();
        serde_json::from_slice(&answer.message().await.unwrap().unwrap().message).unwrap()
    }

    /// The hotline takes a report in.
    async fn report(&self, id: &str) {
        let command = hazard::ReceiveReport {
            report_id: id.to_owned(),
            reporter_ref: "7f3a9c51".to_owned(),
            channel: "hotline-12350".to_owned(),
            premises: "plant".to_owned(),
            area: "330723103".to_owned(),
            category: "flammable-storage".to_owned(),
            ..hazard::ReceiveReport::default()
        };
        let idempotency_key = uuid::Uuid::new_v4().to_string();
        let mut request = Request::new(hazard::ExecuteRequest {
            request: Some(Envelope { idempotency_key, ..Envelope::default() }),
            command: Some(hazard::execute_request::Command::ReceiveReport(command)),
        });
        let clerk = ["token", "--department", "hotline.330723", "--role", "clerk", "--id", "clerk-1"];
        let bearer = format!("Bearer {}", self.told(&clerk).trim());
        request.metadata_mut().insert("authorization", bearer.parse().unwrap());
        HazardServiceClient::new(self.service("hazard").await).execute(request).await.unwrap();
    }
}

async fn database(data: &Path) -> PgConnection {
    let url = std::fs::read_to_string(data.join("keys/database-url")).unwrap();
    PgConnection::connect(url.trim()).await.unwrap()
}

/// Streams and types that a client may well choose: some are called as ours are.
const FOREIGN: [(&str, &str); 4] = [
    ("sensor-1", "Measured"),
    ("sensor:1", "Clock"),
    ("penalty:wuyi-h1", "Decided"),
    ("火 警", "\u{1f525} .*>"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_writes_is_in_the_log_and_disturbs_nothing() {
    let building = Building::open();
    building.told(&["play", SCENARIO]);
    building.settled();
    let story = building.story();

    let (hazard, operator) = (building.door("hazard").await, building.token("operator"));
    for (stream, kind) in FOREIGN {
        write(&hazard, stream, kind, &operator).await.unwrap();
    }
    write(&building.door("timeline").await, "sensor:1", "Recorded", &operator).await.unwrap();

    // In the log, and on its way as nothing but a position.
    let after = building.settled();
    let head = after[0]["head"].as_u64().unwrap();
    assert_eq!(after[0]["service"], "hazard");
    assert!(after.iter().all(|of| of["parked"] == serde_json::json!([])), "{after:?}");
    for position in head - 3..=head {
        let message = building.public(position).await;
        assert_eq!((&message["stream"], &message["actor"]), (&"door:withheld".into(), &"withheld".into()));
        assert_eq!(message["type"], "fenghuo.hazard.private.Appended");
        assert!(message.get("data").is_none() && message.get("unpublished").is_none(), "{message}");
    }

    // The case is what it was, for all who ask.
    assert!(building.story() == story);
    let found = building.told(&["audit", "queries", "run", "--all", "--json"]);
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(
        (&found["count"], &found["logs"][0]["foreign"]),
        (&0.into(), &FOREIGN.len().into()),
        "{found}"
    );
    building.told(&["audit", "readings", CASE]);

    // The log is whole, sealed, exported and replayed with what clients wrote.
    for service in ["hazard", "timeline"] {
        building.told(&["log", "verify-order", "--service", service]);
        sealed(&building.data, service);
        let verified = building.told(&["audit", "verify", "--service", service]);
        assert!(verified.contains("; 0 more"), "{verified}");
        for view in after.iter().find(|of| of["service"] == service).unwrap()["views"].as_array().unwrap() {
            let replayed = building.told(&["replay", service, view["name"].as_str().unwrap()]);
            assert!(replayed.contains("equal"), "{replayed}");
        }
    }
    let folder = building.scratch.path().join("exported");
    building.told(&["audit", "export", "--service", "hazard", "-o", folder.to_str().unwrap()]);
    let rows = std::fs::read_to_string(folder.join("hazard/part-00001.jsonl")).unwrap();
    let rows: Vec<Value> = rows.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    for (stream, kind) in [("sensor:1", "Clock"), ("door:sensor-1", "Measured")] {
        assert!(rows.iter().any(|row| row["stream"] == stream && row["type"] == kind), "{stream}");
    }

    // And the department goes on: its next event comes after the clients', and becomes the next entry of the story.
    building.report("after-foreign").await;
    let last = building.settled();
    assert!(last.iter().all(|of| of["parked"] == serde_json::json!([])), "{last:?}");
    let entries = "select position from timeline_entries_g1.entries
        where source = 'hazard' and position > $1 order by 1";
    let entries = sqlx::query_scalar::<_, i64>(entries).bind(head.cast_signed() - 4);
    let entries = entries.fetch_all(&mut database(&building.data).await).await.unwrap();
    assert_eq!(entries, [head.cast_signed() + 1, head.cast_signed() + 2], "the report and its deadline");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_reaches_none_of_the_streams_that_services_write() {
    let building = Building::open();
    building.told(&["play", SCENARIO]);
    let (operator, officer, auditor) =
        (building.token("operator"), building.token("officer"), building.token("auditor"));
    let mut db = database(&building.data).await;
    for member in services::ALL {
        let service = member.service.name;
        let sql = format!("select distinct split_part(name, ':', 1) from {service}.streams");
        let written: BTreeSet<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_all(&mut db)
            .await
            .unwrap()
            .into_iter()
            .collect();
        assert!(written.len() > 1, "{service} {written:?}");
        let declared: BTreeSet<String> = member.service.categories().map(str::to_owned).collect();
        assert!(written.is_subset(&declared), "{service}: {written:?} are not all among {declared:?}");

        let door = building.door(service).await;
        let streams = declared.iter().flat_map(|of| [format!("{of}:x"), format!("$${of}:x")]);
        for stream in streams {
            let refused = write(&door, &stream, "$metadata", &operator).await.unwrap_err();
            assert_eq!(refused.code(), Code::PermissionDenied, "{service} {stream}");
        }
        for token in [&officer, &auditor] {
            let refused = write(&door, "sensor-1", "Measured", token).await.unwrap_err();
            assert_eq!(refused.code(), Code::PermissionDenied, "{service}");
        }
    }
    let hazard = building.door("hazard").await;
    let messages = futures::stream::iter(eventstore::append("a", "A"));
    let refused = StreamsClient::new(hazard.clone()).append(messages).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "whoever shows no token");
    assert!(eventstore::read(&hazard, None).await.unwrap().len() > 10, "and reads");
    assert!(eventstore::read(&hazard, Some(&format!("Bearer {auditor}"))).await.unwrap().len() > 10);
}

const UNSTATED: &str = "经事件库协议读取 / through the event-store protocol";
const HANDLING: &str = "案件办理 / case handling";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_a_case_through_a_door_or_its_log_is_recorded() {
    let building = Building::open();
    building.told(&["play", SCENARIO]);
    assert_eq!(building.readings(), BTreeSet::new(), "whoever tells a story reads nothing of it");

    // Through the door: a dossier, with a purpose and without, and a whole log; again is no other reading.
    let told =
        |dossier: &str, query: &str, purpose: &str| ["auditor-1", dossier, query, purpose].map(str::to_owned);
    for _ in 0..2 {
        assert!(building.read("hazard", Some("hazard:wuyi-h1"), "auditor", None).await.unwrap() > 1);
        assert!(
            building.read("hazard", Some("hazard:wuyi-h1"), "auditor", Some("审计抽查")).await.unwrap() > 1
        );
        assert!(building.read("credit", None, "auditor", None).await.unwrap() > 1);
    }
    assert!(building.read("hazard", Some("reading:hazard.wuyi-h1"), "auditor", None).await.unwrap() == 2);
    let through_doors = [
        told("hazard:wuyi-h1", "Streams.Read", UNSTATED),
        told("hazard:wuyi-h1", "Streams.Read", "审计抽查"),
        told("log:credit", "Streams.Read", UNSTATED),
    ];
    assert_eq!(building.readings(), through_doors.clone().into());

    // By the command line: a stream, a case, a log, and what is to come.
    let log = |arguments: &[&str]| building.told(&[&["log"], arguments].concat());
    let stream = log(&["read", "--service", "hazard", "--stream", "report:wuyi-r1"]);
    log(&["read", "--service", "reward", "--case", CASE, "--purpose", "绩效评估"]);
    let whole = log(&["read", "--service", "enforcement"]);
    log(&["follow", "--service", "investigation", "--limit", "1"]);
    log(&["verify-order", "--service", "timeline"]);
    log(&["read", "--service", "timeline", "--stream", "rules:none"]);
    assert!(stream.lines().count() > 1 && !whole.contains("reading:"), "{whole}");
    let line = |dossier: &str, query: &str, purpose: &str| {
        ["command-line", dossier, query, purpose].map(str::to_owned)
    };
    let by_command = [
        line("report:wuyi-r1", "ReadStream", HANDLING),
        line(&format!("case:{CASE}"), "ReadAll", "绩效评估"),
        line("log:enforcement", "ReadAll", HANDLING),
        line("log:investigation", "Follow", HANDLING),
    ];
    let all: BTreeSet<_> = through_doors.into_iter().chain(by_command).collect();
    assert_eq!(building.readings(), all);

    // A service that fetches what it missed is nobody who reads; a person without a purpose is shown nothing.
    let read_all = async |token: String| {
        let mut request = Request::new(ReadAllRequest { limit: 2, ..ReadAllRequest::default() });
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let mut log = LogServiceClient::new(building.service("hazard").await);
        log.read_all(request).await?.into_inner().message().await
    };
    assert!(read_all(building.service_token()).await.unwrap().is_some());
    assert_eq!(read_all(building.token("auditor")).await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(building.readings(), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_shown_neither_through_a_door_nor_through_the_log() {
    let building = Building::open();
    building.told(&["play", SCENARIO]);
    let mut db = database(&building.data).await;
    sqlx::query(
        "alter table hazard.events add constraint none check (kind <> 'Opened' or position < 0) not valid",
    )
    .execute(&mut db)
    .await
    .unwrap();
    for stream in [Some("hazard:wuyi-h1"), None] {
        let refused = building.read("hazard", stream, "auditor", None).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    }
    let data = building.data.to_str().unwrap();
    for arguments in [&["--stream", "hazard:wuyi-h1"][..], &["--case", CASE], &[]] {
        let refused = run(&[&["log", "read", "--service", "hazard", "--data", data], arguments].concat());
        assert_eq!((refused.status.success(), out(&refused)), (false, String::new()), "{}", err(&refused));
    }
    sqlx::query("alter table hazard.events drop constraint none").execute(&mut db).await.unwrap();
    assert!(building.read("hazard", Some("hazard:wuyi-h1"), "auditor", None).await.unwrap() > 1);
    assert_eq!(building.readings().len(), 1, "a refused reading is not remembered");
}
