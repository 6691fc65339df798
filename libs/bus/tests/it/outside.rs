use bus::outside::{PublishError, Publisher};
use bus::{Outgoing, Source};
use decider::harness::actor;
use decider::{CaseId, DepartmentKind, Public, StreamName};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::pair::inbox_of;
use crate::stage::{Stage, source, watched};

pub(crate) fn receipt(n: u128) -> Outgoing {
    let now = OffsetDateTime::now_utc();
    Outgoing {
        id: Uuid::from_u128(n),
        public: Public {
            kind: "fenghuo.outside.v1.TransferReceived".to_owned(),
            body: json!({"transferId": "t1", "receipt": n.to_string()}),
            to: Vec::new(),
        },
        stream: StreamName::new("transfer", "t1"),
        case_id: Some(CaseId::parse("case-1").unwrap()),
        actor: actor(DepartmentKind::Police, "330723", &[]),
        occurred_at: now,
        recorded_at: now,
        causation: None,
        traceparent: None,
    }
}

fn police() -> Source {
    source("police")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_writes_its_own_stream_without_gaps_even_from_many_desks() {
    let stage = Stage::new().await;
    let (beta, bus) = (stage.log().await, stage.bus().await);
    let desks: Vec<_> = (0..8u128)
        .map(|desk| {
            let pen = Publisher::new(bus.clone(), police(), 0).unwrap();
            tokio::spawn(async move {
                let mut sequences = Vec::new();
                for n in 0..10 {
                    sequences.push(pen.publish(&receipt(desk * 100 + n)).await.unwrap());
                }
                sequences
            })
        })
        .collect();
    let mut sequences = Vec::new();
    for desk in desks {
        sequences.extend(desk.await.unwrap());
    }
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=80).collect::<Vec<_>>());
    let mut inbox = inbox_of("police", &beta, &bus, None);
    watched("all is heard", &mut inbox.status, |status| status.position == 80).await;
    assert_eq!((inbox.status.borrow().parked, inbox.status.borrow().gaps), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_published_twice_is_there_once() {
    let stage = Stage::new().await;
    let pen = Publisher::new(stage.bus().await, police(), 0).unwrap();
    assert_eq!(pen.publish(&receipt(1)).await.unwrap(), 1);
    assert_eq!(pen.publish(&receipt(2)).await.unwrap(), 2);
    assert_eq!(pen.publish(&receipt(1)).await.unwrap(), 1);
    assert_eq!(stage.bus().await.extent(&police()).await.unwrap().last, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_stream_goes_on_where_the_department_was() {
    let mut stage = Stage::new().await;
    let (beta, bus) = (stage.log().await, stage.bus().await);
    let pen = Publisher::new(bus.clone(), police(), 0).unwrap();
    let mut inbox = inbox_of("police", &beta, &bus, None);
    for n in 1..=3 {
        pen.publish(&receipt(n)).await.unwrap();
    }
    watched("three are heard", &mut inbox.status, |status| status.position == 3).await;
    stage.nats.wipe().await.unwrap();
    watched("it is connected again", &mut bus.connected(), |connected| *connected).await;
    let fourth =
        crate::stage::until("the fourth is published", || async { pen.publish(&receipt(4)).await.ok() });
    assert_eq!(fourth.await, 4);
    watched("four are heard", &mut inbox.status, |status| status.position == 4).await;
    assert_eq!((inbox.status.borrow().lost, inbox.status.borrow().parked), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_forgot_messages_is_not_written_to() {
    let stage = Stage::new().await;
    let bus = stage.bus().await;
    bus.ensure_stream(&police(), 1).await.unwrap();
    let pen = Publisher::new(bus, police(), 5).unwrap();
    assert!(matches!(pen.publish(&receipt(1)).await, Err(PublishError::Lost { last: 0, known: 5, .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_listeners_would_refuse_never_leaves() {
    let stage = Stage::new().await;
    let bus = stage.bus().await;
    assert!(matches!(Publisher::new(bus.clone(), source("alpha"), 0), Err(PublishError::NotOutside(_))));
    let pen = Publisher::new(bus.clone(), police(), 0).unwrap();
    let posing = Outgoing { actor: actor(DepartmentKind::Fire, "330723", &[]), ..receipt(1) };
    assert!(matches!(pen.publish(&posing).await, Err(PublishError::Unreadable(_))));
    assert_eq!(bus.extent(&police()).await.unwrap().last, 0);
}
