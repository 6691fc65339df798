//! News between processes: after a commit one NOTIFY, and a listener with polling behind it.
//!
//! The notice is sent beside the append, not inside it: a transaction that notifies holds a lock of the whole
//! server until its commit is on disk, so logs that share a server would queue for one another. A notice that a
//! crash swallows is made good by the listeners' poll.

use std::{sync::Arc, time::Duration};

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::time::{Instant, timeout};

use crate::log::Inner;

/// Shortest time between two notices of one process; what happens in between is told together.
const NOTICE_EVERY: Duration = Duration::from_millis(2);
/// Shortest and longest time between two looks at the head when no notice comes.
const POLL_MIN: Duration = Duration::from_millis(10);
const POLL_MAX: Duration = Duration::from_secs(1);

/// The channel of the log's notices, within its database.
fn channel(schema: &str) -> String {
    format!("eventlog_{schema}")
}

/// Tells other processes of the head whenever it has moved. Runs until the log closes.
pub(crate) async fn send(log: Arc<Inner>) {
    let channel = channel(&log.options.schema);
    let mut head = log.committed.subscribe();
    let mut is_closing = false;
    while !is_closing {
        tokio::select! {
            biased;
            _ = head.changed() => {}
            () = log.closing.cancelled() => is_closing = true,
        }
        if is_closing && !head.has_changed().unwrap_or(false) {
            return;
        }
        let position = *head.borrow_and_update();
        let sent = sqlx::query("select pg_notify($1, $2)")
            .bind(&channel)
            .bind(position.to_string())
            .execute(&log.pool)
            .await;
        if let Err(error) = sent {
            tracing::debug!(%error, "a notice was not sent; listeners will poll");
        }
        tokio::time::sleep(NOTICE_EVERY).await;
    }
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
    listener.listen(&channel(&log.options.schema)).await?;
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
