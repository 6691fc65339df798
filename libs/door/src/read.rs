//! A read or a subscription, from the request to the stream of answers.

use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::{
    door::Door,
    follow::Subscription,
    history::History,
    out::{self, Answers, Stop},
    query::{Amount, Query, Source},
    wire::event_store::client::streams::{ReadRequest, ReadResponse},
};

/// Answers a request to read.
pub(crate) fn read(door: &Door, request: ReadRequest) -> Result<Answers<ReadResponse>, Status> {
    let Query { source, direction, amount, show, tells_ends } = Query::read(request)?;
    let (log, closing) = (door.log().clone(), door.closing().clone());
    Ok(out::answer(|out| async move {
        match (amount, source) {
            (Amount::Count(count), source) => {
                let history = History { log, direction, count, show, tells_ends };
                match source {
                    Source::One { stream, from } => until(&closing, history.one(out, stream, from)).await,
                    Source::All { from, filter } => until(&closing, history.all(out, from, filter)).await,
                }
            }
            (Amount::Subscription, source) => {
                let subscription = Subscription { log, show, out };
                match source {
                    Source::One { stream, from } => until(&closing, subscription.one(&stream, from)).await,
                    Source::All { from, filter } => until(&closing, subscription.all(from, filter)).await,
                }
            }
        }
    }))
}

/// Works until the door closes: then clients are to connect anew and go on from where they were.
async fn until(
    closing: &CancellationToken,
    work: impl Future<Output = Result<(), Stop>>,
) -> Result<(), Stop> {
    let closed = || Err(Status::unavailable("the server is stopping; connect anew").into());
    closing.run_until_cancelled(work).await.unwrap_or_else(closed)
}
