//! Filling a log with events to read: ten to a stream, as fast as it goes.

use eventlog::{Expected, Log};
use futures::{StreamExt, TryStreamExt, stream};
use sqlx::PgPool;

use super::sample::{self, STREAM_EVENTS};
use crate::{
    error::{Because, Error},
    shell::Shell,
};

/// Appends on their way at the same time.
const APPENDS_AT_ONCE: usize = 256;

/// Appends so many events to an empty log of schema `bench`, and lets the database tidy up behind them.
pub(super) async fn fill(log: &Log, pool: &PgPool, events: u64, shell: Shell) -> Result<(), Error> {
    shell.note(shell.pick(&format!("写入 {events} 个事件……"), &format!("writing {events} events …")));
    let data = sample::data(0);
    stream::iter((0..events).step_by(STREAM_EVENTS as usize))
        .map(|first| {
            let count = usize::try_from(STREAM_EVENTS.min(events - first)).expect("ten at most");
            log.append(sample::append(sample::new_stream(), Expected::NoStream, count, &data))
        })
        .buffer_unordered(APPENDS_AT_ONCE)
        .try_for_each(|_| async { Ok(()) })
        .await
        .because("准备事件", "prepare events")?;
    // What autovacuum would do in its own time, and in the middle of a round.
    for statement in ["vacuum analyze bench.events", "vacuum analyze bench.streams", "checkpoint"] {
        sqlx::query(statement).execute(pool).await.because("整理数据库", "tidy up the database")?;
    }
    Ok(())
}
