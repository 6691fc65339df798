use async_nats::jetstream::consumer::PullConsumer;
use bus::Advancer;
use bus::inbox::State;
use decider::{CaseId, Causation, Meta};
use tokio_util::sync::CancellationToken;

use crate::actors::{POISON, PRIVATE, UNMAPPABLE, UNWELCOME, advance, publish, publish_all, someone};
use crate::bursts::burst;
use crate::pair::{Pair, inbox, inbox_of, relay, relay_with, until_numbers};
use crate::stage::{FromLog, Stage, all, count, count_as, meta, numbers, source, until, watched};

#[tokio::test(flavor = "multi_thread")]
async fn every_public_fact_has_its_effect_once() {
    let mut pair = Pair::new().await;
    burst(&pair.alpha, 8, 50, 5).await;
    pair.settle().await;
    pair.assert_copied().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_reach_one_target_stream_in_their_order() {
    let mut pair = Pair::new().await;
    count(&pair.alpha, "a", 0..1_000).await;
    pair.settle().await;
    let mut last = [None; 16];
    for event in all(&pair.beta).await.into_iter().skip(1) {
        let crate::actors::Event::Copied { n } = event.event().unwrap() else { panic!("{event:?}") };
        let seen = &mut last[usize::try_from(n % 16).unwrap()];
        assert!(*seen < Some(n), "{n} came after {seen:?}");
        *seen = Some(n);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_names_its_cause_and_goes_on_in_its_case_and_trace() {
    let mut pair = Pair::new().await;
    let case_id = Some(CaseId::parse("case-7").unwrap());
    let traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    let meta = Meta { case_id: case_id.clone(), traceparent: traceparent.clone(), ..meta() };
    count_as(&pair.alpha, "a", [7], meta).await;
    pair.settle().await;
    let effect = &all(&pair.beta).await[1];
    assert_eq!(effect.meta.causation, Some(Causation { log: "alpha".to_owned(), position: 2 }));
    assert_eq!((&effect.meta.actor, &effect.meta.case_id), (&someone(), &case_id));
    assert_eq!(effect.meta.traceparent, traceparent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_event_is_heard_and_leads_to_nothing() {
    let mut pair = Pair::new().await;
    count(&pair.alpha, "a", [PRIVATE, 1]).await;
    pair.settle().await;
    assert_eq!(numbers(&pair.beta, "Copied").await, [1]);
    assert_eq!(pair.inbox.status.borrow().parked, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_reaction_is_an_outcome_and_recorded_once() {
    let mut pair = Pair::new().await;
    count(&pair.alpha, "a", [1, UNWELCOME, 2]).await;
    pair.settle().await;
    assert_eq!(numbers(&pair.beta, "Copied").await, [1, 2]);
    assert_eq!((pair.inbox.status.borrow().refused, pair.inbox.status.borrow().parked), (1, 0));
    // Told again from the beginning, beta answers from memory and stores nothing new.
    let before = all(&pair.beta).await.len();
    reset_consumer(&pair.stage, 1).await;
    watched("it is told again", &mut pair.inbox.status, |status| status.repeated >= 4).await;
    assert_eq!(all(&pair.beta).await.len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_message_is_parked_with_its_reason_and_the_rest_goes_on() {
    let mut pair = Pair::new().await;
    count(&pair.alpha, "a", [1, POISON, 2]).await;
    pair.settle().await;
    assert_eq!(numbers(&pair.beta, "Copied").await, [1, 2]);
    let parked = pair.beta.inbox_parked().await.unwrap();
    assert_eq!((parked.len(), parked[0].source.as_str(), parked[0].position), (1, "alpha", 3));
    assert!(parked[0].reason.contains("no number"), "{}", parked[0].reason);
    assert!(!parked[0].message.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpublished_event_is_parked_until_its_owner_can_publish_it() {
    let stage = Stage::new().await;
    let (alpha, beta, bus) = (stage.log().await, stage.log().await, stage.bus().await);
    let _relay = relay_with(&alpha, &bus, publish, bus::relay::Options::default());
    count(&alpha, "a", [1, UNMAPPABLE]).await;
    let mut broken = inbox(&beta, &bus, Some(FromLog::new(&alpha, publish)));
    watched("both are heard", &mut broken.status, |status| status.position == 3).await;
    assert_eq!(beta.inbox_parked().await.unwrap()[0].position, 3);
    // Another listener asks after the owner has mended its mapping: the log answers rightly.
    let gamma = stage.log().await;
    broken.stop.cancel();
    broken.task.await.unwrap();
    let mut mended = inbox(&gamma, &bus, Some(FromLog::new(&alpha, publish_all)));
    watched("both are heard", &mut mended.status, |status| status.position == 3).await;
    assert_eq!(numbers(&gamma, "Copied").await, [1, UNMAPPABLE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_delivered_again_changes_nothing() {
    let mut pair = Pair::new().await;
    count(&pair.alpha, "a", 0..500).await;
    pair.settle().await;
    for round in 1..=3u64 {
        reset_consumer(&pair.stage, 1).await;
        watched("it is told again", &mut pair.inbox.status, |status| status.repeated >= round * 400).await;
    }
    pair.assert_copied().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_delivered_late_and_out_of_order_changes_nothing() {
    let mut pair = Pair::new().await;
    count(&pair.alpha, "a", 0..50).await;
    pair.settle().await;
    // The end comes before the middle: what was skipped is fetched by its sequences.
    reset_consumer(&pair.stage, 82).await;
    count(&pair.alpha, "a", 50..100).await;
    pair.settle().await;
    pair.assert_copied().await;
    let status = pair.inbox.status.borrow().clone();
    assert_eq!((status.gaps, status.refound, status.repeated), (1, 30, 0));
    // And now the middle comes late, and the end again.
    reset_consumer(&pair.stage, 52).await;
    watched("it is told again", &mut pair.inbox.status, |status| status.repeated >= 50).await;
    pair.assert_copied().await;
}

/// Tells everything from a sequence on.
async fn reset_consumer(stage: &Stage, sequence: u64) {
    let client = async_nats::connect(stage.nats.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let mut consumer: PullConsumer =
        jetstream.get_consumer_from_stream("beta", "fenghuo-alpha").await.unwrap();
    consumer.reset(Some(sequence)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_one_listens_and_the_other_takes_over() {
    let mut pair = Pair::new().await;
    let second_bus = pair.stage.bus().await;
    let mut second = inbox(&pair.beta, &second_bus, None);
    count(&pair.alpha, "a", 0..300).await;
    crate::stage::until("one has heard all", || async {
        (pair.beta.inbox_position("alpha").await.unwrap() == 301).then_some(())
    })
    .await;
    pair.inbox.stop.cancel();
    (&mut pair.inbox.task).await.unwrap();
    count(&pair.alpha, "a", 300..600).await;
    watched("the other has taken over", &mut second.status, |status| status.position == 601).await;
    pair.assert_copied().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_process_was_killed_the_next_one_is_served_at_once() {
    let stage = Stage::new().await;
    let (alpha, beta, bus) = (stage.log().await, stage.log().await, stage.bus().await);
    let _relay = relay(&alpha, &bus);
    let doomed = stage.bus().await;
    let mut first = inbox(&beta, &doomed, None);
    count(&alpha, "a", 0..50).await;
    watched("the first has heard all", &mut first.status, |status| status.position == 51).await;
    first.task.abort();
    drop((first, doomed));
    let begin = std::time::Instant::now();
    let mut second = inbox(&beta, &stage.bus().await, None);
    count(&alpha, "a", 50..100).await;
    watched("the second has heard all", &mut second.status, |status| status.position == 101).await;
    // A place that is held for the dead would be given up only after 10 or 15 seconds.
    assert!(begin.elapsed() < std::time::Duration::from_secs(8), "{:?}", begin.elapsed());
    assert_eq!(numbers(&beta, "Copied").await, (0..100).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_claims_another_source_is_parked() {
    let stage = Stage::new().await;
    let (beta, bus) = (stage.log().await, stage.bus().await);
    bus.ensure_stream(&source("alpha"), 1).await.unwrap();
    let client = async_nats::connect(stage.nats.url()).await.unwrap();
    let forged = serde_json::json!({
        "specversion": "1.0", "id": uuid::Uuid::new_v4(), "source": "urn:fenghuo:gamma",
        "type": crate::actors::COUNTED, "subject": "counter:a", "time": "2026-01-01T00:00:00Z", "sequence": "1",
        "occurredat": "2026-01-01T00:00:00Z", "stream": "counter:a", "department": "fire.330723", "actor": "x",
        "data": {"n": "1"},
    });
    let jetstream = async_nats::jetstream::new(client);
    let payload = serde_json::to_vec(&forged).unwrap();
    jetstream.publish("fenghuo.alpha.counter.Counted", payload.into()).await.unwrap().await.unwrap();
    let mut inbox = inbox(&beta, &bus, None);
    watched("it is heard", &mut inbox.status, |status| status.position == 1).await;
    assert!(numbers(&beta, "Copied").await.is_empty());
    assert!(beta.inbox_parked().await.unwrap()[0].reason.contains("claims source"));
}

#[tokio::test(flavor = "multi_thread")]
async fn own_events_drive_own_process_managers_once() {
    let mut pair = Pair::new().await;
    let advancer = Advancer::new(source("beta"), pair.beta.clone(), advance, someone());
    let mut status = advancer.status();
    let stop = CancellationToken::new();
    let token = stop.clone();
    let task = tokio::spawn(async move { advancer.run(token).await });
    burst(&pair.alpha, 4, 25, 4).await;
    pair.settle().await;
    until_numbers(&pair.beta, "Followed", 400).await;
    assert_eq!(numbers(&pair.beta, "Followed").await, (0..400).collect::<Vec<_>>());
    watched("its place is recorded", &mut status, |status| status.position == 801).await;
    stop.cancel();
    task.await.unwrap();
    // Begun again, it has nothing to do.
    let again = Advancer::new(source("beta"), pair.beta.clone(), advance, someone());
    let mut status = again.status();
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move { again.run(token).await });
    watched("it runs", &mut status, |status| status.state == State::Running && status.position == 801).await;
    assert_eq!(status.borrow().executed, 0);
    stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_in_is_recorded_together_and_acknowledged_in_one() {
    let mut pair = Pair::new().await;
    let begin = std::time::Instant::now();
    burst(&pair.alpha, 8, 50, 1).await;
    pair.settle().await;
    let writes_max = begin.elapsed().as_millis() / 20 + 2;
    let schema = &pair.beta.options().schema;
    let owner = eventlog::sqlx::PgPool::connect(&pair.stage.database.postgres.url()).await.unwrap();
    let written = format!("select count(distinct xmin::text), count(*) from {schema}.inbox");
    let written = eventlog::sqlx::query_as(eventlog::sqlx::AssertSqlSafe(written));
    let (writes, rows): (i64, i64) = written.fetch_one(&owner).await.unwrap();
    assert_eq!(rows, 401);
    assert!(u128::from(writes.cast_unsigned()) <= writes_max, "{writes} writes, at most {writes_max}");
    let client = async_nats::connect(pair.stage.nats.url()).await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream("fenghuo-alpha").await.unwrap();
    until("all is acknowledged", || async {
        let consumer: PullConsumer = stream.get_consumer("beta").await.unwrap();
        let info = consumer.cached_info();
        (info.num_ack_pending == 0 && info.ack_floor.stream_sequence == 401).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outside_departments_shortened_stream_raises_an_alarm() {
    let stage = Stage::new().await;
    let (beta, bus) = (stage.log().await, stage.bus().await);
    let rows = |from: u64| {
        (from..from + 3)
            .map(|position| eventlog::InboxRow {
                position,
                event_id: uuid::Uuid::new_v4(),
                at: time::OffsetDateTime::now_utc(),
            })
            .collect::<Vec<_>>()
    };
    beta.inbox_record("police", &rows(1)).await.unwrap();
    bus.ensure_stream(&source("police"), 1).await.unwrap();
    let mut inbox = inbox_of("police", &beta, &bus, None);
    watched("it is alarmed", &mut inbox.status, |status| matches!(status.state, State::Alarmed(_))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_listener_makes_an_outside_departments_stream() {
    let stage = Stage::new().await;
    let (beta, bus) = (stage.log().await, stage.bus().await);
    let mut inbox = inbox_of("police", &beta, &bus, None);
    watched("it listens", &mut inbox.status, |status| matches!(status.state, State::Running)).await;
    assert_eq!(bus.extent(&source("police")).await.unwrap().last, 0);
}
