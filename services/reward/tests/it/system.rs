//! The whole service over a PostgreSQL and a NATS of its own, and people who talk to it.

use std::{future::Future, sync::Arc, time::Duration};

use chassis::{Running, Settings, auth::Signer};
use contracts::{
    envelope::v1 as envelope,
    reward::v1::{self as wire, reward_service_client::RewardServiceClient},
};
use decider::{Actor, ActorKind, Department, Fact, Id, Public, Role, harness};
use eventlog::{ScriptedClock, World, migrate};
use law::{Calendar, RulePack};
use reward::{SERVICE, policy};
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
    pub(crate) door: RewardServiceClient<Channel>,
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
        let door = RewardServiceClient::new(channel.connect().await.unwrap());
        Self { running, clock, door, signer, shutdown, _postgres: postgres, _nats: nats, _scratch: scratch }
    }

    /// A request by the department's person with this role; the role is the person's name.
    pub(crate) fn asking<M>(&self, department: &str, role: Role, message: M) -> Request<M> {
        let Department { kind, area } = department.parse().unwrap();
        let actor = Actor {
            id: Id::parse(&format!("{role:?}").to_lowercase()).unwrap(),
            ..harness::actor(kind, area.as_str(), &[role])
        };
        let token = self.signer.issue(&actor, time::Duration::hours(1)).unwrap();
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let purpose = tonic::metadata::MetadataValue::from_bytes("测试 / test".as_bytes());
        request.metadata_mut().insert_bin(chassis::reading::PURPOSE, purpose);
        request
    }

    /// Gives a command now; tells its position.
    pub(crate) async fn give(&self, department: &str, role: Role, command: Command) -> Result<u64, Status> {
        let message = wire::ExecuteRequest {
            request: Some(envelope::Request {
                idempotency_key: Uuid::new_v4().to_string(),
                case_id: "wuyi".into(),
                occurred_at: None,
            }),
            command: Some(command),
        };
        let answer = self.door.clone().execute(self.asking(department, role, message)).await?;
        Ok(answer.into_inner().outcome.unwrap().position)
    }

    /// Gives a command that is accepted.
    pub(crate) async fn does(&self, department: &str, role: Role, command: Command) -> u64 {
        self.give(department, role, command).await.unwrap()
    }

    /// The bus brings a fact.
    pub(crate) async fn hear(&self, source: &str, department: &str, actor: &str, public: Public) {
        let fact = Fact {
            id: Uuid::new_v4(),
            source: source.into(),
            position: 1,
            kind: public.kind,
            stream: "thing:t-1".into(),
            case_id: Some("wuyi".parse().unwrap()),
            department: department.parse().unwrap(),
            actor: actor.into(),
            occurred_at: self.clock_now(),
            recorded_at: self.clock_now(),
            causation: None,
            to: vec![],
            traceparent: None,
            body: public.body,
        };
        for reaction in policy::react(&fact).unwrap() {
            let request = eventlog::Request {
                command_id: reaction.command_id(fact.id),
                fingerprint: Vec::new(),
                actor: Actor {
                    kind: ActorKind::Service,
                    ..harness::actor(fact.department.kind, "330723", &[])
                },
                at: None,
                case_id: fact.case_id.clone(),
                causation: None,
                traceparent: None,
            };
            self.running.node.log().execute(reaction.order, request).await.unwrap();
        }
    }

    /// Waits until a look satisfies, as what follows by itself takes its time.
    pub(crate) async fn until<T, F: Future<Output = Option<T>>>(&self, look: impl Fn() -> F) -> T {
        let deadline = tokio::time::Instant::now() + WAIT_MAX;
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            assert!(tokio::time::Instant::now() < deadline, "nothing of the kind in {WAIT_MAX:?}");
            tokio::time::sleep(POLL).await;
        }
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.running.stopped().await.unwrap();
    }

    fn clock_now(&self) -> OffsetDateTime {
        eventlog::Clock::now(&self.clock)
    }
}

/// The name of a refusal, or the message of another error.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    let status = answer.unwrap_err();
    chassis::status::refusal_of(&status).map_or_else(|| status.message().to_owned(), |refused| refused.name)
}
