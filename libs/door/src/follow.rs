//! Catch-up subscriptions: what there is, then what comes, without a gap and without an end.
//!
//! Every subscription has a place of its own in the log. Nothing is queued for it: a slow client reads later, and an
//! event cannot get lost between history and presence.

use std::sync::Arc;

use decider::{Recorded, StreamName};
use eventlog::Log;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use prost_types::Timestamp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    expected,
    filter::Filter,
    history::answer,
    link, name,
    out::{Out, Stop},
    query::{From, Show},
    reader::Reader,
    refusal,
    tail::{PAGE_EVENTS_MAX, Page, Shown, Tail},
    wire::event_store::client::{
        Position,
        streams::{ReadResponse, read_response as wire, read_response::Content},
    },
};

/// A subscription.
pub(crate) struct Subscription<'a> {
    pub(crate) reader: Reader,
    pub(crate) tail: Tail,
    pub(crate) closing: CancellationToken,
    pub(crate) show: Show,
    pub(crate) out: &'a mut Out<ReadResponse>,
}

/// Whether the client has been told that it has seen all there is.
struct Tide {
    /// Where history ends.
    head: u64,
    is_live: bool,
}

impl Tide {
    /// Whether history ends here, where the client does not know yet.
    fn turns_at(&mut self, position: u64) -> bool {
        let turns = !self.is_live && position >= self.head;
        self.is_live |= turns;
        turns
    }

    /// Takes note of a page. A full one is history again.
    fn sees(&mut self, page: &Page, log: &Log) {
        if self.is_live && page.len() == PAGE_EVENTS_MAX {
            *self = Self { head: *log.watch().borrow(), is_live: false };
        }
    }
}

/// The log after a position: read page by page as long as that is behind the tail, then with all others.
struct Pages {
    log: Log,
    tail: Tail,
    after: u64,
    behind: Option<BoxStream<'static, Result<Vec<Recorded>, eventlog::Error>>>,
}

impl Pages {
    async fn next(&mut self) -> Result<Page, Stop> {
        let page = match &mut self.behind {
            Some(behind) => fresh(behind.next().await.ok_or(eventlog::Error::Closed)??),
            None => match self.tail.after(self.after).await? {
                Some(page) => page,
                None => {
                    let behind = self.behind.insert(self.log.follow_pages(self.after, PAGE_EVENTS_MAX));
                    fresh(behind.next().await.ok_or(eventlog::Error::Closed)??)
                }
            },
        };
        self.after = page.last().map_or(self.after, |shown| shown.event.position);
        if self.behind.is_some() && self.tail.reaches(self.after) {
            self.behind = None;
        }
        Ok(page)
    }
}

fn fresh(page: Vec<Recorded>) -> Page {
    page.into_iter().map(Shown::new).collect()
}

