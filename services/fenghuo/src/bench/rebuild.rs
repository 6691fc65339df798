//! `fenghuo bench rebuild`: a view built anew beside the one that answers, against bare pages copied into a table.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use eventlog::Views;
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

mod view;

pub(super) use view::{Notes, VIEW};

/// Events of a page, ours and the baseline's.
const PAGE: i64 = 500;
/// How long the living view may take to show all events.
pub(super) const CATCH_UP_MAX: Duration = Duration::from_secs(3_600);

/// Measures whole rebuilds: reading, writing, comparing with the living view, switching.
pub(super) async fn measure(effort: &Effort, events: u64, shell: Shell) -> Result<Measured, Error> {
    let stage = Stage::start(shell).await?;
    let pool = stage.pool(2).await?;
    let server = stage.durable(&pool).await?;
    let log = stage.new_log("bench").await?;
    fill(&log, &pool, events, shell).await?;
    let views = Views::start(&log, vec![Arc::new(Notes)]).await.because("启动视图", "start the view")?;
    views.wait_for(VIEW, BEFORE + events, CATCH_UP_MAX).await.because("等待视图", "wait for the view")?;
    sqlx::query("create table raw_notes (like bench_notes_g1.notes including all)")
        .execute(&pool)
        .await
        .because("创建基线表", "create the baseline's table")?;
    let (mut ours_rounds, mut raw_rounds) = (Vec::new(), Vec::new());
    for round in 1..=effort.rounds {
        shell.note(format_args!("{} {round}/{}", shell.pick("轮次", "round"), effort.rounds));
        if round % 2 == 1 {
            ours_rounds.push(ours(&views, events, effort.seconds).await?);
            raw_rounds.push(raw(&pool, events, effort.seconds).await?);
        } else {
            raw_rounds.push(raw(&pool, events, effort.seconds).await?);
            ours_rounds.push(ours(&views, events, effort.seconds).await?);
        }
    }
    views.shutdown().await;
    log.shutdown().await;
    pool.close().await;
    stage.stop().await;
    let row = Row::beside("rebuild", 1, median(&ours_rounds), median(&raw_rounds));
    Ok(Measured { server, rows: vec![row] })
}

/// Rebuilds; a wait is the time from page to page.
async fn ours(views: &Views, events: u64, time: Duration) -> Result<Figures, Error> {
    let mut measured = Measurement::default();
    while measured.elapsed < time || measured.events == 0 {
        let begin = Instant::now();
        let mut before = (begin, 0);
        let waits = &mut measured.waits;
        let rebuilt = views.rebuild(VIEW, |progress| {
            if progress.position > before.1 {
                waits.push(before.0.elapsed());
                before = (Instant::now(), progress.position);
            }
        });
        let rebuilt = rebuilt.await.because("重建视图", "rebuild the view")?;
        measured.elapsed += begin.elapsed();
        measured.events += events;
        if rebuilt.events != BEFORE + events || rebuilt.is_equal() != Some(true) {
            return Err(Error::told(
                "重建的视图与原视图不同",
                "the rebuilt view differs from the living one",
            ));
        }
    }
    Ok(measured.figures())
}

/// Reads pages by their keys and writes the same rows, a transaction each, without checkpoint, lease or comparison.
async fn raw(pool: &PgPool, events: u64, time: Duration) -> Result<Figures, Error> {
    let mut measured = Measurement::default();
    while measured.elapsed < time || measured.events == 0 {
        sqlx::query("truncate raw_notes").execute(pool).await.because("清空基线表", "empty the table")?;
        let begin = Instant::now();
        let (mut after, mut count) = (BEFORE.cast_signed(), 0);
        while count < events {
            let asked = Instant::now();
            let (last, copied) = copy_page(pool, after).await?;
            (after, count) = (last, count + copied);
            measured.waits.push(asked.elapsed());
        }
        measured.elapsed += begin.elapsed();
        measured.events += count;
    }
    Ok(measured.figures())
}

/// Returns the last position and the number of events.
async fn copy_page(pool: &PgPool, after: i64) -> Result<(i64, u64), Error> {
    let rows: Vec<RawEvent> = sqlx::query_as(
        "select position, stream_id, version, recorded_at, occurred_at, id, kind, data, meta
            from bench.events where position > $1 order by position limit $2",
    )
    .bind(after)
    .bind(PAGE)
    .fetch_all(pool)
    .await
    .because("读取事件", "read events")?;
    let streams: Vec<String> = rows.iter().map(|(_, stream, ..)| stream.to_string()).collect();
    let mut columns = view::Columns::default();
    for ((position, _, _, recorded_at, _, _, kind, data, _), stream) in rows.iter().zip(&streams) {
        let number = view::number(data).because("读取事件", "read an event")?;
        columns.push(*position, stream, kind, number, *recorded_at);
    }
    let (last, ..) = rows.last().ok_or_else(|| Error::told("缺少事件", "events are missing"))?;
    let copied = async {
        let mut tx = pool.begin().await?;
        columns.insert_raw(&mut tx).await?;
        tx.commit().await
    };
    copied.await.because("写入基线行", "write rows of the baseline")?;
    Ok((*last, rows.len() as u64))
}
