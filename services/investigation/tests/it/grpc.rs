//! The whole service over gRPC: a command, its effect read back, a refusal, a wrong field.

use std::sync::Arc;

use bus::Options as BusOptions;
use chassis::{Running, Settings, auth::Signer, status};
use contracts::{
    clock::v1::{self as clock, clock_service_client::ClockServiceClient},
    envelope::v1 as envelope,
    investigation::v1::{
        self as wire, execute_request::Command, investigation_service_client::InvestigationServiceClient,
    },
};
use decider::{DepartmentKind, Id, Order, Role, authority::Certificate, harness};
use eventlog::{Log, Options, ScriptedClock, World, migrate};
use investigation::{
    SERVICE,
    authority::{Authority, Command as AuthorityCommand, Event as AuthorityEvent},
};
use law::{Calendar, RulePack, Uscc};
use servers::{Nats, NatsOptions, Postgres, PostgresOptions, Scratch};
use sqlx::{Connection, PgConnection};
use time::{OffsetDateTime, macros::datetime};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Status, transport::Channel};
use uuid::Uuid;

const ALARM: OffsetDateTime = datetime!(2023-04-17 14:04 +8);

struct Whole {
    running: Running,
    log: Options,
    world: World,
    shutdown: CancellationToken,
    token: String,
    door: InvestigationServiceClient<Channel>,
    // The servers go before their folders.
    postgres: Postgres,
    _nats: Nats,
    _scratch: [Scratch; 2],
}

async fn start() -> Whole {
    let scratch = [Scratch::new().unwrap(), Scratch::new().unwrap()];
    let postgres = Postgres::start(scratch[0].path(), PostgresOptions::default()).await.unwrap();
    let nats = Nats::start(scratch[1].path(), NatsOptions::default()).await.unwrap();
    let log = Options::new(postgres.url().parse().unwrap(), SERVICE.name);
    migrate(&log).await.unwrap();
    let signer = Signer::generate();
    let world = World {
        clock: Arc::new(ScriptedClock::new(ALARM)),
        rules: RulePack::builtin(),
        calendar: Calendar::builtin(),
    };
    let settings = Settings {
        log: log.clone(),
        bus: BusOptions::new(nats.url(), SERVICE.name),
        listener: tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(),
        keys: signer.key_set(),
        department: "fire.330723".parse().unwrap(),
        peers: vec![],
        token: None,
        allowance_keys: None,
        selftest_every: chassis::SELFTEST_EVERY,
        sealing: None,
        world: world.clone(),
    };
    let shutdown = CancellationToken::new();
    let running = chassis::start(&SERVICE, settings, shutdown.clone()).await.unwrap();
    let officer = harness::actor(DepartmentKind::Fire, "330723", &[Role::Officer]);
    let token = signer.issue(&officer, time::Duration::hours(1)).unwrap();
    let endpoint = Channel::from_shared(format!("http://{}", running.address)).unwrap();
    let door = InvestigationServiceClient::new(endpoint.connect().await.unwrap());
    Whole { running, log, world, shutdown, token, door, postgres, _nats: nats, _scratch: scratch }
}

impl Whole {
    fn asking<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        let purpose = tonic::metadata::MetadataValue::from_bytes("测试 / test".as_bytes());
        request.metadata_mut().insert_bin(chassis::reading::PURPOSE, purpose);
        request
    }

    async fn give(&mut self, command: Command) -> Result<envelope::Outcome, Status> {
        let request = Some(envelope::Request {
            idempotency_key: Uuid::new_v4().to_string(),
            case_id: "wuyi".into(),
            occurred_at: None,
        });
        let message = self.asking(wire::ExecuteRequest { request, command: Some(command) });
        Ok(self.door.execute(message).await?.into_inner().outcome.unwrap())
    }

    fn url(&self) -> String {
        self.postgres.url()
    }

    /// The log learns of a certificate as it does from the bus: beside the service's own door.
    async fn note_certificate(&self, number: &str) {
        let certificate = Certificate {
            number: Id::parse(number).unwrap(),
            department: "fire.330723".parse().unwrap(),
            from: datetime!(2022-01-01 0:00 +8),
            until: datetime!(2032-01-01 0:00 +8),
        };
        let note = AuthorityCommand::Note(AuthorityEvent::CertificateNoted { certificate });
        let request = eventlog::Request {
            command_id: Uuid::new_v4(),
            fingerprint: vec![],
            actor: harness::actor(DepartmentKind::Fire, "330723", &[]),
            at: None,
            case_id: None,
            causation: None,
            traceparent: None,
        };
        let log = Log::open(self.log.clone(), self.world.clone()).await.unwrap();
        log.execute(Order::of::<Authority>(number, note), request).await.unwrap();
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.running.stopped().await.unwrap();
    }
}

