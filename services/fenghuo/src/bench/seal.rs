//! `fenghuo bench seal`: appends to a log that is sealed as it grows, against the same appends to one that is not; and
//! how far the signature is behind.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use audit::{Sealer, Sealing, Status};
use eventlog::Log;
use merkle::KeyType;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    Effort, Measured,
    append::Appender,
    drive::drive,
    figures::{Figures, Measurement, Row, median},
    stage::Stage,
};
use crate::{
    error::{Because, Error},
    shell::Shell,
};

const CLIENTS: [usize; 3] = [1, 16, 64];
/// How often the head is noted, to learn later how long it waited for its signature.
const LOOK: Duration = Duration::from_millis(10);
/// The origin of a log that nobody will ever see.
const ORIGIN: &str = "bench.example/log";

/// One number of clients, over all rounds.
#[derive(Default)]
struct Rounds {
    sealed: Vec<Figures>,
    plain: Vec<Figures>,
    behind: Vec<Figures>,
    worst: Duration,
}

/// Measures both logs in every round, one after the other.
pub(super) async fn measure(effort: &Effort, shell: Shell) -> Result<Measured, Error> {
    let stage = Stage::start(shell).await?;
    let pool = stage.pool(1).await?;
    let server = stage.durable(&pool).await?;
    let bench = Bench::start(&stage).await?;
    bench.plain(64, effort.seconds.min(Duration::from_millis(500))).await?;
    bench.sealed(64, effort.seconds.min(Duration::from_millis(500))).await?;
    let mut all: [Rounds; CLIENTS.len()] = Default::default();
    for round in 1..=effort.rounds {
        shell.note(format_args!("{} {round}/{}", shell.pick("轮次", "round"), effort.rounds));
        for (clients, rounds) in CLIENTS.into_iter().zip(&mut all) {
            bench.round(clients, effort.seconds, round % 2 == 1, rounds).await?;
        }
    }
    bench.stop().await;
    pool.close().await;
    stage.stop().await;
    Ok(Measured { server, rows: rows(&all) })
}

fn rows(all: &[Rounds]) -> Vec<Row> {
    let row = |(clients, rounds): (usize, &Rounds)| {
        let sealed = Row::beside("sealed", clients, median(&rounds.sealed), median(&rounds.plain));
        let behind = Row::alone("behind", clients, median(&rounds.behind));
        [sealed, Row { worst_ms: Some(rounds.worst.as_secs_f64() * 1e3), ..behind }]
    };
    CLIENTS.into_iter().zip(all).flat_map(row).collect()
}

/// Two logs on one server, of which one is sealed.
struct Bench {
    plain: Log,
    sealed: Log,
    status: watch::Receiver<Status>,
    heads: watch::Receiver<u64>,
    stop: CancellationToken,
    sealer: JoinHandle<()>,
}

impl Bench {
    async fn start(stage: &Stage) -> Result<Self, Error> {
        let (plain, sealed) = (stage.new_log("plain").await?, stage.new_log("sealed").await?);
        // Every log of a service is followed: both pay for that.
        drop(plain.watch());
        let key = audit::key::generate(ORIGIN, KeyType::Ed25519);
        let (secret, _) = key.because("生成审计密钥", "generate the key of the audit trail")?;
        let signer = audit::key::parse(&secret).because("读取审计密钥", "read the key of the audit trail")?;
        let sealing = Sealing::new(stage.folder("tiles"), std::sync::Arc::new(signer));
        let sealer = Sealer::new(sealed.clone(), sealing);
        let (status, stop) = (sealer.status(), CancellationToken::new());
        let sealer = tokio::spawn(sealer.run(stop.clone()));
        Ok(Self { plain, heads: sealed.watch(), sealed, status, stop, sealer })
    }

    async fn round(
        &self,
        clients: usize,
        time: Duration,
        is_sealed_first: bool,
        rounds: &mut Rounds,
    ) -> Result<(), Error> {
        // Whoever comes second meets what the first has left for the disk, so they take turns.
        if !is_sealed_first {
            rounds.plain.push(self.plain(clients, time).await?);
        }
        let (sealed, behind) = self.sealed(clients, time).await?;
        rounds.worst = behind.waits.iter().copied().fold(rounds.worst, Duration::max);
        rounds.sealed.push(sealed);
        rounds.behind.push(behind.figures());
        if is_sealed_first {
            rounds.plain.push(self.plain(clients, time).await?);
        }
        Ok(())
    }

    async fn plain(&self, clients: usize, time: Duration) -> Result<Figures, Error> {
        Ok(drive((0..clients).map(|_| Appender::new(&self.plain, 1)), time).await?.figures())
    }

    /// The appends, and how long their heads waited for a signature. Ends when all is signed, so that nothing of it
    /// is left for others to pay.
    async fn sealed(&self, clients: usize, time: Duration) -> Result<(Figures, Measurement), Error> {
        let done = CancellationToken::new();
        let watcher = tokio::spawn(watch(self.heads.clone(), self.status.clone(), done.clone()));
        let appends = drive((0..clients).map(|_| Appender::new(&self.sealed, 1)), time).await?;
        done.cancel();
        let behind = watcher.await.because("运行测量任务", "run a measuring task")??;
        Ok((appends.figures(), behind))
    }

    async fn stop(self) {
        self.stop.cancel();
        let _ = self.sealer.await;
        self.plain.shutdown().await;
        self.sealed.shutdown().await;
    }
}

/// Notes heads until told to stop, and waits for the signature of each.
async fn watch(
    heads_of_log: watch::Receiver<u64>,
    status: watch::Receiver<Status>,
    done: CancellationToken,
) -> Result<Measurement, Error> {
    let (start, first) = (Instant::now(), status.borrow().sealed);
    let (mut heads, mut measured) = (VecDeque::new(), Measurement::default());
    let mut look = tokio::time::interval(LOOK);
    while !(done.is_cancelled() && heads.is_empty()) {
        look.tick().await;
        let now = Instant::now();
        let Status { sealed, state, .. } = status.borrow().clone();
        if let audit::State::Refused(why) = state {
            return Err(Error::told(format!("日志不再封存：{why}"), format!("the log is not sealed: {why}")));
        }
        while let Some((_, since)) = heads.pop_front_if(|(head, _)| *head <= sealed) {
            measured.waits.push(now - since);
        }
        let head = *heads_of_log.borrow();
        if heads.back().map_or(sealed, |(last, _)| *last) < head {
            heads.push_back((head, now));
        }
        measured.events = sealed - first;
    }
    measured.elapsed = start.elapsed();
    Ok(measured)
}
