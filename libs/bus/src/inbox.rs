//! From the bus to our policies: every fact of every source, in order, without a gap, once in effect. Decision 2.
//!
//! **Invariant**: a position is recorded after everything that it leads to is stored, and acknowledged after it is
//! recorded. A crash between any two steps repeats work whose command ids make it a no-op.

use std::{collections::BTreeMap, pin::pin, sync::Arc, time::Duration};

use async_nats::jetstream;
use decider::{Actor, Fact, Reaction, Unreadable};
use eventlog::{Log, fault};
use futures::StreamExt;
use tokio::sync::watch;
use tokio::task::{JoinSet, unconstrained};
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::chain::Chain;
use crate::pump::{Ended, Pump};
use crate::react::Reactor;
use crate::{Backfill, Bus, ConnectError, Source, StreamError};

mod consumer;
mod gap;
mod item;
mod status;
mod take;

use consumer::Place;
use item::Item;
pub(crate) use status::Board;
pub use status::{State, Status};

/// What a service's policies answer to a fact: commands of its own.
pub type React = fn(&Fact) -> Result<Vec<Reaction>, Unreadable>;

/// Deliveries looked at together, and positions asked for together.
const CHUNK_MAX: usize = 256;
const RETRY_FIRST: Duration = Duration::from_millis(10);
const RETRY_LONGEST: Duration = Duration::from_secs(1);

/// Listens to other departments on behalf of one service.
pub struct Inbox {
    listeners: Vec<Listener>,
}

/// What an inbox is made of.
#[derive(Clone)]
pub struct Wiring {
    /// The service that listens.
    pub service: Source,
    /// Its log.
    pub log: Log,
    /// The bus.
    pub bus: Bus,
    /// Its policies, each asked about every fact.
    pub react: Arc<[React]>,
    /// Who acts when a policy does.
    pub actor: Actor,
    /// Where missed messages come from.
    pub backfill: Arc<dyn Backfill>,
}

impl Inbox {
    /// An inbox that waits to be run.
    pub fn new(wiring: Wiring, sources: &[Source]) -> Self {
        let listener = |source: &Source| Listener {
            wiring: wiring.clone(),
            source: source.clone(),
            board: Board::new(source.clone()),
            shutdown: CancellationToken::new(),
        };
        Self { listeners: sources.iter().map(listener).collect() }
    }

    /// How far it is with each source, and how it fares.
    pub fn status(&self) -> Vec<watch::Receiver<Status>> {
        self.listeners.iter().map(|listener| listener.board.subscribe()).collect()
    }

    /// Listens until told to stop. A bus or a database that is away is waited for.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut tasks = JoinSet::new();
        for listener in self.listeners {
            tasks.spawn(Listener { shutdown: shutdown.clone(), ..listener }.run());
        }
        while let Some(end) = tasks.join_next().await {
            if let Err(error) = end {
                tracing::error!(%error, "a listener ended by itself");
            }
        }
    }
}

/// One source as one service hears it.
struct Listener {
    wiring: Wiring,
    source: Source,
    board: Board,
    shutdown: CancellationToken,
}

impl Listener {
    async fn run(self) {
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        loop {
            let before = self.board.position();
            let end = match self.wiring.bus.ready(&self.shutdown).await {
                None => return,
                Some(Err(error)) => Err(error.into()),
                Some(Ok(())) => self.session().await,
            };
            match end {
                Ok(()) | Err(Interruption::Stopped) => return,
                Err(interruption) => self.note(&interruption),
            }
            if self.board.position() > before {
                backoff.reset();
            }
            if !backoff.wait(&self.shutdown).await {
                return;
            }
        }
    }

    /// From finding our place to the first thing that goes wrong; `Ok` if told to stop.
    async fn session(&self) -> Result<(), Interruption> {
        let Wiring { log, bus, service, .. } = &self.wiring;
        let losses = bus.losses();
        let position = log.inbox_position(self.source.as_str()).await?;
        self.check_history(position).await?;
        let place = Place::take(bus, &self.source, service, position).await?;
        let messages = place.messages().await?;
        self.board.run_from(position);
        let reactor = Reactor {
            log: log.clone(),
            actor: self.wiring.actor.clone(),
            board: self.board.clone(),
            shutdown: self.shutdown.clone(),
        };
        let mut pump = Pump::start(reactor, self.source.clone(), Some(bus.clone()), self.shutdown.clone());
        let end = self.listen(messages, position, losses, &mut pump).await;
        let recorded = pump.end().await;
        place.leave().await;
        recorded.map_err(Interruption::from).and(end)
    }

