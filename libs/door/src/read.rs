//! A read or a subscription, from the request to the stream of answers.

use futures::FutureExt;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::{
    door::Door,
    follow::Subscription,
    history::History,
    out::{self, Answers, Out, Stop},
    query::{Amount, Query, Source},
    reader::Reader,
    wire::event_store::client::streams::{ReadRequest, ReadResponse},
};

/// Answers a request to read.
pub(crate) fn read(
    door: &Door,
    reader: Reader,
    request: ReadRequest,
) -> Result<Answers<ReadResponse>, Status> {
    let query = Query::read(request)?;
    let door = door.clone();
    Ok(out::answer(move |out| until(door.closing().clone(), work(door, reader, query, out)).boxed()))
}

async fn work(door: Door, reader: Reader, query: Query, out: &mut Out<ReadResponse>) -> Result<(), Stop> {
    let Query { source, direction, amount, show, tells_ends } = query;
    match (amount, source) {
        (Amount::Count(count), source) => {
            let history = History { reader, direction, count, show, tells_ends, out };
            match source {
                Source::One { stream, from } => history.one(stream, from).await,
                Source::All { from, filter } => history.all(from, filter).await,
            }
        }
        (Amount::Subscription, source) => {
            let (tail, closing) = (door.tail().clone(), door.closing().clone());
            let reader = reader.subscribing();
            let subscription = Subscription { reader, tail, closing, show, out };
            match source {
                Source::One { stream, from } => subscription.one(&stream, from).await,
                Source::All { from, filter } => subscription.all(from, filter).await,
            }
        }
    }
}

/// Works until the door closes: then clients are to connect anew and go on from where they were.
async fn until(closing: CancellationToken, work: impl Future<Output = Result<(), Stop>>) -> Result<(), Stop> {
    let closed = || Err(Status::unavailable("the server is stopping; connect anew").into());
    closing.run_until_cancelled(work).await.unwrap_or_else(closed)
}
