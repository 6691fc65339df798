//! The newest events, for all who have caught up: the log is read once for all of them, and each event encoded once.
//!
//! **Invariant**: a run of the log without a gap. Whoever has fallen out of it reads the log itself.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use decider::Recorded;
use eventlog::Log;
use futures::{StreamExt, stream::BoxStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::{
    history,
    ids::Form,
    link,
    out::Stop,
    query::Show,
    reader::Reader,
    refusal,
    wire::event_store::client::streams::{ReadResponse, read_response::Content},
};

/// Events of a page, and those kept.
pub(crate) const PAGE_EVENTS_MAX: usize = 256;
const EVENTS_MAX: usize = 8_192;
/// Bytes kept, unless a single event has more: its data, stored and encoded, and what is around it.
const BYTES_MAX: usize = 24 << 20;
const AROUND_BYTES: usize = 1 << 10;
/// News is gathered for as long as it takes to wake all who wait for it, or they would hear of single events and the
/// machine do nothing but wake them. Few are told at once; and nobody waits longer than this.
const WAKE: Duration = Duration::from_micros(100);
const GATHER_MIN: Duration = Duration::from_millis(1);
const GATHER_MAX: Duration = Duration::from_millis(10);

/// An event that many may be shown.
pub(crate) struct Shown {
    pub(crate) event: Recorded,
    text: OnceLock<Bytes>,
    halves: OnceLock<Bytes>,
}

impl Shown {
    pub(crate) fn new(event: Recorded) -> Arc<Self> {
        Arc::new(Self { event, text: OnceLock::new(), halves: OnceLock::new() })
    }

    /// The answer with this event.
    pub(crate) async fn answer(&self, reader: &Reader, show: Show) -> Result<ReadResponse, Stop> {
        if link::is_followed(&self.event, show) {
            return link::answer(reader, &self.event, show).await;
        }
        Ok(history::answer(Content::Event(self.encoded(show.form)?)))
    }

    fn encoded(&self, form: Form) -> Result<Bytes, Status> {
        let encoded = match form {
            Form::Text => &self.text,
            Form::Halves => &self.halves,
        };
        match encoded.get() {
            Some(bytes) => Ok(bytes.clone()),
            None => {
                let bytes = link::plain(&self.event, form)?;
                Ok(encoded.get_or_init(|| bytes).clone())
            }
        }
    }
}

/// A page of the newest events.
pub(crate) type Page = Vec<Arc<Shown>>;

/// The newest events. Cloning is cheap.
#[derive(Clone, Default)]
pub(crate) struct Tail(Arc<Parts>);

#[derive(Default)]
struct Parts {
    run: Mutex<Run>,
    /// Sent whenever the run has changed.
    news: watch::Sender<()>,
}

#[derive(Default)]
struct Run {
    events: VecDeque<Arc<Shown>>,
    bytes: usize,
    /// The position it reaches.
    last: u64,
    /// Whether somebody fills it.
    is_filled: bool,
    /// Why nobody does any more.
    failed: Option<Status>,
}

/// What the run has for somebody who has seen a position.
enum Found {
    Page(Page),
    Nothing,
    Behind,
}

impl Tail {
    /// Begins to keep what comes after the position `head`, unless that has begun before.
    pub(crate) fn begin(&self, log: &Log, head: u64, closing: &CancellationToken) {
        let mut run = self.lock();
        if run.is_filled {
            return;
        }
        *run = Run { last: head, is_filled: true, ..Run::default() };
        let (tail, closing) = (self.clone(), closing.clone());
        let pages = log.follow_pages(head, PAGE_EVENTS_MAX);
        tokio::spawn(async move { closing.run_until_cancelled(tail.fill(pages)).await });
    }

    /// The events after a position, at most a page of them, as soon as there are any; `None` if they are no longer
    /// kept.
    pub(crate) async fn after(&self, after: u64) -> Result<Option<Page>, Status> {
        let mut news = self.0.news.subscribe();
        loop {
            match self.lock().after(after)? {
                Found::Page(page) => return Ok(Some(page)),
                Found::Behind => return Ok(None),
                Found::Nothing => {}
            }
            // The sender is in `self`.
            let _ = news.changed().await;
        }
    }

    /// Whether somebody who has seen a position can go on from here.
    pub(crate) fn reaches(&self, after: u64) -> bool {
        after >= self.lock().before()
    }

    async fn fill(self, mut pages: BoxStream<'static, Result<Vec<Recorded>, eventlog::Error>>) {
        loop {
            let page = match pages.next().await.unwrap_or(Err(eventlog::Error::Closed)) {
                Ok(page) => page,
                Err(error) => return self.fail(refusal::of_log(&error)),
            };
            // A full page is worth waking everybody for, and more is there.
            let is_full = page.len() == PAGE_EVENTS_MAX;
            self.lock().extend(page);
            self.0.news.send_replace(());
            let listeners = u32::try_from(self.0.news.receiver_count()).unwrap_or(u32::MAX);
            let gather = WAKE.saturating_mul(listeners).min(GATHER_MAX);
            if !is_full && gather >= GATHER_MIN {
                tokio::time::sleep(gather).await;
            }
        }
    }

    fn fail(&self, status: Status) {
        *self.lock() = Run { failed: Some(status), ..Run::default() };
        self.0.news.send_replace(());
    }

    /// Nothing here panics while it holds the lock; a poisoned one would hold sound data all the same.
    fn lock(&self) -> MutexGuard<'_, Run> {
        self.0.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    /// The position before the first event kept.
    fn before(&self) -> u64 {
        self.last - self.events.len() as u64
    }

    fn after(&self, after: u64) -> Result<Found, Status> {
        if let Some(status) = &self.failed {
            return Err(status.clone());
        }
        let Some(from) = after.checked_sub(self.before()) else { return Ok(Found::Behind) };
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(self.events.len());
        let until = self.events.len().min(from + PAGE_EVENTS_MAX);
        let page = self.events.range(from..until).cloned().collect::<Vec<_>>();
        Ok(if page.is_empty() { Found::Nothing } else { Found::Page(page) })
    }

    /// Adds the events that follow, which the log has found to be without a gap. The oldest make room.
    fn extend(&mut self, page: Vec<Recorded>) {
        for event in page {
            (self.last, self.bytes) = (event.position, self.bytes + weight(&event));
            self.events.push_back(Shown::new(event));
            while self.events.len() > EVENTS_MAX || (self.bytes > BYTES_MAX && self.events.len() > 1) {
                let oldest = self.events.pop_front();
                self.bytes -= oldest.map_or(0, |shown| weight(&shown.event));
            }
        }
    }
}

fn weight(event: &Recorded) -> usize {
    2 * event.data.len() + AROUND_BYTES
}
