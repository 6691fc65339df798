//! The published Rust client against a running event store: `clients before|after|tokens URI STATE`.
//!
//! `before` appends, reads, filters, is refused, and leaves a subscription in the middle; `after`, when the server was
//! started anew, takes the subscription up where it was. `tokens` is told the URI of an operator and, in place of
//! STATE, that of an auditor.

use std::{error::Error, fs};

use kurrentdb::{
    AppendToStreamOptions, BatchAppendOptions, Client, DeleteStreamOptions, Error as Refusal, EventData,
    Position, ReadAllOptions, ReadStream, ReadStreamOptions, RecordedEvent, StreamMetadata, StreamPosition,
    StreamState, SubscribeToAllOptions, SubscriptionFilter, TombstoneStreamOptions,
};
use serde_json::{Value, json};
use uuid::Uuid;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// Events that the subscription sees before the server stops.
const PAST: u64 = 5;
const COUNT: u64 = 12;

#[tokio::main]
async fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [phase, uri, state, ..] = &arguments[..] else {
        return Err("clients before|after|tokens URI STATE".into());
    };
    match phase.as_str() {
        "before" => before(&connect(uri)?, state).await?,
        "after" => after(&connect(uri)?, state).await?,
        "tokens" => tokens(&connect(uri)?, &connect(state)?).await?,
        other => return Err(format!("no phase is called {other}").into()),
    }
    println!("rust {phase}: good");
    Ok(())
}

fn connect(uri: &str) -> Done<Client> {
    Ok(Client::new(uri.parse()?).map_err(|error| error.to_string())?)
}

async fn before(client: &Client, state: &str) -> Done {
    let stream = format!("rust-{}", Uuid::new_v4());
    append(client, &stream).await?;
    read(client, &stream).await?;
    refusals(client, &stream).await?;
    leave(client, &stream, state).await
}

/// By Append and by BatchAppend; sent again, events get their first answer.
async fn append(client: &Client, stream: &str) -> Done {
    let first = events(0..4);
    let new = expecting(StreamState::NoStream);
    let stored = client.append_to_stream(stream, &new, first.clone()).await?;
    assert_eq!(stored.next_expected_version, 3);
    assert_eq!(client.append_to_stream(stream, &new, first).await?.position, stored.position);
    let at = expecting(StreamState::StreamRevision(3));
    assert_eq!(client.append_to_stream(stream, &at, events(4..8)).await?.next_expected_version, 7);
    let batch = client.batch_append(&BatchAppendOptions::default()).await?;
    let done = batch.append_to_stream(stream, StreamState::StreamRevision(7), events(8..COUNT)).await?;
    assert_eq!(done.current_revision(), Some(COUNT - 1));
    Ok(())
}

/// Both ways, from the middle, of the whole log with every kind of filter; byte for byte.
async fn read(client: &Client, stream: &str) -> Done {
    let of_stream = ReadStreamOptions::default();
    let whole = counted(client.read_stream(stream, &of_stream).await?).await?;
    assert_eq!(whole, (0..COUNT).collect::<Vec<_>>());
    let back = ReadStreamOptions::default().backwards().position(StreamPosition::End).max_count(3);
    assert_eq!(counted(client.read_stream(stream, &back).await?).await?, [11, 10, 9]);
    let late = ReadStreamOptions::default().position(StreamPosition::Position(10));
    assert_eq!(counted(client.read_stream(stream, &late).await?).await?, [10, 11]);

    for filter in [
        SubscriptionFilter::on_stream_name().add_prefix(stream),
        SubscriptionFilter::on_stream_name().regex(format!("^(?!other).*{stream}$")),
    ] {
        let all = ReadAllOptions::default().filter(filter.clone());
        assert_eq!(counted(client.read_all(&all).await?).await?, (0..COUNT).collect::<Vec<_>>());
        let back =
            ReadAllOptions::default().filter(filter).backwards().position(StreamPosition::End).max_count(2);
        assert_eq!(counted(client.read_all(&back).await?).await?, [11, 10]);
    }
    // The first event of all names the log.
    let mut first = client.read_all(&ReadAllOptions::default().max_count(1)).await?;
    let first = first.next().await?.ok_or("an event")?;
    let first = first.get_original_event();
    assert_eq!(
        (first.stream_id(), &first.event_type[..], first.position.commit),
        ("$genesis", "$genesis", 1)
    );

    let mut events = client.read_stream(stream, &of_stream).await?;
    let event = events.next().await?.ok_or("an event")?;
    assert_eq!(event.get_original_event().custom_metadata, vec![0, 255, b'0']);
    Ok(())
}

