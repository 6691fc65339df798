//! A log that grows at a steady rate, and the crowd that subscribes to it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use decider::StreamName;
use door::{Access, Door, Endpoint};
use eventlog::{Direction, Log, genesis};
use futures::TryStreamExt;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    stage,
    subscriber::{Seen, Subscriber},
};

/// Events per second. A machine that cannot keep it up takes longer; what is seen is the same.
pub const RATE: u64 = 2_000;
/// Appends begin together at this interval.
const TICK: Duration = Duration::from_millis(10);
const STREAMS: u64 = 10;
/// Subscribers: to the whole log, and to each stream.
const TO_ALL: usize = 80;
const TO_EACH: usize = 2;

/// A log with a door.
pub struct Crowd {
    pub log: Log,
    pub address: String,
    _closing: DropGuard,
}

/// Subscribers who read as fast as they can, each until it has seen what there is to see.
pub struct Readers {
    all: Vec<JoinHandle<Vec<Seen>>>,
    streams: Vec<(String, JoinHandle<Vec<Seen>>)>,
}

impl Crowd {
    pub async fn gather() -> Self {
        let log = stage::fresh_log().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let closing = CancellationToken::new();
        let advertised = Endpoint { address: "127.0.0.1".to_owned(), port };
        let access = Access {
            anonymous: Some(stage::actor("anybody", &[])),
            ..Access::read_only(Arc::new(|_| Err("no tokens here".to_owned())))
        };
        let door = Door::new(log.clone(), access, advertised, closing.clone());
        tokio::spawn(async move { door::serve(door, listener, None).await.unwrap() });
        Self { log, address: format!("http://127.0.0.1:{port}"), _closing: closing.drop_guard() }
    }

    /// A hundred subscribers who will see so many events of the log behind the first, or their share of them.
    pub async fn subscribe(&self, events: u64) -> Readers {
        let take = |mut subscriber: Subscriber, count: u64| {
            tokio::spawn(async move { subscriber.take(usize::try_from(count).unwrap()).await })
        };
        let mut readers = Readers { all: Vec::new(), streams: Vec::new() };
        for _ in 0..TO_ALL {
            readers.all.push(take(Subscriber::to_all(&self.address).await, events + 1));
        }
        for number in (0..STREAMS).flat_map(|number| [number; TO_EACH]) {
            let stream = stream(number).to_string();
            let subscriber = Subscriber::to_stream(&self.address, &stream).await;
            readers.streams.push((stream, take(subscriber, events / STREAMS)));
        }
        readers
    }

    /// The log as another process has it open.
    pub async fn other_process(&self) -> Log {
        Log::open(self.log.options().clone(), self.log.world().clone()).await.unwrap()
    }

    /// Appends so many events, turn by turn to every stream, each by itself and at its time.
    pub async fn write(&self, log: &Log, events: u64) {
        let mut tick = tokio::time::interval(TICK);
        let per_tick = RATE * u64::try_from(TICK.as_millis()).unwrap() / 1_000;
        let mut appends = JoinSet::new();
        for number in 0..events {
            if number.is_multiple_of(per_tick) {
                tick.tick().await;
            }
            let log = log.clone();
            appends.spawn(async move {
                let data = format!(r#"{{"type":"Opened","data":{number}}}"#);
                stage::decide(&log, &stream(number % STREAMS), &data).await
            });
        }
        let positions = appends.join_all().await.into_iter().collect::<BTreeSet<_>>();
        assert_eq!(positions.len() as u64, events, "every append has a position of its own");
    }

    /// What the log holds, in the names that clients see.
    pub async fn truth(&self) -> Vec<Seen> {
        let events = self.log.read_all(1, u64::MAX, Direction::Forwards);
        let seen = events.map_ok(|event| Seen {
            position: event.position,
            stream: match event.stream.category() {
                genesis::CATEGORY => genesis::CATEGORY.to_owned(),
                _ => event.stream.to_string(),
            },
            version: event.version,
            id: event.id.to_string(),
        });
        seen.try_collect().await.unwrap()
    }
}

impl Readers {
    /// What the subscribers to the whole log saw, and those to one stream.
    pub async fn seen(self) -> (Vec<Vec<Seen>>, Vec<(String, Vec<Seen>)>) {
        let (mut all, mut streams) = (Vec::new(), Vec::new());
        for reader in self.all {
            all.push(reader.await.unwrap());
        }
        for (stream, reader) in self.streams {
            streams.push((stream, reader.await.unwrap()));
        }
        (all, streams)
    }
}

fn stream(number: u64) -> StreamName {
    StreamName::new("thing", &number.to_string())
}
