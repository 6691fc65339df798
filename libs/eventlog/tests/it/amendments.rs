//! A change of the law: in the book of every process, and every open clock computed again once.

use std::{
    collections::BTreeSet,
    io::Read,
    process::{Child, Command as Process, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use decider::{ActorKind, Aggregate, Decider, Order, Recorded, StreamName, fold};
use eventlog::{
    Amendments, Deadlines, DryRun, ExecuteError, Log, Options, Outcome, ScriptedClock, fault,
    rules::{self, Rules},
};
use futures::StreamExt;
use law::{
    Adoption, Calendar, Kind, Period, RulePack,
    clock::{self, Act, Clock, Moment},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use time::{OffsetDateTime, macros::datetime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    docket::{self, Command, Docket, Duty, Event},
    execute::request_of,
    support::*,
};

/// Invented: the State Council has said nothing about 2027.
const FILE_2027: &str = include_str!("../../../../tests/data/2027-invented.json");
const NOW: OffsetDateTime = datetime!(2026-11-20 02:00 UTC);
/// Where the child finds its database and schema; without it, `child` is not a child and does nothing.
const CHILD: &str = "FENGHUO_AMENDMENTS_CHILD";

fn calendar_of(id: &str, effective_from: OffsetDateTime) -> Adoption {
    let calendar = Calendar::builtin().with(&[law::Source::from(FILE_2027)]).unwrap();
    Adoption {
        id: id.to_owned(),
        kind: Kind::Calendar,
        version: calendar.version().to_owned(),
        effective_from,
        file: "2027.json".to_owned(),
        text: FILE_2027.to_owned(),
        allowed: vec![],
    }
}

async fn log_at(now: OffsetDateTime) -> (Log, ScriptedClock) {
    let clock = ScriptedClock::new(now);
    (fresh_with(options(server()), world_at(clock.clone())).await, clock)
}

fn aggregates() -> Vec<Aggregate> {
    vec![Aggregate::of_clocked::<Docket>(), Aggregate::of::<Rules>()]
}

/// The workers of one process, until dropped.
struct Workers(CancellationToken);

impl Drop for Workers {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn work(log: &Log) -> Workers {
    Amendments::load(log, &aggregates()).await.unwrap();
    let shutdown = CancellationToken::new();
    let clock = decider::Actor { kind: ActorKind::Clock, ..actor() };
    tokio::spawn(Amendments::run(log.clone(), clock.clone(), shutdown.clone()));
    tokio::spawn(Deadlines::run(log.clone(), aggregates(), clock, shutdown.clone()));
    Workers(shutdown)
}

async fn give(log: &Log, id: &str, command: Command) -> Result<Outcome, ExecuteError> {
    log.execute(docket::order(id, command), request_of(Uuid::now_v7())).await
}

async fn arm(log: &Log, id: &str, period: Period) {
    give(log, id, Command::Arm { duty: Duty::Answer, period }).await.unwrap();
}

async fn receive(log: &Log, adoption: Adoption) {
    let id = adoption.id.clone();
    let order = Order::of::<Rules>(&id, rules::Command::Receive { adoption });
    log.execute(order, request_of(Uuid::now_v7())).await.unwrap();
}

async fn docket(log: &Log, id: &str) -> Vec<Recorded> {
    log.load(&StreamName::new("docket", id)).await.unwrap()
}

async fn clock(log: &Log, id: &str) -> Clock {
    let state = fold::<Docket>(&docket(log, id).await).unwrap();
    state.get(&Duty::Answer).unwrap().clone()
}

async fn rederived(log: &Log, id: &str) -> usize {
    let of = |event: &Recorded| {
        matches!(event.event().unwrap(), Event::Clock { event: clock::Event::Rederived { .. }, .. })
    };
    docket(log, id).await.iter().filter(|event| of(event)).count()
}

/// Waits until a version's sweep is done.
async fn done(log: &Log, id: &str) {
    until(|| async {
        let history = log.load(&StreamName::new("rules", id)).await.unwrap();
        fold::<Rules>(&history).unwrap() == rules::State::Done
    })
    .await;
}

/// Waits until the worker has looked at everything that the log holds.
async fn looked_through(log: &Log) {
    let owner = owner(log).await;
    until(|| async {
        let head = log.head().await.unwrap().position.cast_signed();
        let reached: i64 =
            sqlx::query_scalar("select position from amended").fetch_one(&owner).await.unwrap();
        reached == head
    })
    .await;
}

fn is_new(clock: &Clock) -> bool {
    clock.until.due.calendar.contains("..2027@")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_calendar_moves_what_reaches_into_its_year_and_nothing_else() {
    let (log, _clock) = log_at(NOW).await;
    let _workers = work(&log).await;
    arm(&log, "reaches", Period::WorkingDays(40)).await;
    arm(&log, "ends-before", Period::WorkingDays(5)).await;
    arm(&log, "met", Period::WorkingDays(40)).await;
    give(&log, "met", Command::Do { duty: Duty::Answer, act: Act::Meet }).await.unwrap();
    let met = docket(&log, "met").await;
    receive(&log, calendar_of("c-2027", NOW)).await;
    done(&log, "c-2027").await;
    assert_eq!(rederived(&log, "reaches").await, 1);
    let moved = clock(&log, "reaches").await.until;
    assert!(!moved.due.provisional);
    assert_eq!(docket(&log, "reaches").await.last().unwrap().meta.calendar, moved.due.calendar);
    assert_eq!(docket(&log, "ends-before").await.len(), 1, "to which both say the same gets no event");
    assert_eq!(docket(&log, "met").await, met, "closed clocks never change");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_twice_changes_nothing() {
    let (log, _clock) = log_at(NOW).await;
    let _workers = work(&log).await;
    arm(&log, "a", Period::WorkingDays(40)).await;
    receive(&log, calendar_of("first", NOW)).await;
    done(&log, "first").await;
    receive(&log, calendar_of("first", NOW)).await;
    receive(&log, calendar_of("second", NOW)).await;
    done(&log, "second").await;
    looked_through(&log).await;
    assert_eq!(rederived(&log, "a").await, 1);
    assert_eq!(docket(&log, "a").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_takes_effect_at_its_instant_for_decisions_and_clocks_alike() {
    let (log, clock_of) = log_at(NOW).await;
    let _workers = work(&log).await;
    let from = datetime!(2026-12-01 00:00 +8);
    arm(&log, "a", Period::WorkingDays(40)).await;
    receive(&log, calendar_of("c-2027", from)).await;
    until(|| async { log.book().adopted().count() == 1 }).await;
    clock_of.set(from - time::Duration::SECOND);
    arm(&log, "before", Period::WorkingDays(40)).await;
    assert!(!is_new(&clock(&log, "before").await));
    clock_of.set(from);
    arm(&log, "after", Period::WorkingDays(40)).await;
    assert!(is_new(&clock(&log, "after").await));
    done(&log, "c-2027").await;
    assert_eq!((rederived(&log, "a").await, rederived(&log, "before").await), (1, 1));
    assert_eq!(rederived(&log, "after").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_never_sees_a_clock_that_the_law_has_left_behind() {
    let (log, clock_of) = log_at(NOW).await;
    let from = datetime!(2026-12-01 00:00 +8);
    arm(&log, "a", Period::WorkingDays(40)).await;
    Amendments::load(&log, &aggregates()).await.unwrap();
    // No worker runs: the command itself finds the clock older than the law.
    log.adopt(calendar_of("c-2027", from)).unwrap();
    clock_of.set(from + time::Duration::HOUR);
    give(&log, "a", Command::Do { duty: Duty::Answer, act: Act::Meet }).await.unwrap();
    let events: Vec<Event> = docket(&log, "a").await.iter().map(|event| event.event().unwrap()).collect();
    let names = events.iter().map(|event| match event {
        Event::Clock { event, .. } => event.name(),
        Event::Noted {} => "Noted",
    });
    assert_eq!(names.collect::<Vec<_>>(), ["Armed", "Rederived", "Met"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_down_breaches_at_the_end_that_the_new_law_gives() {
    let (log, clock_of) = log_at(NOW).await;
    arm(&log, "a", Period::WorkingDays(60)).await;
    let old = clock(&log, "a").await.until.due;
    receive(&log, calendar_of("c-2027", datetime!(2026-12-01 00:00 +8))).await;
    clock_of.set(datetime!(2027-06-01 00:00 UTC));
    let _workers = work(&log).await;
    until(|| async { clock(&log, "a").await.is_closed() }).await;
    let breached = clock(&log, "a").await.over.unwrap();
    assert!(breached.at > old.at, "{breached:?} after {old:?}");
    assert_eq!(rederived(&log, "a").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_learns_late_is_put_right() {
    let (log, _clock) = log_at(NOW).await;
    let slow = another(&log).await;
    Amendments::load(&slow, &aggregates()).await.unwrap();
    let _workers = work(&log).await;
    arm(&log, "known", Period::WorkingDays(40)).await;
    receive(&log, calendar_of("c-2027", NOW)).await;
    done(&log, "c-2027").await;
    // The slow process decides by its own book, behind the position at which the version took effect.
    arm(&slow, "new", Period::WorkingDays(40)).await;
    assert_eq!(slow.book().adopted().count(), 0);
    until(|| async { is_new(&clock(&log, "new").await) }).await;
    assert_eq!(rederived(&log, "new").await, 1);
    // A stream that names a version it does not know makes it look.
    give(&slow, "known", Command::Note).await.unwrap();
    assert_eq!(slow.book().adopted().count(), 1);
    assert_eq!(rederived(&log, "known").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_starts_knows_what_its_log_was_told() {
    let (log, _clock) = log_at(NOW).await;
    receive(&log, calendar_of("c-2027", NOW)).await;
    let started = another(&log).await;
    Amendments::load(&started, &aggregates()).await.unwrap();
    arm(&started, "a", Period::WorkingDays(40)).await;
    assert!(is_new(&clock(&log, "a").await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pack_gives_running_clocks_and_those_that_stand_still_its_period() {
    let (log, _clock) = log_at(NOW).await;
    let _workers = work(&log).await;
    for id in ["runs", "stands-still"] {
        arm(&log, id, Period::CalendarDays(90)).await;
    }
    let act = Act::Suspend { reference: "r-1".to_owned(), reason: "appraisal".to_owned() };
    give(&log, "stands-still", Command::Do { duty: Duty::Answer, act }).await.unwrap();
    let text = include_str!("../../../law/data/pack/cn.json").replace(
        r#""id": "penalty.decision_deadline", "value": "90""#,
        r#""id": "penalty.decision_deadline", "value": "60""#,
    );
    let pack = RulePack::parse(&text, &[]).unwrap();
    receive(
        &log,
        Adoption { kind: Kind::Pack, version: pack.version().to_owned(), text, ..calendar_of("p-1", NOW) },
    )
    .await;
    done(&log, "p-1").await;
    for id in ["runs", "stands-still"] {
        assert_eq!(clock(&log, id).await.terms.period, Period::CalendarDays(60), "{id}");
        assert_eq!(rederived(&log, id).await, 1, "{id}");
    }
    assert_eq!(log.book().at(NOW).rules.version(), pack.version());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_counts_and_changes_nothing() {
    let (log, _clock) = log_at(NOW).await;
    Amendments::load(&log, &aggregates()).await.unwrap();
    arm(&log, "a", Period::WorkingDays(40)).await;
    arm(&log, "b", Period::WorkingDays(5)).await;
    let adoption = calendar_of("c-2027", NOW);
    let found = Amendments::dry_run(&log, &actor(), &adoption).await.unwrap();
    assert_eq!(found, Some(DryRun { open: 2, moved: 1 }));
    assert_in_order(&log, 2).await;
    let bad = Adoption { text: "{}".to_owned(), ..adoption };
    assert_eq!(Amendments::dry_run(&log, &actor(), &bad).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_cannot_be_used_here_is_told_and_stops_nothing() {
    let (log, _clock) = log_at(NOW).await;
    let _workers = work(&log).await;
    receive(&log, Adoption { text: "{\n\"year\": 2027}".to_owned(), ..calendar_of("bad", NOW) }).await;
    receive(&log, calendar_of("good", NOW)).await;
    done(&log, "good").await;
    let unusable = log.unusable().borrow().clone().unwrap();
    assert!(unusable.contains("2027.json:"), "{unusable}");
}

// A version, 64 writers, and kill -9.

const DOCKETS: u32 = 1_200;
/// Those that the writers are at.
const BUSY: u32 = 300;
const WRITERS: u64 = 64;
/// Where the child dies, in turn; then one lives.
const POINTS: [&str; 6] = [
    "amendments.rederived@1",
    "amendments.rederived@40",
    "append.after_commit@4",
    "append.in_flight@4",
    "append.before_commit@4",
    "amendments.before_finish",
];

/// A second process on the log, with its workers, for ever.
#[test]
fn child() {
    let Ok(place) = std::env::var(CHILD) else { return };
    // It ends with its parent, however that ends.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let (url, schema) = place.split_once(' ').unwrap();
    let options = Options::new(url.parse().unwrap(), schema);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let log = Log::open(options, world_at(ScriptedClock::new(NOW))).await.unwrap();
        let _workers = work(&log).await;
        std::future::pending::<()>().await;
    });
}

fn spawn(log: &Log, point: Option<&str>) -> Child {
    let mut process = Process::new(std::env::current_exe().unwrap());
    process
        .args(["--exact", "amendments::child", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    process.env(CHILD, format!("{} {}", server_url(), log.options().schema));
    if let Some(point) = point {
        process.env(fault::VARIABLE, point);
    }
    process.spawn().unwrap()
}

async fn write(log: Log, seed: u64, given: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    let mut random = StdRng::seed_from_u64(seed);
    while !stop.load(Ordering::Relaxed) {
        let id = if random.random_range(0..10) == 0 {
            Uuid::now_v7().to_string()
        } else {
            random.random_range(0..BUSY).to_string()
        };
        let duty = if random.random() { Duty::Answer } else { Duty::Review };
        let reference = format!("r-{}", random.random_range(0..3));
        let act = match random.random_range(0..12) {
            0 => Act::Meet,
            1..4 => Act::Suspend { reference, reason: "appraisal".to_owned() },
            4..8 => Act::Resume { reference },
            8 => {
                let period = Period::WorkingDays(random.random_range(1..20));
                Act::Extend { by: "head-1".to_owned(), document: "d-1".to_owned(), period }
            }
            9 => Act::Cancel { cause: "withdrawn".to_owned() },
            _ => {
                let period = Period::WorkingDays(random.random_range(1..60));
                let _ = give(&log, &id, Command::Arm { duty, period }).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        match give(&log, &id, Command::Do { duty, act }).await {
            Ok(_) | Err(ExecuteError::Refused(_) | ExecuteError::Contended) => {}
            Err(error) => panic!("seed {seed}: {error:?}"),
        }
        given.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(random.random_range(20..200))).await;
    }
}

async fn prepare(log: &Log, n: u32) {
    let id = n.to_string();
    let period = Period::WorkingDays(1 + (n * 7) % 60);
    give(log, &id, Command::Arm { duty: Duty::Answer, period }).await.unwrap();
    if n < BUSY {
        give(log, &id, Command::Arm { duty: Duty::Review, period }).await.unwrap();
    }
    if n.is_multiple_of(5) {
        give(log, &id, Command::Do { duty: Duty::Answer, act: Act::Meet }).await.unwrap();
    }
}

/// Waits until a child has killed itself.
fn died(mut child: Child, point: &str) -> bool {
    let start = std::time::Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    eprintln!("{point} was not reached");
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn every_clock_that_reaches_into_the_new_year_is_computed_again_once_under_64_writers_and_kill_9() {
    let (log, _clock) = log_at(NOW).await;
    Amendments::load(&log, &aggregates()).await.unwrap();
    let prepared = (0..DOCKETS).map(|n| prepare(&log, n));
    futures::stream::iter(prepared).buffer_unordered(64).collect::<Vec<()>>().await;
    let (given, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let seed: u64 = rand::rng().random();
    // These decide by the book of a process without a worker, until a stream tells them better.
    let writers: Vec<_> = (0..WRITERS)
        .map(|n| {
            tokio::spawn(write(log.clone(), seed.wrapping_add(n), Arc::clone(&given), Arc::clone(&stop)))
        })
        .collect();
    receive(&log, calendar_of("c-2027", NOW)).await;
    let mut deaths = 0;
    for point in POINTS {
        let child = spawn(&log, Some(point));
        deaths += u32::from(tokio::task::block_in_place(|| died(child, point)));
    }
    assert!(deaths >= 4, "of {} children, {deaths} were killed in the middle", POINTS.len());
    let mut last = spawn(&log, None);
    done(&log, "c-2027").await;
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    looked_through(&log).await;
    last.kill().unwrap();
    last.wait().unwrap();
    assert!(given.load(Ordering::Relaxed) > 200);
    let mut once = 0;
    let stored = all(&log).await;
    let ids: BTreeSet<StreamName> = stored
        .iter()
        .filter(|event| event.stream.category() == Docket::NAME)
        .map(|event| event.stream.clone())
        .collect();
    for stream in ids {
        once += check(&log, &stream, seed).await;
    }
    assert!(once > 100, "{once} clocks were computed again");
    assert_in_order(&log, stored.len() as u64 - 1).await;
}

/// Each clock of a stream was computed again at most once since it was armed, never after it was closed, and in the
/// end goes by the new calendar, if it is open and reaches into its year.
async fn check(log: &Log, stream: &StreamName, seed: u64) -> usize {
    let calendar = Calendar::builtin().with(&[law::Source::from(FILE_2027)]).unwrap();
    let history = log.load(stream).await.unwrap();
    let mut total = 0;
    for duty in [Duty::Answer, Duty::Review] {
        let (mut clock, mut count) = (None, 0);
        for recorded in &history {
            let Event::Clock { duty: of, event } = recorded.event().unwrap() else { continue };
            if of != duty {
                continue;
            }
            match &event {
                clock::Event::Armed { .. } => count = 0,
                clock::Event::Rederived { .. } => {
                    let before: &Clock = Option::as_ref(&clock).unwrap();
                    assert!(!before.is_closed(), "seed {seed}: {stream} was closed");
                    count += 1;
                    total += 1;
                    assert_eq!(count, 1, "seed {seed}: {stream} {duty:?} was computed again twice");
                }
                _ => {}
            }
            clock = Clock::evolve(clock, &event);
        }
        let Some(clock) = clock.filter(|clock| !clock.is_closed()) else { continue };
        let pack = RulePack::builtin();
        let moment = Moment { now: NOW, at: NOW, calendar: &calendar, pack: pack.version() };
        let again =
            clock::decide(Some(&clock), Act::Rederive { period: clock.terms.period }, &moment).unwrap();
        assert_eq!(again, [], "seed {seed}: {stream} {duty:?} is still behind");
    }
    total
}
