//! Replaying a view beside the living one: what was changed behind its back is found, and nothing is disturbed.

use std::sync::Arc;

use decider::CaseId;
use eventlog::{
    Error, Expected, Log, Unreplayable, Views,
    replay::{Difference, Kind, Order, Replay, Replayed, Scope, Until},
};
use sqlx::AssertSqlSafe;

use crate::{
    support::*,
    view::{COUNTS, Counts, start},
};

/// Replays twice, judged by rows and by digests: both must come to the same.
async fn replay(log: &Log, scope: Scope, until: Until) -> Replayed {
    let by_rows = Order::new(scope, until);
    let by_digests = Order { has_digests: true, ..by_rows.clone() };
    let judged = ordered(log, by_rows).await;
    let mut replayed = ordered(log, by_digests).await;
    for table in &mut replayed.tables {
        for side in table.living.iter_mut().chain([&mut table.replayed]) {
            assert_eq!(side.digest.take().map(|digest| digest.len()), Some(64));
        }
    }
    assert_eq!(judged, replayed);
    judged
}

async fn ordered(log: &Log, order: Order) -> Replayed {
    let mut replay = Replay::begin(log, Arc::new(COUNTS), order).await.unwrap();
    let replayed = replay.run(|_| {}).await.unwrap();
    replay.discard().await.unwrap();
    replayed
}

async fn whole(log: &Log) -> Replayed {
    replay(log, Scope::All, Until::Living).await
}

/// Changes living rows as their owner could.
async fn tamper(log: &Log, statement: &str) {
    let statement = statement.replace("living", &format!("{}_counts_g1", log.options().schema));
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&owner(log).await).await.unwrap();
}

async fn filled() -> (Log, Views) {
    let log = fresh_log().await;
    let views = start(&log).await;
    fill(&log, 40).await;
    views.wait_for("counts", 41, SOON).await.unwrap();
    (log, views)
}

fn counted(key: &str, kind: Kind, living: Option<&str>, replayed: Option<&str>) -> Difference {
    let text = |value: Option<&str>| value.map(str::to_owned);
    let mut columns = vec![("events".to_owned(), text(living), text(replayed))];
    if kind != Kind::Changed {
        let side = |is_there: bool| is_there.then(|| key.to_owned());
        columns.insert(0, ("stream".to_owned(), side(living.is_some()), side(replayed.is_some())));
    }
    Difference { kind, key: vec![("stream".to_owned(), key.to_owned())], columns }
}