/// Conflicts and refusals are the client's own errors.
async fn refusals(client: &Client, stream: &str) -> Done {
    let wrong =
        client.append_to_stream(stream, &expecting(StreamState::StreamRevision(3)), events(99..100)).await;
    assert!(matches!(&wrong, Err(Refusal::WrongExpectedVersion { .. })), "{wrong:?}");
    let again = client.append_to_stream(stream, &expecting(StreamState::NoStream), events(99..100)).await;
    assert!(matches!(&again, Err(Refusal::WrongExpectedVersion { .. })), "{again:?}");
    let system = client.append_to_stream("$forbidden", &expecting(StreamState::Any), events(0..1)).await;
    assert!(matches!(&system, Err(Refusal::AccessDenied)), "{system:?}");
    let removed = client.delete_stream(stream, &DeleteStreamOptions::default()).await;
    assert!(matches!(&removed, Err(Refusal::AccessDenied)), "{removed:?}");
    let buried = client.tombstone_stream(stream, &TombstoneStreamOptions::default()).await;
    assert!(matches!(&buried, Err(Refusal::AccessDenied)), "{buried:?}");
    let hiding = StreamMetadata::builder().max_count(1).build();
    let hidden = client.set_stream_metadata(stream, &expecting(StreamState::Any), &hiding).await;
    assert!(matches!(&hidden, Err(Refusal::AccessDenied)), "{hidden:?}");
    let mut missing = client.read_stream(format!("{stream}-missing"), &ReadStreamOptions::default()).await?;
    let missing = missing.next().await;
    assert!(matches!(&missing, Err(Refusal::ResourceNotFound)), "{missing:?}");
    Ok(())
}

/// Leaves a subscription in the middle, and more behind it.
async fn leave(client: &Client, stream: &str, state: &str) -> Done {
    let (seen, position) = hear(client, stream, StreamPosition::Start, PAST).await?;
    assert_eq!(seen, (0..PAST).collect::<Vec<_>>());
    client.append_to_stream(stream, &expecting(StreamState::Any), events(COUNT..COUNT + 2)).await?;
    let left = json!({"stream": stream, "position": position.commit});
    Ok(fs::write(state, left.to_string())?)
}

/// Goes on from where it was, without loss or repetition, then live.
async fn after(client: &Client, state: &str) -> Done {
    let left: Value = serde_json::from_str(&fs::read_to_string(state)?)?;
    let stream = left["stream"].as_str().ok_or("a stream")?;
    let commit = left["position"].as_u64().ok_or("a position")?;
    let from = StreamPosition::Position(Position { commit, prepare: commit });
    let (seen, position) = hear(client, stream, from, COUNT + 2 - PAST).await?;
    assert_eq!(seen, (PAST..COUNT + 2).collect::<Vec<_>>());
    let live = hear(client, stream, StreamPosition::Position(position), 3);
    let more = expecting(StreamState::Any);
    let append = client.append_to_stream(stream, &more, events(COUNT + 2..COUNT + 5));
    let (live, appended) = tokio::join!(live, append);
    appended?;
    assert_eq!(live?.0, (COUNT + 2..COUNT + 5).collect::<Vec<_>>());
    Ok(())
}

async fn tokens(operator: &Client, auditor: &Client) -> Done {
    let stream = format!("rust-{}", Uuid::new_v4());
    operator.append_to_stream(&stream[..], &expecting(StreamState::NoStream), events(0..2)).await?;
    let found = auditor.read_stream(&stream[..], &ReadStreamOptions::default()).await?;
    assert_eq!(counted(found).await?, [0, 1]);
    let refused = auditor.append_to_stream(&stream[..], &expecting(StreamState::Any), events(2..3)).await;
    assert!(matches!(&refused, Err(Refusal::AccessDenied)), "{refused:?}");
    Ok(())
}

/// The next so many events of a stream in the whole log, and the position of the last.
async fn hear(
    client: &Client,
    stream: &str,
    from: StreamPosition<Position>,
    count: u64,
) -> Done<(Vec<u64>, Position)> {
    let filter = SubscriptionFilter::on_stream_name().add_prefix(stream);
    let options = SubscribeToAllOptions::default().position(from).filter(filter);
    let mut subscription = client.subscribe_to_all(&options).await;
    let (mut seen, mut position) = (Vec::new(), Position::start());
    while (seen.len() as u64) < count {
        let event = subscription.next().await?;
        position = event.get_original_event().position;
        seen.push(number(event.get_original_event())?);
    }
    Ok((seen, position))
}

fn expecting(state: StreamState) -> AppendToStreamOptions {
    AppendToStreamOptions::default().stream_state(state)
}

fn events(numbers: std::ops::Range<u64>) -> Vec<EventData> {
    let event = |number: u64| {
        let metadata = [&[0, 255], number.to_string().as_bytes()].concat();
        let event = EventData::json("Counted", &json!({"n": number})).expect("a number is JSON");
        event.id(Uuid::new_v4()).metadata(metadata.into())
    };
    numbers.map(event).collect()
}

async fn counted(mut events: ReadStream) -> Done<Vec<u64>> {
    let mut found = Vec::new();
    while let Some(event) = events.next().await? {
        found.push(number(event.get_original_event())?);
    }
    Ok(found)
}

fn number(event: &RecordedEvent) -> Done<u64> {
    let data: Value = event.as_json()?;
    data["n"].as_u64().ok_or_else(|| "no number in the event".into())
}
