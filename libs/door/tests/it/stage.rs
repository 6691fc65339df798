//! What every test stands on: the server, a log of one's own, and somebody who decides.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use decider::{Actor, ActorKind, Department, Id, Meta, Role, StreamName};
use eventlog::{Append, EventData, Expected, Log, SystemClock, World};
use servers::{Postgres, PostgresOptions, Scratch};
use uuid::Uuid;

/// The server of this test run, in a runtime of its own that outlives every test.
fn server_url() -> String {
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

pub async fn fresh_log() -> Log {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let schema = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let options = eventlog::Options::new(server_url().parse().unwrap(), schema);
    let options = door::log_options(eventlog::Options { connections_max: 5, ..options });
    eventlog::migrate(&options).await.unwrap();
    let world = World {
        clock: Arc::new(SystemClock),
        rules: law::RulePack::builtin(),
        calendar: law::Calendar::builtin(),
    };
    Log::open(options, world).await.unwrap()
}

/// Somebody whose token is `token-of-<id>`.
pub fn actor(id: &str, roles: &[Role]) -> Actor {
    Actor {
        kind: ActorKind::Person,
        id: Id::parse(id).unwrap(),
        department: Department::parse("fire.330723").unwrap(),
        roles: roles.to_vec(),
        certificate: None,
    }
}

/// Appends an event of a department, past the door.
pub async fn decide(log: &Log, stream: &StreamName, data: &str) -> u64 {
    let event = EventData {
        id: Uuid::now_v7(),
        kind: "Opened".to_owned(),
        data: data.to_owned().into(),
        tags: Vec::new(),
    };
    let meta = Meta {
        rules: "r1".to_owned(),
        calendar: "c1".to_owned(),
        ..Meta::by(actor("officer-1", &[Role::Officer]))
    };
    let now = log.world().clock.now();
    let append = Append::new(stream.clone(), Expected::Any, vec![event], meta, now);
    log.append(append).await.unwrap().last_position
}
