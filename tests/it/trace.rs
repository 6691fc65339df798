//! One trace goes from a caller's command to another department's view, as an OTLP receiver sees it.

mod receiver;

use std::{env, fmt::Write, process::Stdio, time::Duration};

use chassis::telemetry::Telemetry;
use contracts::{
    envelope::v1 as envelope,
    hazard::v1::{
        ExecuteRequest, ReceiveReport, execute_request::Command, hazard_service_client::HazardServiceClient,
    },
};
use decider::{Actor, ActorKind, Department, Id, Role};
use eventlog::Direction;
use fenghuo::system::{System, SystemOptions};
use futures::TryStreamExt;
use opentelemetry_proto::tonic::{common::v1::any_value::Value, trace::v1::Span};
use receiver::Receiver;
use servers::Scratch;
use time::macros::datetime;
use tokio::{process, time::timeout};
use uuid::Uuid;

/// The test below as its binary knows it.
const TEST: &str = "trace::a_command_is_followed_in_one_trace_to_another_departments_view";
/// Where the process that runs the system sends its telemetry. Without it, the test is the one that receives.
const ENDPOINT: &str = "FENGHUO_TEST_OTLP_ENDPOINT";
const LIFE_MAX: Duration = Duration::from_secs(180);
const SETTLE_MAX: Duration = Duration::from_secs(60);

/// The caller's trace, and its span in it.
const TRACE_ID: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;
const CALLER: u64 = 0xb7ad_6b71_6920_3331;

/// A process has one subscriber for life, so the system runs in a process of its own: this binary once more.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_followed_in_one_trace_to_another_departments_view() {
    match env::var(ENDPOINT) {
        Ok(endpoint) => run_the_system(&endpoint).await,
        Err(_) => receive().await,
    }
}

/// Gives one command to one service; returns when another service shows what came of it and all telemetry has left.
async fn run_the_system(endpoint: &str) {
    let telemetry = Telemetry::start("fenghuo", Some(endpoint)).unwrap();
    let scratch = Scratch::new().unwrap();
    let options = SystemOptions::new(scratch.path().join("data")).scripted(datetime!(2023-03-01 09:00 +8));
    let system = System::start(options).await.unwrap();
    report(&system).await;
    system.settle(SETTLE_MAX).await.unwrap();
    let timeline = system.node("timeline").unwrap();
    let head = timeline.log().head().await.unwrap().position;
    timeline.views().wait_for("entries", head, SETTLE_MAX).await.unwrap();
    for service in ["hazard", "timeline"] {
        let log = system.node(service).unwrap().log().clone();
        let event = log.read_all(2, 1, Direction::Forwards).try_next().await.unwrap().unwrap();
        let stored = event.meta.traceparent.as_deref().unwrap_or_default();
        assert!(stored.contains(&format!("-{TRACE_ID:032x}-")), "{service} stored {stored:?}");
    }
    drop(timeline);
    system.stop().await.unwrap();
    telemetry.shutdown();
}

/// The hotline takes a report in, as a part of something larger.
async fn report(system: &System) {
    let clerk = Actor {
        kind: ActorKind::Person,
        id: Id::parse("clerk-1").unwrap(),
        department: Department::parse("hotline.330723").unwrap(),
        roles: vec![Role::Clerk],
        certificate: None,
    };
    let mut client = HazardServiceClient::new(system.client().acting("hazard", &clerk).unwrap());
    let command = ReceiveReport {
        report_id: "r-1".to_owned(),
        reporter_ref: "7f3a9c51".to_owned(),
        channel: "hotline-12350".to_owned(),
        real_name: true,
        insider: false,
        premises: "plant".to_owned(),
        area: "330723103".to_owned(),
        category: "flammable-storage".to_owned(),
    };
    let envelope =
        envelope::Request { idempotency_key: Uuid::new_v4().to_string(), ..envelope::Request::default() };
    let mut request = tonic::Request::new(ExecuteRequest {
        request: Some(envelope),
        command: Some(Command::ReceiveReport(command)),
    });
    let traceparent = format!("00-{TRACE_ID:032x}-{CALLER:016x}-01");
    request.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    client.execute(request).await.unwrap();
}

async fn receive() {
    let _turn = system_tests::turn().await;
    let receiver = Receiver::default();
    let running = process::Command::new(env::current_exe().unwrap())
        .args(["--exact", TEST, "--nocapture"])
        .env(ENDPOINT, receiver.listen())
        .env_remove("FENGHUO_TRACE")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(LIFE_MAX, running).await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stdout));
    // A thread of the exporter's that dies takes all later metrics along, and nobody else.
    assert!(!told.contains("panicked"), "{told}");

    let trace = Trace(receiver.trace(&TRACE_ID.to_be_bytes()));
    let command = trace.child(&CALLER.to_be_bytes(), "command", "hazard");
    trace.child(&command.span_id, "publish", "hazard");
    trace.child(&command.span_id, "view", "hazard");
    let heard = trace.child(&command.span_id, "process", "timeline");
    let shown = trace.child(&heard.span_id, "view", "timeline");
    assert_eq!(attribute(shown, "event.type"), "Recorded", "{trace}");
    let metrics = receiver.metrics();
    assert!(metrics.contains("fenghuo.log.head"), "{metrics:?}");
}

/// The spans of one trace, as they arrived.
struct Trace(Vec<Span>);

impl Trace {
    /// The first span of this name that a service opened under another span.
    fn child(&self, parent: &[u8], name: &str, service: &str) -> &Span {
        let found = self.0.iter().find(|span| {
            span.parent_span_id == parent && span.name == name && attribute(span, "service.name") == service
        });
        found.unwrap_or_else(|| panic!("no {name:?} of {service} where it belongs:\n{self}"))
    }
}

impl std::fmt::Display for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for span in &self.0 {
            let service = attribute(span, "service.name");
            writeln!(
                f,
                "{} under {}: {} {service}",
                hex(&span.span_id),
                hex(&span.parent_span_id),
                span.name
            )?;
        }
        Ok(())
    }
}

/// A text attribute, empty if there is none.
fn attribute<'a>(span: &'a Span, key: &str) -> &'a str {
    let found = span.attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()) {
        Some(Value::StringValue(text)) => text,
        _ => "",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
