//! A calendar adopted by one department moves the deadlines of another, while both run.

use std::{sync::Arc, time::Duration};

use chassis::{Running, Service, Settings, auth::Signer, timestamp};
use contracts::{
    enforcement::v1::{
        self as wire, enforcement_service_client::EnforcementServiceClient, execute_request::Command,
    },
    envelope::v1::Request as Envelope,
};
use decider::{Actor, DepartmentKind, Id, Order, Recorded, Role, StreamName, harness};
use eventlog::{Log, ScriptedClock, World, migrate};
use investigation::determination::{self, Determination};
use law::{AreaCode, Calendar, RulePack, clock};
use servers::{Nats, NatsOptions, Postgres, PostgresOptions, Scratch};
use time::{OffsetDateTime, macros::datetime};
use tokio_util::sync::CancellationToken;
use tonic::{Request, transport::Channel};
use uuid::Uuid;

/// Invented: the State Council has said nothing about 2027.
const FILE_2027: &str = include_str!("../data/2027-invented.json");
const ALARM: OffsetDateTime = datetime!(2026-12-10 14:04 +8);
const FROM: OffsetDateTime = datetime!(2026-12-12 0:00 +8);
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Two departments on one database server and one bus, under one clock.
struct Stage {
    postgres: Postgres,
    nats: Nats,
    clock: ScriptedClock,
    signer: Signer,
    _scratch: [Scratch; 2],
}

/// A running service, which can be stopped alone.
struct Department {
    running: Running,
    shutdown: CancellationToken,
}

impl Department {
    fn log(&self) -> &Log {
        self.running.node.log()
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.running.stopped().await.unwrap();
    }
}

impl Stage {
    async fn new() -> Self {
        let scratch = [Scratch::new().unwrap(), Scratch::new().unwrap()];
        let postgres = Postgres::start(scratch[0].path(), PostgresOptions::default()).await.unwrap();
        let nats = Nats::start(scratch[1].path(), NatsOptions::default()).await.unwrap();
        let (clock, signer) = (ScriptedClock::new(ALARM), Signer::generate());
        Self { postgres, nats, clock, signer, _scratch: scratch }
    }

    async fn start(&self, service: &'static Service) -> Department {
        let log = eventlog::Options::new(self.postgres.url().parse().unwrap(), service.name);
        migrate(&log).await.unwrap();
        let settings = Settings {
            log,
            bus: bus::Options::new(self.nats.url(), service.name),
            listener: tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(),
            keys: self.signer.key_set(),
            department: "fire.330723".parse().unwrap(),
            peers: vec![],
            token: None,
            allowance_keys: None,
            selftest_every: chassis::SELFTEST_EVERY,
            sealing: None,
            world: World {
                clock: Arc::new(self.clock.clone()),
                rules: RulePack::builtin(),
                calendar: Calendar::builtin(),
            },
        };
        let shutdown = CancellationToken::new();
        let running = chassis::start(service, settings, shutdown.clone()).await.unwrap();
        Department { running, shutdown }
    }

    /// Gives a command to the legal office.
    async fn give(&self, office: &Department, id: &str, role: Role, command: Command) {
        let actor =
            Actor { id: Id::parse(id).unwrap(), ..harness::actor(DepartmentKind::Fire, "330723", &[role]) };
        let token = self.signer.issue(&actor, time::Duration::hours(1)).unwrap();
        let channel = Channel::from_shared(format!("http://{}", office.running.address)).unwrap();
        let envelope = Envelope { idempotency_key: Uuid::new_v4().to_string(), ..Envelope::default() };
        let mut request =
            Request::new(wire::ExecuteRequest { request: Some(envelope), command: Some(command) });
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        EnforcementServiceClient::new(channel.connect_lazy()).execute(request).await.unwrap();
    }

    /// Proposes the year, tries it out and approves it.
    async fn adopt(&self, office: &Department) {
        let proposal_id = || "calendar-2027".to_owned();
        let propose = Command::ProposeRules(wire::ProposeRules {
            proposal_id: proposal_id(),
            kind: "calendar".into(),
            file: "2027.json".into(),
            text: FILE_2027.into(),
            effective_from: Some(timestamp(FROM)),
            allowance: String::new(),
        });
        self.give(office, "legal-1", Role::Legal, propose).await;
        let try_out = Command::DryRunRules(wire::DryRunRules { proposal_id: proposal_id() });
        self.give(office, "legal-1", Role::Legal, try_out).await;
        let approve = Command::ApproveRules(wire::ApproveRules { proposal_id: proposal_id() });
        self.give(office, "head-1", Role::Head, approve).await;
    }
}

