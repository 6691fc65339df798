//! The service's own events drive its own process managers: the same execution, straight from the log.

use std::{sync::Arc, time::Duration};

use decider::{Actor, CaseId, Causation, Reaction, Recorded, Unreadable};
use eventlog::Log;
use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Source;
use crate::backoff::Backoff;
use crate::chain::Chain;
use crate::inbox::{Board, Status};
use crate::pump::{Ended, Pump};
use crate::react::{Cause, Reactor};
use crate::record::{Parked, Taken};
use crate::window::Work;

/// What a process manager answers to an event of its own service.
pub type Advance = fn(&Recorded) -> Result<Vec<Reaction>, Unreadable>;

/// Events taken from the log at a time.
const PAGE_EVENTS_MAX: usize = 256;
const RETRY_FIRST: Duration = Duration::from_millis(10);
const RETRY_LONGEST: Duration = Duration::from_secs(1);

/// Feeds a service's own events to its process managers. How far it is stands in the inbox, under its own name.
pub struct Advancer {
    service: Source,
    log: Log,
    advance: Advance,
    actor: Actor,
    board: Board,
}

impl Advancer {
    /// An advancer that waits to be run.
    pub fn new(service: Source, log: Log, advance: Advance, actor: Actor) -> Self {
        let board = Board::new(service.clone());
        Self { service, log, advance, actor, board }
    }

    /// How far it is, and how it fares.
    pub fn status(&self) -> tokio::sync::watch::Receiver<Status> {
        self.board.subscribe()
    }

    /// Runs until told to stop. A database that is away is waited for.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        while !shutdown.is_cancelled() {
            let before = self.board.position();
            if let Err(error) = self.session(&shutdown).await {
                tracing::warn!(service = %self.service, error = %Chain(&error), "process managers start over");
                self.board.wait(Chain(&error).to_string());
            }
            if self.board.position() > before {
                backoff.reset();
            }
            if !backoff.wait(&shutdown).await {
                return;
            }
        }
    }

    async fn session(&self, shutdown: &CancellationToken) -> Result<(), eventlog::Error> {
        let position = self.log.inbox_position(self.service.as_str()).await?;
        self.board.run_from(position);
        let reactor = Reactor {
            log: self.log.clone(),
            actor: self.actor.clone(),
            board: self.board.clone(),
            shutdown: shutdown.clone(),
        };
        let mut pump = Pump::start(reactor, self.service.clone(), None, shutdown.clone());
        let end = self.follow(position, &mut pump, shutdown).await;
        pump.end().await.and(end)
    }

    async fn follow(
        &self,
        position: u64,
        pump: &mut Pump,
        shutdown: &CancellationToken,
    ) -> Result<(), eventlog::Error> {
        let mut pages = self.log.follow_pages(position, PAGE_EVENTS_MAX);
        loop {
            let page = tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                page = pages.next(), if pump.room() >= PAGE_EVENTS_MAX => {
                    page.ok_or(eventlog::Error::Closed)??
                }
                stepped = pump.step() => match stepped {
                    Ok(()) => continue,
                    // The pump's end tells why.
                    Err(Ended) => return Ok(()),
                },
            };
            for recorded in page {
                pump.begin(self.open(recorded));
            }
        }
    }

    /// Asks the process managers: what is to be done about an event.
    fn open(&self, recorded: Recorded) -> Work {
        let at = self.log.world().clock.now();
        let (position, event_id, message) = (recorded.position, recorded.id, recorded.data.clone());
        let happened = Happened { recorded, service: self.service.clone(), advance: self.advance };
        let (reactions, parked) = match happened.reactions() {
            Ok(reactions) => (reactions, None),
            Err(error) => {
                let reason = error.to_string();
                tracing::error!(service = %self.service, event.position = position, reason, "an event is parked");
                (Vec::new(), Some(Parked { reason, message: message.clone() }))
            }
        };
        let taken = Taken { position, event_id, at, parked };
        Work { taken, delivery: None, message, cause: Some(Arc::new(happened)), reactions }
    }
}

/// An event of our own log.
struct Happened {
    recorded: Recorded,
    service: Source,
    advance: Advance,
}

impl Cause for Happened {
    fn id(&self) -> Uuid {
        self.recorded.id
    }

    fn causation(&self) -> Causation {
        Causation { log: self.service.to_string(), position: self.recorded.position }
    }

    fn case_id(&self) -> Option<&CaseId> {
        self.recorded.meta.case_id.as_ref()
    }

    fn traceparent(&self) -> Option<&str> {
        self.recorded.meta.traceparent.as_deref()
    }

    fn kind(&self) -> &str {
        &self.recorded.kind
    }

    fn reactions(&self) -> Result<Vec<Reaction>, Unreadable> {
        (self.advance)(&self.recorded)
    }
}
