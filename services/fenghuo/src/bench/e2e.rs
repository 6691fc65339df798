//! `fenghuo bench e2e`: from an append in one service to the committed view of another, over the bus.
//!
//! The way is that of every fact: append, relay, JetStream, inbox, policy, command, append, view. At a steady rate it
//! shows how long that takes. Under pressure, with a bounded number of events on their way, it shows how many get
//! through; all of them are looked for at the end.

use std::time::Duration;

use super::{
    Effort, Measured,
    figures::{Figures, Measurement, Row, median},
    stage::Stage,
};
use crate::{
    error::{Because, Error},
    shell::Shell,
};

mod actors;
mod pair;
mod send;
mod view;
mod watch;

use pair::Pair;
use watch::Watch;

/// Clients that append under pressure.
const WRITERS: usize = 64;
/// Events under way at most when under pressure: enough to keep every step busy, and no more than a bounded backlog.
const WINDOW: usize = 4_096;
/// What is run and thrown away before the first round.
const WARM_UP: Duration = Duration::from_secs(1);

/// Measures latency at a rate, then the rate under pressure, in every round.
pub(super) async fn measure(effort: &Effort, rate: u32, shell: Shell) -> Result<Measured, Error> {
    let mut stage = Stage::start(shell).await?;
    let pool = stage.pool(1).await?;
    let server = stage.durable(&pool).await?;
    pool.close().await;
    let mut bench = Bench { pair: Pair::start(&mut stage, shell).await?, next: 1 };
    bench.pressed(WARM_UP).await?;
    bench.steady(rate, WARM_UP).await?;
    let (mut steady, mut pressed) = (Vec::new(), Vec::new());
    for round in 1..=effort.rounds {
        shell.note(format_args!("{} {round}/{}", shell.pick("轮次", "round"), effort.rounds));
        steady.push(bench.steady(rate, effort.seconds).await?);
        pressed.push(bench.pressed(effort.seconds).await?);
    }
    bench.pair.stop().await;
    stage.stop().await;
    Ok(Measured { server, rows: vec![row("e2e", 1, &steady), row("e2e-max", WRITERS, &pressed)] })
}

/// One measurement: its figures, and what became of what was sent.
struct Round {
    figures: Figures,
    sent: u64,
    missed: u64,
}

fn row(case: &'static str, clients: usize, rounds: &[Round]) -> Row {
    let figures: Vec<Figures> = rounds.iter().map(|round| round.figures).collect();
    Row {
        sent: Some(rounds.iter().map(|round| round.sent).sum()),
        missed: Some(rounds.iter().map(|round| round.missed).sum()),
        ..Row::alone(case, clients, median(&figures))
    }
}

struct Bench {
    pair: Pair,
    /// The number of the next event; every event of the bench has one of its own.
    next: u64,
}

impl Bench {
    /// Sends at a steady rate, whatever becomes of it.
    async fn steady(&mut self, rate: u32, time: Duration) -> Result<Round, Error> {
        let watch = Watch::start(&self.pair, usize::MAX >> 4).await?;
        let sent = send::steadily(&self.pair, self.next, rate, time).await?;
        self.finish(watch, sent).await
    }

    /// Sends as much as gets through.
    async fn pressed(&mut self, time: Duration) -> Result<Round, Error> {
        let watch = Watch::start(&self.pair, WINDOW).await?;
        let sent = send::pressing(&self.pair, self.next, WRITERS, watch.room(), time).await?;
        self.finish(watch, sent).await
    }

    /// Waits until everything has arrived, and looks for every single event.
    async fn finish(&mut self, watch: Watch, sent: send::Sent) -> Result<Round, Error> {
        let first = self.next;
        self.next += sent.begun.len() as u64;
        let arrivals = watch.until(sent.begun.len()).await?;
        let shown = view::shown(&self.pair.views, first).await.because("查询视图", "ask the view")?;
        let mut measured = Measurement { events: shown.len() as u64, ..Measurement::default() };
        let mut seen = vec![false; sent.begun.len()];
        let mut last = sent.start;
        for (number, position) in &shown {
            let index = usize::try_from(number - first).because("核对事件", "match the events")?;
            let begun = sent.begun.get(index).ok_or_else(unknown)?;
            let arrived = arrivals.at(*position).ok_or_else(unknown)?;
            measured.waits.push(arrived.saturating_duration_since(*begun));
            last = last.max(arrived);
            seen[index] = true;
        }
        measured.elapsed = last - sent.start;
        let missed = seen.iter().filter(|seen| !**seen).count() as u64;
        Ok(Round { figures: measured.figures(), sent: sent.begun.len() as u64, missed })
    }
}

fn unknown() -> Error {
    Error::told("视图中有未发送的事件", "the view shows an event that was not sent")
}
