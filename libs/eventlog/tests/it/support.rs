//! What the tests share: the server, a log of one's own, and short words for long things.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use decider::{Actor, ActorKind, CaseId, Department, Id, Meta, Recorded, StreamName};
use eventlog::{
    Append, Clock, EventData, Expected, Log, Options, ScriptedClock, SystemClock, World, migrate,
};
use futures::{StreamExt, stream::BoxStream};
use servers::{Postgres, PostgresOptions, Scratch};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

/// Longest wait for something that should happen at once.
pub const SOON: Duration = Duration::from_secs(20);

pub fn server() -> PgConnectOptions {
    server_url().parse().unwrap()
}

/// The server of this test run, in a runtime of its own that outlives every test.
pub fn server_url() -> String {
    static URL: OnceLock<String> = OnceLock::new();
    let url = URL.get_or_init(|| {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let scratch = Scratch::new().unwrap();
                let server = Postgres::start(scratch.path(), PostgresOptions::default()).await.unwrap();
                tell.send(server.url()).unwrap();
                std::future::pending::<()>().await;
            });
        });
        told.recv().unwrap()
    });
    url.clone()
}

pub fn fresh_schema() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

pub fn options(connect: PgConnectOptions) -> Options {
    Options { connections_max: 5, ..Options::new(connect, fresh_schema()) }
}

pub fn world() -> World {
    world_at(SystemClock)
}

pub fn world_at(clock: impl Clock) -> World {
    World { clock: Arc::new(clock), rules: law::RulePack::builtin(), calendar: law::Calendar::builtin() }
}

/// A clock that stands at an instant of the past.
pub fn scripted() -> ScriptedClock {
    ScriptedClock::new(datetime!(2023-04-17 06:04 UTC))
}

pub async fn fresh_log() -> Log {
    fresh_with(options(server()), world()).await
}

pub async fn fresh_with(options: Options, world: World) -> Log {
    migrate(&options).await.unwrap();
    Log::open(options, world).await.unwrap()
}

/// The same log as another process would open it.
pub async fn another(log: &Log) -> Log {
    Log::open(log.options().clone(), log.world().clone()).await.unwrap()
}

/// The owner's connections, inside the log's schema.
pub async fn owner(log: &Log) -> PgPool {
    let connect = log.options().connect.clone().options([("search_path", log.options().schema.as_str())]);
    PgPoolOptions::new().max_connections(4).connect_with(connect).await.unwrap()
}

pub fn actor() -> Actor {
    Actor {
        kind: ActorKind::Person,
        id: Id::parse("officer-1").unwrap(),
        department: Department::parse("fire.330723").unwrap(),
        roles: Vec::new(),
        certificate: None,
    }
}

pub fn meta() -> Meta {
    Meta { rules: "r1".to_owned(), calendar: "c1".to_owned(), ..Meta::by(actor()) }
}

pub fn case(id: &str) -> Meta {
    Meta { case_id: Some(CaseId::parse(id).unwrap()), ..meta() }
}

pub fn stream(id: impl std::fmt::Display) -> StreamName {
    StreamName::new("thing", &id.to_string())
}

pub fn event(data: impl Into<Bytes>) -> EventData {
    EventData { id: Uuid::now_v7(), kind: "Happened".to_owned(), data: data.into(), tags: Vec::new() }
}

pub fn tagged(tags: &[&str]) -> EventData {
    EventData { tags: tags.iter().map(|tag| (*tag).to_owned()).collect(), ..event("{}") }
}

pub fn append(to: &StreamName, expected: Expected, count: usize) -> Append {
    append_these(to, expected, (0..count).map(|n| event(format!("{{\"n\":{n}}}"))).collect())
}

pub fn append_these(to: &StreamName, expected: Expected, events: Vec<EventData>) -> Append {
    Append::new(to.clone(), expected, events, meta(), OffsetDateTime::now_utc())
}

/// Fills a log with `count` single events on as many streams.
pub async fn fill(log: &Log, count: usize) {
    let appends = (0..count).map(|n| {
        let log = log.clone();
        tokio::spawn(async move { log.append(append(&stream(n), Expected::Any, 1)).await.unwrap() })
    });
    futures::future::join_all(appends).await.into_iter().for_each(|done| assert!(done.is_ok()));
}

/// The next `count` events of a follower, within bounds.
pub async fn take(
    events: &mut BoxStream<'static, Result<Recorded, eventlog::Error>>,
    count: usize,
) -> Vec<Recorded> {
    let mut taken = Vec::with_capacity(count);
    while taken.len() < count {
        let next = tokio::time::timeout(SOON, events.next()).await;
        taken.push(next.expect("an event within the limit").expect("the stream goes on").unwrap());
    }
    taken
}

pub async fn all(log: &Log) -> Vec<Recorded> {
    log.read_all(1, u64::MAX, eventlog::Direction::Forwards).map(Result::unwrap).collect().await
}

/// Asserts that the log is in order and holds so many events beside the record that it begins with.
pub async fn assert_in_order(log: &Log, events: u64) {
    let report = log.verify_order(1).await.unwrap();
    assert_eq!(report.disorders, []);
    assert_eq!(report.events, events + 1);
    assert_eq!(log.head().await.unwrap().position, events + 1);
}

/// Waits until something holds, within bounds.
pub async fn until<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + SOON;
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "did not come to hold within the limit");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
