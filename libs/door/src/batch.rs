//! Batch appends: one long call, many appends, each told apart by its correlation id and answered by itself.
//!
//! **Invariant**: nothing of an append is stored before its last part has come; one that fails harms no other.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use decider::Actor;
use eventlog::Expected;
use futures::FutureExt;
use tonic::Streaming;
use uuid::Uuid;

use crate::{
    append::{Done, Proposal, Refused},
    basket::Basket,
    batch_refusal,
    door::Door,
    expected::at_revision,
    ids, name,
    out::{self, Answers, Out, Stop},
    query::stream_name,
    refusal, streams,
    wire::event_store::client::streams::{
        BatchAppendRequest, BatchAppendResponse,
        batch_append_request::{
            Options,
            options::{self, Until},
        },
        batch_append_response::{self as response, Result as Outcome},
    },
};

/// Appends of one call of which not all parts have come.
const OPEN_MAX: usize = 256;
/// Longer patience is none: some clients say "for ever" so, and others an instant where a length is wanted.
const PATIENCE_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// An append whose parts are coming in.
#[derive(Default)]
struct Open {
    options: Options,
    stream: String,
    basket: Basket,
    /// Why it will fail; its further parts are not kept.
    fault: Option<Refused>,
}

/// One call.
struct Call {
    door: Door,
    actor: Actor,
    open: HashMap<Uuid, Open>,
}

/// Answers a call, in the order in which its appends end.
pub(crate) fn answer(
    door: Door,
    actor: Actor,
    mut requests: Streaming<BatchAppendRequest>,
) -> Answers<BatchAppendResponse> {
    let closing = door.closing().clone();
    let mut call = Call { door, actor, open: HashMap::new() };
    out::answer(move |out| {
        let answering = async move {
            while let Some(request) =
                closing.run_until_cancelled(requests.message()).await.transpose()?.flatten()
            {
                call.take(request, out).await?;
            }
            Ok(())
        };
        answering.boxed()
    })
}

impl Open {
    fn fail(&mut self, refused: Refused) {
        self.basket = Basket::default();
        self.fault = Some(refused);
    }
}

impl Call {
    async fn take(
        &mut self,
        request: BatchAppendRequest,
        out: &mut Out<BatchAppendResponse>,
    ) -> Result<(), Stop> {
        let BatchAppendRequest { correlation_id, options, events, is_final } = request;
        let id = ids::read(correlation_id.as_ref())
            .ok_or_else(|| refusal::invalid("a batch append has no correlation id"))?;
        let mut open = match self.open.remove(&id) {
            Some(open) => open,
            None => self.begin(options),
        };
        for event in events {
            if open.fault.is_none()
                && let Err(refused) = open.basket.add(self.door.limits(), event)
            {
                open.fail(refused);
            }
        }
        if !is_final {
            return self.keep(id, open);
        }
        let (options, stream) = (open.options.clone(), open.stream.clone());
        let outcome = match self.append(open).await {
            Ok(done) => Outcome::Success(streams::success(done)),
            Err(refused) => Outcome::Error(batch_refusal::error(refused)),
        };
        let response = BatchAppendResponse {
            correlation_id,
            result: Some(outcome),
            stream: Some(crate::render::identifier(&stream)),
            expected: options.expected.map(echo),
        };
        out.send(response).await
    }

    /// An append of which the first part has come. What is wrong with it is told when it ends, as its own answer.
    fn begin(&self, options: Option<Options>) -> Open {
        let mut open = Open::default();
        let Some(mut options) = options else {
            open.fail(Refused::Invalid("a batch append begins with its options".to_owned()));
            return open;
        };
        let stream = stream_name(options.stream.take().as_ref());
        open.options = options;
        let stream =
            match stream.and_then(|stream| name::check(&stream).map(|()| stream).map_err(refusal::invalid)) {
                Ok(stream) => stream,
                Err(refusal) => {
                    open.fail(Refused::Invalid(refusal.message().to_owned()));
                    return open;
                }
            };
        if let Err(refused) = self.door.admit_to(&self.actor, &stream) {
            open.fail(refused);
        }
        open.stream = stream;
        open
    }

    /// Waits for further parts. What all open appends of a call hold is bounded.
    fn keep(&mut self, id: Uuid, open: Open) -> Result<(), Stop> {
        self.open.insert(id, open);
        let bytes = self.open.values().map(|open| open.basket.bytes()).sum::<usize>();
        if self.open.len() > OPEN_MAX || bytes > 2 * self.door.limits().append_bytes_max {
            return Err(refusal::invalid("too many unfinished appends in one call").into());
        }
        Ok(())
    }

    async fn append(&self, open: Open) -> Result<Done, Refused> {
        if let Some(fault) = open.fault {
            return Err(fault);
        }
        let patience = patience(open.options.until.as_ref())?;
        let expected = expected(&open.options)?;
        let proposal = Proposal { stream: open.stream, expected, events: open.basket.events };
        let append = self.door.append(&self.actor, proposal);
        match patience {
            Some(patience) => tokio::time::timeout(patience, append).await.unwrap_or(Err(Refused::Late)),
            None => append.await,
        }
    }
}

fn expected(options: &Options) -> Result<Expected, Refused> {
    match options.expected {
        Some(options::Expected::Revision(revision)) => Ok(at_revision(revision)),
        Some(options::Expected::NoStream(_)) => Ok(Expected::NoStream),
        Some(options::Expected::Any(_)) => Ok(Expected::Any),
        Some(options::Expected::Exists(_)) => Ok(Expected::Exists),
        None => Err(Refused::Invalid("the append does not say where the stream is expected".to_owned())),
    }
}

fn echo(expected: options::Expected) -> response::Expected {
    match expected {
        options::Expected::Revision(revision) => response::Expected::Revision(revision),
        options::Expected::NoStream(none) => response::Expected::NoStream(none),
        options::Expected::Any(any) => response::Expected::Any(any),
        options::Expected::Exists(exists) => response::Expected::Exists(exists),
    }
}

/// How long the client waits; `None` for ever.
fn patience(until: Option<&Until>) -> Result<Option<Duration>, Refused> {
    let patience = match until {
        None => return Ok(None),
        Some(Until::Patience(patience)) => u64::try_from(patience.seconds)
            .map(|seconds| Duration::new(seconds, patience.nanos.clamp(0, 999_999_999).cast_unsigned()))
            .map_err(|_| Refused::Late)?,
        Some(Until::Instant(instant)) => {
            let instant =
                SystemTime::try_from(*instant).map_err(|error| Refused::Invalid(error.to_string()))?;
            instant.duration_since(SystemTime::now()).map_err(|_| Refused::Late)?
        }
    };
    Ok(Some(patience).filter(|patience| *patience < PATIENCE_MAX))
}
