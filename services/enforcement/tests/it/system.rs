//! The whole service over a PostgreSQL and a NATS of its own, and people who talk to it.

use std::{sync::Arc, time::Duration};

use chassis::{Running, Settings, auth::Signer, timestamp};
use contracts::{
    enforcement::v1::{self as wire, enforcement_service_client::EnforcementServiceClient},
    envelope::v1 as envelope,
};
use decider::{Actor, ActorKind, Department, Fact, Id, Public, Role, harness};
use enforcement::{SERVICE, policy};
use eventlog::{ScriptedClock, World, migrate};
use law::{Calendar, RulePack};
use servers::{Nats, NatsOptions, Postgres, PostgresOptions, Scratch};
use time::{OffsetDateTime, macros::datetime};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status, transport::Channel};
use uuid::Uuid;

pub(crate) use wire::execute_request::Command;

pub(crate) const START: OffsetDateTime = datetime!(2023-03-20 10:00 +8);
const WAIT_MAX: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

pub(crate) struct System {
    pub(crate) running: Running,
    pub(crate) clock: ScriptedClock,
    door: EnforcementServiceClient<Channel>,
    signer: Signer,
    shutdown: CancellationToken,
    // The servers go before their folders.
    _postgres: Postgres,
    _nats: Nats,
    _scratch: [Scratch; 2],
}

impl System {
    pub(crate) async fn start() -> Self {
        let scratch = [Scratch::new().unwrap(), Scratch::new().unwrap()];
        let postgres = Postgres::start(scratch[0].path(), PostgresOptions::default()).await.unwrap();
        let nats = Nats::start(scratch[1].path(), NatsOptions::default()).await.unwrap();
        let log = eventlog::Options::new(postgres.url().parse().unwrap(), SERVICE.name);
        migrate(&log).await.unwrap();
        let signer = Signer::generate();
        let clock = ScriptedClock::new(START);
        let settings = Settings {
            log,
            bus: bus::Options::new(nats.url(), SERVICE.name),
            listener: tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(),
            keys: signer.key_set(),
            department: "fire.330723".parse().unwrap(),
            peers: vec![],
            token: None,
            allowance_keys: None,
            selftest_every: chassis::SELFTEST_EVERY,
            sealing: None,
            world: World {
                clock: Arc::new(clock.clone()),
                rules: RulePack::builtin(),
                calendar: Calendar::builtin(),
            },
        };
        let shutdown = CancellationToken::new();
        let running = chassis::start(&SERVICE, settings, shutdown.clone()).await.unwrap();
        let channel = Channel::from_shared(format!("http://{}", running.address)).unwrap();
        let door = EnforcementServiceClient::new(channel.connect().await.unwrap());
        Self { running, clock, door, signer, shutdown, _postgres: postgres, _nats: nats, _scratch: scratch }
    }

    fn token(&self, department: &str, role: Role) -> String {
        let Department { kind, area } = department.parse().unwrap();
        let actor = Actor {
            id: Id::parse(&format!("{}-{role:?}", kind.as_str()).to_lowercase()).unwrap(),
            ..harness::actor(kind, area.as_str(), &[role])
        };
        self.signer.issue(&actor, time::Duration::hours(1)).unwrap()
    }

    fn asking<M>(&self, department: &str, role: Role, message: M) -> Request<M> {
        let mut request = Request::new(message);
        let bearer = format!("Bearer {}", self.token(department, role));
        request.metadata_mut().insert("authorization", bearer.parse().unwrap());
        let purpose = tonic::metadata::MetadataValue::from_bytes("测试 / test".as_bytes());
        request.metadata_mut().insert_bin(chassis::reading::PURPOSE, purpose);
        request
    }

    /// Gives a command now; tells its position.
    pub(crate) async fn give(&self, department: &str, role: Role, command: Command) -> Result<u64, Status> {
        self.give_with(&self.token(department, role), command).await
    }

    async fn give_with(&self, token: &str, command: Command) -> Result<u64, Status> {
        let message = wire::ExecuteRequest {
            request: Some(envelope::Request {
                idempotency_key: Uuid::new_v4().to_string(),
                case_id: "wuyi".into(),
                occurred_at: None,
            }),
            command: Some(command),
        };
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let outcome = self.door.clone().execute(request).await?.into_inner().outcome.unwrap();
        Ok(outcome.position)
    }

    /// Gives a command as a person who holds both roles that a version needs.
    pub(crate) async fn both(&self, department: &str, id: &str, command: Command) -> Result<u64, Status> {
        let Department { kind, area } = department.parse().unwrap();
        let roles = [Role::Legal, Role::Head];
        let actor = Actor { id: Id::parse(id).unwrap(), ..harness::actor(kind, area.as_str(), &roles) };
        let token = self.signer.issue(&actor, time::Duration::hours(1)).unwrap();
        self.give_with(&token, command).await
    }

