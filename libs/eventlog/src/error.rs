//! What can go wrong, told apart by what the caller can do about it.

use std::time::Duration;

use decider::{Refused, StreamName};

/// A failure of the log itself, outside of appends and commands.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached now; trying again later may help.
    #[error("reach the database")]
    Unavailable(#[source] sqlx::Error),
    /// The database refused a statement.
    #[error("run a statement of the log")]
    Database(#[source] sqlx::Error),
    /// The schema cannot be brought up to date.
    #[error("migrate the log")]
    Migrate(#[source] Box<sqlx::migrate::MigrateError>),
    /// Positions are not contiguous: the log is damaged, or a reader is wrong. Never ignored.
    #[error("read on from position {expected}: found {found}")]
    Gap {
        /// The position that had to come.
        expected: u64,
        /// The position that came.
        found: u64,
    },
    /// A stored row does not have the shape that was written.
    #[error("read the event at position {position}: {what}")]
    Corrupt {
        /// Where it stands.
        position: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A schema, role or view name that is not a short lower-case identifier.
    #[error("use {0:?} as a name: it must be a short lower-case identifier")]
    Name(String),
    /// No view of that name was started here.
    #[error("find view {0:?}")]
    UnknownView(String),
    /// A view did not reach the wanted position in time.
    #[error("wait for position {wanted}: the view is at {position}")]
    Stale {
        /// Where the view is.
        position: u64,
        /// Where it had to be.
        wanted: u64,
    },
    /// Another process works on it, under a lease that has not run out.
    #[error("take the lease of {0:?}: another process holds it")]
    Leased(String),
    /// A view failed on an event for a reason of its own, outside of projecting (where it would be parked).
    #[error("show an event in view {view:?}: {reason}")]
    View {
        /// The view.
        view: String,
        /// Why.
        reason: String,
    },
    /// A view cannot be replayed as asked.
    #[error(transparent)]
    Replay(#[from] Unreplayable),
    /// The log is shut down.
    #[error("use a log that is shut down")]
    Closed,
}

/// Why a view cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum Unreplayable {
    /// A position that the log has not come to.
    #[error("replay up to position {position}: the log ends at {head}")]
    Beyond {
        /// The position.
        position: u64,
        /// Where the log ends.
        head: u64,
    },
    /// No stream has this name.
    #[error("find stream {0:?}")]
    NoStream(String),
    /// A stream came into the case after the replay had gone by its first events.
    #[error("go on with the replay of a case that another stream has joined meanwhile; begin a new one")]
    Joined,
    /// No replay with this id was begun, or what it had shown is lost.
    #[error("find replay {0:?}")]
    NoReplay(String),
    /// The role may not create the schema in which a view is replayed.
    #[error("create schema {schema} for a replay, which takes a role that may")]
    Scratch {
        /// The schema.
        schema: String,
        /// What the database said.
        source: sqlx::Error,
    },
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_unavailable(&error) { Self::Unavailable(error) } else { Self::Database(error) }
    }
}

/// What makes a request unacceptable before anything is looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// An append without events.
    #[error("events: at least one is needed")]
    NoEvents,
    /// More events than one append may hold.
    #[error("events: {count} are more than {max}")]
    TooManyEvents {
        /// How many were given.
        count: usize,
        /// How many are allowed.
        max: usize,
    },
    /// An event's data is larger than allowed.
    #[error("data: {bytes} bytes are more than {max}")]
    TooLarge {
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        max: usize,
    },
    /// A field's text is empty, too long, or not of its alphabet.
    #[error("{field}: {reason}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The data is not UTF-8.
    #[error("data: not UTF-8 at byte {at}")]
    Utf8 {
        /// Where.
        at: usize,
    },
    /// A NUL, bare or escaped: PostgreSQL's text cannot hold it and readers would choke later.
    #[error("{field}: holds a NUL")]
    Nul {
        /// The field.
        field: &'static str,
    },
    /// The data is not one JSON value.
    #[error("data: not JSON: {reason}")]
    Json {
        /// What the parser said.
        reason: String,
    },
    /// The data is nested too deeply.
    #[error("data: nested deeper than {max}")]
    Deep {
        /// How deep it may be.
        max: usize,
    },
    /// Two events of one append have the same id.
    #[error("id: used twice in one append")]
    RepeatedId,
    /// The claimed instant lies in the future.
    #[error("at: lies after now")]
    Future,
}

/// Why an append did not happen, or is not known to have happened (`Unavailable` only).
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream is not at the expected version.
    #[error("append at the expected version: the stream is at {actual}")]
    Conflict {
        /// What the caller expected.
        expected: crate::Expected,
        /// The stream's version; 0 if there is none.
        actual: u64,
    },
    /// An event with the tags stands after the position that the caller knew.
    #[error("append under a condition: a matching event stands at {position}")]
    Condition {
        /// The first such event.
        position: u64,
    },
    /// The request itself is wrong.
    #[error("append: {0}")]
    Invalid(#[from] Invalid),
    /// The command id was used before with another fingerprint.
    #[error("append under a command id that another command has used")]
    KeyReused,
    /// The command id was used before, and the command was refused.
    #[error("append for a command that was refused")]
    RefusedBefore(Box<Refused>),
    /// Some of the events were appended before, but not all of them, or not as one append.
    #[error("repeat an append: only some of its events are known")]
    PartialRepeat,
    /// The queue is full.
    #[error("wait for the committer: it is overloaded")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The database is away. The append may or may not have happened; repeating it is safe.
    #[error("append: the database is away")]
    Unavailable(#[source] std::sync::Arc<Error>),
    /// The database refused this request for a reason of its own.
    #[error("append: the database refuses")]
    Database(#[source] std::sync::Arc<Error>),
    /// The log is shut down.
    #[error("append to a log that is shut down")]
    Closed,
}

/// Why an append to several streams did not happen.
#[derive(Debug, thiserror::Error)]
pub enum SeveralError {
    /// These of the checks do not hold.
    #[error("append to several streams: {} of the checks do not hold", .0.len())]
    Violated(Vec<crate::Violation>),
    /// As for an append to one.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// Why a command has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The rule says no; the refusal is stored under the command's id.
    #[error(transparent)]
    Refused(Box<Refused>),
    /// The stream moved at every try.
    #[error("decide on a stream that others keep changing")]
    Contended,
    /// The request itself is wrong.
    #[error("execute: {0}")]
    Invalid(#[from] Invalid),
    /// The command id was used before with another fingerprint.
    #[error("execute under a command id that another command has used")]
    KeyReused,
    /// The queue is full.
    #[error("wait for the committer: it is overloaded")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The database is away. The command may or may not have been stored; repeating it is safe.
    #[error("execute: the database is away")]
    Unavailable(#[source] std::sync::Arc<Error>),
    /// The stream's history cannot be read by its decider.
    #[error("read the history of {stream}")]
    Unreadable {
        /// The stream.
        stream: StreamName,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A decided event cannot be written, or the log refuses it.
    #[error("store what was decided")]
    Failed(#[source] std::sync::Arc<Error>),
    /// The log is shut down.
    #[error("execute on a log that is shut down")]
    Closed,
}

/// Why a view could not show an event.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The event cannot be shown, now or later: its stream is parked for this view.
    #[error("show the event: {0}")]
    Poison(String),
    /// The database failed; data errors park the stream, everything else is tried again.
    #[error("write the view")]
    Database(#[from] sqlx::Error),
}

impl From<serde_json::Error> for ViewError {
    fn from(error: serde_json::Error) -> Self {
        Self::Poison(error.to_string())
    }
}

/// Whether an error says that the database is away or in no state to answer, rather than that it said no.
pub(crate) fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // 08 connection, 53 out of resources, 55P03 and 40 lost a race for a lock, 57 told to stop, 58 system.
        sqlx::Error::Database(refusal) => refusal.code().is_some_and(|code| {
            ["08", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}