fn raise() -> wire::RaiseAlarm {
    wire::RaiseAlarm {
        fire_id: "wuyi-f1".into(),
        premises: "厂房".into(),
        area: "330723103".into(),
        unit: Uscc::synthetic(330_723, 1).to_string(),
        ignited_at: Some(chassis::timestamp(datetime!(2023-04-17 14:01:47 +8))),
        unit_knew_at: None,
    }
}

fn issue() -> Command {
    Command::IssueDetermination(wire::IssueDetermination {
        fire_id: "wuyi-f1".into(),
        document: "1".into(),
        cause: "slag".into(),
        certificates: vec!["c-9".into()],
        simple: false,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clocks_of_a_case_are_told_as_they_stood() {
    let mut whole = start().await;
    let outcome = whole.give(Command::RaiseAlarm(raise())).await.unwrap();
    let door = Channel::from_shared(format!("http://{}", whole.running.address)).unwrap();
    let mut door = ClockServiceClient::new(door.connect().await.unwrap());
    let mut ask = async |at: OffsetDateTime| {
        let at = Some(chassis::timestamp(at));
        let request = clock::ListClocksRequest {
            case_id: "wuyi".into(),
            at,
            min_position: outcome.position,
            ..Default::default()
        };
        let clocks = door.list_clocks(whole.asking(request)).await.unwrap().into_inner().clocks;
        clocks.into_iter().find(|clock| clock.duty == "unit-report")
    };
    assert_eq!(ask(ALARM - time::Duration::HOUR).await, None);
    // What is recorded has a time a little after the alarm.
    let running = ask(ALARM + time::Duration::MINUTE).await.unwrap();
    assert_eq!((running.stream.as_str(), running.state.as_str()), ("fire:wuyi-f1", "running"));
    assert_eq!((running.rule.as_str(), running.legal_basis.as_str()), ("fire.report.unit", "493号令9"));
    assert_eq!(running.pack, RulePack::builtin().version());
    assert_eq!(running.due.unwrap().calendar, Calendar::builtin().version());
    assert!(running.words_zh.contains("15:04"), "{}", running.words_zh);
    let late = ask(ALARM + time::Duration::HOUR + time::Duration::SECOND).await.unwrap();
    assert_eq!((late.state.as_str(), late.late), ("breached", true));
    whole.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_commanded_is_read_back_and_what_was_wrong_is_named() {
    let mut whole = start().await;

    let wrong = Command::RaiseAlarm(wire::RaiseAlarm { area: "33072".into(), ..raise() });
    let status = whole.give(wrong).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().starts_with("raise_alarm.area: "), "{status}");

    let early = Command::ReleaseScene(wire::ReleaseScene { fire_id: "wuyi-f1".into() });
    let refused = status::refusal_of(&whole.give(early).await.unwrap_err()).unwrap();
    assert_eq!(refused.name, "NotRaised");

    whole.give(Command::RaiseAlarm(raise())).await.unwrap();
    let casualties = wire::UpdateCasualties { fire_id: "wuyi-f1".into(), deaths: 11, ..Default::default() };
    let outcome = whole.give(Command::UpdateCasualties(casualties)).await.unwrap();
    let get = wire::GetFireRequest { fire_id: "wuyi-f1".into(), min_position: outcome.position };
    let get = whole.asking(get);
    let fire = whole.door.get_fire(get).await.unwrap().into_inner().fire.unwrap();
    assert_eq!((fire.level.as_str(), fire.deaths, fire.case_id.as_str()), ("major", 11, "wuyi"));
    assert_eq!(fire.duties[0].duty, "unit-report");

    let list = whole.asking(wire::ListFiresRequest { level: "major".into(), ..Default::default() });
    let page = whole.door.list_fires(list).await.unwrap().into_inner();
    assert_eq!((page.fires.len(), page.next_page_token.as_str()), (1, ""));

    let status = whole.give(issue()).await.unwrap_err();
    assert!(status.message().starts_with("issue_determination.certificates: "), "{status}");

    let nothing = whole.asking(wire::GetTransferRequest { transfer_id: "other".into(), min_position: 0 });
    assert_eq!(whole.door.get_transfer(nothing).await.unwrap_err().code(), Code::NotFound);
    whole.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_the_log_knows_is_never_called_unknown() {
    let mut whole = start().await;
    whole.give(Command::RaiseAlarm(raise())).await.unwrap();

    // The register stands still: its row is locked while the log goes on.
    let mut db = PgConnection::connect(&whole.url()).await.unwrap();
    let mut held = db.begin().await.unwrap();
    sqlx::query("select from investigation.view_generations where view = 'authority' for update")
        .execute(&mut *held)
        .await
        .unwrap();
    whole.note_certificate("c-9").await;
    assert_eq!(whole.give(issue()).await.unwrap_err().code(), Code::Unavailable);

    held.rollback().await.unwrap();
    let refused = status::refusal_of(&whole.give(issue()).await.unwrap_err()).unwrap();
    assert_eq!(refused.name, "PartiesNotHeard");
    whole.stop().await;
}
