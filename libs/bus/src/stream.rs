//! Streams: made as we want them or refused, and what we ask of them. Decision 2.

use std::time::Duration;

use async_nats::jetstream::{
    self, ErrorCode,
    context::{CreateStreamErrorKind, GetStreamErrorKind},
    stream::{Config, DirectGetErrorKind, DiscardPolicy, RetentionPolicy, StorageType},
};
use bytes::Bytes;

use crate::{Bus, Source, cloudevent::MESSAGE_BYTES_MAX};

/// Room for headers beside the largest CloudEvent.
const HEADER_BYTES_MAX: usize = 8 * 1024;

/// How streams are made, and what an existing one is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSettings {
    /// How long a message stays; the log keeps it for ever.
    pub max_age: Duration,
    /// How large a stream may grow; then it takes no more, and the relay waits. `None`: without limit.
    pub bytes_max: Option<u64>,
    /// Copies in the cluster: 1 on a single server, 3 in production.
    pub replicas: usize,
    /// How long a message id is remembered.
    pub duplicate_window: Duration,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(30 * 24 * 60 * 60),
            bytes_max: None,
            replicas: 1,
            duplicate_window: Duration::from_secs(120),
        }
    }
}

/// Where a stream begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The first sequence that is still there; one past `last` if none is.
    pub first: u64,
    /// The last sequence ever given.
    pub last: u64,
}

/// What a stream has at a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The sequence.
    pub sequence: u64,
    /// The subject it was published on.
    pub subject: String,
    /// The CloudEvent.
    pub payload: Bytes,
}

/// Why a stream cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// Another stream has the name: it was made by hand, or by other settings.
    #[error("use stream {stream}: its {field} is {found}, not {wanted}")]
    Mismatch {
        /// The stream.
        stream: String,
        /// The setting that differs.
        field: &'static str,
        /// What the server says.
        found: String,
        /// What the settings say.
        wanted: String,
    },
    /// The stream is not there.
    #[error("find stream {0}")]
    Missing(String),
    /// The server did not answer, or not well.
    #[error("ask the bus about stream {stream}")]
    Bus {
        /// The stream.
        stream: String,
        /// Why.
        #[source]
        source: async_nats::Error,
    },
}

impl Bus {
    /// Makes the stream of a source if it is not there, and refuses one that is not as it should be.
    /// `first` is the sequence that a new stream begins with.
    pub async fn ensure_stream(&self, source: &Source, first: u64) -> Result<Extent, StreamError> {
        let stream = source.stream();
        let wanted = self.stream_config(source, first);
        let info = match self.jetstream.get_stream(&stream).await {
            Ok(found) => found.cached_info().clone(),
            Err(error) if is_missing(&error) => self.create(wanted.clone()).await?,
            Err(error) => return Err(failed(&stream, error)),
        };
        compare(&stream, &info.config, &wanted)?;
        Ok(Extent { first: info.state.first_sequence, last: info.state.last_sequence })
    }

    /// Where a stream begins and ends.
    pub async fn extent(&self, source: &Source) -> Result<Extent, StreamError> {
        let stream = source.stream();
        match self.jetstream.get_stream(&stream).await {
            Ok(found) => {
                let state = &found.cached_info().state;
                Ok(Extent { first: state.first_sequence, last: state.last_sequence })
            }
            Err(error) if is_missing(&error) => Err(StreamError::Missing(stream)),
            Err(error) => Err(failed(&stream, error)),
        }
    }

