//! The bus dies, is wiped, or is away, while both sides work.

use bus::relay::State;
use bus::{Bus, Options};

use crate::bursts::burst_from;
use crate::pair::{Pair, inbox, relay};
use crate::stage::{Stage, assert_stream_is_log, count, head, source, watched};

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_is_killed_under_load_loses_nothing() {
    let mut pair = Pair::new().await;
    let writer = tokio::spawn({
        let alpha = pair.alpha.clone();
        async move { burst_from(&alpha, 0, 4, 150, 5).await }
    });
    for round in 1..=3u64 {
        watched("some is relayed", &mut pair.relay.status, |status| status.relayed >= round * 300).await;
        pair.stage.nats.kill();
        pair.stage.nats.restart().await.unwrap();
    }
    writer.await.unwrap();
    pair.settle().await;
    assert!(pair.relay.status.borrow().restarts > 0, "the fault really happened");
    pair.assert_copied().await;
    assert_stream_is_log(&pair.bus, &pair.alpha, &source("alpha")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_is_wiped_under_load_is_refilled_and_no_effect_happens_twice() {
    let mut pair = Pair::new().await;
    let writer = tokio::spawn({
        let alpha = pair.alpha.clone();
        async move { burst_from(&alpha, 0, 4, 150, 5).await }
    });
    for round in 1..=3u64 {
        watched("some is heard", &mut pair.inbox.status, |status| status.position >= round * 300).await;
        // Heard is not yet acknowledged to the relay, and only that counts as published.
        watched("some is published", &mut pair.relay.status, |status| status.published >= round * 300).await;
        pair.stage.nats.wipe().await.unwrap();
    }
    writer.await.unwrap();
    pair.settle().await;
    pair.assert_copied().await;
    let total = head(&pair.alpha).await;
    watched("it is refilled", &mut pair.relay.status, |status| status.relayed == total).await;
    assert!(pair.relay.status.borrow().published > total, "the fault really happened");
    assert_stream_is_log(&pair.bus, &pair.alpha, &source("alpha")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_deleted_is_made_anew_and_refilled() {
    let mut pair = Pair::new().await;
    count(&pair.alpha, "a", 0..200).await;
    pair.settle().await;
    let client = async_nats::connect(pair.stage.nats.url()).await.unwrap();
    async_nats::jetstream::new(client).delete_stream("fenghuo-alpha").await.unwrap();
    count(&pair.alpha, "a", 200..400).await;
    pair.settle().await;
    pair.assert_copied().await;
    watched("it is refilled", &mut pair.relay.status, |status| status.relayed == 401).await;
    assert_stream_is_log(&pair.bus, &pair.alpha, &source("alpha")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_is_away_is_waited_for() {
    let mut pair = Pair::new().await;
    count(&pair.alpha, "a", 0..10).await;
    pair.settle().await;
    pair.stage.nats.kill();
    watched("it is seen to be away", &mut pair.bus.connected(), |connected| !connected).await;
    count(&pair.alpha, "a", 10..1_000).await;
    watched("the relay says so", &mut pair.relay.status, |status| matches!(status.state, State::Waiting(_)))
        .await;
    pair.stage.nats.restart().await.unwrap();
    pair.settle().await;
    pair.assert_copied().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_is_not_there_at_first_is_found_later() {
    let mut stage = Stage::new().await;
    let url = stage.nats.url();
    stage.nats.stop().await;
    let patience = std::time::Duration::from_millis(200);
    let bus = Bus::connect(Options { patience, ..Options::new(url, "early") }).await.unwrap();
    assert!(!*bus.connected().borrow());
    let (alpha, beta) = (stage.log().await, stage.log().await);
    let _relay = relay(&alpha, &bus);
    let mut inbox = inbox(&beta, &bus, None);
    count(&alpha, "a", 0..10).await;
    stage.nats.restart().await.unwrap();
    watched("all is heard", &mut inbox.status, |status| status.position == 11).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_killed_is_waited_for_and_nothing_is_parked() {
    let mut pair = Pair::on(Stage::alone().await).await;
    for thousand in 0..3 {
        count(&pair.alpha, "a", thousand * 1_000..(thousand + 1) * 1_000).await;
    }
    for round in 1..=3u64 {
        watched("some is heard", &mut pair.inbox.status, |status| status.position >= round * 300).await;
        pair.stage.postgres().kill();
        pair.stage.postgres().restart().await.unwrap();
    }
    pair.settle().await;
    let status = pair.inbox.status.borrow().clone();
    assert!(status.retried + status.restarts > 0, "the fault really happened: {status:?}");
    assert_eq!((status.parked, status.lost), (0, 0));
    pair.assert_copied().await;
}