    pub(crate) async fn rules(&self, min_position: u64) -> Vec<wire::Rules> {
        let message = wire::ListRulesRequest { min_position, ..Default::default() };
        let request = self.asking("fire.330723", Role::Auditor, message);
        self.door.clone().list_rules(request).await.unwrap().into_inner().rules
    }

    /// Waits until something holds, within bounds.
    pub(crate) async fn until<F: Future<Output = bool>>(&self, what: &str, mut holds: impl FnMut() -> F) {
        let deadline = tokio::time::Instant::now() + WAIT_MAX;
        while !holds().await {
            assert!(tokio::time::Instant::now() < deadline, "{what}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Gives a command that is accepted.
    pub(crate) async fn does(&self, department: &str, role: Role, command: Command) -> u64 {
        self.give(department, role, command).await.unwrap()
    }

    /// Certifies officers of a unit.
    pub(crate) async fn certify(&self, department: &str, certificates: &[&str]) {
        for certificate in certificates {
            let command = Command::IssueCertificate(wire::IssueCertificate {
                certificate: (*certificate).into(),
                department: department.into(),
                from: Some(timestamp(datetime!(2022-01-01 0:00 +8))),
                until: Some(timestamp(datetime!(2027-01-01 0:00 +8))),
            });
            self.does(department, Role::Head, command).await;
        }
    }

    /// The hazard department has made something public, and the inbox gives it to the policy.
    pub(crate) async fn hear(&self, public: Public) {
        let fact = Fact {
            id: Uuid::new_v4(),
            source: "hazard".into(),
            position: 1,
            kind: public.kind,
            stream: "hazard:h-1".into(),
            case_id: Some("wuyi".parse().unwrap()),
            department: "town.330723103".parse().unwrap(),
            actor: "someone".into(),
            occurred_at: START,
            recorded_at: START,
            causation: None,
            to: vec![],
            traceparent: None,
            body: public.body,
        };
        for reaction in policy::react(&fact).unwrap() {
            let request = eventlog::Request {
                command_id: reaction.command_id(fact.id),
                fingerprint: vec![],
                actor: Actor {
                    kind: ActorKind::Service,
                    ..harness::actor(decider::DepartmentKind::Fire, "330723", &[])
                },
                at: Some(fact.occurred_at),
                case_id: fact.case_id.clone(),
                causation: None,
                traceparent: None,
            };
            self.running.node.log().execute(reaction.order, request).await.unwrap();
        }
    }

    /// The penalty case once it is in this state, which the service's own policies may have to bring about.
    pub(crate) async fn penalty(&self, penalty_id: &str, state: &str) -> wire::Penalty {
        let deadline = tokio::time::Instant::now() + WAIT_MAX;
        loop {
            let message = wire::GetPenaltyRequest { penalty_id: penalty_id.into(), min_position: 0 };
            let request = self.asking("fire.330723", Role::Auditor, message);
            let found = match self.door.clone().get_penalty(request).await {
                Ok(answer) => answer.into_inner().penalty.unwrap(),
                Err(_) => wire::Penalty::default(),
            };
            if found.state == state {
                return found;
            }
            assert!(tokio::time::Instant::now() < deadline, "{penalty_id} is {:?}", found.state);
            tokio::time::sleep(POLL).await;
        }
    }

    /// Every event so far is in this view.
    pub(crate) async fn shown(&self, view: &str) {
        let head = self.running.node.log().head().await.unwrap().position;
        self.running.node.views().wait_for(view, head, WAIT_MAX).await.unwrap();
    }

    pub(crate) async fn seal(&self, seal_id: &str, min_position: u64) -> Result<wire::Seal, Status> {
        let message = wire::GetSealRequest { seal_id: seal_id.into(), min_position };
        let request = self.asking("fire.330723", Role::Auditor, message);
        Ok(self.door.clone().get_seal(request).await?.into_inner().seal.unwrap())
    }

    pub(crate) async fn penalties(&self, message: wire::ListPenaltiesRequest) -> wire::ListPenaltiesResponse {
        let request = self.asking("fire.330723", Role::Auditor, message);
        self.door.clone().list_penalties(request).await.unwrap().into_inner()
    }

    pub(crate) async fn delegations(&self, delegate: &str, min_position: u64) -> Vec<wire::Delegation> {
        let message =
            wire::ListDelegationsRequest { delegate: delegate.into(), min_position, ..Default::default() };
        let request = self.asking("fire.330723", Role::Auditor, message);
        self.door.clone().list_delegations(request).await.unwrap().into_inner().delegations
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.running.stopped().await.unwrap();
    }
}
