//! `fenghuo bench follow`: a whole log through `follow`, against a bare keyset read of the same rows.

use std::time::{Duration, Instant};

use futures::StreamExt;
use sqlx::PgPool;

use super::{
    Effort, Measured,
    figures::{Figures, Measurement, Row, median},
    fill::fill,
    raw::RawEvent,
    stage::{BEFORE, Stage},
};
use crate::{
    error::{Because, Error},
    shell::Shell,
};

/// Events of a page, ours and the baseline's.
const PAGE: u64 = 1_000;

/// Measures passes over the whole log.
pub(super) async fn measure(effort: &Effort, events: u64, shell: Shell) -> Result<Measured, Error> {
    let stage = Stage::start(shell).await?;
    let pool = stage.pool(1).await?;
    let server = stage.durable(&pool).await?;
    let log = stage.new_log("bench").await?;
    fill(&log, &pool, events, shell).await?;
    log.shutdown().await;
    raw(&pool, events, Duration::ZERO).await?;
    let (mut ours_rounds, mut raw_rounds) = (Vec::new(), Vec::new());
    for round in 1..=effort.rounds {
        shell.note(format_args!("{} {round}/{}", shell.pick("轮次", "round"), effort.rounds));
        if round % 2 == 1 {
            ours_rounds.push(ours(&stage, events, effort.seconds).await?);
            raw_rounds.push(raw(&pool, events, effort.seconds).await?);
        } else {
            raw_rounds.push(raw(&pool, events, effort.seconds).await?);
            ours_rounds.push(ours(&stage, events, effort.seconds).await?);
        }
    }
    pool.close().await;
    stage.stop().await;
    let row = Row::beside("follow", 1, median(&ours_rounds), median(&raw_rounds));
    Ok(Measured { server, rows: vec![row] })
}

/// Passes by a process that has just started; a wait is the time until a page is there.
pub(super) async fn ours(stage: &Stage, events: u64, time: Duration) -> Result<Figures, Error> {
    let mut measured = Measurement::default();
    while measured.elapsed < time || measured.events == 0 {
        let log = stage.log("bench").await?;
        let begin = Instant::now();
        let mut pages = log.follow_pages(BEFORE, usize::try_from(PAGE).expect("a small page"));
        let mut count = 0;
        while count < events {
            let asked = Instant::now();
            let page = pages.next().await.transpose().because("跟随日志", "follow the log")?;
            let page = page.ok_or_else(|| Error::told("日志已关闭", "the log was closed"))?;
            measured.waits.push(asked.elapsed());
            count += page.len() as u64;
        }
        measured.elapsed += begin.elapsed();
        measured.events += count;
        drop(pages);
        log.shutdown().await;
    }
    Ok(measured.figures())
}

/// Bare passes over so many events of a log in schema `bench`, page by page by their keys.
pub(super) async fn raw(pool: &PgPool, events: u64, time: Duration) -> Result<Figures, Error> {
    let mut measured = Measurement::default();
    let mut db = pool.acquire().await.because("取得连接", "take a connection")?;
    while measured.elapsed < time || measured.events == 0 {
        let begin = Instant::now();
        let (mut after, mut count) = (BEFORE.cast_signed(), 0);
        while count < events {
            let asked = Instant::now();
            let rows: Vec<RawEvent> = sqlx::query_as(
                "select position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta
                    from bench.events where position > $1 order by position limit $2",
            )
            .bind(after)
            .bind(PAGE.cast_signed())
            .fetch_all(&mut *db)
            .await
            .because("读取事件", "read events")?;
            let (position, ..) = rows.last().ok_or_else(|| Error::told("缺少事件", "events are missing"))?;
            after = *position;
            measured.waits.push(asked.elapsed());
            count += rows.len() as u64;
        }
        measured.elapsed += begin.elapsed();
        measured.events += count;
    }
    Ok(measured.figures())
}
