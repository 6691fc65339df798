//! From the log to the bus: every event leaves, in order, at the sequence that is its position. Decision 2.
//!
//! **Invariant**: a message is a pure function of the log, and the stream takes it at its own position only. So
//! relays need no checkpoint, may run side by side, and may die anywhere: what fits is taken, what does not is not.

use std::time::Duration;

use decider::Recorded;
use eventlog::{Direction, Log};
use futures::StreamExt;
use serde::Deserialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::chain::Chain;
use crate::cloudevent::Message;
use crate::{Bus, ConnectError, Publish, Source, StreamError};

mod flight;
mod status;

use flight::Flight;
pub use status::{State, Status, Unpublished};

const RETRY_FIRST: Duration = Duration::from_millis(5);
const RETRY_LONGEST: Duration = Duration::from_secs(1);
/// Events read from the log at a time.
const PAGE_EVENTS_MAX: usize = 256;

/// The bounds a relay keeps.
#[derive(Debug, Clone)]
pub struct Options {
    /// Messages on their way without an answer.
    pub in_flight_max: usize,
    /// Bytes on their way without an answer.
    pub in_flight_bytes_max: usize,
    /// How long an answer is waited for before the stream is asked where it is.
    pub ack_timeout: Duration,
    /// How many events a stream that was lost is given back; listeners get older ones from the log.
    pub refill_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            in_flight_max: 512,
            in_flight_bytes_max: 4 << 20,
            ack_timeout: Duration::from_secs(5),
            refill_max: 1_000_000,
        }
    }
}

/// Why a relay stopped and a person must look.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Alarm {
    /// The log was put back to an older state, or is another log.
    #[error("relay: the stream is at {stream}, ahead of its log at {log}")]
    Ahead {
        /// The stream's last sequence.
        stream: u64,
        /// The log's head.
        log: u64,
    },
    /// The stream carries another history than the log.
    #[error("relay: the stream carries event {stream} at {position}, the log {log}")]
    Forked {
        /// Where they differ.
        position: u64,
        /// The event's id in the stream.
        stream: Uuid,
        /// The event's id in the log.
        log: Uuid,
    },
    /// The stream exists with settings that are not ours.
    #[error("relay: {0}")]
    Stream(String),
}

/// Carries one service's log to its stream.
pub struct Relay {
    service: Source,
    log: Log,
    bus: Bus,
    publish: Publish,
    options: Options,
    status: watch::Sender<Status>,
}

impl Relay {
    /// A relay that waits to be run.
    pub fn new(service: Source, log: Log, bus: Bus, publish: Publish) -> Self {
        let status = watch::Sender::new(Status::default());
        Self { service, log, bus, publish, options: Options::default(), status }
    }

    /// The same with other bounds.
    pub fn with(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// How far it is, and how it fares.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Relays until told to stop. A bus or a database that is away is waited for.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), Alarm> {
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        loop {
            let published = self.status.borrow().published;
            let end = match self.bus.ready(&shutdown).await {
                None => return Ok(()),
                Some(Err(error)) => Err(error.into()),
                Some(Ok(())) => self.session(&shutdown).await,
            };
            match end {
                Ok(()) => return Ok(()),
                Err(Interruption::Alarm(alarm)) => {
                    tracing::error!(service = %self.service, %alarm, "the relay stops");
                    self.status.send_modify(|status| status.state = State::Alarmed(alarm.clone()));
                    return Err(alarm);
                }
                Err(interruption) => self.note(&interruption),
            }
            if self.status.borrow().published > published {
                backoff.reset();
            }
            if !backoff.wait(&shutdown).await {
                return Ok(());
            }
        }
    }

    /// From asking the stream where it is to the first thing that goes wrong; `Ok` if told to stop.
    async fn session(&self, shutdown: &CancellationToken) -> Result<(), Interruption> {
        let losses = self.bus.losses();
        let last = self.take_up().await?;
        self.status.send_modify(|status| {
            status.relayed = last;
            status.state = State::Running;
        });
        let mut flight = Flight::start(self, losses, last).await?;
        flight.fly(shutdown).await
    }

    /// Makes the stream if it is gone, makes sure that it is a copy of this log, and says where it ends.
    async fn take_up(&self) -> Result<u64, Interruption> {
        let first = self.log.head().await?.position.saturating_sub(self.options.refill_max) + 1;
        let last = self.bus.ensure_stream(&self.service, first).await?.last;
        // Read after the stream: another relay may publish meanwhile, but only what the log holds.
        let head = self.log.head().await?.position;
        if last > head {
            return Err(Alarm::Ahead { stream: last, log: head }.into());
        }
        if let (Some(there), Some(here)) = (self.id_on_the_bus(last).await?, self.id_in_the_log(last).await?)
            && there != here
        {
            return Err(Alarm::Forked { position: last, stream: there, log: here }.into());
        }
        Ok(last)
    }

    async fn id_on_the_bus(&self, position: u64) -> Result<Option<Uuid>, StreamError> {
        #[derive(Deserialize)]
        struct Identified {
            id: Uuid,
        }
        if position == 0 {
            return Ok(None);
        }
        let stored = self.bus.stored(&self.service, position).await?;
        let id = stored.map(|stored| serde_json::from_slice(&stored.payload));
        Ok(id.map(|id: Result<Identified, _>| id.map_or(Uuid::nil(), |found| found.id)))
    }

    async fn id_in_the_log(&self, position: u64) -> Result<Option<Uuid>, eventlog::Error> {
        if position == 0 {
            return Ok(None);
        }
        let found = self.log.read_all(position, 1, Direction::Forwards).next().await.transpose()?;
        Ok(found.map(|recorded| recorded.id))
    }

    /// Decides what leaves for an event, and says aloud if it cannot be made public.
    fn message(&self, recorded: &Recorded) -> Message {
        let message = crate::cloudevent::message(recorded, self.publish, &self.service);
        if let Some(reason) = message.fault.clone() {
            let position = recorded.position;
            tracing::error!(service = %self.service, event.position = position, event.r#type = recorded.kind,
                reason, "an event could not be made public");
            self.status.send_modify(|status| status.note_unpublished(position, reason));
        }
        message
    }

    fn note(&self, interruption: &Interruption) {
        match interruption {
            // Two relays take turns; that is how it should be.
            Interruption::Overtaken => tracing::debug!(service = %self.service, "another relay was faster"),
            other => tracing::warn!(service = %self.service, error = %Chain(other), "the relay starts over"),
        }
        self.status.send_modify(|status| {
            status.state = State::Waiting(Chain(interruption).to_string());
            status.restarts += 1;
        });
    }
}

/// Why a session ended before it was told to.
#[derive(Debug, thiserror::Error)]
enum Interruption {
    #[error(transparent)]
    Alarm(Alarm),
    #[error("another relay was faster")]
    Overtaken,
    #[error("the bus is away")]
    Away,
    #[error("the bus did not answer in time")]
    Silent,
    #[error("the bus refuses: {0}")]
    Refused(String),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Stream(StreamError),
    #[error("talk to the bus")]
    Client(#[source] async_nats::Error),
    #[error(transparent)]
    Log(#[from] eventlog::Error),
    #[error("the log is shut down")]
    Closed,
}

impl From<Alarm> for Interruption {
    fn from(alarm: Alarm) -> Self {
        Self::Alarm(alarm)
    }
}

impl From<StreamError> for Interruption {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Mismatch { .. } => Self::Alarm(Alarm::Stream(error.to_string())),
            other => Self::Stream(other),
        }
    }
}
