//! Bad input and lost servers, as a caller of one service sees them.

use std::{sync::Arc, time::Duration};

use chassis::{Running, Settings, auth::Signer, status::refusal_of};
use contracts::{
    envelope::v1::{Outcome, Request as Envelope},
    hazard::v1::{
        ExecuteRequest, ReceiveReport, RouteReport, execute_request::Command,
        hazard_service_client::HazardServiceClient,
    },
    log::v1::{StatusRequest, log_service_client::LogServiceClient},
};
use decider::{DepartmentKind, Role, harness::actor};
use eventlog::{SystemClock, World, migrate};
use law::{Adoption, Calendar, Kind, RulePack};
use servers::{Nats, NatsOptions, Postgres, PostgresOptions, Scratch};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Status, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_types::StatusExt;
use uuid::Uuid;

/// How long a service may take to notice that a server went or came.
const NOTICE_MAX: Duration = Duration::from_secs(60);

struct Stage {
    channel: Channel,
    token: String,
    shutdown: CancellationToken,
    running: Running,
    postgres: Postgres,
    nats: Nats,
    _scratch: [Scratch; 2],
}

impl Stage {
    async fn start() -> Self {
        Self::start_by(RulePack::builtin(), chassis::SELFTEST_EVERY).await
    }

    async fn start_by(rules: Arc<RulePack>, selftest_every: Duration) -> Self {
        let scratch = [Scratch::new().unwrap(), Scratch::new().unwrap()];
        let postgres = Postgres::start(scratch[0].path(), PostgresOptions::default()).await.unwrap();
        let nats = Nats::start(scratch[1].path(), NatsOptions::default()).await.unwrap();
        let log = eventlog::Options::new(postgres.url().parse().unwrap(), "hazard");
        migrate(&log).await.unwrap();
        let signer = Signer::generate();
        let clerk = actor(DepartmentKind::Hotline, "330723", &[Role::Clerk]);
        let settings = Settings {
            log,
            bus: bus::Options::new(nats.url(), "hazard"),
            listener: tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(),
            keys: signer.key_set(),
            department: "fire.330723".parse().unwrap(),
            peers: vec![],
            token: None,
            allowance_keys: None,
            selftest_every,
            sealing: None,
            world: World { clock: Arc::new(SystemClock), rules, calendar: Calendar::builtin() },
        };
        let shutdown = CancellationToken::new();
        let running = chassis::start(&hazard::SERVICE, settings, shutdown.clone()).await.unwrap();
        let channel = Channel::from_shared(format!("http://{}", running.address)).unwrap().connect_lazy();
        let token = signer.issue(&clerk, time::Duration::hours(1)).unwrap();
        Self { channel, token, shutdown, running, postgres, nats, _scratch: scratch }
    }

