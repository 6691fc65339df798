//! A subscriber with a connection of its own.

use door::wire::event_store::client::{
    Empty, StreamIdentifier,
    streams::{
        AllStreams, OneStream, ReadEvent, ReadRequest, ReadResponse, all_streams, one_stream,
        read_request::{
            Options, Subscription, UuidForm,
            options::{Amount, Choice},
            uuid_form::Form,
        },
        read_response::Content,
        streams_client::StreamsClient,
    },
};
use prost::Message;
use tonic::{Streaming, transport::Channel};

use crate::SOON;

/// What tells events apart, and where they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub position: u64,
    pub stream: String,
    pub version: u64,
    pub id: String,
}

pub struct Subscriber {
    answers: Streaming<ReadResponse>,
    /// The position seen last.
    last: u64,
}

impl Subscriber {
    /// To the whole log, from its start.
    pub async fn to_all(address: &str) -> Self {
        let all = Some(AllStreams { from: Some(all_streams::From::Start(Empty {})) });
        Self::to(address, Options { all, ..Options::default() }).await
    }

    /// To one stream, from its start.
    pub async fn to_stream(address: &str, stream: &str) -> Self {
        let stream = Some(StreamIdentifier { name: stream.to_owned().into() });
        let one = Some(OneStream { stream, from: Some(one_stream::From::Start(Empty {})) });
        Self::to(address, Options { one, ..Options::default() }).await
    }

    async fn to(address: &str, options: Options) -> Self {
        let options = Options {
            uuid_form: Some(UuidForm { form: Some(Form::Text(Empty {})) }),
            amount: Some(Amount::Subscription(Subscription {})),
            choice: Some(Choice::NoFilter(Empty {})),
            ..options
        };
        let channel = Channel::from_shared(address.to_owned()).unwrap().connect().await.unwrap();
        let mut client = StreamsClient::new(channel);
        let answers = client.read(ReadRequest { options: Some(options) }).await.unwrap().into_inner();
        Self { answers, last: 0 }
    }

    /// The next event.
    pub async fn next(&mut self) -> Seen {
        loop {
            let answer = tokio::time::timeout(SOON, self.answers.message()).await.expect("an answer in time");
            if let Content::Event(event) = answer.unwrap().unwrap().content.unwrap() {
                let seen = seen(&ReadEvent::decode(event).unwrap());
                // At once: whoever is told the same for ever would keep everybody busy.
                assert!(seen.position > self.last, "{seen:?} comes after {}", self.last);
                self.last = seen.position;
                return seen;
            }
        }
    }

    /// The next so many.
    pub async fn take(&mut self, count: usize) -> Vec<Seen> {
        let mut seen = Vec::with_capacity(count);
        while seen.len() < count {
            seen.push(self.next().await);
        }
        seen
    }
}

fn seen(event: &ReadEvent) -> Seen {
    use door::wire::event_store::client::uuid::Value;
    let event = event.event.as_ref().unwrap();
    let Some(Value::Text(id)) = event.id.as_ref().and_then(|id| id.value.clone()) else { panic!("no id") };
    let stream = String::from_utf8(event.stream.as_ref().unwrap().name.to_vec()).unwrap();
    Seen { position: event.commit, stream, version: event.revision + 1, id }
}
