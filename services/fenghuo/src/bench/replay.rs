//! `fenghuo bench replay`: a view replayed from all events and compared with the living one, against following the
//! same log without showing anything.

use std::{sync::Arc, time::Duration, time::Instant};

use eventlog::{
    Log, Views,
    replay::{Order, Replay, Scope, Until},
};

use super::{
    Effort, Measured,
    figures::{Figures, Measurement, Row, median},
    fill::fill,
    follow,
    rebuild::{CATCH_UP_MAX, Notes, VIEW},
    stage::{BEFORE, Stage},
};
use crate::{
    error::{Because, Error},
    shell::Shell,
};

/// Measures whole replays, and follows beside them.
pub(super) async fn measure(effort: &Effort, events: u64, shell: Shell) -> Result<Measured, Error> {
    let stage = Stage::start(shell).await?;
    let pool = stage.pool(1).await?;
    let server = stage.durable(&pool).await?;
    let log = stage.new_log("bench").await?;
    fill(&log, &pool, events, shell).await?;
    let views = Views::start(&log, vec![Arc::new(Notes)]).await.because("启动视图", "start the view")?;
    views.wait_for(VIEW, BEFORE + events, CATCH_UP_MAX).await.because("等待视图", "wait for the view")?;
    sqlx::query("vacuum analyze bench_notes_g1.notes")
        .execute(&pool)
        .await
        .because("整理数据库", "tidy up the database")?;
    let (mut replays, mut follows) = (Vec::new(), Vec::new());
    for round in 1..=effort.rounds {
        shell.note(format_args!("{} {round}/{}", shell.pick("轮次", "round"), effort.rounds));
        follows.push(follow::ours(&stage, events, effort.seconds).await?);
        replays.push(ours(&log, events, effort.seconds, shell).await?);
    }
    views.shutdown().await;
    log.shutdown().await;
    pool.close().await;
    stage.stop().await;
    let row = Row::beside("replay", 1, median(&replays), median(&follows));
    Ok(Measured { server, rows: vec![row] })
}

/// Replays with comparison; a wait is the time from page to page.
async fn ours(log: &Log, events: u64, time: Duration, shell: Shell) -> Result<Figures, Error> {
    let mut measured = Measurement::default();
    while measured.elapsed < time || measured.events == 0 {
        let begin = Instant::now();
        let order = Order::new(Scope::All, Until::Living);
        let mut replay =
            Replay::begin(log, Arc::new(Notes), order).await.because("准备重放", "prepare the replay")?;
        let mut before = (begin, 0);
        let waits = &mut measured.waits;
        let mut shown = begin;
        let replayed = replay.run(|progress| {
            if progress.position > before.1 {
                waits.push(before.0.elapsed());
                before = (Instant::now(), progress.position);
                shown = before.0;
            }
        });
        let replayed = replayed.await.because("重放视图", "replay the view")?;
        measured.elapsed += begin.elapsed();
        measured.events += events;
        let (showing, comparing) = ((shown - begin).as_secs_f64(), shown.elapsed().as_secs_f64());
        shell.note(shell.pick(
            &format!("展示 {showing:.2} 秒，比较 {comparing:.2} 秒"),
            &format!("{showing:.2} s to show, {comparing:.2} s to compare"),
        ));
        replay.discard().await.because("删除重放用的模式", "drop the schema of the replay")?;
        if replayed.events != BEFORE + events || replayed.is_equal() != Some(true) {
            return Err(Error::told("重放与现用视图不同", "the replay differs from the living view"));
        }
    }
    Ok(measured.figures())
}