    fn signed<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        request
    }

    async fn execute(&self, key: &str, command: Option<Command>) -> Result<Outcome, Status> {
        let request = Some(Envelope { idempotency_key: key.to_owned(), ..Envelope::default() });
        let request = self.signed(ExecuteRequest { request, command });
        let answer = HazardServiceClient::new(self.channel.clone()).execute(request).await?;
        Ok(answer.into_inner().outcome.unwrap())
    }

    /// Waits until health says so.
    async fn is(&self, wanted: ServingStatus) {
        let begun = tokio::time::Instant::now();
        loop {
            let request = HealthCheckRequest { service: hazard::SERVICE.grpc.to_owned() };
            let answer = HealthClient::new(self.channel.clone()).check(request).await;
            if answer.is_ok_and(|answer| answer.into_inner().status() == wanted) {
                return;
            }
            assert!(begun.elapsed() < NOTICE_MAX, "health never says {wanted:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until everything that is stored is on the bus.
    async fn is_relayed(&self) {
        let begun = tokio::time::Instant::now();
        loop {
            let request = self.signed(StatusRequest {});
            let status =
                LogServiceClient::new(self.channel.clone()).status(request).await.unwrap().into_inner();
            if status.head > 0 && status.relayed == status.head {
                return;
            }
            assert!(begun.elapsed() < NOTICE_MAX, "{} of {} are on the bus", status.relayed, status.head);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.running.stopped().await.unwrap();
    }
}

fn key() -> String {
    Uuid::new_v4().to_string()
}

fn receive(report_id: &str) -> ReceiveReport {
    ReceiveReport {
        report_id: report_id.to_owned(),
        reporter_ref: "7f3a9c51".to_owned(),
        channel: "hotline-12350".to_owned(),
        real_name: true,
        insider: false,
        premises: "plant".to_owned(),
        area: "330723103".to_owned(),
        category: "flammable-storage".to_owned(),
    }
}

#[track_caller]
fn names(answer: Result<Outcome, Status>, field: &str) {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let violations = status.get_details_bad_request().unwrap().field_violations;
    assert!(
        violations.iter().any(|violation| violation.field == field),
        "{field} is not among {violations:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_and_what_the_law_refuses_says_its_article() {
    let stage = Stage::start().await;
    names(stage.execute(&key(), None).await, "command");
    let command = Command::ReceiveReport(ReceiveReport { area: "33072".into(), ..receive("r-1") });
    names(stage.execute(&key(), Some(command)).await, "receive_report.area");
    let command = Command::ReceiveReport(ReceiveReport { premises: "a\0b".into(), ..receive("r-1") });
    names(stage.execute(&key(), Some(command)).await, "receive_report.premises");
    let command = Command::ReceiveReport(ReceiveReport { premises: "楼".repeat(2_001), ..receive("r-1") });
    names(stage.execute(&key(), Some(command)).await, "receive_report.premises");
    for number in ["13800138000", "360426199101010071"] {
        let command = Command::ReceiveReport(ReceiveReport { reporter_ref: number.into(), ..receive("r-1") });
        names(stage.execute(&key(), Some(command)).await, "receive_report.reporter_ref");
    }
    names(
        stage.execute("not-a-uuid", Some(Command::ReceiveReport(receive("r-1")))).await,
        "request.idempotency_key",
    );

    let request = ExecuteRequest { request: None, command: Some(Command::ReceiveReport(receive("r-1"))) };
    let status = HazardServiceClient::new(stage.channel.clone()).execute(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);

    let route = RouteReport { report_id: "r-1".into(), to: "town.330723103".into() };
    let status = stage.execute(&key(), Some(Command::RouteReport(route))).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    let refusal = refusal_of(&status).unwrap();
    assert_eq!((refusal.name.as_str(), refusal.article.as_str()), ("NotReceived", "消防监督检查规定17"));
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_command_twice_has_the_same_answer_and_its_key_serves_no_other() {
    let stage = Stage::start().await;
    let key = key();
    let first = stage.execute(&key, Some(Command::ReceiveReport(receive("r-1")))).await.unwrap();
    let second = stage.execute(&key, Some(Command::ReceiveReport(receive("r-1")))).await.unwrap();
    assert!(!first.repeated && second.repeated);
    assert_eq!(Outcome { repeated: false, ..second }, first);
    names(stage.execute(&key, Some(Command::ReceiveReport(receive("r-2")))).await, "request.idempotency_key");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_a_service_says_so_and_recovers_by_itself() {
    let mut stage = Stage::start().await;
    stage.is(ServingStatus::Serving).await;
    let kept = key();
    let first = stage.execute(&kept, Some(Command::ReceiveReport(receive("r-1")))).await.unwrap();

    stage.postgres.kill();
    let lost = key();
    let status = stage.execute(&lost, Some(Command::ReceiveReport(receive("r-2")))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    stage.is(ServingStatus::NotServing).await;

    stage.postgres.restart().await.unwrap();
    stage.is(ServingStatus::Serving).await;
    let again = stage.execute(&kept, Some(Command::ReceiveReport(receive("r-1")))).await.unwrap();
    assert_eq!(
        (again.position, again.repeated),
        (first.position, true),
        "what was acknowledged is there, once"
    );
    stage.execute(&lost, Some(Command::ReceiveReport(receive("r-2")))).await.unwrap();
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_bus_a_service_goes_on_deciding_and_tells_later() {
    let mut stage = Stage::start().await;
    stage.is(ServingStatus::Serving).await;
    stage.nats.kill();
    stage.is(ServingStatus::NotServing).await;
    // Decision 3.
    stage.execute(&key(), Some(Command::ReceiveReport(receive("r-1")))).await.unwrap();

    stage.nats.restart().await.unwrap();
    stage.is(ServingStatus::Serving).await;
    stage.is_relayed().await;
    stage.stop().await;
}

/// The built-in pack, of another edition, with another border of a level.
fn pack(larger: &str, edition: &str) -> String {
    let text = include_str!("../../libs/law/data/pack/cn.json");
    let text = text.replace("3/10/10000000", larger);
    text.replacen("\"edition\": \"", &format!("\"edition\": \"{edition}-"), 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_red_while_the_law_fails_its_own_test_and_green_when_it_holds_again() {
    let wrong = RulePack::parse(&pack("4/10/10000000", "wrong"), &[]).unwrap();
    let stage = Stage::start_by(Arc::new(wrong), Duration::from_millis(300)).await;
    stage.is(ServingStatus::NotServing).await;
    let text = pack("3/10/10000000", "right");
    let right = RulePack::parse(&text, &[]).unwrap();
    let adoption = Adoption {
        id: "right".to_owned(),
        kind: Kind::Pack,
        version: right.version().to_owned(),
        effective_from: OffsetDateTime::now_utc(),
        file: "right.json".to_owned(),
        text,
        allowed: vec![],
    };
    stage.running.node.log().adopt(adoption).unwrap();
    stage.is(ServingStatus::Serving).await;
    stage.stop().await;
}
