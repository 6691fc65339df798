use async_nats::jetstream::stream::Config;
use bus::relay::{Alarm, Options, State};
use bus::{Bus, ConnectError, StreamError};
use decider::Meta;
use servers::NatsOptions;

use crate::actors::{PRIVATE, UNMAPPABLE, publish, publish_nothing};
use crate::bursts::burst;
use crate::pair::{relay, relay_with};
use crate::stage::{Stage, assert_stream_is_log, count, count_as, head, meta, source, watched};

#[tokio::test(flavor = "multi_thread")]
async fn every_event_leaves_at_the_sequence_that_is_its_position() {
    let stage = Stage::new().await;
    let (log, bus) = (stage.log().await, stage.bus().await);
    let mut relay = relay(&log, &bus);
    count(&log, "a", [1, PRIVATE, 2]).await;
    burst(&log, 8, 50, 10).await;
    let head = head(&log).await;
    watched("all is relayed", &mut relay.status, |status| status.relayed == head).await;
    assert_stream_is_log(&bus, &log, &source("alpha")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_carries_what_fences_it_and_where_its_trace_goes_on() {
    let stage = Stage::new().await;
    let (log, bus) = (stage.log().await, stage.bus().await);
    let mut relay = relay(&log, &bus);
    let traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    count_as(&log, "a", [1, 2], Meta { traceparent, ..meta() }).await;
    watched("all is relayed", &mut relay.status, |status| status.relayed == 3).await;
    let client = async_nats::connect(stage.nats.url()).await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream("fenghuo-alpha").await.unwrap();
    let stored = stream.direct_get(3).await.unwrap();
    let header = |name: &str| stored.headers.get(name).map(|value| value.to_string()).unwrap_or_default();
    assert_eq!(stored.subject.as_str(), "fenghuo.alpha.counter.Counted");
    assert_eq!(header("Nats-Expected-Last-Sequence"), "2");
    assert_eq!(header("Nats-Expected-Stream"), "fenghuo-alpha");
    assert_eq!(header("Nats-Msg-Id"), "alpha:3");
    assert_eq!(header("content-type"), "application/cloudevents+json");
    assert_eq!(header("traceparent"), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_fence_each_other_without_gap_or_duplicate() {
    let stage = Stage::new().await;
    let log = stage.log().await;
    let (one, two) = (stage.bus().await, stage.bus().await);
    let (mut first, mut second) = (relay(&log, &one), relay(&log, &two));
    burst(&log, 8, 50, 10).await;
    let head = head(&log).await;
    watched("the first is at the head", &mut first.status, |status| status.relayed == head).await;
    watched("the second is at the head", &mut second.status, |status| status.relayed == head).await;
    println!("{:?}\n{:?}", *first.status.borrow(), *second.status.borrow());
    assert_stream_is_log(&one, &log, &source("alpha")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_relay_goes_on_where_another_was_stopped() {
    let stage = Stage::new().await;
    let (log, bus) = (stage.log().await, stage.bus().await);
    count(&log, "a", 0..300).await;
    let mut first = relay(&log, &bus);
    watched("some are relayed", &mut first.status, |status| status.relayed > 100).await;
    first.stop.cancel();
    first.task.await.unwrap().unwrap();
    count(&log, "a", 300..400).await;
    let mut second = relay(&log, &bus);
    watched("all is relayed", &mut second.status, |status| status.relayed == 401).await;
    assert_stream_is_log(&bus, &log, &source("alpha")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ahead_of_its_log_raises_an_alarm_and_is_left_alone() {
    let stage = Stage::new().await;
    let (log, restored, bus) = (stage.log().await, stage.log().await, stage.bus().await);
    count(&log, "a", 0..5).await;
    let mut first = relay(&log, &bus);
    watched("all is relayed", &mut first.status, |status| status.relayed == 6).await;
    count(&restored, "a", 0..3).await;
    let second = relay(&restored, &bus);
    let alarm = Alarm::Ahead { stream: 6, log: 4 };
    assert_eq!(second.task.await.unwrap().unwrap_err(), alarm);
    assert_eq!(second.status.borrow().state, State::Alarmed(alarm));
    assert_eq!(bus.extent(&source("alpha")).await.unwrap().last, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_another_history_raises_an_alarm() {
    let stage = Stage::new().await;
    let (log, other, bus) = (stage.log().await, stage.log().await, stage.bus().await);
    count(&log, "a", 0..3).await;
    let mut first = relay(&log, &bus);
    watched("all is relayed", &mut first.status, |status| status.relayed == 4).await;
    count(&other, "a", 0..5).await;
    let second = relay(&other, &bus);
    assert!(matches!(second.task.await.unwrap(), Err(Alarm::Forked { position: 4, .. })));
    assert_eq!(bus.extent(&source("alpha")).await.unwrap().last, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_other_settings_is_refused() {
    let stage = Stage::new().await;
    let (log, bus) = (stage.log().await, stage.bus().await);
    let client = async_nats::connect(stage.nats.url()).await.unwrap();
    let by_hand = Config {
        name: "fenghuo-alpha".to_owned(),
        subjects: vec!["fenghuo.alpha.>".to_owned()],
        ..Config::default()
    };
    async_nats::jetstream::new(client).create_stream(by_hand).await.unwrap();
    let error = bus.ensure_stream(&source("alpha"), 1).await.unwrap_err();
    assert!(matches!(error, StreamError::Mismatch { .. }), "{error}");
    assert!(matches!(relay(&log, &bus).task.await.unwrap(), Err(Alarm::Stream(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_stream_has_the_settings_that_were_asked_for() {
    let stage = Stage::new().await;
    let bus = stage.bus().await;
    let made = bus.ensure_stream(&source("alpha"), 1).await.unwrap();
    assert_eq!((made.first, made.last), (0, 0));
    assert_eq!(bus.ensure_stream(&source("alpha"), 1).await.unwrap(), made);
    let client = async_nats::connect(stage.nats.url()).await.unwrap();
    let stream = async_nats::jetstream::new(client).get_stream("fenghuo-alpha").await.unwrap();
    let config = &stream.cached_info().config;
    assert!(config.deny_delete && config.deny_purge && config.allow_direct);
    assert!(stream.delete_message(1).await.is_err());
    assert!(stream.purge().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_mapped_does_not_stop_the_line() {
    let stage = Stage::new().await;
    let (log, bus) = (stage.log().await, stage.bus().await);
    count(&log, "a", [1, UNMAPPABLE, 2]).await;
    let mut relay = relay(&log, &bus);
    watched("all is relayed", &mut relay.status, |status| status.relayed == 4).await;
    let status = relay.status.borrow().clone();
    assert_eq!((status.unpublished, status.unpublished_named[0].position), (1, 3));
    let stored = bus.stored(&source("alpha"), 3).await.unwrap().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&stored.payload).unwrap();
    assert_eq!(json["type"], "fenghuo.alpha.private.Counted");
    assert!(json["unpublished"].as_str().unwrap().contains("no such message"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_stream_is_given_back_a_window_at_its_old_sequences() {
    let stage = Stage::new().await;
    let (log, bus) = (stage.log().await, stage.bus().await);
    count(&log, "a", 0..500).await;
    let options = Options { refill_max: 100, ..Options::default() };
    let mut relay = relay_with(&log, &bus, publish, options);
    watched("all is relayed", &mut relay.status, |status| status.relayed == 501).await;
    let extent = bus.extent(&source("alpha")).await.unwrap();
    assert_eq!((extent.first, extent.last), (402, 501));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_leaves_while_the_log_is_idle_within_a_moment() {
    let stage = Stage::new().await;
    let (log, bus) = (stage.log().await, stage.bus().await);
    let mut relay = relay_with(&log, &bus, publish_nothing, Options::default());
    watched("it runs", &mut relay.status, |status| status.state == State::Running).await;
    let mut waits = Vec::new();
    for n in 1..=50 {
        count(&log, "a", [n]).await;
        let begin = std::time::Instant::now();
        watched("it is relayed", &mut relay.status, |status| status.relayed == 1 + n).await;
        waits.push(begin.elapsed());
    }
    waits.sort();
    println!("relayed after commit: p50 {:?}, p90 {:?}", waits[25], waits[45]);
    assert!(waits[25] < std::time::Duration::from_millis(50), "{:?}", waits[25]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_asks_for_a_password_takes_the_right_one_only() {
    let configuration = r#"authorization { user: "alpha", password: "right" }"#.to_owned();
    let stage = Stage::with(NatsOptions { configuration, ..NatsOptions::default() }).await;
    let connect = async |password: &str| {
        let credentials = bus::Credentials { user: "alpha".to_owned(), password: password.to_owned() };
        let patience = std::time::Duration::from_secs(1);
        let options = bus::Options {
            credentials: Some(credentials),
            patience,
            ..bus::Options::new(stage.nats.url(), "t")
        };
        Bus::connect(options).await
    };
    let right = connect("right").await.unwrap();
    assert!(*right.connected().borrow());
    assert!(right.ensure_stream(&source("alpha"), 1).await.is_ok());
    match connect("wrong").await {
        Ok(wrong) => assert!(!*wrong.connected().borrow()),
        Err(error) => assert!(matches!(error, ConnectError::Refused { .. })),
    }
}
