//! What the tests share: the server, a log of one's own, its sealer, and short words for long things.

use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use audit::{Connect as _, Folder, Report, Sealer, Sealing, State, Status, Tiles, Verify};
use decider::{Actor, ActorKind, Department, Id, Meta, StreamName};
use eventlog::{Append, EventData, Expected, Log, Options, SystemClock, World, migrate};
use merkle::{Ed25519Signer, KeyType, Policy, Signer};
use servers::{Postgres, PostgresOptions, Scratch};
use sqlx::{AssertSqlSafe, postgres::PgPool};
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

/// Longest wait for something that should happen at once.
pub const SOON: Duration = Duration::from_secs(20);
pub const ORIGIN: &str = "log.example/things";

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

pub fn world() -> World {
    World {
        clock: Arc::new(SystemClock),
        rules: law::RulePack::builtin(),
        calendar: law::Calendar::builtin(),
    }
}

/// A log and the folder it is sealed into.
pub struct Place {
    pub log: Log,
    pub scratch: Scratch,
}

impl Place {
    pub async fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let schema = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let options = Options { connections_max: 5, ..Options::new(server_url().parse().unwrap(), schema) };
        migrate(&options).await.unwrap();
        Self { log: Log::open(options, world()).await.unwrap(), scratch: Scratch::new().unwrap() }
    }

    /// A log of so many events, sealed in steps of `step`.
    pub async fn sealed(events: u64, step: u64) -> Self {
        let place = Self::new().await;
        let mut sealed = 0;
        while sealed < events {
            let more = step.min(events - sealed);
            place.fill(more).await;
            sealed += more;
            place.seal_all().await;
        }
        place
    }

    /// Lets the log grow by so many events, one by one to five streams in turn. Of an empty one, the first is what every
    /// log begins with, which comes by itself with the second.
    pub async fn fill(&self, count: u64) {
        fill(&self.log, count).await;
    }

    /// The same log as another process has it.
    pub async fn another_log(&self) -> Log {
        Log::open(self.log.options().clone(), world()).await.unwrap()
    }

    /// Lets it grow by so many events in one stream, stored together.
    pub async fn fill_at_once(&self, count: u64) {
        let event = |n: u64| EventData {
            id: Uuid::now_v7(),
            kind: "Happened".to_owned(),
            data: format!("{{\"type\":\"Happened\",\"data\":{{\"n\":{n}}}}}").into(),
            tags: Vec::new(),
        };
        let (stream, events) = (StreamName::new("thing", "many"), (0..count).map(event).collect());
        let append = Append::new(stream, Expected::Any, events, meta(), OffsetDateTime::now_utc());
        self.log.append(append).await.unwrap();
    }

    pub fn folder(&self) -> PathBuf {
        self.scratch.path().join("tiles")
    }

    pub fn tiles(&self) -> Tiles {
        Tiles(Arc::new(Folder::open(&self.folder())))
    }

    pub fn sealing(&self) -> Sealing {
        let every = Duration::from_millis(10);
        let lease = Duration::from_millis(300);
        Sealing { every, lease, ..Sealing::new(self.folder(), Arc::new(signer())) }
    }

    /// Seals until everything is, and stops.
    pub async fn seal_all(&self) {
        let head = self.log.head().await.unwrap().position;
        let mut running = Running::start(self.log.clone(), self.sealing());
        running.until(|status| status.sealed == head && status.state == State::Sealing).await;
        running.stop().await;
    }

    /// The owner's connections, inside the log's schema: on this server a superuser's.
    pub async fn owner(&self) -> PgPool {
        let Options { connect, schema, .. } = self.log.options();
        let connect = connect.clone().options([("search_path", schema.as_str())]);
        PgPool::connect_with(connect).await.unwrap()
    }

    /// What a superuser does to the tables when no trigger is in the way.
    pub async fn tamper(&self, statements: &str) {
        let script = format!(
            "begin; alter table events disable trigger all; alter table events_p0 disable trigger all;
            alter table checkpoints disable trigger all; {statements};
            alter table events enable always trigger events_append_only;
            alter table events_p0 enable always trigger events_append_only;
            alter table checkpoints enable always trigger checkpoints_append_only; commit"
        );
        let mut db = self.owner().await.acquire().await.unwrap().detach();
        sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut db).await.unwrap();
    }

    pub fn checkpoint(&self) -> Vec<u8> {
        self.tiles().checkpoint().unwrap().expect("a checkpoint is published")
    }

    /// Verifies files and database, with checkpoints that were kept elsewhere.
    pub async fn verify(&self, saved: &[Vec<u8>]) -> Report {
        let mut db = self.log.options().read_only().await.unwrap();
        self.asked(saved).run(Some(&mut db), |_, _| {}).await.unwrap()
    }

    /// Verifies the files alone.
    pub async fn verify_files(&self, saved: &[Vec<u8>]) -> Report {
        self.asked(saved).run(None, |_, _| {}).await.unwrap()
    }

    fn asked(&self, saved: &[Vec<u8>]) -> Verify {
        let saved = saved.iter().enumerate().map(|(n, note)| (format!("saved-{n}"), note.clone()));
        Verify { tiles: self.tiles(), policy: policy(), saved: saved.collect(), scope: audit::Scope::Whole }
    }
}

