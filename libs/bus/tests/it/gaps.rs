//! Messages that never came: seen, found again, or said aloud to be lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_nats::jetstream::stream::{Config, Stream};
use bus::relay::Options;
use bus::{Backfill, cloudevent};
use contracts::log::v1::log_service_server::LogServiceServer;
use eventlog::Log;
use futures::{FutureExt, StreamExt};

use crate::actors::publish;
use crate::pair::{inbox, inbox_of, relay_with};
use crate::stage::{FromLog, Stage, all, count, numbers, source, watched};

/// A stream made by hand, from which messages can be dropped, with everything that a log holds.
async fn stream_with_holes(stage: &Stage, log: &Log, holes: &[u64]) -> Stream {
    stream_with(stage, log, holes, Config::default()).await
}

/// The same with limits of its own.
async fn stream_with(stage: &Stage, log: &Log, holes: &[u64], limits: Config) -> Stream {
    let client = async_nats::connect(stage.nats.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let config = Config {
        name: "fenghuo-alpha".to_owned(),
        subjects: vec!["fenghuo.alpha.>".to_owned()],
        allow_direct: true,
        ..limits
    };
    let stream = jetstream.create_stream(config).await.unwrap();
    for event in all(log).await {
        let message = cloudevent::message(&event, publish, &source("alpha"));
        let subject = source("alpha").subject(&event.stream, &event.kind);
        jetstream.publish(subject, message.bytes).await.unwrap().await.unwrap();
    }
    for hole in holes {
        assert!(stream.delete_message(*hole).await.unwrap());
    }
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_message_is_seen_and_fetched_from_its_owners_log() {
    let stage = Stage::new().await;
    let (alpha, beta, bus) = (stage.log().await, stage.log().await, stage.bus().await);
    count(&alpha, "a", 0..20).await;
    stream_with_holes(&stage, &alpha, &[1, 7, 8, 9, 15]).await;
    let backfill = FromLog::new(&alpha, publish);
    let mut inbox = inbox(&beta, &bus, Some(backfill.clone()));
    watched("all is heard", &mut inbox.status, |status| status.position == 21).await;
    assert_eq!(numbers(&beta, "Copied").await, (0..20).collect::<Vec<_>>());
    let status = inbox.status.borrow().clone();
    assert_eq!((status.gaps, status.backfilled, status.lost, status.parked), (3, 5, 0, 0));
    assert!(backfill.asked.load(Ordering::Relaxed) >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_is_away_is_waited_for_and_nothing_is_skipped() {
    let stage = Stage::new().await;
    let (alpha, beta, bus) = (stage.log().await, stage.log().await, stage.bus().await);
    count(&alpha, "a", 0..10).await;
    stream_with_holes(&stage, &alpha, &[5]).await;
    let away = Arc::new(Recovering { log: FromLog::new(&alpha, publish), refusals_left: 8.into() });
    let mut inbox = inbox(&beta, &bus, Some(away));
    watched("all is heard", &mut inbox.status, |status| status.position == 11).await;
    assert_eq!(numbers(&beta, "Copied").await, (0..10).collect::<Vec<_>>());
    assert_eq!(inbox.status.borrow().lost, 0);
}

/// An owner that answers only after it was asked a few times.
struct Recovering {
    log: Arc<FromLog>,
    refusals_left: std::sync::atomic::AtomicI64,
}

#[async_trait::async_trait]
impl Backfill for Recovering {
    async fn fetch(
        &self,
        source: &str,
        from: u64,
        to: u64,
    ) -> Result<std::collections::HashMap<u64, bytes::Bytes>, bus::BackfillError> {
        if self.refusals_left.fetch_sub(1, Ordering::Relaxed) > 0 {
            let source = source.to_owned();
            return Err(bus::BackfillError::Unavailable { owner: source, source: "still starting".into() });
        }
        self.log.fetch(source, from, to).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_exists_nowhere_any_more_is_said_to_be_lost_and_the_rest_goes_on() {
    let stage = Stage::new().await;
    let (alpha, beta, bus) = (stage.log().await, stage.log().await, stage.bus().await);
    count(&alpha, "a", 0..10).await;
    stream_with_holes(&stage, &alpha, &[5, 6, 9]).await;
    let mut inbox = inbox(&beta, &bus, None);
    watched("all is heard", &mut inbox.status, |status| status.position == 11).await;
    assert_eq!(numbers(&beta, "Copied").await, [0, 1, 2, 5, 6, 8, 9]);
    assert_eq!(inbox.status.borrow().lost, 3);
    let parked = beta.inbox_parked().await.unwrap();
    let said: Vec<_> = parked.iter().map(|parked| (parked.position, parked.reason.as_str())).collect();
    assert_eq!(said.len(), 2);
    assert!(said[0].0 == 5 && said[0].1.starts_with("positions 5 to 6 exist"), "{said:?}");
    assert!(said[1].0 == 9 && said[1].1.starts_with("positions 9 to 9 exist"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_comes_late_gets_from_the_log_what_the_stream_no_longer_has() {
    let stage = Stage::new().await;
    let (alpha, beta, bus) = (stage.log().await, stage.log().await, stage.bus().await);
    count(&alpha, "a", 0..900).await;
    let mut relay = relay_with(&alpha, &bus, publish, Options { refill_max: 50, ..Options::default() });
    watched("a window is on the bus", &mut relay.status, |status| status.relayed == 901).await;
    let mut inbox = inbox(&beta, &bus, Some(FromLog::new(&alpha, publish)));
    watched("all is heard", &mut inbox.status, |status| status.position == 901).await;
    assert_eq!(numbers(&beta, "Copied").await, (0..900).collect::<Vec<_>>());
    assert_eq!(inbox.status.borrow().backfilled, 851);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owners_log_is_asked_over_grpc() {
    let stage = Stage::new().await;
    let (alpha, beta, bus) = (stage.log().await, stage.log().await, stage.bus().await);
    count(&alpha, "a", 0..10).await;
    stream_with_holes(&stage, &alpha, &[3, 4]).await;
    let mut inbox = inbox(&beta, &bus, Some(over_grpc(&alpha).await));
    watched("all is heard", &mut inbox.status, |status| status.position == 11).await;
    assert_eq!(numbers(&beta, "Copied").await, (0..10).collect::<Vec<_>>());
    assert_eq!(inbox.status.borrow().backfilled, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stream_has_dropped_comes_over_grpc_and_the_bus_is_not_asked_for_it() {
    let stage = Stage::new().await;
    let (alpha, beta, bus) = (stage.log().await, stage.log().await, stage.bus().await);
    count(&alpha, "a", 0..600).await;
    stream_with(&stage, &alpha, &[590], Config { max_messages: 20, ..Config::default() }).await;
    assert_eq!(bus.extent(&source("alpha")).await.unwrap().first, 582);
    let client = async_nats::connect(stage.nats.url()).await.unwrap();
    let mut asked = client.subscribe("$JS.API.DIRECT.GET.fenghuo-alpha").await.unwrap();
    client.flush().await.unwrap();
    let mut inbox = inbox(&beta, &bus, Some(over_grpc(&alpha).await));
    watched("all is heard", &mut inbox.status, |status| status.position == 601).await;
    assert_eq!(numbers(&beta, "Copied").await, (0..600).collect::<Vec<_>>());
    let status = inbox.status.borrow().clone();
    assert_eq!((status.backfilled, status.lost, status.parked), (582, 0, 0));
    // One that is still to be expected there, and none of those before the stream's first.
    let question = asked.next().await.unwrap();
    assert_eq!(question.payload, br#"{"seq":590}"#[..]);
    assert!(asked.next().now_or_never().is_none());
}

/// The owner's door, as it is on the network.
async fn over_grpc(alpha: &Log) -> Arc<dyn Backfill> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = LogServiceServer::new(crate::door::Door { log: alpha.clone() });
    tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener)),
    );
    let token: bus::TokenProvider = Arc::new(|| Some("letmein".to_owned()));
    Arc::new(bus::GrpcBackfill::new([("alpha".to_owned(), url)], token).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_in_an_outside_departments_stream_is_said_to_be_lost() {
    let stage = Stage::new().await;
    let (beta, bus) = (stage.log().await, stage.bus().await);
    bus.ensure_stream(&source("police"), 3).await.unwrap();
    let pen = bus::outside::Publisher::new(bus.clone(), source("police"), 2).unwrap();
    assert_eq!(pen.publish(&crate::outside::receipt(1)).await.unwrap(), 3);
    let mut inbox = inbox_of("police", &beta, &bus, None);
    watched("it is heard", &mut inbox.status, |status| status.position == 3).await;
    assert_eq!(inbox.status.borrow().lost, 2);
    assert_eq!(beta.inbox_parked().await.unwrap().len(), 1);
}