    /// The stream must be the one that we have heard so far. A service's stream that is shorter is being refilled
    /// from its log; an outside department's is not coming back, and new messages would be taken for old ones.
    async fn check_history(&self, position: u64) -> Result<(), Interruption> {
        let bus = &self.wiring.bus;
        let last = match bus.extent(&self.source).await {
            // A department's stream is made by its first listener, so that departments need no right to make any:
            // a stream can copy others.
            Err(StreamError::Missing(_)) if self.source.is_outside() && position == 0 => {
                bus.ensure_stream(&self.source, 1).await?.last
            }
            found => found?.last,
        };
        if self.source.is_outside() && last < position {
            return Err(Interruption::Shorter { last, position });
        }
        Ok(())
    }

    async fn listen(
        &self,
        messages: jetstream::consumer::pull::Stream,
        position: u64,
        losses: u64,
        pump: &mut Pump,
    ) -> Result<(), Interruption> {
        let mut chunks = messages.ready_chunks(CHUNK_MAX);
        let mut lost = pin!(self.wiring.bus.lost(losses));
        let mut reached = position;
        loop {
            let chunk = tokio::select! {
                () = self.shutdown.cancelled() => return Ok(()),
                () = &mut lost => return Err(Interruption::Away),
                // Tokio's budget would cut a chunk at half its size; a chunk is bounded by itself.
                chunk = unconstrained(chunks.next()), if pump.room() >= CHUNK_MAX => {
                    chunk.ok_or(Interruption::Away)?
                }
                stepped = pump.step() => {
                    stepped?;
                    continue;
                }
            };
            let mut deliveries = Vec::with_capacity(chunk.len());
            let mut failure = None;
            for delivery in chunk {
                match delivery {
                    Ok(delivery) => deliveries.push(delivery),
                    Err(error) => failure = Some(error),
                }
            }
            reached = self.take_in(reached, deliveries, pump).await?;
            if let Some(error) = failure {
                return Err(Interruption::Bus(error.into()));
            }
        }
    }

    /// Puts deliveries into their order, ignores repeated ones, finds missed ones again; returns how far we are.
    async fn take_in(
        &self,
        reached: u64,
        deliveries: Vec<jetstream::Message>,
        pump: &mut Pump,
    ) -> Result<u64, Interruption> {
        let mut repeated = 0;
        let mut fresh = BTreeMap::new();
        for delivery in deliveries {
            let sequence = delivery.info().map_err(Interruption::Bus)?.stream_sequence;
            if sequence <= reached {
                repeated += 1;
                pump.repeat(sequence, delivery);
            } else {
                repeated += u64::from(fresh.insert(sequence, delivery).is_some());
            }
        }
        self.board.note(|status| status.repeated += repeated);
        let mut next = reached + 1;
        for (sequence, delivery) in fresh {
            if sequence > next {
                self.close_gap(next, sequence - 1, pump).await?;
            }
            let item = Item::delivered(sequence, &delivery);
            let work = pump.during(self.open(item, Some(delivery))).await??;
            pump.begin(work);
            next = sequence + 1;
        }
        Ok(next - 1)
    }

    /// Takes in positions that were not delivered, page by page.
    async fn close_gap(&self, from: u64, to: u64, pump: &mut Pump) -> Result<(), Interruption> {
        tracing::warn!(source = %self.source, from, to, "messages were missed");
        self.board.note(|status| status.gaps += 1);
        for first in (from..=to).step_by(CHUNK_MAX) {
            let last = to.min(first + CHUNK_MAX as u64 - 1);
            pump.make_room(2 * CHUNK_MAX).await?;
            let items = pump.during(self.refind(first, last)).await??;
            fault::point("inbox.after_refind");
            for item in items {
                let work = pump.during(self.open(item, None)).await??;
                pump.begin(work);
            }
        }
        Ok(())
    }

    fn note(&self, interruption: &Interruption) {
        let reason = Chain(interruption).to_string();
        match interruption {
            Interruption::Shorter { .. } | Interruption::Settings(_) => {
                tracing::error!(source = %self.source, reason, "the inbox takes nothing in");
                self.board.alarm(reason);
            }
            // Nobody has published yet, or the owner is about to refill.
            Interruption::Stream(StreamError::Missing(_)) => {
                tracing::debug!(source = %self.source, reason, "the inbox waits");
                self.board.wait(reason);
            }
            _ => {
                tracing::warn!(source = %self.source, reason, "the inbox starts over");
                self.board.wait(reason);
            }
        }
    }
}

impl From<Ended> for Interruption {
    fn from(_: Ended) -> Self {
        Self::Unrecorded
    }
}

/// Why a session ended before it was told to.
#[derive(Debug, thiserror::Error)]
enum Interruption {
    #[error("told to stop")]
    Stopped,
    #[error("the bus is away")]
    Away,
    #[error("what was taken in could not be recorded")]
    Unrecorded,
    #[error("the stream ends at {last}, but {position} were heard")]
    Shorter { last: u64, position: u64 },
    #[error("the consumer at {0} is not as it should be")]
    Settings(String),
    #[error("talk to the bus")]
    Bus(#[source] async_nats::Error),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error(transparent)]
    Log(#[from] eventlog::Error),
}
