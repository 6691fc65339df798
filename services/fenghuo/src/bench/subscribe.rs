//! `fenghuo bench subscribe`: subscribers of the event-store protocol while a log grows at a steady rate, with and
//! without one among them who does not read.
//!
//! A wait is the time from the beginning of an event's append to its arrival at a subscriber, the commit included.
//! Writers, log, door and subscribers share this process, and PostgreSQL the machine.

use std::time::{Duration, Instant};

use super::{
    Effort, Measured,
    figures::{Crowd, Figures, Measurement, Row, median},
    machine,
    stage::{BEFORE, Stage},
};
use crate::{error::Error, shell::Shell};

mod reader;
mod site;
mod write;

use site::Site;

/// Who subscribes, and how fast the log grows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) subscribers: usize,
    /// Events appended per second.
    pub(super) rate: u32,
}

/// One measurement.
struct Phase {
    figures: Figures,
    appends_per_s: f64,
    grown_mib: f64,
    missed: u64,
}

/// Measures in every round once without and once with a subscriber who stops reading, taking turns.
pub(super) async fn measure(effort: &Effort, load: Load, shell: Shell) -> Result<Measured, Error> {
    let stage = Stage::start(shell).await?;
    let pool = stage.pool(1).await?;
    let server = stage.durable(&pool).await?;
    pool.close().await;
    phase(&stage, "warm", load, Duration::from_secs(1), false).await?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for round in 1..=effort.rounds {
        shell.note(format_args!("{} {round}/{}", shell.pick("轮次", "round"), effort.rounds));
        let turns = if round % 2 == 1 { [false, true] } else { [true, false] };
        for is_slow in turns {
            let schema = format!("bench{round}{}", if is_slow { "slow" } else { "" });
            let measured = phase(&stage, &schema, load, effort.seconds, is_slow).await?;
            if is_slow { with.push(measured) } else { without.push(measured) }
        }
    }
    stage.stop().await;
    let events = events(load, effort.seconds) * load.subscribers as u64;
    let rows = vec![row("subscribe", load, events, &without), row("subscribe-slow", load, events, &with)];
    Ok(Measured { server, rows })
}

/// Events that one phase appends.
fn events(load: Load, time: Duration) -> u64 {
    (f64::from(load.rate) * time.as_secs_f64()).ceil() as u64
}

async fn phase(
    stage: &Stage,
    schema: &str,
    load: Load,
    time: Duration,
    is_slow: bool,
) -> Result<Phase, Error> {
    let events = events(load, time);
    let site = Site::open(stage, schema).await?;
    let _slow = if is_slow { Some(reader::Reader::subscribe(&site.address).await?) } else { None };
    let readers = reader::spawn(&site.address, load.subscribers, BEFORE + events).await?;
    let before = machine::resident_mib();
    let written = write::steadily(&site.log, load.rate, events).await?;
    let (mut measured, mut missed, mut end) = (Measurement::default(), 0, written.start);
    for heard in reader::join(readers).await? {
        measured.events += events - heard.missed.min(events);
        missed += heard.missed;
        end = end.max(heard.end);
        measured
            .waits
            .extend(heard.sampled.iter().filter_map(|(position, at)| written.since(*position, *at)));
    }
    measured.elapsed = end - written.start;
    let grown_mib = machine::resident_mib() - before;
    site.close().await;
    Ok(Phase { figures: measured.figures(), appends_per_s: written.per_s(), grown_mib, missed })
}

fn row(case: &'static str, load: Load, events: u64, rounds: &[Phase]) -> Row {
    let of = |figure: fn(&Phase) -> f64| {
        // Only the rate matters to the median of a single figure.
        let alone = |phase| Figures { events_per_s: figure(phase), p50_ms: 0.0, p99_ms: 0.0 };
        median(&rounds.iter().map(alone).collect::<Vec<_>>()).events_per_s
    };
    let crowd =
        Crowd { appends_per_s: of(|phase| phase.appends_per_s), grown_mib: of(|phase| phase.grown_mib) };
    Row {
        sent: Some(events * rounds.len() as u64),
        missed: Some(rounds.iter().map(|phase| phase.missed).sum()),
        crowd: Some(crowd),
        ..Row::alone(
            case,
            load.subscribers,
            median(&rounds.iter().map(|phase| phase.figures).collect::<Vec<_>>()),
        )
    }
}

/// When what was appended.
struct Written {
    start: Instant,
    end: Instant,
    /// When the append of each position was begun.
    begun: Vec<Option<Instant>>,
}

impl Written {
    /// How long after its append was begun an event was seen.
    fn since(&self, position: u64, at: Instant) -> Option<Duration> {
        let begun = self.begun.get(usize::try_from(position).ok()?)?;
        begun.map(|begun| at.saturating_duration_since(begun))
    }

    fn per_s(&self) -> f64 {
        self.begun.iter().flatten().count() as f64 / (self.end - self.start).as_secs_f64()
    }
}
