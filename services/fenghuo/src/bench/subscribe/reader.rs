//! Subscribers, each on a connection of its own, who look whether every event comes, once and in its place.

use std::time::{Duration, Instant};

use door::wire::event_store::client::{
    Empty,
    streams::{
        AllStreams, ReadRequest, ReadResponse, all_streams,
        read_request::{
            Options, Subscription,
            options::{Amount, Choice},
        },
        read_response::Content,
        streams_client::StreamsClient,
    },
};
use prost::Message;
use tokio::{task::JoinHandle, time::timeout};
use tonic::{Streaming, transport::Channel};

use crate::error::{Because, Error};

/// One of so many events is timed by each subscriber.
const SAMPLE: u64 = 16;
/// Longest wait for the next event.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a subscriber looks at in an event; the rest is passed over.
#[derive(Clone, PartialEq, Message)]
struct Place {
    #[prost(uint64, optional, tag = "3")]
    commit: Option<u64>,
}

/// What a subscriber heard.
pub(super) struct Heard {
    /// Some of the positions, and when they came.
    pub(super) sampled: Vec<(u64, Instant)>,
    /// Events that did not come, or not in their place.
    pub(super) missed: u64,
    pub(super) end: Instant,
}

/// A subscription to the whole log.
pub(super) struct Reader(Streaming<ReadResponse>);

impl Reader {
    /// Subscribes from the start and waits for the confirmation.
    pub(super) async fn subscribe(address: &str) -> Result<Self, Error> {
        let what = ("订阅", "subscribe");
        let channel = Channel::from_shared(address.to_owned()).because(what.0, what.1)?;
        let mut client = StreamsClient::new(channel.connect().await.because(what.0, what.1)?);
        let options = Options {
            all: Some(AllStreams { from: Some(all_streams::From::Start(Empty {})) }),
            amount: Some(Amount::Subscription(Subscription {})),
            choice: Some(Choice::NoFilter(Empty {})),
            ..Options::default()
        };
        let answers = client.read(ReadRequest { options: Some(options) }).await.because(what.0, what.1)?;
        let mut answers = answers.into_inner();
        answers.message().await.because(what.0, what.1)?;
        Ok(Self(answers))
    }

    /// The position of the next event.
    async fn next(&mut self) -> Result<u64, Error> {
        loop {
            let answer =
                timeout(PATIENCE, self.0.message()).await.because("等待事件", "wait for an event")?;
            let answer = answer.because("接收事件", "receive an event")?;
            let content = answer.and_then(|answer| answer.content);
            if let Some(Content::Event(event)) = content {
                let place = Place::decode(event).because("读取事件", "read an event")?;
                return Ok(place.commit.unwrap_or_default());
            }
        }
    }

    /// Hears events up to a position.
    async fn hear(mut self, last: u64) -> Result<Heard, Error> {
        let mut heard = Heard { sampled: Vec::new(), missed: 0, end: Instant::now() };
        let mut expected = 1;
        while expected <= last {
            let position = self.next().await?;
            if position != expected {
                heard.missed += position.abs_diff(expected);
            }
            if position.is_multiple_of(SAMPLE) {
                heard.sampled.push((position, Instant::now()));
            }
            expected = position + 1;
        }
        heard.end = Instant::now();
        Ok(heard)
    }
}

type Hearing = JoinHandle<Result<Heard, Error>>;

/// So many subscribers who each hear the log up to a position.
pub(super) async fn spawn(address: &str, count: usize, last: u64) -> Result<Vec<Hearing>, Error> {
    let mut readers = Vec::new();
    for _ in 0..count {
        let reader = Reader::subscribe(address).await?;
        readers.push(tokio::spawn(reader.hear(last)));
    }
    Ok(readers)
}

/// What they heard.
pub(super) async fn join(readers: Vec<Hearing>) -> Result<Vec<Heard>, Error> {
    let mut heard = Vec::new();
    for reader in readers {
        heard.push(reader.await.because("运行测量任务", "run a measuring task")??);
    }
    Ok(heard)
}
