//! Servers, logs and a bus for one test, and waiting for conditions with a limit.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use bus::{Backfill, BackfillError, Bus, Options, Publish, Source};
use bytes::Bytes;
use decider::{Meta, Recorded, StreamName};
use eventlog::{Append, Direction, EventData, Expected, Log, SystemClock, World};
use futures::{StreamExt, TryStreamExt};
use law::{Calendar, RulePack};
use servers::{Nats, NatsOptions, Postgres, PostgresOptions, Scratch};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::actors::{Event, someone};

/// Long enough for two busy cores; a test that waits so long has failed.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(5);

/// The PostgreSQL of all tests that run at the same time; gone with the last of them.
static SHARED: Mutex<Weak<Database>> = Mutex::const_new(Weak::new());
static SCHEMAS: AtomicU64 = AtomicU64::new(0);

pub(crate) struct Database {
    pub(crate) postgres: Postgres,
    _scratch: Scratch,
}

impl Database {
    pub(crate) async fn start() -> Self {
        let scratch = Scratch::new().unwrap();
        let postgres = Postgres::start(scratch.path(), PostgresOptions::default()).await.unwrap();
        Self { postgres, _scratch: scratch }
    }

    async fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().await;
        if let Some(running) = shared.upgrade() {
            return running;
        }
        let started = Arc::new(Self::start().await);
        *shared = Arc::downgrade(&started);
        started
    }
}

pub(crate) struct Stage {
    pub(crate) database: Arc<Database>,
    pub(crate) nats: Nats,
    _scratch: Scratch,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(NatsOptions::default()).await
    }

    pub(crate) async fn with(options: NatsOptions) -> Self {
        let scratch = Scratch::new().unwrap();
        let nats = Nats::start(scratch.path(), options).await.unwrap();
        Self { database: Database::shared().await, nats, _scratch: scratch }
    }

    /// With a database of its own, which the test may kill.
    pub(crate) async fn alone() -> Self {
        let scratch = Scratch::new().unwrap();
        let nats = Nats::start(scratch.path(), NatsOptions::default()).await.unwrap();
        Self { database: Arc::new(Database::start().await), nats, _scratch: scratch }
    }

    /// The database, for a test that has it alone and no other handle to it.
    pub(crate) fn postgres(&mut self) -> &mut Postgres {
        &mut Arc::get_mut(&mut self.database).expect("one handle").postgres
    }

    /// A new, empty log.
    pub(crate) async fn log(&self) -> Log {
        open_log(&self.database.postgres.url(), &new_schema()).await
    }

    pub(crate) async fn bus(&self) -> Bus {
        Bus::connect(Options::new(self.nats.url(), "test")).await.unwrap()
    }
}

pub(crate) fn new_schema() -> String {
    format!("t{}", SCHEMAS.fetch_add(1, Ordering::Relaxed))
}

pub(crate) async fn open_log(url: &str, schema: &str) -> Log {
    let options = eventlog::Options::new(url.parse().unwrap(), schema);
    eventlog::migrate(&options).await.unwrap();
    let world =
        World { clock: Arc::new(SystemClock), rules: RulePack::builtin(), calendar: Calendar::builtin() };
    Log::open(options, world).await.unwrap()
}

pub(crate) fn source(name: &str) -> Source {
    Source::parse(name).unwrap()
}

/// Appends `Counted` events to a stream of alpha, all at once.
pub(crate) async fn count(log: &Log, stream: &str, numbers: impl IntoIterator<Item = u64>) {
    count_as(log, stream, numbers, meta()).await;
}

/// The same, with more to say about them.
pub(crate) async fn count_as(log: &Log, stream: &str, numbers: impl IntoIterator<Item = u64>, meta: Meta) {
    let events: Vec<EventData> = numbers
        .into_iter()
        .map(|n| EventData {
            id: Uuid::new_v4(),
            kind: "Counted".to_owned(),
            data: serde_json::to_vec(&Event::Counted { n }).unwrap().into(),
            tags: Vec::new(),
        })
        .collect();
    let stream = StreamName::new("counter", stream);
    // A claimed instant that no clock of another thread can call the future.
    let at = OffsetDateTime::now_utc() - Duration::from_secs(1);
    log.append(Append::new(stream, Expected::Any, events, meta, at)).await.unwrap();
}