async fn scratch_schemas(log: &Log) -> i64 {
    sqlx::query_scalar("select count(*) from pg_namespace where nspname like $1")
        .bind(format!("{}\\_replay\\_%", log.options().schema))
        .fetch_one(&owner(log).await)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_nobody_touched_is_what_its_events_say() {
    let (log, views) = filled().await;
    let replayed = whole(&log).await;
    assert_eq!(replayed.is_equal(), Some(true), "{replayed:?}");
    assert_eq!((replayed.position, replayed.events), (41, 41));
    let names: Vec<_> =
        replayed.tables.iter().map(|table| (table.name.as_str(), table.replayed.rows)).collect();
    assert_eq!(names, [("counts", 41), ("seen", 41)]);
    assert_eq!(scratch_schemas(&log).await, 0);
    assert_eq!(views.status().await.unwrap()[0].generation, 1, "nothing was switched");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_row_is_named_by_key_and_column() {
    let (log, _views) = filled().await;
    tamper(&log, "update living.counts set events = 7 where stream = 'thing:3'").await;
    let replayed = whole(&log).await;
    assert_eq!(replayed.is_equal(), Some(false));
    assert_eq!(replayed.tables[0].differing, 1);
    assert_eq!(replayed.tables[0].differences, [counted("thing:3", Kind::Changed, Some("7"), Some("1"))]);
    assert_eq!(replayed.tables[1].differing, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_deleted_and_one_that_was_added_are_told_apart() {
    let (log, _views) = filled().await;
    tamper(&log, "delete from living.counts where stream = 'thing:3'").await;
    tamper(&log, "insert into living.counts values ('thing:x', 5)").await;
    let table = whole(&log).await.tables.remove(0);
    let expected = [
        counted("thing:3", Kind::Missing, None, Some("1")),
        counted("thing:x", Kind::Added, Some("5"), None),
    ];
    assert_eq!((table.differing, table.differences.as_slice()), (2, &expected[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_that_differs_is_counted_and_the_first_are_listed() {
    let (log, _views) = filled().await;
    tamper(&log, "update living.counts set events = events + 1").await;
    let order = Order { differences_max: 3, ..Order::new(Scope::All, Until::Living) };
    let mut replay = Replay::begin(&log, Arc::new(COUNTS), order).await.unwrap();
    let table = replay.run(|_| {}).await.unwrap().tables.remove(0);
    assert_eq!((table.differing, table.differences.len()), (41, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rows_that_swapped_their_values_have_another_digest() {
    let (log, views) = filled().await;
    log.append(append(&stream(1), Expected::Any, 1)).await.unwrap();
    views.wait_for("counts", 42, SOON).await.unwrap();
    tamper(&log, "update living.counts set events = 3 - events where stream in ('thing:1', 'thing:2')").await;
    assert_eq!(whole(&log).await.tables[0].differing, 2);
    let order = Order { has_digests: true, ..Order::new(Scope::All, Until::Living) };
    let table = ordered(&log, order).await.tables.remove(0);
    assert_ne!(table.living.unwrap().digest, table.replayed.digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_or_a_table_that_nobody_declared_is_found() {
    let (log, _views) = filled().await;
    tamper(
        &log,
        "alter table living.counts add column note text; create table living.more (id int);
         grant select on living.more to public",
    )
    .await;
    let replayed = whole(&log).await;
    let kinds: Vec<_> = replayed
        .tables
        .iter()
        .map(|table| (table.name.as_str(), table.differences.first().map(|difference| difference.kind)))
        .collect();
    assert_eq!(kinds, [("counts", Some(Kind::Shape)), ("more", Some(Kind::Shape)), ("seen", None)]);
    assert_eq!(replayed.is_equal(), Some(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn as_of_an_older_position_there_is_nothing_to_compare_with() {
    let (log, _views) = filled().await;
    let replayed = replay(&log, Scope::All, Until::Position(10)).await;
    assert_eq!((replayed.is_equal(), replayed.position, replayed.tables[0].replayed.rows), (None, 10, 10));
    assert_eq!(replay(&log, Scope::All, Until::Position(41)).await.is_equal(), Some(true));
    let order = Order::new(Scope::All, Until::Position(42));
    let beyond = Replay::begin(&log, Arc::new(COUNTS), order).await;
    assert!(matches!(beyond.map(drop), Err(Error::Replay(Unreplayable::Beyond { position: 42, head: 41 }))));
}

#[tokio::test(flavor = "multi_thread")]
async fn as_of_a_time_means_what_was_recorded_by_then() {
    let clock = scripted();
    let log = fresh_with(options(server()), world_at(clock.clone())).await;
    let views = start(&log).await;
    let mut times = Vec::new();
    for n in 1..=9_i64 {
        clock.set(time::macros::datetime!(2023-04-17 06:04 UTC) + time::Duration::minutes(n));
        log.append(append(&stream(n), Expected::Any, 1)).await.unwrap();
        times.push(all(&log).await.last().unwrap().recorded_at);
    }
    views.wait_for("counts", 10, SOON).await.unwrap();
    let at = |at| replay(&log, Scope::All, Until::Time(at));
    assert_eq!(at(times[0] - time::Duration::SECOND).await.position, 0);
    for (position, time) in (2..).zip(&times) {
        assert_eq!(at(*time).await.position, position);
        assert_eq!(at(*time + time::Duration::SECOND).await.position, position);
    }
    assert_eq!(at(times[8] + time::Duration::DAY).await.is_equal(), Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_case_is_replayed_with_its_streams_and_compared_with_its_rows() {
    let (log, views) = filled().await;
    for name in [3, 5] {
        let mut append = append(&stream(name), Expected::Any, 1);
        append.meta = case("wuyi");
        log.append(append).await.unwrap();
    }
    views.wait_for("counts", 43, SOON).await.unwrap();
    tamper(&log, "update living.counts set events = 9 where stream in ('thing:5', 'thing:8')").await;
    let scope = || Scope::Case(CaseId::parse("wuyi").unwrap());
    let replayed = replay(&log, scope(), Until::Living).await;
    assert_eq!((replayed.events, replayed.tables[0].replayed.rows), (4, 2));
    assert_eq!(replayed.tables[0].differences, [counted("thing:5", Kind::Changed, Some("9"), Some("2"))]);
    let beside = replay(&log, Scope::Stream(stream(3)), Until::Living).await;
    assert_eq!(beside.tables[0].differing, 1);
    let other = replay(&log, Scope::Stream(stream(9)), Until::Living).await;
    assert_eq!((other.events, other.is_equal()), (1, Some(true)));
    let order = Order::new(Scope::Stream(stream("nobody")), Until::Living);
    let mut none = Replay::begin(&log, Arc::new(COUNTS), order).await.unwrap();
    assert!(matches!(none.run(|_| {}).await, Err(Error::Replay(Unreplayable::NoStream(_)))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_shown_is_parked_by_the_replay_too_and_told() {
    let log = fresh_log().await;
    let views = start(&log).await;
    for (name, data) in [("a", "\"poison\""), ("b", "{}"), ("a", "{}"), ("c", "\"too long\""), ("b", "{}")] {
        log.append(append_these(&stream(name), Expected::Any, vec![event(data)])).await.unwrap();
    }
    views.wait_for("counts", 6, SOON).await.unwrap();
    let replayed = whole(&log).await;
    assert_eq!(replayed.is_equal(), Some(true), "{replayed:?}");
    let places: Vec<_> = replayed.parked.iter().map(|parked| (parked.stream.id(), parked.position)).collect();
    assert_eq!(places, [("a", 2), ("a", 4), ("c", 5)]);
    assert_eq!(replayed.parked[0].reason, "it says so");
    // A program that can show them: the living view lacks what its events say.
    let mended = Arc::new(Counts { version: 1, is_picky: false });
    let mut replay = Replay::begin(&log, mended, Order::new(Scope::All, Until::Living)).await.unwrap();
    let replayed = replay.run(|_| {}).await.unwrap();
    assert_eq!((replayed.is_equal(), replayed.parked.len()), (Some(false), 0));
    assert_eq!(replayed.parked_living.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_of_the_view_is_not_compared() {
    let (log, _views) = filled().await;
    let newer = Arc::new(Counts { version: 2, ..COUNTS });
    let mut replay = Replay::begin(&log, newer, Order::new(Scope::All, Until::Living)).await.unwrap();
    assert_eq!(replay.run(|_| {}).await.unwrap().is_equal(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_died_is_resumed_and_comes_to_the_same() {
    let (log, _views) = filled().await;
    let small = || Order { page: 4, ..Order::new(Scope::All, Until::Living) };
    let mut dying = Replay::begin(&log, Arc::new(COUNTS), small()).await.unwrap();
    let id = dying.id().to_owned();
    let again = Replay::resume(&log, Arc::new(COUNTS), &id, small()).await;
    assert!(matches!(again.map(drop), Err(Error::Leased(_))), "one process at a time");
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut tell = Some(tell);
    let task = tokio::spawn(async move {
        let progress = move |progress: eventlog::Progress| {
            if progress.position >= 12
                && let Some(tell) = tell.take()
            {
                tell.send(progress.position).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
        };
        dying.run(progress).await
    });
    let reached = told.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let mut resumed = Replay::resume(&log, Arc::new(COUNTS), &id, small()).await;
    let give_up = tokio::time::Instant::now() + SOON;
    while matches!(resumed, Err(Error::Leased(_))) && tokio::time::Instant::now() < give_up {
        resumed = Replay::resume(&log, Arc::new(COUNTS), &id, small()).await;
    }
    let mut resumed = resumed.unwrap();
    let mut first = None;
    let mut note = |progress: eventlog::Progress| _ = first.get_or_insert(progress.position);
    let replayed = resumed.run(&mut note).await.unwrap();
    assert!(first.unwrap() >= reached, "it began anew");
    resumed.discard().await.unwrap();
    assert_eq!(replayed, whole(&log).await);
    let gone = Replay::resume(&log, Arc::new(COUNTS), &id, small()).await;
    assert!(matches!(gone.map(drop), Err(Error::Replay(Unreplayable::NoReplay(_)))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_moves_on_is_compared_at_one_moment_and_not_disturbed() {
    let (log, views) = filled().await;
    let writer = tokio::spawn({
        let log = log.clone();
        async move {
            for n in 0..3_000_u64 {
                log.append(append(&stream(n % 50), Expected::Any, 1)).await.unwrap();
            }
        }
    });
    let mut positions = Vec::new();
    while !writer.is_finished() {
        let replayed = ordered(&log, Order::new(Scope::All, Until::Living)).await;
        assert_eq!(replayed.is_equal(), Some(true), "{replayed:?}");
        assert_eq!(replayed.living.unwrap().position, replayed.position);
        positions.push(replayed.position);
    }
    writer.await.unwrap();
    assert!(positions.iter().any(|position| *position < 3_041), "{positions:?}");
    views.wait_for("counts", 3_041, SOON).await.unwrap();
    let status = views.status().await.unwrap();
    assert_eq!((status[0].generation, status[0].parked), (1, 0));
}

/// The log as somebody reaches it who may read all of it and, perhaps, create schemas.
async fn as_auditor(log: &Log, rights: &str) -> Log {
    let schema = &log.options().schema;
    let (name, password) = (format!("auditor_{schema}"), uuid::Uuid::new_v4().simple().to_string());
    let statement = format!(
        "create role {name} login password '{password}';
        grant usage on schema {schema}, {schema}_counts_g1 to {name};
        grant select on all tables in schema {schema}, {schema}_counts_g1 to {name};
        do $$ begin execute format('{rights}', current_database(), '{name}'); end $$"
    );
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&owner(log).await).await.unwrap();
    let connect = log.options().connect.clone().username(&name).password(&password);
    Log::open(eventlog::Options { connect, ..log.options().clone() }, world()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_who_may_create_schemas_replays_and_one_who_only_reads_is_told_so() {
    let (log, _views) = filled().await;
    let auditor = as_auditor(&log, "grant create on database %I to %I").await;
    assert_eq!(whole(&auditor).await.is_equal(), Some(true));
    let (log, _views) = filled().await;
    let reader = as_auditor(&log, "grant connect on database %I to %I").await;
    let order = Order::new(Scope::All, Until::Living);
    let begun = Replay::begin(&reader, Arc::new(COUNTS), order).await;
    assert!(matches!(begun.map(drop), Err(Error::Replay(Unreplayable::Scratch { .. }))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_replay_remembers_what_it_set_aside() {
    let log = fresh_log().await;
    let views = start(&log).await;
    for data in ["\"poison\"", "{}", "{}", "{}"] {
        log.append(append_these(&stream("a"), Expected::Any, vec![event(data)])).await.unwrap();
    }
    views.wait_for("counts", 5, SOON).await.unwrap();
    let small = || Order { page: 1, ..Order::new(Scope::All, Until::Position(5)) };
    let mut dying = Replay::begin(&log, Arc::new(COUNTS), small()).await.unwrap();
    let id = dying.id().to_owned();
    let (mut tell, half) = (None, tokio::sync::Notify::new());
    let run = dying.run(|progress| {
        if progress.position == 3 && tell.replace(()).is_none() {
            half.notify_one();
        }
    });
    tokio::select! { biased; () = half.notified() => {}, _ = run => panic!("it was to stop half-way") }
    drop(dying);
    let mut resumed = Replay::resume(&log, Arc::new(COUNTS), &id, small()).await;
    let give_up = tokio::time::Instant::now() + SOON;
    while matches!(resumed, Err(Error::Leased(_))) && tokio::time::Instant::now() < give_up {
        resumed = Replay::resume(&log, Arc::new(COUNTS), &id, small()).await;
    }
    let replayed = resumed.unwrap().run(|_| {}).await.unwrap();
    assert_eq!((replayed.is_equal(), replayed.parked.len(), replayed.events), (Some(true), 4, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_joins_a_case_half_way_is_not_replayed_by_halves() {
    let (log, views) = filled().await;
    let scope = || Scope::Case(CaseId::parse("wuyi").unwrap());
    let join = async |name: u64| {
        let mut append = append(&stream(name), Expected::Any, 1);
        append.meta = case("wuyi");
        let position = log.append(append).await.unwrap().last_position;
        views.wait_for("counts", position, SOON).await.unwrap();
    };
    join(3).await;
    let mut replay = Replay::begin(&log, Arc::new(COUNTS), Order::new(scope(), Until::Living)).await.unwrap();
    assert_eq!(replay.run(|_| {}).await.unwrap().is_equal(), Some(true));
    join(5).await;
    let again = replay.run(|_| {}).await;
    assert!(matches!(again, Err(Error::Replay(Unreplayable::Joined))), "{again:?}");
}
