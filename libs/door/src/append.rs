//! Appends of clients, whichever call brings them: who may, what fits, and the same answer to the same append.

use bytes::Bytes;
use decider::{Actor, Meta};
use eventlog::{Append, AppendError, Appended, EventData, Expected};
use uuid::Uuid;

use crate::{
    door::Door,
    envelope::{self, Sent},
    expected, name, system,
};

/// Events for one stream, all or none.
#[derive(Debug)]
pub(crate) struct Proposal {
    pub(crate) stream: String,
    pub(crate) expected: Expected,
    pub(crate) events: Vec<Proposed>,
}

/// An event that a client wants to append.
#[derive(Debug)]
pub(crate) struct Proposed {
    pub(crate) kind: String,
    pub(crate) sent: Sent,
}

/// Where an append has led. An empty one has no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) revision: Option<u64>,
    pub(crate) position: Option<u64>,
}

/// Why an append did not happen.
#[derive(Debug)]
pub(crate) enum Refused {
    Conflict {
        expected: Expected,
        actual: u64,
    },
    Denied {
        stream: String,
        why: &'static str,
    },
    Unnamed,
    Invalid(String),
    EventTooLarge {
        id: String,
        size: usize,
        max: usize,
    },
    AppendTooLarge {
        size: usize,
        max: usize,
    },
    /// Some of the events, or all in another place, were appended before.
    Partial,
    /// The client's patience has ended.
    Late,
    /// The database is away, or too many wait.
    Unavailable(&'static str),
    Failed,
}

impl Door {
    /// Appends, if the actor may.
    pub(crate) async fn append(&self, actor: &Actor, proposal: Proposal) -> Result<Done, Refused> {
        self.admit(actor, &proposal)?;
        if proposal.events.is_empty() {
            return self.append_nothing(&proposal).await;
        }
        self.store(actor, proposal).await
    }

    /// Refuses what the actor may not append, or nobody.
    pub(crate) fn admit(&self, actor: &Actor, proposal: &Proposal) -> Result<(), Refused> {
        self.admit_to(actor, &proposal.stream)?;
        system::check(proposal)
    }

    /// Refuses an append by the name of its stream alone: what nobody may append is not even received.
    pub(crate) fn admit_to(&self, actor: &Actor, stream: &str) -> Result<(), Refused> {
        name::check(stream).map_err(Refused::Invalid)?;
        let denied = |why| Refused::Denied { stream: stream.to_owned(), why };
        self.access().check_append(actor, stream).map_err(denied)
    }

    /// An empty append is a question where the stream is.
    async fn append_nothing(&self, proposal: &Proposal) -> Result<Done, Refused> {
        let actual = self.version(&proposal.stream).await?;
        if !proposal.expected.holds(actual) {
            return Err(Refused::Conflict { expected: proposal.expected, actual });
        }
        Ok(Done { revision: expected::revision(actual), position: None })
    }

    async fn store(&self, actor: &Actor, proposal: Proposal) -> Result<Done, Refused> {
        let append = self.prepare(actor, &proposal)?;
        let Proposal { stream, expected, events } = proposal;
        let (first, count) = (append.events[0].id, events.len() as u64);
        match self.log().append(append).await {
            Ok(appended) if appended.repeated => self.repeated(&stream, expected, appended, count).await,
            Ok(appended) => Ok(done(appended)),
            Err(AppendError::PartialRepeat) => self.partial(&stream, expected, first).await,
            Err(error) => Err(refused(error)),
        }
    }

    /// The append as the log takes it.
    pub(crate) fn prepare(&self, actor: &Actor, proposal: &Proposal) -> Result<Append, Refused> {
        let stream = name::stored(&proposal.stream);
        let events = proposal.events.iter().map(|event| data(event, stream.as_str()));
        let events = events.collect::<Result<Vec<_>, _>>()?;
        let now = self.log().world().clock.now();
        Ok(Append::new(stream, proposal.expected, events, meta(actor), now))
    }

    /// The answer to an append whose events are all there: the first one, if they stand where they are expected.
    async fn repeated(
        &self,
        stream: &str,
        expected: Expected,
        appended: Appended,
        count: u64,
    ) -> Result<Done, Refused> {
        match expected::version(expected) {
            Some(version) if version.saturating_add(count) != appended.version => {
                let actual = self.version(stream).await?;
                // Where the stream is as expected, the fault is that the ids are used again.
                if actual == version {
                    Err(Refused::Partial)
                } else {
                    Err(Refused::Conflict { expected, actual })
                }
            }
            _ => Ok(done(appended)),
        }
    }

    /// The answer to an append of whose events some are there: a conflict, if the first of them is not at its place.
    async fn partial(&self, stream: &str, expected: Expected, first: Uuid) -> Result<Done, Refused> {
        let Some(version) = expected::version(expected) else { return Err(Refused::Partial) };
        let actual = self.version(stream).await?;
        if actual == version {
            return Err(Refused::Partial);
        }
        let place = version.saturating_add(1);
        let stored = name::stored(stream);
        let mut there = self.log().read_stream(&stored, place, 1, eventlog::Direction::Forwards);
        let there = futures::TryStreamExt::try_next(&mut there).await.map_err(failed)?;
        if there.is_some_and(|event| event.id == first) {
            return Err(Refused::Partial);
        }
        Err(Refused::Conflict { expected, actual })
    }

    async fn version(&self, stream: &str) -> Result<u64, Refused> {
        self.log().version(&name::stored(stream)).await.map_err(failed)
    }
}

/// The event as the log takes it. Ids of clients are unique within a stream, those of the log within the log.
fn data(event: &Proposed, stream: &str) -> Result<EventData, Refused> {
    let data: Bytes =
        envelope::seal(&event.kind, &event.sent).map_err(|error| Refused::Invalid(error.to_string()))?;
    let id = Uuid::new_v5(&event.sent.id, stream.as_bytes());
    Ok(EventData { id, kind: event.kind.clone(), data, tags: Vec::new() })
}

/// Clients decide nothing under a rule pack: there is none to name.
fn meta(actor: &Actor) -> Meta {
    Meta::by(actor.clone())
}

pub(crate) fn done(appended: Appended) -> Done {
    Done { revision: expected::revision(appended.version), position: Some(appended.last_position) }
}

fn failed(error: eventlog::Error) -> Refused {
    match error {
        eventlog::Error::Unavailable(_) => Refused::Unavailable("the database is away; try again"),
        eventlog::Error::Closed => Refused::Unavailable("the server is stopping; try again"),
        error => {
            tracing::error!(%error, "the log failed");
            Refused::Failed
        }
    }
}

pub(crate) fn refused(error: AppendError) -> Refused {
    match error {
        AppendError::Conflict { expected, actual } => Refused::Conflict { expected, actual },
        AppendError::Invalid(reason) => Refused::Invalid(reason.to_string()),
        AppendError::PartialRepeat => Refused::Partial,
        AppendError::Overloaded { .. } => Refused::Unavailable("the log is busy; try again"),
        AppendError::Unavailable(_) => Refused::Unavailable("the database is away; try again"),
        AppendError::Closed => Refused::Unavailable("the server is stopping; try again"),
        error => {
            tracing::error!(%error, "an append of a client failed");
            Refused::Failed
        }
    }
}
