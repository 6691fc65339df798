//! What the tests share: the server, a door of one's own, and short words for long requests.

use std::{sync::Arc, time::Duration};

use decider::Role;
use door::{
    Access, Door, Endpoint, Grant,
    wire::event_store::client::{
        Empty, Position, StreamIdentifier, Uuid as WireUuid,
        streams::{
            AllStreams, AppendRequest, AppendResponse, OneStream, ProposedEvent, ReadEvent, ReadRequest,
            ReadResponse, RecordedEvent, all_streams, append_request, append_response, one_stream,
            read_request::{
                self, Control, Direction, Filter, Options, UuidForm,
                options::{Amount, Choice},
            },
            read_response::Content,
            streams_client::StreamsClient,
        },
        uuid::Value,
    },
};
use eventlog::Log;
use prost::Message;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{Streaming, transport::Channel};
use uuid::Uuid;

pub use crate::stage::*;

/// Longest wait for something that should happen at once.
pub const SOON: Duration = Duration::from_secs(20);
pub const NONE: Empty = Empty {};

/// Tokens of three persons: an auditor, an officer, an operator.
pub fn access() -> Access {
    Access::read_only(Arc::new(|token| match token {
        "token-of-auditor" => Ok(actor("auditor", &[Role::Auditor])),
        "token-of-officer" => Ok(actor("officer", &[Role::Officer])),
        "token-of-operator" => Ok(actor("operator", &[Role::Operator])),
        _ => Err("the token is not valid".to_owned()),
    }))
}

pub fn anybody(prefix: &str) -> Grant {
    Grant { role: None, prefix: prefix.to_owned() }
}

/// A door that is open until dropped.
pub struct Open {
    pub log: Log,
    pub streams: StreamsClient<Channel>,
    pub channel: Channel,
    pub closing: CancellationToken,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

/// A door over an empty log for whoever comes.
pub async fn open() -> Open {
    let anonymous = Some(actor("anybody", &[]));
    open_over(fresh_log().await, Access { anonymous, grants: vec![anybody("")], ..access() }).await
}

pub async fn open_over(log: Log, access: Access) -> Open {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let closing = CancellationToken::new();
    let advertised = Endpoint { address: "audit.example".to_owned(), port: 4242 };
    let door = Door::new(log.clone(), access, advertised, closing.clone());
    tokio::spawn(async move { door::serve(door, listener, None).await.unwrap() });
    let channel = Channel::from_shared(format!("http://127.0.0.1:{port}")).unwrap().connect().await.unwrap();
    let streams = StreamsClient::new(channel.clone()).max_decoding_message_size(32 << 20);
    Open { log, streams, channel, closing }
}

pub fn id_of(id: Uuid) -> WireUuid {
    WireUuid { value: Some(Value::Text(id.to_string())) }
}

pub fn stream_id(name: &str) -> StreamIdentifier {
    StreamIdentifier { name: name.as_bytes().to_vec().into() }
}

/// An event with an id of its own.
pub fn event(kind: &str, data: &str) -> ProposedEvent {
    event_with(Uuid::now_v7(), kind, data)
}

pub fn event_with(id: Uuid, kind: &str, data: &str) -> ProposedEvent {
    let metadata = [("type", kind), ("content-type", "application/json")];
    ProposedEvent {
        id: Some(id_of(id)),
        metadata: metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        custom_metadata: "{\"by\" : 1}".into(),
        data: data.to_owned().into(),
    }
}

pub fn events(count: usize) -> Vec<ProposedEvent> {
    (0..count).map(|n| event("Happened", &format!("{{\"n\":{n}}}"))).collect()
}

pub const fn any() -> append_request::options::Expected {
    append_request::options::Expected::Any(NONE)
}

pub const fn at(revision: u64) -> append_request::options::Expected {
    append_request::options::Expected::Revision(revision)
}

pub const fn no_stream() -> append_request::options::Expected {
    append_request::options::Expected::NoStream(NONE)
}

pub fn append_messages(
    stream: &str,
    expected: append_request::options::Expected,
    events: Vec<ProposedEvent>,
) -> Vec<AppendRequest> {
    let options = append_request::Options { stream: Some(stream_id(stream)), expected: Some(expected) };
    let options = append_request::Content::Options(options);
    let contents = std::iter::once(options).chain(events.into_iter().map(append_request::Content::Event));
    contents.map(|content| AppendRequest { content: Some(content) }).collect()
}

pub type Answer<T> = Result<T, tonic::Status>;

impl Open {
    pub async fn append(
        &self,
        stream: &str,
        expected: append_request::options::Expected,
        events: Vec<ProposedEvent>,
    ) -> Answer<append_response::Result> {
        let messages = futures::stream::iter(append_messages(stream, expected, events));
        let answer = self.streams.clone().append(messages).await?;
        let AppendResponse { result } = answer.into_inner();
        Ok(result.expect("every answer has a result"))
    }

    /// Appends, which must succeed; tells revision and position.
    pub async fn appended(&self, stream: &str, events: Vec<ProposedEvent>) -> (Option<u64>, Option<u64>) {
        place(self.append(stream, any(), events).await.unwrap())
    }

    pub async fn subscribe(&self, request: ReadRequest) -> Follower {
        Follower(self.streams.clone().read(request).await.unwrap().into_inner())
    }

