//! A process that was down across a due instant leaves the stream that one leaves that was not, byte for byte.

use std::{sync::Arc, time::Duration as Wait};

use decider::{
    Actor, ActorKind, Decider, DepartmentKind, Id, Order, Recorded, Role, StreamName, fold, harness,
};
use eventlog::{Deadlines, Log, Options, Request, ScriptedClock, World, migrate};
use investigation::{
    SERVICE,
    determination::{Command, Determination},
    fire::{self, Fire},
};
use law::{AreaCode, Calendar, RulePack, Uscc};
use servers::{Postgres, PostgresOptions, Scratch};
use time::{OffsetDateTime, macros::datetime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const ID: &str = "wuyi-f1";
const ALARM: OffsetDateTime = datetime!(2023-04-17 14:04 +8);
const OUT: OffsetDateTime = datetime!(2023-04-20 9:00 +8);
const BACK: OffsetDateTime = datetime!(2023-04-25 9:00 +8);
/// The thirty days and the five of the appraisal.
const DUE: OffsetDateTime = datetime!(2023-05-23 0:00 +8);
/// Four fifths of the time that counts are over.
const WARNED: OffsetDateTime = datetime!(2023-05-16 14:00:48 UTC);
const LATE: OffsetDateTime = datetime!(2023-07-01 9:00 +8);

/// One life of the service: a log of its own, under its own clock.
struct Life {
    log: Log,
    clock: ScriptedClock,
}

impl Life {
    async fn begin(postgres: &Postgres, schema: &str) -> Self {
        let options = Options::new(postgres.url().parse().unwrap(), schema);
        migrate(&options).await.unwrap();
        let clock = ScriptedClock::new(ALARM);
        let world = World {
            clock: Arc::new(clock.clone()),
            rules: RulePack::builtin(),
            calendar: Calendar::builtin(),
        };
        Self { log: Log::open(options, world).await.unwrap(), clock }
    }

    async fn does(&self, at: OffsetDateTime, command: Command) {
        self.execute(at, Order::of::<Determination>(ID, command)).await;
    }

    async fn execute(&self, at: OffsetDateTime, order: Order) {
        self.clock.set(at);
        let request = Request {
            command_id: Uuid::new_v4(),
            fingerprint: vec![],
            actor: harness::actor(DepartmentKind::Fire, "330723", &[Role::Officer]),
            at: None,
            case_id: None,
            causation: None,
            traceparent: None,
        };
        self.log.execute(order, request).await.unwrap();
    }

    fn watched(&self) -> CancellationToken {
        let shutdown = CancellationToken::new();
        let actor = Actor { kind: ActorKind::Clock, ..harness::actor(DepartmentKind::Fire, "330723", &[]) };
        let worker = Deadlines::run(self.log.clone(), SERVICE.aggregates.to_vec(), actor, shutdown.clone());
        tokio::spawn(worker);
        shutdown
    }

    async fn stream(&self) -> Vec<Recorded> {
        self.stream_of(Determination::NAME).await
    }

    async fn stream_of(&self, category: &str) -> Vec<Recorded> {
        self.log.load(&StreamName::new(category, ID)).await.unwrap()
    }

    /// Waits until the stream is as long as this.
    async fn grows_to(&self, len: usize) {
        self.grows(Determination::NAME, len).await;
    }

    async fn grows(&self, category: &str, len: usize) {
        let limit = tokio::time::Instant::now() + Wait::from_secs(20);
        while self.stream_of(category).await.len() < len {
            assert!(tokio::time::Instant::now() < limit, "{:?}", self.stream_of(category).await);
            tokio::time::sleep(Wait::from_millis(10)).await;
        }
    }

    /// The alarm, and an appraisal.
    async fn begins(&self) -> usize {
        let appraisal = || Id::parse("metal").unwrap();
        let area = AreaCode::parse("330723103").unwrap();
        self.does(ALARM, Command::Open { area, alarm_at: ALARM }).await;
        self.does(OUT, Command::CommissionAppraisal { appraisal: appraisal() }).await;
        self.does(BACK, Command::ReturnAppraisal { appraisal: appraisal() }).await;
        self.stream().await.len()
    }

    async fn ends(&self) {
        let cause = "slag".to_owned();
        let hear = Command::HearParties { cause, present: vec![], absent: vec![], disputed: false };
        self.does(LATE, hear).await;
    }
}

fn bytes(stream: &[Recorded]) -> Vec<(String, OffsetDateTime)> {
    stream.iter().map(|event| (String::from_utf8(event.data.to_vec()).unwrap(), event.occurred_at)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_down_across_a_due_instant_records_it_and_leaves_the_same_bytes() {
    let scratch = Scratch::new().unwrap();
    let postgres = Postgres::start(scratch.path(), PostgresOptions::default()).await.unwrap();

    let awake = Life::begin(&postgres, "awake").await;
    let worker = awake.watched();
    let len = awake.begins().await;
    awake.clock.set(DUE);
    awake.grows_to(len + 2).await;
    awake.ends().await;
    worker.cancel();

    let down = Life::begin(&postgres, "down").await;
    down.begins().await;
    down.clock.set(datetime!(2023-06-30 9:00 +8));
    let worker = down.watched();
    down.grows_to(len + 2).await;
    down.ends().await;
    worker.cancel();

    let stream = down.stream().await;
    assert_eq!(stream[len].occurred_at, WARNED);
    assert!(bytes(&stream)[len].0.contains(r#""type":"Warned""#));
    let breach = &stream[len + 1];
    assert_eq!(breach.occurred_at, DUE, "the due instant, not the one at which somebody looked");
    assert!(bytes(&stream)[len + 1].0.contains(r#""type":"Breached""#));
    assert!(bytes(&stream)[len + 1].0.contains(r#""at":"2023-05-22T16:00:00Z""#));
    assert_eq!(bytes(&awake.stream().await), bytes(&stream));

    // Nobody looked at all: the act itself finds the breach, before it.
    let unwatched = Life::begin(&postgres, "unwatched").await;
    unwatched.begins().await;
    unwatched.ends().await;
    let data = |stream: &[Recorded]| bytes(stream).into_iter().map(|(data, _)| data).collect::<Vec<_>>();
    assert_eq!(data(&unwatched.stream().await), data(&stream));

    // And what was stored is folded to the same state, of which nothing is due any more.
    let state = fold::<Determination>(&stream).unwrap();
    assert_eq!(state, fold::<Determination>(&awake.stream().await).unwrap());
    assert!(Determination::deadline(&state).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_instants_that_passed_each_is_recorded_as_its_own() {
    let scratch = Scratch::new().unwrap();
    let postgres = Postgres::start(scratch.path(), PostgresOptions::default()).await.unwrap();
    let life = Life::begin(&postgres, "two").await;
    let raise = fire::Command::RaiseAlarm {
        premises: "plant".into(),
        area: AreaCode::parse("330723103").unwrap(),
        unit: Uscc::synthetic(330_723, 1),
        ignited_at: ALARM,
        unit_knew_at: None,
    };
    life.execute(ALARM, Order::of::<Fire>(ID, raise)).await;
    life.execute(ALARM, Order::of::<Fire>(ID, fire::Command::Extinguish)).await;
    let len = life.stream_of(Fire::NAME).await.len();
    life.clock.set(LATE);
    let worker = life.watched();
    life.grows(Fire::NAME, len + 3).await;
    worker.cancel();
    let happened =
        life.stream_of(Fire::NAME).await[len..].iter().map(|event| event.occurred_at).collect::<Vec<_>>();
    // The unit's hour includes its last instant; the seven days end at midnight.
    let hour = ALARM + time::Duration::HOUR + time::Duration::MICROSECOND;
    let warning = ALARM + time::Duration::minutes(48);
    assert_eq!(happened, [warning, hour, datetime!(2023-04-25 0:00 +8)]);
}
