//! `fenghuo eventstore` as its users start it: empty and writable, then again on the same data with TLS and tokens.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use door::wire::event_store::client::{
    Empty, StreamIdentifier, Uuid as WireUuid,
    streams::{
        AllStreams, AppendRequest, ProposedEvent, ReadEvent, ReadRequest, ReadResponse, append_request,
        read_request::{Options, options::Amount},
        read_response::Content,
        streams_client::StreamsClient,
    },
    uuid::Value,
};
use prost::Message;
use servers::Scratch;
use tonic::{
    Code, Request, Status,
    metadata::AsciiMetadataValue,
    transport::{Certificate, Channel, ClientTlsConfig},
};

use crate::{
    audit::SCENARIO,
    dev::Dev,
    program::{err, fenghuo, out, run},
};

/// A running store; told to stop when dropped, so that its database is closed in good order.
struct Store {
    child: Child,
    /// Its host and port.
    place: String,
}

impl Store {
    fn start(data: &str, more: &[&str]) -> Self {
        let arguments = [&["eventstore", "--data", data, "--port", "0"], more].concat();
        let child = fenghuo().args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        // From here on the child ends with the test, however that ends.
        let mut store = Self { child, place: String::new() };
        let mut lines = BufReader::new(store.child.stdout.as_mut().unwrap()).lines().map(Result::unwrap);
        let line = lines.find(|line| line.contains("kurrentdb://")).expect("it says where it is");
        let uri = line.split_once("://").unwrap().1.split_once('?').unwrap().0;
        store.place = uri.rsplit('@').next().unwrap().to_owned();
        store
    }

    fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// An event of this type for a stream that is new.
pub(crate) fn append(stream: &str, kind: &str) -> Vec<AppendRequest> {
    let options = append_request::Options {
        stream: Some(StreamIdentifier { name: stream.to_owned().into() }),
        expected: Some(append_request::options::Expected::NoStream(Empty {})),
    };
    let event = ProposedEvent {
        id: Some(WireUuid { value: Some(Value::Text(uuid::Uuid::now_v7().to_string())) }),
        metadata: [("type", kind), ("content-type", "application/json")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        custom_metadata: Default::default(),
        data: "{\"n\":1}".into(),
    };
    let contents = [append_request::Content::Options(options), append_request::Content::Event(event)];
    contents.map(|content| AppendRequest { content: Some(content) }).into()
}

/// The data of all events, behind the one that every log begins with.
pub(crate) async fn read(
    channel: &Channel,
    authorization: Option<&str>,
) -> Result<Vec<bytes::Bytes>, Status> {
    let options = Options {
        all: Some(AllStreams::default()),
        amount: Some(Amount::Count(1_000)),
        ..Options::default()
    };
    let mut request = Request::new(ReadRequest { options: Some(options) });
    if let Some(shown) = authorization {
        request.metadata_mut().insert("authorization", AsciiMetadataValue::try_from(shown).unwrap());
    }
    let mut answers = StreamsClient::new(channel.clone()).read(request).await?.into_inner();
    let mut found = Vec::new();
    while let Some(ReadResponse { content: Some(Content::Event(event)) }) = answers.message().await? {
        found.push(ReadEvent::decode(event).unwrap().event.unwrap().data);
    }
    let begins = |first: &bytes::Bytes| first.starts_with(br#"{"type":"$genesis","data":{"log_id":""#);
    assert!(found.first().is_none_or(begins), "{found:?}");
    Ok(found.into_iter().skip(1).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_keeps_what_it_took_and_asks_for_a_token_over_tls() {
    let scratch = Scratch::new().unwrap();
    let data = scratch.path().join("data").display().to_string();
    let plain = Store::start(&data, &[]);
    let channel = Channel::from_shared(format!("http://{}", plain.place)).unwrap().connect().await.unwrap();
    StreamsClient::new(channel.clone())
        .append(futures::stream::iter(append("orders", "Placed")))
        .await
        .unwrap();
    assert_eq!(read(&channel, None).await.unwrap(), ["{\"n\":1}"]);
    drop(channel);
    plain.stop();

    let secure = Store::start(&data, &["--tls"]);
    let ca = Certificate::from_pem(fs::read(format!("{data}/tls/ca.pem")).unwrap());
    let channel = Channel::from_shared(format!("https://{}", secure.place)).unwrap();
    let channel =
        channel.tls_config(ClientTlsConfig::new().ca_certificate(ca)).unwrap().connect().await.unwrap();
    let key = format!("{data}/keys/signing.pem");
    let token = run(&["token", "--department", "fire.33", "--role", "auditor", "--id", "a-1", "--key", &key]);
    let token = out(&token).trim().to_owned();
    let basic = format!("Basic {}", STANDARD.encode(format!("a-1:{token}")));
    assert_eq!(read(&channel, Some(&basic)).await.unwrap(), ["{\"n\":1}"]);
    assert_eq!(read(&channel, Some(&format!("Bearer {token}"))).await.unwrap(), ["{\"n\":1}"]);
    assert_eq!(read(&channel, None).await.unwrap_err().code(), Code::Unauthenticated);
    drop(channel);
    secure.stop();
}

/// What a service remembers, through a door that takes nothing in.
async fn memory(data: &str) -> Vec<bytes::Bytes> {
    let memory = Store::start(data, &["--memory-of", "hazard"]);
    let channel = Channel::from_shared(format!("http://{}", memory.place)).unwrap().connect().await.unwrap();
    let messages = futures::stream::iter(append("orders", "Placed"));
    let refused = StreamsClient::new(channel.clone()).append(messages).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    let found = read(&channel, None).await.unwrap();
    drop(channel);
    memory.stop();
    found
}

/// Whatever the database would allow: the log of a service is shown, and no client appends to it.
#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_a_service_is_read_and_never_written() {
    let scratch = Scratch::new().unwrap();
    let data = scratch.path().join("data").display().to_string();
    let none = run(&["eventstore", "--memory-of", "hazard", "--data", &data, "--port", "0"]);
    assert!(err(&none).contains("there is no data of a system in"), "{}", err(&none));
    let dev = Dev::start(data.as_ref());
    let played = run(&["play", SCENARIO, "--data", &data]);
    assert!(played.status.success(), "{}", err(&played));
    let of_a_running_system = memory(&data).await;
    assert!(!of_a_running_system.is_empty());
    drop(dev);
    assert_eq!(memory(&data).await, of_a_running_system, "of one that rests, the database is started");

    let unknown = run(&["eventstore", "--memory-of", "nobody", "--data", &data, "--port", "0"]);
    assert!(err(&unknown).contains("no service is called"), "{}", err(&unknown));
    let writable = run(&["eventstore", "--memory-of", "hazard", "--writer", "operator=x", "--data", &data]);
    assert!(!writable.status.success(), "a memory has no writers");
}

#[test]
fn plain_text_is_for_loopback_only() {
    let scratch = Scratch::new().unwrap();
    let data = scratch.path().join("data").display().to_string();
    let refused = run(&["eventstore", "--data", &data, "--port", "0", "--host", "0.0.0.0"]);
    assert!(err(&refused).contains("plain text is for loopback only"), "{}", err(&refused));
}
