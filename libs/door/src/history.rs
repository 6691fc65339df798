//! Reading what there is: one stream or the whole log, in both directions, as of the moment of the request.

use eventlog::Direction;
use futures::TryStreamExt;

use crate::{
    expected,
    filter::Filter,
    link, name,
    out::{Out, Stop},
    query::{From, Show},
    reader::Reader,
    refusal, render,
    wire::event_store::client::streams::{ReadResponse, read_response as wire, read_response::Content},
};

/// Events that are looked at together, where they are there.
const CHUNK_EVENTS_MAX: usize = 256;

/// A read that ends.
pub(crate) struct History<'a> {
    pub(crate) reader: Reader,
    pub(crate) direction: Direction,
    pub(crate) count: u64,
    pub(crate) show: Show,
    pub(crate) tells_ends: bool,
    pub(crate) out: &'a mut Out<ReadResponse>,
}

impl History<'_> {
    /// Reads one stream. Its revisions are included in both directions; from beyond its end, backwards begins at
    /// its last.
    pub(crate) async fn one(self, stream: String, from: From) -> Result<(), Stop> {
        let name = name::stored(&stream);
        let version = self.reader.log().version(&name).await?;
        let Some(last) = expected::revision(version) else {
            let stream = Some(render::identifier(&stream));
            return self.out.send(answer(Content::NotFound(wire::NotFound { stream }))).await;
        };
        self.reader.opens(&name).await?;
        let (first, there) = in_stream(from, self.direction, version);
        let count = self.count.min(there);
        let events = self.reader.log().read_stream(&name, first, count, self.direction);
        let mut chunks = events.try_ready_chunks(CHUNK_EVENTS_MAX);
        while let Some(chunk) = chunks.try_next().await.map_err(|failed| failed.1)? {
            for event in &chunk {
                self.out.put(link::answer(&self.reader, event, self.show).await?).await?;
            }
            self.out.flush().await?;
        }
        if self.tells_ends {
            if count == 0 && self.direction == Direction::Forwards {
                self.out.put(answer(Content::FirstRevision(0))).await?;
            }
            self.out.put(answer(Content::LastRevision(last))).await?;
        }
        Ok(())
    }

    /// Reads the whole log: forwards from the position, backwards from before it.
    pub(crate) async fn all(mut self, from: From, filter: Option<Filter>) -> Result<(), Stop> {
        let head = self.reader.log().head().await?.position;
        let Some((first, there)) = in_log(from, self.direction, head) else {
            return Err(refusal::invalid("Trying to read from an invalid position.").into());
        };
        self.reader.opens_all(head).await?;
        let mut left = self.count;
        let limit = if filter.is_some() { there } else { there.min(left) };
        let events = self.reader.log().read_all(first, limit, self.direction);
        let mut chunks = events.try_ready_chunks(CHUNK_EVENTS_MAX);
        while left > 0
            && let Some(chunk) = chunks.try_next().await.map_err(|failed| failed.1)?
        {
            for event in &chunk {
                if left > 0 && filter.as_ref().map_or(Ok(true), |filter| filter.wants(event))? {
                    self.out.put(link::answer(&self.reader, event, self.show).await?).await?;
                    left -= 1;
                }
            }
            self.out.flush().await?;
        }
        Ok(())
    }
}

/// An answer with this content.
pub(crate) fn answer(content: Content) -> ReadResponse {
    ReadResponse { content: Some(content) }
}

/// The version to begin at, and how many events there are from it on.
fn in_stream(from: From, direction: Direction, version: u64) -> (u64, u64) {
    match (direction, from) {
        (Direction::Forwards, From::Start) => (1, version),
        (Direction::Forwards, From::At(revision)) => {
            (revision.saturating_add(1), version.saturating_sub(revision))
        }
        (Direction::Forwards, From::End) => (version, 0),
        (Direction::Backwards, From::Start) => (1, 1),
        (Direction::Backwards, From::At(revision)) => {
            let first = revision.saturating_add(1).min(version);
            (first, first)
        }
        (Direction::Backwards, From::End) => (version, version),
    }
}

/// The position to begin at, and how many events there are from it on; `None` beyond the end of the log.
fn in_log(from: From, direction: Direction, head: u64) -> Option<(u64, u64)> {
    match (direction, from) {
        (Direction::Forwards, From::Start) => Some((1, head)),
        (Direction::Backwards, From::End) => Some((head, head)),
        (Direction::Forwards, From::End) | (Direction::Backwards, From::Start) => Some((1, 0)),
        (_, From::At(position)) if position > head + 1 => None,
        (Direction::Forwards, From::At(position)) => {
            let first = position.max(1);
            Some((first, head + 1 - first))
        }
        (Direction::Backwards, From::At(position)) => {
            let first = position.saturating_sub(1);
            Some((first, first))
        }
    }
}