pub(crate) fn meta() -> Meta {
    Meta::by(someone())
}

pub(crate) async fn all(log: &Log) -> Vec<Recorded> {
    log.read_all(1, u64::MAX, Direction::Forwards).try_collect().await.unwrap()
}

pub(crate) async fn head(log: &Log) -> u64 {
    log.head().await.unwrap().position
}

/// The numbers in a log's events of one kind, sorted.
pub(crate) async fn numbers(log: &Log, kind: &str) -> Vec<u64> {
    let mut numbers: Vec<u64> = all(log)
        .await
        .into_iter()
        .filter(|recorded| recorded.kind == kind)
        .map(|recorded| match recorded.event().unwrap() {
            Event::Counted { n } | Event::Copied { n } | Event::Followed { n } => n,
        })
        .collect();
    numbers.sort_unstable();
    numbers
}

/// Waits until `look` answers with something.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let limit = tokio::time::Instant::now() + LIMIT;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < limit, "waited {LIMIT:?} until {what}");
        tokio::time::sleep(POLL).await;
    }
}

/// Waits until a watched value is as wanted.
pub(crate) async fn watched<T: Debug>(
    what: &str,
    receiver: &mut tokio::sync::watch::Receiver<T>,
    wanted: impl FnMut(&T) -> bool,
) {
    if tokio::time::timeout(LIMIT, receiver.wait_for(wanted)).await.is_err() {
        panic!("waited {LIMIT:?} until {what}: {:?}", *receiver.borrow());
    }
}

/// The stream holds exactly the log: same events, each at the sequence that is its position.
pub(crate) async fn assert_stream_is_log(bus: &Bus, log: &Log, service: &Source) {
    let events = all(log).await;
    let extent = bus.extent(service).await.unwrap();
    assert_eq!((extent.first, extent.last), (1, events.len() as u64));
    let stored: Vec<_> = futures::stream::iter(1..=extent.last)
        .map(|sequence| async move { bus.stored(service, sequence).await.unwrap().expect("no hole") })
        .buffered(64)
        .collect()
        .await;
    for (stored, event) in stored.iter().zip(&events) {
        let json: serde_json::Value = serde_json::from_slice(&stored.payload).unwrap();
        assert_eq!(stored.sequence, event.position);
        assert_eq!(json["sequence"], event.position.to_string());
        assert_eq!(json["id"], event.id.to_string());
    }
}

/// Back-fill straight from a log in this process: what chassis serves as `ReadPublic`.
pub(crate) struct FromLog {
    pub(crate) log: Log,
    pub(crate) service: Source,
    pub(crate) publish: Publish,
    pub(crate) asked: AtomicU64,
}

impl FromLog {
    pub(crate) fn new(log: &Log, publish: Publish) -> Arc<Self> {
        Arc::new(Self { log: log.clone(), service: source("alpha"), publish, asked: AtomicU64::new(0) })
    }
}

#[async_trait]
impl Backfill for FromLog {
    async fn fetch(&self, source: &str, from: u64, to: u64) -> Result<HashMap<u64, Bytes>, BackfillError> {
        if source != self.service.as_str() {
            return Err(BackfillError::NoLog(source.to_owned()));
        }
        self.asked.fetch_add(1, Ordering::Relaxed);
        let events: Vec<Recorded> =
            self.log.read_all(from, to - from + 1, Direction::Forwards).try_collect().await.map_err(
                |error| BackfillError::Unavailable { owner: source.to_owned(), source: Box::new(error) },
            )?;
        Ok(events
            .iter()
            .map(|event| (event.position, bus::cloudevent::message(event, self.publish, &self.service).bytes))
            .collect())
    }
}
