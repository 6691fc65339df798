//! `fenghuo bench append`: clients that append, against clients that insert rows; races; loading a stream.

use std::time::Duration;

use bytes::Bytes;
use decider::StreamName;
use eventlog::{AppendError, Expected, Log};
use sqlx::PgPool;

use super::{
    Effort, Measured,
    drive::{Client, drive},
    figures::{Figures, Row, median},
    raw, sample,
    sample::STREAM_EVENTS,
    stage::Stage,
};
use crate::{
    error::{Because, Error},
    shell::Shell,
};

mod load;

/// Most connections that a sane application would open to one database.
const CONNECTIONS: u32 = 64;
/// Clients of the batches and of the race.
const FEW: usize = 16;
/// What is run and thrown away before the first round, so that every connection has prepared its statements.
const WARM_UP: Duration = Duration::from_millis(500);

/// One thing that is measured.
#[derive(Debug, Clone, Copy)]
enum Case {
    /// Events one by one.
    Single(usize),
    /// Ten events in one append.
    Batch,
    /// Everybody appends to the same stream.
    Race,
    /// Streams of a hundred events are loaded.
    Load,
}

const CASES: [Case; 7] = [
    Case::Single(1),
    Case::Single(16),
    Case::Single(CONNECTIONS as usize),
    Case::Single(256),
    Case::Batch,
    Case::Race,
    Case::Load,
];

/// Measures every case in every round, ours and the baseline one after the other.
pub(super) async fn measure(effort: &Effort, shell: Shell) -> Result<Measured, Error> {
    let stage = Stage::start(shell).await?;
    let bench = Bench { log: stage.new_log("bench").await?, pool: stage.pool(CONNECTIONS).await? };
    let server = stage.durable(&bench.pool).await?;
    raw::create_table(&bench.pool).await?;
    load::prepare(&bench.log, &bench.pool).await?;
    for case in [Case::Single(CONNECTIONS as usize), Case::Batch, Case::Race] {
        bench.ours(case, WARM_UP).await?;
        bench.raw(case, WARM_UP).await?;
    }
    let mut rounds = CASES.map(|_| (Vec::new(), Vec::new()));
    for round in 1..=effort.rounds {
        shell.note(format_args!("{} {round}/{}", shell.pick("轮次", "round"), effort.rounds));
        for (case, (ours, raw)) in CASES.into_iter().zip(&mut rounds) {
            // Whoever comes second meets what the first has left for the disk, so they take turns.
            if round % 2 == 1 {
                ours.push(bench.ours(case, effort.seconds).await?);
                raw.extend(bench.raw(case, effort.seconds).await?);
            } else {
                raw.extend(bench.raw(case, effort.seconds).await?);
                ours.push(bench.ours(case, effort.seconds).await?);
            }
        }
    }
    bench.log.shutdown().await;
    bench.pool.close().await;
    stage.stop().await;
    Ok(Measured { server, rows: rows(&rounds) })
}

/// The table. More clients than connections are compared with the baseline at all connections.
fn rows(rounds: &[(Vec<Figures>, Vec<Figures>)]) -> Vec<Row> {
    let full = CASES.iter().position(|case| case.clients() == CONNECTIONS as usize);
    let full = full.map(|at| median(&rounds[at].1)).expect("the baseline is run at all connections");
    let row = |(case, (ours, raw)): (Case, &(Vec<Figures>, Vec<Figures>))| match raw.is_empty() {
        false => Row::beside(case.name(), case.clients(), median(ours), median(raw)),
        true => Row {
            raw_clients: Some(CONNECTIONS as usize),
            ..Row::beside(case.name(), case.clients(), median(ours), full)
        },
    };
    CASES.into_iter().zip(rounds).map(row).collect()
}

impl Case {
    fn name(self) -> &'static str {
        match self {
            Self::Single(_) => "append",
            Self::Batch => "append10",
            Self::Race => "race",
            Self::Load => "load100",
        }
    }

    fn clients(self) -> usize {
        match self {
            Self::Single(clients) => clients,
            Self::Batch | Self::Race => FEW,
            Self::Load => 1,
        }
    }
}

struct Bench {
    log: Log,
    pool: PgPool,
}

impl Bench {
    async fn ours(&self, case: Case, time: Duration) -> Result<Figures, Error> {
        let each = 0..case.clients();
        let measured = match case {
            Case::Single(_) => drive(each.map(|_| Appender::new(&self.log, 1)), time).await?,
            Case::Batch => drive(each.map(|_| Appender::new(&self.log, STREAM_EVENTS)), time).await?,
            Case::Race => {
                let stream = sample::new_stream();
                drive(each.map(|_| Racer::new(&self.log, &stream)), time).await?
            }
            Case::Load => drive(each.map(|_| load::Loader::new(&self.log)), time).await?,
        };
        Ok(measured.figures())
    }

    /// The same by the baseline; `None` for more clients than it has connections.
    async fn raw(&self, case: Case, time: Duration) -> Result<Option<Figures>, Error> {
        if case.clients() > CONNECTIONS as usize {
            return Ok(None);
        }
        let connections = raw::connections(&self.pool, case.clients()).await?.into_iter();
        let measured = match case {
            Case::Single(_) => drive(connections.map(raw::Inserter::new), time).await?,
            Case::Batch => drive(connections.map(raw::BatchInserter::new), time).await?,
            Case::Race => {
                let stream = sample::new_stream();
                drive(connections.map(|db| raw::Racer::new(db, stream.clone())), time).await?
            }
            Case::Load => drive(connections.map(load::RawLoader::new), time).await?,
        };
        Ok(Some(measured.figures()))
    }
}

/// Appends at the version it expects, ten events to a stream.
pub(super) struct Appender {
    log: Log,
    events: u64,
    stream: StreamName,
    version: u64,
    data: Bytes,
}

impl Appender {
    pub(super) fn new(log: &Log, events: u64) -> Self {
        Self { log: log.clone(), events, stream: sample::new_stream(), version: 0, data: sample::data(0) }
    }
}

impl Client for Appender {
    async fn step(&mut self) -> Result<u64, Error> {
        if self.version == STREAM_EVENTS {
            (self.stream, self.version) = (sample::new_stream(), 0);
        }
        let append = sample::append(
            self.stream.clone(),
            Expected::Exact(self.version),
            usize::try_from(self.events).expect("a few events"),
            &self.data,
        );
        self.version = self.log.append(append).await.because("追加事件", "append events")?.version;
        Ok(self.events)
    }
}

/// Wants to be the next on a stream that others append to as well: a conflict tells where the stream is.
struct Racer {
    log: Log,
    stream: StreamName,
    version: u64,
    data: Bytes,
}

impl Racer {
    fn new(log: &Log, stream: &StreamName) -> Self {
        Self { log: log.clone(), stream: stream.clone(), version: 0, data: sample::data(0) }
    }
}

impl Client for Racer {
    async fn step(&mut self) -> Result<u64, Error> {
        let mut append = sample::append(self.stream.clone(), Expected::Exact(self.version), 1, &self.data);
        loop {
            match self.log.append(append.clone()).await {
                Ok(appended) => {
                    self.version = appended.version;
                    return Ok(1);
                }
                Err(AppendError::Conflict { actual, .. }) => append.expected = Expected::Exact(actual),
                Err(error) => return Err(error).because("追加事件", "append an event"),
            }
        }
    }
}
