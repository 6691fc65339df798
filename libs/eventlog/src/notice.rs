//! News between processes: after a commit one NOTIFY, and a listener with polling behind it.
//!
//! The notice is sent beside the append, not inside it: a transaction that notifies holds a lock of the whole
//! server until its commit is on disk, so logs that share a server would queue for one another. A notice that a
//! crash swallows is made good by the listeners' poll. Where no other process listens, nothing is sent; a process
//! that begins to listen polls at short intervals until the others have found it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use crate::log::Inner;

/// Shortest time between two notices of one process; what happens in between is told together.
const NOTICE_EVERY: Duration = Duration::from_millis(2);
/// How long it is believed that there is nobody, or somebody, to tell. A listener that has just begun polls often
/// enough for as long.
const AUDIENCE_FOR: Duration = Duration::from_secs(1);
/// Shortest and longest time between two looks at the head when no notice comes.
const POLL_MIN: Duration = Duration::from_millis(10);
const POLL_MAX: Duration = Duration::from_secs(1);

/// The channel of the log's notices, within its database.
fn channel(schema: &str) -> String {
    format!("eventlog_{schema}")
}

/// Tells other processes of the head whenever it has moved, if there are any. Runs until the log closes.
pub(crate) async fn send(log: Arc<Inner>) {
    let channel = channel(&log.options.schema);
    let mut head = log.committed.subscribe();
    let mut is_closing = false;
    while !is_closing {
        let is_heard = audience(&log, &channel).await.unwrap_or(true);
        let until = Instant::now() + AUDIENCE_FOR;
        while !is_closing && Instant::now() < until {
            tokio::select! {
                biased;
                () = log.closing.cancelled() => is_closing = true,
                () = tokio::time::sleep_until(until) => {}
                _ = head.changed(), if is_heard => tell(&log, &channel, &mut head).await,
            }
        }
    }
    if head.has_changed().unwrap_or(false) {
        tell(&log, &channel, &mut head).await;
    }
}

/// Whether another process listens. Every listener holds a shared lock that names the log.
async fn audience(log: &Inner, channel: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from pg_locks where locktype = 'advisory' and mode = 'ShareLock'
            and (classid, objid) = ((hashtextextended($1, 2) >> 32 & 4294967295)::oid,
                (hashtextextended($1, 2) & 4294967295)::oid)
            and database = (select oid from pg_database where datname = current_database()) and pid <> $2)",
    )
    .bind(channel)
    .bind(log.listener_pid.load(Ordering::Relaxed))
    .fetch_one(&log.pool)
    .await
}

async fn tell(log: &Inner, channel: &str, head: &mut watch::Receiver<u64>) {
    let position = *head.borrow_and_update();
    let told =
        sqlx::query("select pg_notify($1, $2)").bind(channel).bind(position.to_string()).execute(&log.pool);
    if let Err(error) = told.await {
        tracing::debug!(%error, "a notice was not sent; listeners will poll");
    }
    tokio::time::sleep(NOTICE_EVERY).await;
}

/// Follows the head on behalf of all readers of this process. Runs until the log closes.
pub(crate) async fn listen(log: Arc<Inner>) {
    let closing = log.closing.clone();
    closing.run_until_cancelled(listen_on(&log)).await;
}

async fn listen_on(log: &Inner) {
    let mut pause = POLL_MIN;
    loop {
        let started = Instant::now();
        if let Err(error) = listen_once(log).await {
            tracing::warn!(%error, "listening for notices was interrupted and is taken up again");
        }
        pause = if started.elapsed() > POLL_MAX { POLL_MIN } else { (pause * 2).min(POLL_MAX) };
        tokio::time::sleep(pause).await;
    }
}

async fn listen_once(log: &Inner) -> Result<(), sqlx::Error> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(log.options.unavailable_after)
        .connect_with(log.session.clone())
        .await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    let channel = channel(&log.options.schema);
    listener.listen(&channel).await?;
    let pid: i32 =
        sqlx::query_scalar("select pg_backend_pid() from pg_advisory_lock_shared(hashtextextended($1, 2))")
            .bind(&channel)
            .fetch_one(&mut listener)
            .await?;
    log.listener_pid.store(pid, Ordering::Relaxed);
    let mut poll = POLL_MIN;
    loop {
        // Whatever was committed before the subscription, or while a notice was lost, is seen here.
        let position: i64 = sqlx::query_scalar("select position from head").fetch_one(&log.pool).await?;
        let is_news = position.cast_unsigned() > *log.head.borrow();
        log.seen(position.cast_unsigned());
        poll = if is_news { POLL_MIN } else { (poll * 2).min(POLL_MAX) };
        let until = Instant::now() + poll;
        while let Ok(notice) = timeout(until - Instant::now(), listener.try_recv()).await {
            match notice? {
                Some(notice) => log.seen(notice.payload().parse().unwrap_or(0)),
                None => return Err(sqlx::Error::WorkerCrashed),
            }
        }
    }
}
