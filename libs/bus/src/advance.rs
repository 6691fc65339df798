//! The service's own events drive its own process managers: the same execution, straight from the log.

use std::time::Duration;

use decider::{Actor, CaseId, Causation, Reaction, Recorded, Unreadable};
use eventlog::Log;
use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Source;
use crate::backoff::Backoff;
use crate::chain::Chain;
use crate::inbox::{Board, Status};
use crate::react::{Cause, Reactor, Stopped};
use crate::record::{Batch, Parked, Recorder, Taken};

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
        Self {
            service,
            log,
            advance,
            actor,
            board,
        }
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
        let recorder = Recorder::start(
            self.log.clone(),
            self.service.clone(),
            None,
            self.board.clone(),
            shutdown.clone(),
        );
        let end = self.follow(position, &recorder, shutdown).await;
        recorder.finish().await.and(end)
    }

    async fn follow(
        &self,
        position: u64,
        recorder: &Recorder,
        shutdown: &CancellationToken,
    ) -> Result<(), eventlog::Error> {
        let mut pages = self.log.follow_pages(position, PAGE_EVENTS_MAX);
        loop {
            let page = tokio::select! {
                biased;
                () = shutdown.cancelled() => return Ok(()),
                page = pages.next() => page.ok_or(eventlog::Error::Closed)??,
            };
            match self.take(page, shutdown).await {
                Ok(batch) => {
                    if !recorder.push(batch).await {
                        return Ok(());
                    }
                }
                Err(Stopped) => return Ok(()),
            }
        }
    }

    async fn take(&self, page: Vec<Recorded>, shutdown: &CancellationToken) -> Result<Batch, Stopped> {
        let at = self.log.world().clock.now();
        let causes: Vec<Happened<'_>> = page
            .into_iter()
            .map(|recorded| Happened { recorded, of: self })
            .collect();
        let (reactions, unreadable): (Vec<_>, Vec<_>) = causes
            .iter()
            .map(|cause| match cause.reactions() {
                Ok(reactions) => (reactions, None),
                Err(error) => (Vec::new(), Some(error.to_string())),
            })
            .unzip();
        let reactor = Reactor {
            log: &self.log,
            actor: &self.actor,
            board: &self.board,
            shutdown,
        };
        let failed = reactor.react(&causes, reactions).await?;
        let taken =
            causes
                .into_iter()
                .zip(unreadable.into_iter().zip(failed))
                .map(|(cause, (unread, failed))| {
                    let Recorded {
                        position, id, data, ..
                    } = cause.recorded;
                    let parked = unread.or(failed).map(|reason| Parked {
                        reason,
                        message: data,
                    });
                    Taken {
                        position,
                        event_id: id,
                        at,
                        parked,
                    }
                });
        Ok(Batch {
            taken: taken.collect(),
            deliveries: Vec::new(),
        })
    }
}

/// An event of our own log.
struct Happened<'a> {
    recorded: Recorded,
    of: &'a Advancer,
}

impl Cause for Happened<'_> {
    fn id(&self) -> Uuid {
        self.recorded.id
    }

    fn causation(&self) -> Causation {
        Causation {
            log: self.of.service.to_string(),
            position: self.recorded.position,
        }
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
        (self.of.advance)(&self.recorded)
    }
}
