//! Following: catch up, then live, without a gap and without waiting for a poll.

use std::sync::Arc;

use decider::Recorded;
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream, FuturesOrdered},
};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::{Error, Log, connect::Backoff, log::Inner, read::page_size};

/// Events of a page when catching up.
const PAGE_MAX: usize = 1_000;
/// Pages that wait for the consumer.
const PAGES_AHEAD: usize = 1;
/// Pages read at the same time, each on a connection of its own: positions are contiguous, so it is known where the
/// next page begins before this one is there.
const PAGES_AT_ONCE: usize = 2;

impl Log {
    /// Every event after position `after`, for ever; ends only with an error or the log's shutdown.
    pub fn follow(&self, after: u64) -> BoxStream<'static, Result<Recorded, Error>> {
        self.follow_pages(after, PAGE_MAX)
            .map_ok(|page| stream::iter(page.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    /// The same in pages of at most `events_max`, none of them empty.
    pub fn follow_pages(
        &self,
        after: u64,
        events_max: usize,
    ) -> BoxStream<'static, Result<Vec<Recorded>, Error>> {
        self.inner.listen();
        let (pages, ahead) = mpsc::channel(PAGES_AHEAD);
        let follower = Follower { log: Arc::clone(&self.inner), after, events_max: events_max.max(1) as u64 };
        tokio::spawn(follower.run(pages));
        stream::unfold(ahead, async |mut ahead| ahead.recv().await.map(|page| (page, ahead))).boxed()
    }

    /// The events after position `after`, up to and with `last`, if this process has stored all of them itself, and so
    /// lately that they are still in memory. Kept only once somebody follows or watches.
    pub fn recent(&self, after: u64, last: u64) -> Option<Vec<Recorded>> {
        self.inner.recent.get(after, last)
    }
}

type Pages = mpsc::Sender<Result<Vec<Recorded>, Error>>;

/// Reads ahead of its consumer, who may drop out at any time.
struct Follower {
    log: Arc<Inner>,
    after: u64,
    events_max: u64,
}

impl Follower {
    async fn run(self, pages: Pages) {
        let closing = self.log.closing.clone();
        tokio::select! {
            () = closing.cancelled() => {}
            () = pages.closed() => {}
            error = self.read_on(&pages) => drop(pages.send(Err(error)).await),
        }
    }

    /// Reads for ever; returns with the error that makes reading on pointless.
    async fn read_on(&self, pages: &Pages) -> Error {
        if let Err(error) = self.check_start().await {
            return error;
        }
        let mut head = self.log.head.subscribe();
        let mut limit = self.events_max;
        let mut asked = self.after;
        let mut asking = FuturesOrdered::new();
        loop {
            if asking.is_empty() {
                // The sender lives in the log, which this task holds.
                let _ = head.wait_for(|head| *head > asked).await;
            }
            let known = *head.borrow();
            while asked < known && asking.len() < PAGES_AT_ONCE {
                let last = known.min(asked + limit);
                if asking.is_empty()
                    && let Some(page) = self.log.recent.get(asked, last)
                {
                    let page = match contiguous(page, asked, last) {
                        Ok(page) => page,
                        Err(gap) => return gap,
                    };
                    asked = last;
                    if pages.send(Ok(page)).await.is_err() {
                        return Error::Closed;
                    }
                    continue;
                }
                asking.push_back(AbortOnDropHandle::new(tokio::spawn(page(self.log.clone(), asked, last))));
                asked = last;
            }
            let page = match asking.next().await {
                Some(Ok(Ok(page))) => page,
                Some(Ok(Err(error))) => return error,
                // The runtime ends, or reading has panicked.
                Some(Err(_)) => return Error::Closed,
                None => continue,
            };
            limit = page_size(&page).min(self.events_max);
            if pages.send(Ok(page)).await.is_err() {
                return Error::Closed;
            }
        }
    }

    /// A reader that is ahead of the log has read what is no longer there: a restored database, for one.
    async fn check_start(&self) -> Result<(), Error> {
        let mut pause = Backoff::new();
        loop {
            match sqlx::query_scalar("select position from head")
                .fetch_one(&self.log.pool)
                .await
                .map_err(Error::from)
            {
                Ok(head) => {
                    let head = i64::cast_unsigned(head);
                    self.log.seen(head);
                    let is_ahead = self.after > head;
                    return if is_ahead {
                        Err(Error::Gap { expected: self.after + 1, found: head })
                    } else {
                        Ok(())
                    };
                }
                Err(Error::Unavailable(_)) => pause.wait().await,
                Err(error) => return Err(error),
            }
        }
    }
}

/// The events after position `after`, up to and with `last`, which the log is known to hold.
async fn page(log: Arc<Inner>, after: u64, last: u64) -> Result<Vec<Recorded>, Error> {
    let mut pause = Backoff::new();
    loop {
        match log.after(after, last).await {
            Ok(page) => return contiguous(page, after, last),
            Err(Error::Unavailable(error)) => {
                tracing::debug!(%error, "following waits for the database");
                pause.wait().await;
            }
            Err(error) => return Err(error),
        }
    }
}

fn contiguous(page: Vec<Recorded>, after: u64, last: u64) -> Result<Vec<Recorded>, Error> {
    let mut found = page.iter().map(|event| event.position);
    for expected in after + 1..=last {
        let position = found.next();
        if position != Some(expected) {
            return Err(Error::Gap { expected, found: position.unwrap_or(last) });
        }
    }
    Ok(page)
}