impl Subscription<'_> {
    /// Follows the whole log after a position.
    pub(crate) async fn all(mut self, from: From, filter: Option<Filter>) -> Result<(), Stop> {
        let head = self.reader.log().head().await?.position;
        let mut after = match from {
            From::Start => 0,
            From::At(position) if position > head => {
                return Err(refusal::invalid("Trying to read from an invalid position.").into());
            }
            From::At(position) => position,
            From::End => head,
        };
        self.reader.opens_all(head).await?;
        self.confirm().await?;
        let mut tide = Tide { head, is_live: false };
        // Events since the last checkpoint, wanted or not.
        let mut considered = 0;
        let mut pages = self.pages(head, after);
        loop {
            if tide.turns_at(after) {
                if filter.is_some() && considered > 0 {
                    self.checkpoint(after).await?;
                    considered = 0;
                }
                self.caught_up(None, (after > 0).then_some(after)).await?;
            }
            let page = pages.next().await?;
            tide.sees(&page, self.reader.log());
            for shown in &page {
                after = shown.event.position;
                considered += 1;
                if filter.as_ref().map_or(Ok(true), |filter| filter.wants(&shown.event))? {
                    self.show(shown).await?;
                }
                if filter.as_ref().is_some_and(|filter| considered >= filter.checkpoint_every) {
                    self.checkpoint(after).await?;
                    considered = 0;
                }
            }
            self.out.flush().await?;
        }
    }

    /// Follows one stream after a revision. A stream that does not exist is waited for.
    pub(crate) async fn one(mut self, stream: &str, from: From) -> Result<(), Stop> {
        let name = name::stored(stream);
        // In this order: what comes between the two is told by its version to have been seen or not.
        let head = self.reader.log().head().await?.position;
        let version = self.reader.log().version(&name).await?;
        let mut seen = match from {
            From::Start => 0,
            From::At(revision) => revision.saturating_add(1),
            From::End => version,
        };
        // What does not exist yet is opened when it is first shown.
        let mut is_open = version > 0;
        if is_open {
            self.reader.opens(&name).await?;
        }
        self.confirm().await?;
        let mut known = version;
        self.history(&name, head, &mut seen, &mut known).await?;
        let mut tide = Tide { head, is_live: false };
        let mut after = head;
        let mut pages = self.pages(head, head);
        loop {
            if tide.turns_at(after) {
                self.caught_up(expected::revision(known), None).await?;
            }
            let page = pages.next().await?;
            tide.sees(&page, self.reader.log());
            for shown in &page {
                after = shown.event.position;
                if shown.event.stream == name {
                    known = shown.event.version;
                    if known > seen {
                        if !is_open {
                            self.reader.opens(&name).await?;
                            is_open = true;
                        }
                        seen = known;
                        self.show(shown).await?;
                    }
                }
            }
            self.out.flush().await?;
        }
    }

    /// The log after a position, as of a head.
    fn pages(&self, head: u64, after: u64) -> Pages {
        self.tail.begin(self.reader.log(), head, &self.closing);
        Pages { log: self.reader.log().clone(), tail: self.tail.clone(), after, behind: None }
    }

    /// Sends what the stream holds up to and with the position `head`.
    async fn history(
        &mut self,
        name: &StreamName,
        head: u64,
        seen: &mut u64,
        known: &mut u64,
    ) -> Result<(), Stop> {
        let from = seen.saturating_add(1);
        let mut events = self.reader.log().read_stream(name, from, u64::MAX, eventlog::Direction::Forwards);
        while let Some(event) = events.try_next().await?
            && event.position <= head
        {
            *known = event.version.max(*known);
            if event.version > *seen {
                *seen = event.version;
                self.out.put(link::answer(&self.reader, &event, self.show).await?).await?;
            }
        }
        self.out.flush().await
    }

    async fn show(&mut self, shown: &Arc<Shown>) -> Result<(), Stop> {
        self.out.put(shown.answer(&self.reader, self.show).await?).await
    }

    async fn confirm(&mut self) -> Result<(), Stop> {
        let subscription_id = Uuid::new_v4().to_string();
        self.out.send(answer(Content::Confirmation(wire::Confirmation { subscription_id }))).await
    }

    async fn checkpoint(&mut self, position: u64) -> Result<(), Stop> {
        let at = Some(self.now());
        let checkpoint = wire::Checkpoint { commit: position, prepare: position, at };
        self.out.put(answer(Content::Checkpoint(checkpoint))).await
    }

    async fn caught_up(&mut self, revision: Option<u64>, position: Option<u64>) -> Result<(), Stop> {
        let caught_up = wire::CaughtUp {
            at: Some(self.now()),
            stream_revision: revision.map(u64::cast_signed),
            position: position.map(|position| Position { commit: position, prepare: position }),
        };
        self.out.send(answer(Content::CaughtUp(caught_up))).await
    }

    fn now(&self) -> Timestamp {
        let now = self.reader.log().world().clock.now();
        Timestamp { seconds: now.unix_timestamp(), nanos: now.nanosecond().cast_signed() }
    }
}