pub fn signer() -> Ed25519Signer {
    // The same for every process of a test; no log outside of tests has this key.
    let seed = [7; 32];
    Ed25519Signer::new(ORIGIN, KeyType::Ed25519, ed25519_dalek::SigningKey::from_bytes(&seed)).unwrap()
}

pub fn policy() -> Policy {
    Policy::new(vec![signer().key().clone()], vec![], 0).unwrap()
}

fn meta() -> Meta {
    let actor = Actor {
        kind: ActorKind::Person,
        id: Id::parse("officer-1").unwrap(),
        department: Department::parse("fire.330723").unwrap(),
        roles: Vec::new(),
        certificate: None,
    };
    Meta { rules: "r1".to_owned(), calendar: "c1".to_owned(), ..Meta::by(actor) }
}

/// See [`Place::fill`].
pub async fn fill(log: &Log, count: u64) {
    let head = log.head().await.unwrap().position;
    assert!(head + count > 1, "a log does not hold its first event alone");
    for n in head.max(1)..head + count {
        append(log, n, 1).await;
    }
}

/// Appends so many events at once, to one of five streams.
pub async fn append(log: &Log, n: u64, events: u64) {
    let stream = StreamName::new("thing", &format!("s{}", n % 5));
    let event = |n| EventData {
        id: Uuid::now_v7(),
        kind: "Happened".to_owned(),
        data: format!("{{\"type\":\"Happened\",\"data\":{{\"n\":{n}}}}}").into(),
        tags: Vec::new(),
    };
    let events = (n..n + events).map(event).collect();
    log.append(Append::new(stream, Expected::Any, events, meta(), OffsetDateTime::now_utc())).await.unwrap();
}

/// A sealer at work.
pub struct Running {
    pub status: watch::Receiver<Status>,
    stop: DropGuard,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    pub fn start(log: Log, sealing: Sealing) -> Self {
        let sealer = Sealer::new(log, sealing);
        let (status, stop) = (sealer.status(), CancellationToken::new());
        let task = tokio::spawn(sealer.run(stop.clone()));
        Self { status, stop: stop.drop_guard(), task }
    }

    pub async fn until(&mut self, holds: impl FnMut(&Status) -> bool) -> Status {
        if let Ok(status) = tokio::time::timeout(SOON, self.status.wait_for(holds)).await {
            return status.unwrap().clone();
        }
        panic!("not within the limit: {:?}", self.status.borrow())
    }

    /// Why it refuses.
    pub async fn refusal(&mut self) -> String {
        let status = self.until(|status| matches!(status.state, State::Refused(_))).await;
        match status.state {
            State::Refused(why) => why,
            _ => unreachable!("waited for"),
        }
    }

    pub async fn stop(self) {
        drop(self.stop);
        self.task.await.unwrap();
    }
}
