//! kill -9 of the process that relays, listens and advances, at every step: what was acknowledged has its effect,
//! and nothing has it twice.

use std::process::Stdio;
use std::time::Duration;

use bus::{Advancer, Bus, Inbox, NoBackfill, Options, Relay, Wiring};
use futures::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::actors::{POISON, UNWELCOME, advance, publish, react, someone};
use crate::stage::{Stage, all, count, head, new_schema, numbers, open_log, source, until};

/// Where the process dies, and which of the times that it comes there may be the one.
const POINTS: [(&str, u64); 11] = [
    ("relay.before_publish", 40),
    ("relay.after_publish", 40),
    ("relay.after_ack", 40),
    ("inbox.before_execute", 40),
    ("inbox.after_execute", 40),
    ("inbox.after_park", 1),
    ("inbox.before_record", 4),
    ("inbox.before_commit", 4),
    ("inbox.after_commit", 4),
    ("inbox.before_ack", 4),
    ("inbox.after_ack", 4),
];
/// Pairs of services at the same time; each of them is killed at every point.
const LINES: u64 = 4;
const BURST_MAX: u64 = 12;
/// So many bursts come quickly, more only if the process is still alive.
const BURSTS_QUICK: u64 = 4;
const PAUSE_QUICK_MS_MAX: u64 = 30;
const PAUSE_LONG: Duration = Duration::from_millis(250);
/// A point that is not reached after so many bursts never is.
const BURSTS_MAX: u64 = 200;

const DATABASE: &str = "FENGHUO_TEST_DATABASE";
const BUS: &str = "FENGHUO_TEST_BUS";
const SCHEMAS: &str = "FENGHUO_TEST_SCHEMAS";

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_at_any_step_neither_loses_nor_doubles_an_effect() {
    let line = |_| {
        let seed: u64 = rand::rng().random();
        println!("seed {seed}");
        die_everywhere(StdRng::seed_from_u64(seed))
    };
    join_all((0..LINES).map(line)).await;
}

async fn die_everywhere(mut rng: StdRng) {
    let stage = Stage::new().await;
    let url = stage.database.postgres.url();
    let (one, two) = (new_schema(), new_schema());
    let (alpha, beta) = (open_log(&url, &one).await, open_log(&url, &two).await);
    let mut next = 0;
    for (point, times_max) in POINTS {
        let point = format!("{point}@{}", rng.random_range(1..=times_max));
        let mut victim = child(&url, &stage.nats.url(), &one, &two, Some(&point));
        let mut bursts = 0;
        let status = loop {
            let size = rng.random_range(1..=BURST_MAX);
            // Poison is fetched anew a few times, which takes long.
            let poison = (bursts == 0).then_some(POISON);
            count(&alpha, "a", (next..next + size).chain([UNWELCOME]).chain(poison)).await;
            (next, bursts) = (next + size, bursts + 1);
            let quick = Duration::from_millis(rng.random_range(1..=PAUSE_QUICK_MS_MAX));
            let pause = if bursts < BURSTS_QUICK { quick } else { PAUSE_LONG };
            if let Ok(status) = tokio::time::timeout(pause, victim.wait()).await {
                break status.unwrap();
            }
            assert!(bursts < BURSTS_MAX, "{point} was never reached");
        };
        assert!(!status.success(), "{point}: the fault really happened");
    }
    let mut healthy = child(&url, &stage.nats.url(), &one, &two, None);
    let wanted: Vec<u64> = (0..next).collect();
    until("everything has its effect", || async {
        (beta.inbox_position("alpha").await.unwrap() == head(&alpha).await
            && beta.inbox_position("beta").await.unwrap() == head(&beta).await)
            .then_some(())
    })
    .await;
    healthy.kill().await.unwrap();
    assert_eq!(numbers(&beta, "Copied").await, wanted);
    assert_eq!(numbers(&beta, "Followed").await, wanted);
    assert_eq!(beta.inbox_parked().await.unwrap().len(), POINTS.len());
    assert_eq!(all(&beta).await.len(), 1 + 2 * wanted.len());
    let bus = stage.bus().await;
    crate::stage::assert_stream_is_log(&bus, &alpha, &source("alpha")).await;
}

/// This program again, playing alpha's relay, beta's inbox and beta's process managers.
fn child(database: &str, bus: &str, alpha: &str, beta: &str, point: Option<&str>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "kill::plays_both_services_when_asked_to", "--nocapture"])
        .env(DATABASE, database)
        .env(BUS, bus)
        .env(SCHEMAS, format!("{alpha},{beta}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    if let Some(point) = point {
        command.env(eventlog::fault::VARIABLE, point);
    }
    command.spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn plays_both_services_when_asked_to() {
    let Ok(database) = std::env::var(DATABASE) else {
        return;
    };
    let schemas = std::env::var(SCHEMAS).unwrap();
    let (alpha, beta) = schemas.split_once(',').unwrap();
    let (alpha, beta) = (open_log(&database, alpha).await, open_log(&database, beta).await);
    let bus = Bus::connect(Options::new(std::env::var(BUS).unwrap(), "child")).await.unwrap();
    let relay = Relay::new(source("alpha"), alpha, bus.clone(), publish);
    let wiring = Wiring {
        service: source("beta"),
        log: beta.clone(),
        bus,
        react: [react as bus::React].into(),
        actor: someone(),
        backfill: std::sync::Arc::new(NoBackfill),
    };
    let inbox = Inbox::new(wiring, &[source("alpha")]);
    let advancer = Advancer::new(source("beta"), beta, advance, someone());
    let forever = CancellationToken::new();
    let (relayed, (), ()) =
        tokio::join!(relay.run(forever.clone()), inbox.run(forever.clone()), advancer.run(forever));
    relayed.unwrap();
}
