//! kill -9 of a writing process: what it had acknowledged is stored, nothing twice, the log in order.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    time::Duration,
};

use eventlog::{Log, Options, fault};
use rand::Rng;
use uuid::Uuid;

use crate::{execute::request_of, ledger, support::*, view};

/// Where the child finds its database and schema; without it, `child` is not a child and does nothing.
const CHILD: &str = "FENGHUO_EVENTLOG_CHILD";
const ROUNDS: usize = 56;

/// Places at which the process dies by itself, besides the kills at random times.
const POINTS: [&str; 8] = [
    "append.taken@20",
    "append.before_commit@20",
    "append.in_flight@20",
    "append.after_commit@20",
    "append.locked@2",
    "view.before_commit@5",
    "view.after_commit@5",
    "inbox.before_commit@5",
];

/// Writes for ever, and says `sent` and `done` for each command on its standard output.
#[test]
fn child() {
    let Ok(place) = std::env::var(CHILD) else { return };
    let (url, schema) = place.split_once(' ').unwrap();
    // A short lease: the next child shall not wait long for the view of the one before.
    let lease = Duration::from_millis(100);
    let options = Options { lease, ..Options::new(url.parse().unwrap(), schema) };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let log = Log::open(options, world()).await.unwrap();
        let _views = view::start(&log).await;
        for n in 0..8 {
            tokio::spawn(write(log.clone(), n));
        }
        write_inbox(log).await;
    });
}

async fn write(log: Log, writer: u64) {
    loop {
        let id = Uuid::now_v7();
        let open = ledger::order(&id.to_string(), ledger::Command::Open { hours: 1 });
        say(&format!("sent {id}"));
        let outcome = log.execute(open, request_of(id)).await.unwrap();
        say(&format!("done {id} {}", outcome.position));
        // A repeat now and then sends a batch down the locked path.
        if writer == 0 {
            let again = append(&stream("shared"), eventlog::Expected::Any, 1);
            log.append(again.clone()).await.unwrap();
            assert!(log.append(again).await.unwrap().repeated);
        }
    }
}

async fn write_inbox(log: Log) {
    loop {
        let position = log.inbox_position("other").await.unwrap() + 1;
        let row =
            eventlog::InboxRow { position, event_id: Uuid::now_v7(), at: time::OffsetDateTime::now_utc() };
        log.inbox_record("other", &[row]).await.unwrap();
        say(&format!("told {position}"));
    }
}

fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{words}").unwrap();
    out.flush().unwrap();
}

struct Heard {
    sent: Vec<Uuid>,
    done: HashMap<Uuid, u64>,
    told: u64,
}

fn spawn(log: &Log, url: &str, point: Option<&str>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::child", "--nocapture"]).stdout(Stdio::piped()).stderr(Stdio::null());
    command.env(CHILD, format!("{url} {}", log.options().schema));
    if let Some(point) = point {
        command.env(fault::VARIABLE, point);
    }
    command.spawn().unwrap()
}

/// Lets a child write, kills it or lets it kill itself, and hears what it had said until then.
fn run(log: &Log, url: &str, point: Option<&str>) -> Heard {
    let mut child = spawn(log, url, point);
    let out = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut heard = Heard { sent: Vec::new(), done: HashMap::new(), told: 0 };
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["sent", id] => heard.sent.push(id.parse().unwrap()),
                ["done", id, position] => {
                    heard.done.insert(id.parse().unwrap(), position.parse().unwrap());
                }
                ["told", position] => heard.told = position.parse().unwrap(),
                _ => {}
            }
        }
        heard
    });
    let limit = if point.is_some() {
        Duration::from_secs(10)
    } else {
        Duration::from_millis(rand::rng().random_range(80..400))
    };
    let start = std::time::Instant::now();
    while start.elapsed() < limit && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(2));
    }
    if point.is_some() {
        assert!(child.try_wait().unwrap().is_some(), "{point:?} was never reached");
    }
    let _ = child.kill();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_had_acknowledged_is_stored_once() {
    let log = fresh_log().await;
    let url = server_url();
    let mut done: HashMap<Uuid, u64> = HashMap::new();
    let mut told = 0;
    for round in 0..ROUNDS {
        let point = (round % 2 == 1).then(|| POINTS[round / 2 % POINTS.len()]);
        let heard = tokio::task::block_in_place(|| run(&log, &url, point));
        done.extend(&heard.done);
        told = heard.told.max(told);
        // Whatever was sent without an answer is sent again, as a caller would: it acts once all the same.
        for id in heard.sent.iter().filter(|id| !heard.done.contains_key(id)) {
            let open = ledger::order(&id.to_string(), ledger::Command::Open { hours: 1 });
            let outcome = log.execute(open, request_of(*id)).await.unwrap();
            done.insert(*id, outcome.position);
        }
        assert!(log.inbox_position("other").await.unwrap() >= told, "round {round}");
    }
    let stored = all(&log).await;
    assert_in_order(&log, stored.len() as u64 - 1).await;
    let opened: HashMap<Uuid, u64> = stored
        .iter()
        .filter(|event| event.stream.category() == "ledger")
        .map(|event| (event.meta.command_id.unwrap(), event.position))
        .collect();
    assert_eq!(stored.iter().filter(|event| event.stream.category() == "ledger").count(), opened.len());
    assert_eq!(opened, done, "acknowledged and stored are the same");
    let views = view::start(&log).await;
    let total = stored.len().cast_signed() as i64;
    assert_eq!(view::totals(&views, stored.len() as u64).await, (total, total), "every event is shown once");
    let holes: i64 = sqlx::query_scalar("select max(position) - count(*) from inbox")
        .fetch_one(&owner(&log).await)
        .await
        .unwrap();
    assert_eq!(holes, 0);
}
