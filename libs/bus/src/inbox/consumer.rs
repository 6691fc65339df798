//! The durable consumer of (source, service): where it begins, who of several processes is served, what is pulled.

use std::time::Duration;

use async_nats::jetstream::{
    ErrorCode,
    consumer::{
        AckPolicy, Consumer, DeliverPolicy, PriorityPolicy,
        pull::{Config, Stream},
    },
    stream::ConsumerErrorKind,
};

use super::Interruption;
use crate::{Bus, Source};

/// Messages that one pull asks for.
const PULL_MESSAGES_MAX: usize = 512;
/// How long a pull lasts before it is made anew; far below [`PIN_TIMEOUT`].
const PULL_EXPIRES: Duration = Duration::from_secs(5);
/// A server that says nothing for two of these is taken for lost.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Messages delivered and not acknowledged; past it the server waits.
const UNACKNOWLEDGED_MAX: i64 = 16 * PULL_MESSAGES_MAX as i64;
/// When an unacknowledged message comes again.
const ACK_WAIT: Duration = Duration::from_secs(10);
/// Of several processes of a service one is served; when it stops pulling for so long, another one is.
const PIN_TIMEOUT: Duration = Duration::from_secs(15);
const GROUP: &str = "inbox";

/// One process's place at a consumer.
pub(super) struct Place {
    consumer: Consumer<Config>,
    bus: Bus,
    source: Source,
}

impl Place {
    /// Finds or makes the consumer that goes on after `position`.
    ///
    /// A consumer that nobody waits at is made anew from our own position: it may belong to a stream that was wiped,
    /// or hold back what a killed process was given. One that somebody waits at is shared, and we stand by.
    pub(super) async fn take(
        bus: &Bus,
        source: &Source,
        service: &Source,
        position: u64,
    ) -> Result<Self, Interruption> {
        let (stream, durable) = (source.stream(), service.as_str());
        let place = |consumer| Self { consumer, bus: bus.clone(), source: source.clone() };
        match bus.jetstream.get_consumer_from_stream::<Config, _, _>(durable, &stream).await {
            Ok(found) if found.cached_info().num_waiting > 0 && is_ours(&found) => return Ok(place(found)),
            Ok(_) => {
                // Another process may have been faster; then there is nothing to delete.
                if let Err(error) = bus.jetstream.delete_consumer_from_stream(durable, &stream).await {
                    tracing::debug!(%error, "could not delete a consumer");
                }
            }
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(Interruption::Bus(error.into())),
        }
        let wanted = config(service, position);
        let made = match bus.jetstream.create_consumer_strict_on_stream(wanted, &stream).await {
            Ok(made) => made,
            // Another process was faster: its consumer is as good as ours.
            Err(error) => match bus.jetstream.get_consumer_from_stream(durable, &stream).await {
                Ok(found) => found,
                Err(_) => return Err(Interruption::Bus(error.into())),
            },
        };
        if is_ours(&made) { Ok(place(made)) } else { Err(Interruption::Settings(stream)) }
    }

    /// What is delivered from now on.
    pub(super) async fn messages(&self) -> Result<Stream, Interruption> {
        self.consumer
            .stream()
            .max_messages_per_batch(PULL_MESSAGES_MAX)
            .expires(PULL_EXPIRES)
            .heartbeat(HEARTBEAT)
            .group(GROUP)
            .messages()
            .await
            .map_err(|error| Interruption::Bus(error.into()))
    }

    /// Lets another process be served at once.
    pub(super) async fn leave(&self) {
        let name = &self.consumer.cached_info().name;
        let Ok(stream) = self.bus.jetstream.get_stream_no_info(self.source.stream()).await else {
            return;
        };
        if let Err(error) = stream.unpin_consumer(name, GROUP).await {
            tracing::debug!(%error, "could not leave a consumer to others");
        }
    }
}

fn config(service: &Source, position: u64) -> Config {
    Config {
        durable_name: Some(service.to_string()),
        name: Some(service.to_string()),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: position + 1 },
        // What is recorded is recorded without a hole: one acknowledgement speaks for all before it.
        ack_policy: AckPolicy::All,
        ack_wait: ACK_WAIT,
        max_deliver: -1,
        max_ack_pending: UNACKNOWLEDGED_MAX,
        priority_policy: PriorityPolicy::PinnedClient,
        priority_groups: vec![GROUP.to_owned()],
        priority_timeout: PIN_TIMEOUT,
        ..Config::default()
    }
}

/// Whether a consumer works as ours do, wherever it began; older servers drop settings in silence.
fn is_ours(consumer: &Consumer<Config>) -> bool {
    let found = &consumer.cached_info().config;
    found.ack_policy == AckPolicy::All
        && found.ack_wait == ACK_WAIT
        && found.max_ack_pending == UNACKNOWLEDGED_MAX
        && found.max_deliver == -1
        && found.filter_subject.is_empty()
        && found.filter_subjects.is_empty()
        && found.priority_policy == PriorityPolicy::PinnedClient
        && found.priority_groups == [GROUP]
        && found.priority_timeout == PIN_TIMEOUT
}

fn is_missing(error: &async_nats::jetstream::stream::ConsumerError) -> bool {
    matches!(error.kind(), ConsumerErrorKind::JetStream(ref error)
        if error.error_code() == ErrorCode::CONSUMER_NOT_FOUND)
}