    /// The message at a sequence; `None` if the stream does not have it (any more).
    pub async fn stored(&self, source: &Source, sequence: u64) -> Result<Option<Stored>, StreamError> {
        let stream = source.stream();
        let handle =
            self.jetstream.get_stream_no_info(&stream).await.map_err(|error| failed(&stream, error))?;
        match handle.direct_get(sequence).await {
            // A direct get may answer with the next message when there is none at the sequence.
            Ok(found) if found.sequence == sequence => {
                Ok(Some(Stored { sequence, subject: found.subject.to_string(), payload: found.payload }))
            }
            Ok(_) => Ok(None),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&stream, error)),
        }
    }

    /// Two processes may create at once; the loser finds the winner's.
    async fn create(&self, config: Config) -> Result<jetstream::stream::Info, StreamError> {
        let stream = config.name.clone();
        match self.jetstream.create_stream(config).await {
            Ok(made) => {
                tracing::info!(stream, "created a stream");
                Ok(made.cached_info().clone())
            }
            Err(error) if is_taken(&error) => {
                let found =
                    self.jetstream.get_stream(&stream).await.map_err(|error| failed(&stream, error))?;
                Ok(found.cached_info().clone())
            }
            Err(error) => Err(failed(&stream, error)),
        }
    }

    fn stream_config(&self, source: &Source, first: u64) -> Config {
        let settings = &self.settings;
        Config {
            name: source.stream(),
            subjects: vec![source.subjects()],
            storage: StorageType::File,
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::New,
            max_age: settings.max_age,
            max_bytes: settings.bytes_max.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
            max_message_size: i32::try_from(MESSAGE_BYTES_MAX + HEADER_BYTES_MAX).unwrap_or(i32::MAX),
            num_replicas: settings.replicas,
            duplicate_window: settings.duplicate_window.min(settings.max_age),
            deny_delete: true,
            deny_purge: true,
            allow_direct: true,
            first_sequence: (first > 1).then_some(first),
            ..Config::default()
        }
    }
}

/// Compares what a server may have changed or dropped; where a stream begins is history, not a setting.
fn compare(stream: &str, found: &Config, wanted: &Config) -> Result<(), StreamError> {
    let fields = [
        ("subjects", format!("{:?}", found.subjects), format!("{:?}", wanted.subjects)),
        ("storage", format!("{:?}", found.storage), format!("{:?}", wanted.storage)),
        ("retention", format!("{:?}", found.retention), format!("{:?}", wanted.retention)),
        ("discard", format!("{:?}", found.discard), format!("{:?}", wanted.discard)),
        ("max_age", format!("{:?}", found.max_age), format!("{:?}", wanted.max_age)),
        ("max_bytes", found.max_bytes.to_string(), wanted.max_bytes.to_string()),
        ("max_msgs", found.max_messages.max(0).to_string(), "0".to_owned()),
        ("max_msgs_per_subject", found.max_messages_per_subject.max(0).to_string(), "0".to_owned()),
        ("max_msg_size", found.max_message_size.to_string(), wanted.max_message_size.to_string()),
        ("num_replicas", found.num_replicas.to_string(), wanted.num_replicas.to_string()),
        (
            "duplicate_window",
            format!("{:?}", found.duplicate_window),
            format!("{:?}", wanted.duplicate_window),
        ),
        ("deny_delete", found.deny_delete.to_string(), wanted.deny_delete.to_string()),
        ("deny_purge", found.deny_purge.to_string(), wanted.deny_purge.to_string()),
        ("allow_direct", found.allow_direct.to_string(), wanted.allow_direct.to_string()),
        ("allow_rollup_hdrs", found.allow_rollup.to_string(), wanted.allow_rollup.to_string()),
        ("sealed", found.sealed.to_string(), wanted.sealed.to_string()),
    ];
    match fields.into_iter().find(|(_, found, wanted)| found != wanted) {
        None => Ok(()),
        Some((field, found, wanted)) => {
            Err(StreamError::Mismatch { stream: stream.to_owned(), field, found, wanted })
        }
    }
}

fn is_missing(error: &jetstream::context::GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(ref error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

fn is_taken(error: &jetstream::context::CreateStreamError) -> bool {
    matches!(error.kind(), CreateStreamErrorKind::JetStream(ref error) if error.error_code() == ErrorCode::STREAM_NAME_EXIST)
}

fn failed(stream: &str, source: impl Into<async_nats::Error>) -> StreamError {
    StreamError::Bus { stream: stream.to_owned(), source: source.into() }
}