    /// All answers to a read.
    pub async fn read(&self, request: ReadRequest) -> Answer<Vec<Content>> {
        let mut answers = self.streams.clone().read(request).await?.into_inner();
        let mut contents = Vec::new();
        while let Some(ReadResponse { content }) = answers.message().await? {
            contents.push(content.expect("every answer has a content"));
        }
        Ok(contents)
    }

    /// The events of a read.
    pub async fn events(&self, request: ReadRequest) -> Vec<RecordedEvent> {
        self.read(request).await.unwrap().iter().filter_map(recorded).collect()
    }
}

pub fn place(result: append_response::Result) -> (Option<u64>, Option<u64>) {
    use door::wire::event_store::client::streams::appended::{Current, Place};
    let append_response::Result::Success(done) = result else { panic!("refused: {result:?}") };
    let revision = match done.current.expect("the current revision is always told") {
        Current::CurrentRevision(revision) => Some(revision),
        Current::NoStream(_) => None,
    };
    let position = match done.place.expect("the position is always told") {
        Place::Position(Position { commit, prepare }) => {
            assert_eq!(commit, prepare);
            Some(commit)
        }
        Place::NoPosition(_) => None,
    };
    (revision, position)
}

/// The event of an answer, which may be a link.
pub fn shown(content: &Content) -> Option<ReadEvent> {
    match content {
        Content::Event(bytes) => Some(ReadEvent::decode(bytes.clone()).unwrap()),
        _ => None,
    }
}

pub fn recorded(content: &Content) -> Option<RecordedEvent> {
    shown(content)?.event
}

pub fn commits(contents: &[Content]) -> Vec<u64> {
    contents.iter().filter_map(recorded).map(|event| event.commit).collect()
}

pub fn revisions(contents: &[Content]) -> Vec<u64> {
    contents.iter().filter_map(recorded).map(|event| event.revision).collect()
}

/// A request in the making: the whole log, forwards, without end.
pub fn all(from: all_streams::From) -> ReadRequest {
    request(Options { all: Some(AllStreams { from: Some(from) }), ..Options::default() })
}

pub fn one(stream: &str, from: one_stream::From) -> ReadRequest {
    let one = Some(OneStream { stream: Some(stream_id(stream)), from: Some(from) });
    request(Options { one, ..Options::default() })
}

fn request(options: Options) -> ReadRequest {
    let uuid_form = Some(UuidForm { form: Some(read_request::uuid_form::Form::Text(NONE)) });
    let amount = Some(Amount::Count(u64::MAX));
    let choice = Some(Choice::NoFilter(NONE));
    ReadRequest { options: Some(Options { uuid_form, amount, choice, ..options }) }
}

pub fn from(commit: u64) -> all_streams::From {
    all_streams::From::Position(Position { commit, prepare: commit })
}

/// The request with its options changed.
pub trait But {
    fn but(self, change: impl FnOnce(&mut Options)) -> Self;
    fn backwards(self) -> Self;
    fn count(self, count: u64) -> Self;
    fn filter(self, filter: Filter) -> Self;
    fn subscription(self) -> Self;
    fn telling_ends(self) -> Self;
}

impl But for ReadRequest {
    fn but(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(self.options.as_mut().unwrap());
        self
    }

    fn backwards(self) -> Self {
        self.but(|options| options.set_direction(Direction::Backwards))
    }

    fn count(self, count: u64) -> Self {
        self.but(|options| options.amount = Some(Amount::Count(count)))
    }

    fn filter(self, filter: Filter) -> Self {
        self.but(|options| options.choice = Some(Choice::Filter(filter)))
    }

    fn subscription(self) -> Self {
        self.but(|options| options.amount = Some(Amount::Subscription(read_request::Subscription {})))
    }

    fn telling_ends(self) -> Self {
        self.but(|options| options.control = Some(Control { compatibility: 1 }))
    }
}

/// A filter by a pattern or prefixes.
pub fn expression(regex: &str, prefixes: &[&str]) -> read_request::Expression {
    let prefixes = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
    read_request::Expression { regex: regex.to_owned(), prefixes }
}

pub fn by_stream(expression: read_request::Expression) -> Filter {
    Filter { of: Some(read_request::filter::Of::StreamName(expression)), ..Filter::default() }
}

pub fn by_type(expression: read_request::Expression) -> Filter {
    Filter { of: Some(read_request::filter::Of::EventType(expression)), ..Filter::default() }
}

/// A subscription as its client sees it.
pub struct Follower(Streaming<ReadResponse>);

impl Follower {
    pub async fn next(&mut self) -> Answer<Content> {
        let answer =
            tokio::time::timeout(SOON, self.0.message()).await.expect("an answer within the limit")?;
        Ok(answer.expect("a subscription has no end").content.expect("every answer has a content"))
    }

    /// The answers up to and with the next that says "caught up".
    pub async fn until_caught_up(&mut self) -> Vec<Content> {
        let mut contents = Vec::new();
        loop {
            contents.push(self.next().await.unwrap());
            if matches!(contents.last(), Some(Content::CaughtUp(_))) {
                return contents;
            }
        }
    }

    /// The positions of the next events.
    pub async fn commits(&mut self, count: usize) -> Vec<u64> {
        let mut found = Vec::new();
        while found.len() < count {
            found.extend(recorded(&self.next().await.unwrap()).map(|event| event.commit));
        }
        found
    }
}

/// A header of a status.
pub fn trailer<'a>(status: &'a tonic::Status, key: &str) -> &'a str {
    status.metadata().get(key).map_or("", |value| value.to_str().unwrap())
}
