//! Following: catch up, then live, without a gap and without waiting for a poll.

use std::sync::Arc;

use decider::Recorded;
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::mpsc;

use crate::{Error, Log, connect::Backoff, log::Inner, read::page_size};

/// Events of a page when catching up.
const PAGE_MAX: usize = 1_000;
/// Pages read ahead of the consumer.
const PAGES_AHEAD: usize = 2;

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
        let follower =
            Follower { log: Arc::clone(&self.inner), cursor: after, events_max: events_max.max(1) as u64 };
        tokio::spawn(follower.run(pages));
        stream::unfold(ahead, async |mut ahead| ahead.recv().await.map(|page| (page, ahead))).boxed()
    }
}

type Pages = mpsc::Sender<Result<Vec<Recorded>, Error>>;

/// Reads ahead of its consumer, who may drop out at any time.
struct Follower {
    log: Arc<Inner>,
    cursor: u64,
    events_max: u64,
}

impl Follower {
    async fn run(mut self, pages: Pages) {
        let closing = self.log.closing.clone();
        tokio::select! {
            () = closing.cancelled() => {}
            () = pages.closed() => {}
            error = self.read_on(&pages) => drop(pages.send(Err(error)).await),
        }
    }

    /// Reads for ever; returns with the error that makes reading on pointless.
    async fn read_on(&mut self, pages: &Pages) -> Error {
        let mut head = self.log.head.subscribe();
        let mut limit = self.events_max;
        let mut pause = Backoff::new();
        if let Err(error) = self.check_start(&mut pause).await {
            return error;
        }
        loop {
            // The sender lives in the log, which this task holds.
            let _ = head.wait_for(|head| *head > self.cursor).await;
            let page = match self.log.after(self.cursor, limit).await {
                Ok(page) => page,
                Err(Error::Unavailable(error)) => {
                    tracing::debug!(%error, "following waits for the database");
                    pause.wait().await;
                    continue;
                }
                Err(error) => return error,
            };
            pause = Backoff::new();
            if let Err(gap) = self.advance(&page, *head.borrow()) {
                return gap;
            }
            limit = page_size(&page).min(self.events_max);
            if pages.send(Ok(page)).await.is_err() {
                return Error::Closed;
            }
        }
    }

    /// A reader that is ahead of the log has read what is no longer there: a restored database, for one.
    async fn check_start(&self, pause: &mut Backoff) -> Result<(), Error> {
        loop {
            match sqlx::query_scalar("select position from head")
                .fetch_one(&self.log.pool)
                .await
                .map_err(Error::from)
            {
                Ok(head) => {
                    let head = i64::cast_unsigned(head);
                    self.log.seen(head);
                    let is_ahead = self.cursor > head;
                    return if is_ahead {
                        Err(Error::Gap { expected: self.cursor + 1, found: head })
                    } else {
                        Ok(())
                    };
                }
                Err(Error::Unavailable(_)) => pause.wait().await,
                Err(error) => return Err(error),
            }
        }
    }

    fn advance(&mut self, page: &[Recorded], head: u64) -> Result<(), Error> {
        if page.is_empty() {
            return Err(Error::Gap { expected: self.cursor + 1, found: head });
        }
        for event in page {
            if event.position != self.cursor + 1 {
                return Err(Error::Gap { expected: self.cursor + 1, found: event.position });
            }
            self.cursor = event.position;
        }
        Ok(())
    }
}