async fn open(investigation: &Department, id: &str) {
    let request = eventlog::Request {
        command_id: Uuid::new_v4(),
        fingerprint: vec![],
        actor: harness::actor(DepartmentKind::Fire, "330723", &[Role::Officer]),
        at: None,
        case_id: Some("wuyi".parse().unwrap()),
        causation: None,
        traceparent: None,
    };
    let area = AreaCode::parse("330723103").unwrap();
    let now = investigation.log().world().clock.now();
    let command = determination::Command::Open { area, alarm_at: now };
    investigation.log().execute(Order::of::<Determination>(id, command), request).await.unwrap();
}

async fn stream(department: &Department, id: &str) -> Vec<Recorded> {
    department.log().load(&StreamName::new("determination", id)).await.unwrap()
}

/// The re-derivations in a stream: until when before, until when now.
fn rederived(stream: &[Recorded]) -> Vec<(clock::Until, clock::Until)> {
    let of = |recorded: &Recorded| match recorded.event().unwrap() {
        determination::Event::Clock { event: clock::Event::Rederived { old, new, .. }, .. } => {
            Some((old, new.unwrap()))
        }
        _ => None,
    };
    stream.iter().filter_map(of).collect()
}

async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let limit = tokio::time::Instant::now() + WAIT_MAX;
    while !holds().await {
        assert!(tokio::time::Instant::now() < limit, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_adopted_by_the_legal_office_moves_the_thirty_days_of_an_investigation_once() {
    let stage = Stage::new().await;
    let office = stage.start(&enforcement::SERVICE).await;
    let investigation = stage.start(&investigation::SERVICE).await;
    open(&investigation, "fire-1").await;
    stage.adopt(&office).await;
    assert_eq!(investigation.log().book().adopted().count(), 0, "nothing is told before its instant");
    stage.clock.set(FROM);
    until("the thirty days are computed again", || async {
        !rederived(&stream(&investigation, "fire-1").await).is_empty()
    })
    .await;
    // What begins now goes by the new calendar from the beginning.
    open(&investigation, "fire-2").await;
    investigation.stop().await;

    // Started again, it decides by what its log was told, and computes nothing twice.
    let investigation = stage.start(&investigation::SERVICE).await;
    assert_eq!(investigation.log().book().adopted().count(), 1);
    open(&investigation, "fire-3").await;
    let first = stream(&investigation, "fire-1").await;
    let moved = rederived(&first);
    let [(old, new)] = &moved[..] else { panic!("{moved:?}") };
    assert!(old.due.provisional && !new.due.provisional);
    assert!(new.due.calendar.starts_with("CN-2015..2027@"), "{}", new.due.calendar);
    assert_eq!(first.last().unwrap().meta.case_id.as_ref().unwrap().as_str(), "wuyi");
    for id in ["fire-2", "fire-3"] {
        let stream = stream(&investigation, id).await;
        assert_eq!(rederived(&stream), [], "{id}");
        assert_eq!(stream[0].meta.calendar, new.due.calendar, "{id}");
    }
    // The holder and the party are told: from when, to when.
    let public = first.iter().rev().find_map(|recorded| (investigation::SERVICE.publish)(recorded).unwrap());
    let public = public.unwrap();
    assert!(public.kind.ends_with("DeadlineRederived"), "{}", public.kind);
    investigation.stop().await;
    office.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_was_away_is_told_when_it_is_back() {
    let stage = Stage::new().await;
    let investigation = stage.start(&investigation::SERVICE).await;
    open(&investigation, "fire-1").await;
    investigation.stop().await;
    let office = stage.start(&enforcement::SERVICE).await;
    stage.adopt(&office).await;
    stage.clock.set(FROM);
    until("the office goes by it", || async { office.log().book().adopted().count() == 1 }).await;
    stage.clock.set(FROM + time::Duration::DAY);
    let investigation = stage.start(&investigation::SERVICE).await;
    until("the thirty days are computed again", || async {
        rederived(&stream(&investigation, "fire-1").await).len() == 1
    })
    .await;
    investigation.stop().await;
    office.stop().await;
}
