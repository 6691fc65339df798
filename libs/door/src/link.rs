//! Links: events of type `$>` whose data, `revision@stream`, names another event.

use decider::Recorded;
use eventlog::{Direction, Log};
use futures::TryStreamExt;

use crate::{
    history, name,
    out::Stop,
    query::Show,
    render,
    wire::event_store::client::streams::{
        ReadEvent, ReadResponse, RecordedEvent, read_event::Position, read_response::Content,
    },
};

const KIND: &str = "$>";

/// The answer with this event; in place of a link, if the client wishes so, the event that it names.
pub(crate) async fn answer(log: &Log, event: &Recorded, show: Show) -> Result<ReadResponse, Stop> {
    let recorded = render::recorded(event, show.form)?;
    let position = Some(Position::CommitPosition(event.position));
    let event = if show.resolve_links && event.kind == KIND {
        let event = target(log, &recorded, show).await?;
        ReadEvent { event, link: Some(recorded), position }
    } else {
        ReadEvent { event: Some(recorded), link: None, position }
    };
    Ok(history::answer(Content::Event(event)))
}

/// The event that a link names, if there is one.
async fn target(log: &Log, link: &RecordedEvent, show: Show) -> Result<Option<RecordedEvent>, Stop> {
    let Some((revision, stream)) = parse(&link.data) else { return Ok(None) };
    let version = revision.saturating_add(1);
    let found = log.read_stream(&name::stored(stream), version, 1, Direction::Forwards).try_next().await?;
    Ok(found.map(|event| render::recorded(&event, show.form)).transpose()?)
}

fn parse(data: &[u8]) -> Option<(u64, &str)> {
    let (revision, stream) = str::from_utf8(data).ok()?.split_once('@')?;
    Some((revision.parse().ok()?, stream))
}
