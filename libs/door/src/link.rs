//! Events as answers. Among them links: events of type `$>` whose data, `revision@stream`, names another event.

use bytes::Bytes;
use decider::Recorded;
use eventlog::Direction;
use futures::TryStreamExt;
use prost::Message;
use tonic::Status;

use crate::{
    history,
    ids::Form,
    name,
    out::Stop,
    query::Show,
    reader::Reader,
    render,
    wire::event_store::client::streams::{
        ReadEvent, ReadResponse, RecordedEvent, read_event::Position, read_response::Content,
    },
};

const KIND: &str = "$>";

/// The answer with this event; in place of a link, if the client wishes so, the event that it names.
pub(crate) async fn answer(reader: &Reader, event: &Recorded, show: Show) -> Result<ReadResponse, Stop> {
    let shown = if is_followed(event, show) {
        let link = render::recorded(event, show.form)?;
        let target = target(reader, &link, show).await?;
        encode(event, target, Some(link))
    } else {
        plain(event, show.form)?
    };
    Ok(history::answer(Content::Event(shown)))
}

/// Whether another event is shown in place of this one.
pub(crate) fn is_followed(event: &Recorded, show: Show) -> bool {
    show.resolve_links && event.kind == KIND
}

/// The event as it stands in the log, for the wire: the same for all who want ids in this form.
pub(crate) fn plain(event: &Recorded, form: Form) -> Result<Bytes, Status> {
    Ok(encode(event, Some(render::recorded(event, form)?), None))
}

fn encode(at: &Recorded, event: Option<RecordedEvent>, link: Option<RecordedEvent>) -> Bytes {
    let position = Some(Position::CommitPosition(at.position));
    ReadEvent { event, link, position }.encode_to_vec().into()
}

/// The event that a link names, if there is one.
async fn target(reader: &Reader, link: &RecordedEvent, show: Show) -> Result<Option<RecordedEvent>, Stop> {
    let Some((revision, stream)) = parse(&link.data) else { return Ok(None) };
    let version = revision.saturating_add(1);
    let stream = name::stored(stream);
    let found = reader.log().read_stream(&stream, version, 1, Direction::Forwards).try_next().await?;
    // A link in a client's stream opens the dossier that it leads to.
    if found.is_some() {
        reader.opens(&stream).await?;
    }
    Ok(found.map(|event| render::recorded(&event, show.form)).transpose()?)
}

fn parse(data: &[u8]) -> Option<(u64, &str)> {
    let (revision, stream) = str::from_utf8(data).ok()?.split_once('@')?;
    Some((revision.parse().ok()?, stream))
}
