//! How a log is opened: where it is, and the bounds it keeps.

use std::time::Duration;

use decider::Department;
use sqlx::postgres::PgConnectOptions;

use crate::Error;

/// Longest schema name: generation schemas append a view's name and a number to it (63 bytes in all).
pub(crate) const SCHEMA_BYTES_MAX: usize = 24;

/// Where a log is, and the bounds it keeps. Every bound has a default that suits a district.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server and database. The search path is set by the log.
    pub connect: PgConnectOptions,
    /// The PostgreSQL schema of this log: 1 to 24 of `a-z`, `0-9`, `_`, beginning with a letter.
    pub schema: String,
    /// The role that running connections take, where it exists and may be taken.
    pub app_role: String,
    /// Whose log it is, as its first record says; where nobody tells, whoever appends first.
    pub department: Option<Department>,
    /// Connections of the pool, beside the committer's own.
    pub connections_max: u32,
    /// Requests that may wait for the committer; past it, callers are shed.
    pub queue_max: usize,
    /// Bytes that may wait for the committer; past it, callers are shed.
    pub queue_bytes_max: usize,
    /// Events of one batch.
    pub batch_events_max: usize,
    /// Bytes of one batch.
    pub batch_bytes_max: usize,
    /// Longest wait for company after a commit, in microseconds; 0 never waits.
    pub linger_us_max: u64,
    /// Bytes of one event's data.
    pub event_bytes_max: usize,
    /// Events of one append.
    pub append_events_max: usize,
    /// Longest single statement, and longest wait for a lock.
    pub statement_timeout: Duration,
    /// Longest a caller waits for a database that is away before it hears `Unavailable`.
    pub unavailable_after: Duration,
    /// Positions of one partition, fixed when the schema is first migrated.
    pub partition_size: u64,
    /// How long a projector's lease lasts without being renewed.
    pub lease: Duration,
}

impl Options {
    /// The options of the log in `schema`, with the usual bounds.
    pub fn new(connect: PgConnectOptions, schema: impl Into<String>) -> Self {
        Self {
            connect,
            schema: schema.into(),
            app_role: "fenghuo_app".to_owned(),
            department: None,
            connections_max: 10,
            queue_max: 10_000,
            queue_bytes_max: 64 << 20,
            batch_events_max: 2_000,
            batch_bytes_max: 4 << 20,
            linger_us_max: 300,
            event_bytes_max: 256 << 10,
            append_events_max: 1_000,
            statement_timeout: Duration::from_secs(10),
            unavailable_after: Duration::from_secs(5),
            partition_size: 1 << 24,
            lease: Duration::from_secs(10),
        }
    }

    /// Refuses names that would not be safe inside a statement or do not fit.
    pub(crate) fn check(&self) -> Result<(), Error> {
        identifier(&self.schema, SCHEMA_BYTES_MAX)?;
        identifier(&self.app_role, 63)
    }

    /// Connection options whose search path is the log's schema.
    pub(crate) fn connect_here(&self) -> PgConnectOptions {
        self.connect.clone().options([("search_path", self.schema.as_str())])
    }
}

/// Accepts 1 to `bytes_max` of `a-z`, `0-9`, `_`, beginning with a letter: safe to stand unquoted in SQL.
pub(crate) fn identifier(name: &str, bytes_max: usize) -> Result<(), Error> {
    let body = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    let head = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if body && head && name.len() <= bytes_max { Ok(()) } else { Err(Error::Name(name.to_owned())) }
}
