//! Publishing without waiting: many messages on their way, every answer looked at.

use std::{collections::VecDeque, pin::pin};

use async_nats::{Message, StatusCode, Subscriber};
use decider::{CaseId, Recorded};
use eventlog::{fault, trace};
use futures::StreamExt;
use tokio::time::{Duration, Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::Span;

use super::{Interruption, PAGE_EVENTS_MAX, Relay};
use crate::Source;
use crate::cloudevent;
use crate::publish::{Ack, headers};

/// How long a relay that was told to stop waits for answers.
const LANDING_MAX: Duration = Duration::from_secs(2);

/// The messages of one session that the stream has not answered yet, oldest first.
///
/// One subscription takes all answers. A request each would cost a map entry and a channel a message, and would keep
/// the answers of a lost connection waiting for their time-outs.
pub(super) struct Flight<'a> {
    relay: &'a Relay,
    answers: Subscriber,
    reply_prefix: String,
    losses: u64,
    last: u64,
    sent: VecDeque<Sent>,
    bytes: usize,
}

struct Sent {
    position: u64,
    bytes: usize,
    at: Instant,
    /// Ends with the answer.
    _span: Span,
}

impl<'a> Flight<'a> {
    pub(super) async fn start(relay: &'a Relay, losses: u64, last: u64) -> Result<Self, Interruption> {
        let reply_prefix = relay.bus.client.new_inbox();
        let answers = relay
            .bus
            .client
            .subscribe(format!("{reply_prefix}.*"))
            .await
            .map_err(|error| Interruption::Client(error.into()))?;
        Ok(Self { relay, answers, reply_prefix, losses, last, sent: VecDeque::new(), bytes: 0 })
    }

    /// Publishes what the log has and will have, until told to stop.
    pub(super) async fn fly(&mut self, shutdown: &CancellationToken) -> Result<(), Interruption> {
        let relay = self.relay;
        let mut pages = relay.log.follow_pages(self.last, PAGE_EVENTS_MAX);
        let mut away = pin!(relay.bus.lost(self.losses));
        let mut page = VecDeque::new();
        loop {
            while self.has_room()
                && let Some(next) = page.front()
            {
                tokio::select! {
                    biased;
                    () = &mut away => return Err(Interruption::Away),
                    sent = self.send(next) => sent?,
                }
                page.pop_front();
            }
            let due = self.due();
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return self.land().await,
                () = &mut away => return Err(Interruption::Away),
                next = pages.next(), if page.is_empty() => page = next.ok_or(Interruption::Closed)??.into(),
                answer = self.answers.next(), if !self.sent.is_empty() => self.note(answer)?,
                () = sleep_until(due), if !self.sent.is_empty() => return Err(Interruption::Silent),
            }
        }
    }

    /// Waits for the answers that are still to come, for a while; nothing new leaves.
    async fn land(&mut self) -> Result<(), Interruption> {
        let limit = Instant::now() + LANDING_MAX;
        while !self.sent.is_empty() {
            match timeout_at(limit, self.answers.next()).await {
                Ok(answer) => self.note(answer)?,
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    async fn send(&mut self, recorded: &Recorded) -> Result<(), Interruption> {
        let relay = self.relay;
        let position = recorded.position;
        if position != self.last + 1 {
            return Err(Interruption::Log(eventlog::Error::Gap { expected: self.last + 1, found: position }));
        }
        let span = span(&relay.service, recorded);
        fault::point("relay.before_publish");
        let cloudevent::Message { subject, bytes, is_withheld, .. } = relay.message(recorded);
        let size = bytes.len();
        let traceparent = recorded.meta.traceparent.as_deref().filter(|_| !is_withheld);
        let message_id = format!("{}:{position}", relay.service);
        let headers = headers(&relay.service, &message_id, self.last, traceparent);
        let reply = format!("{}.{position}", self.reply_prefix);
        relay
            .bus
            .client
            .publish_with_reply_and_headers(subject, reply, headers, bytes)
            .await
            .map_err(|error| Interruption::Client(error.into()))?;
        fault::point("relay.after_publish");
        self.last = position;
        self.bytes += size;
        self.sent.push_back(Sent { position, bytes: size, at: Instant::now(), _span: span });
        Ok(())
    }

    /// An answer for one position answers for all before it: each was taken only after its predecessor.
    fn note(&mut self, answer: Option<Message>) -> Result<(), Interruption> {
        let answer = answer.ok_or(Interruption::Away)?;
        let position =
            positioned(&answer).ok_or_else(|| Interruption::Refused("an answer to nothing".to_owned()))?;
        let ack = read(&answer)?;
        if ack.seq != position {
            return Err(Interruption::Refused(format!("position {position} has sequence {}", ack.seq)));
        }
        while let Some(oldest) = self.sent.pop_front_if(|oldest| oldest.position <= position) {
            self.bytes -= oldest.bytes;
        }
        fault::point("relay.after_ack");
        self.relay.status.send_modify(|status| {
            status.relayed = status.relayed.max(position);
            if ack.duplicate { status.duplicates += 1 } else { status.published += 1 }
        });
        Ok(())
    }

    fn has_room(&self) -> bool {
        let options = &self.relay.options;
        self.sent.len() < options.in_flight_max && self.bytes < options.in_flight_bytes_max
    }

    /// When the oldest message should have been answered.
    fn due(&self) -> Instant {
        self.sent.front().map_or_else(Instant::now, |oldest| oldest.at) + self.relay.options.ack_timeout
    }
}

/// From sending an event to the stream's answer, in the trace of the command that caused the event.
fn span(service: &Source, recorded: &Recorded) -> Span {
    let Some(traceparent) = recorded.meta.traceparent.as_deref() else {
        return Span::none();
    };
    let span = tracing::info_span!(
        parent: None,
        "publish",
        service.name = service.as_str(),
        otel.kind = "producer",
        messaging.system = "nats",
        messaging.operation.r#type = "send",
        messaging.destination.name = service.as_str(),
        event.position = recorded.position,
        event.r#type = recorded.kind,
        case.id = recorded.meta.case_id.as_ref().map(CaseId::as_str),
    );
    trace::continue_from(&span, Some(traceparent));
    span
}

/// The position that an answer is for: the last token of the subject it came on.
fn positioned(answer: &Message) -> Option<u64> {
    answer.subject.rsplit('.').next()?.parse().ok()
}

fn read(answer: &Message) -> Result<Ack, Interruption> {
    if answer.status == Some(StatusCode::NO_RESPONDERS) {
        return Err(Interruption::Refused("no stream takes the subject".to_owned()));
    }
    let ack: Ack =
        serde_json::from_slice(&answer.payload).map_err(|error| Interruption::Client(error.into()))?;
    match ack.error {
        None => Ok(ack),
        Some(refusal) if refusal.is_wrong_last() => Err(Interruption::Overtaken),
        Some(refusal) => Err(Interruption::Refused(refusal.description)),
    }
}
