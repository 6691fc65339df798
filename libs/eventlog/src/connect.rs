//! Connections: what every session of the log sets, and how reads survive a database that went away and came back.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{Error, Options, error::is_unavailable, migrate};

/// A pooled connection that rested longer is asked for a sign of life before it is used.
pub(crate) const REST_MAX: Duration = Duration::from_secs(1);
/// Longest wait for one connection to be made.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const BACKOFF_MIN: Duration = Duration::from_millis(5);
const BACKOFF_MAX: Duration = Duration::from_millis(200);

/// The connection options of a running log: its schema, its bounds, and the app role where it may be taken.
pub(crate) async fn session(options: &Options) -> Result<PgConnectOptions, Error> {
    options.check()?;
    let timeout = options.statement_timeout.as_millis().to_string();
    let session = options.connect_here().application_name(&format!("fenghuo {}", options.schema)).options([
        ("statement_timeout", timeout.as_str()),
        ("lock_timeout", timeout.as_str()),
        // A process that stops in the middle of a transaction gives the head back.
        ("idle_in_transaction_session_timeout", timeout.as_str()),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        ("jit", "off"),
    ]);
    let mut db = PgConnection::connect_with(&session).await?;
    let has_role = migrate::has_role(&mut db, &options.app_role).await?;
    db.close().await?;
    Ok(if has_role { session.options([("role", options.app_role.as_str())]) } else { session })
}

pub(crate) fn pool(session: PgConnectOptions, options: &Options) -> PgPool {
    PgPoolOptions::new()
        .max_connections(options.connections_max)
        .acquire_timeout(options.unavailable_after)
        .test_before_acquire(false)
        .before_acquire(|db, resting| {
            Box::pin(async move {
                if resting.idle_for > REST_MAX {
                    db.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(session)
}

/// One connection outside of the pool, in bounded time.
pub(crate) async fn connect(session: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    match tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(session)).await {
        Ok(connected) => connected,
        Err(_) => Err(timed_out("connect to the database")),
    }
}

pub(crate) fn timed_out(what: &'static str) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, what))
}

/// Runs a read again while the database is away, at most for `patience`. Reads change nothing, so it is safe.
pub(crate) async fn retry<T, F>(patience: Duration, mut read: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, sqlx::Error>>,
{
    let mut pause = Backoff::new();
    let start = Instant::now();
    loop {
        match read().await {
            Err(error) if is_unavailable(&error) && start.elapsed() < patience => pause.wait().await,
            result => return Ok(result?),
        }
    }
}

/// Waits that grow.
pub(crate) struct Backoff(Duration);

impl Backoff {
    pub(crate) fn new() -> Self {
        Self(BACKOFF_MIN)
    }

    pub(crate) async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(BACKOFF_MAX);
    }
}
