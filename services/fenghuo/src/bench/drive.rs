//! Clients that each do one operation after another for a while, and what they did together.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::figures::Measurement;
use crate::error::{Because, Error};

/// Somebody who does the same thing over and over.
pub(super) trait Client: Send + 'static {
    /// Does it once; says how many events that were.
    fn step(&mut self) -> impl Future<Output = Result<u64, Error>> + Send;
}

/// Lets all clients work side by side for that long. An operation that was begun in time is finished and counted.
pub(super) async fn drive(
    clients: impl IntoIterator<Item = impl Client>,
    time: Duration,
) -> Result<Measurement, Error> {
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for client in clients {
        tasks.spawn(work(client, begin + time));
    }
    let mut all = Measurement::default();
    while let Some(done) = tasks.join_next().await {
        let (events, waits) = done.because("运行测量任务", "run a measuring task")??;
        all.events += events;
        all.waits.extend(waits);
    }
    all.elapsed = begin.elapsed();
    Ok(all)
}

async fn work(mut client: impl Client, until: Instant) -> Result<(u64, Vec<Duration>), Error> {
    let (mut events, mut waits) = (0, Vec::new());
    loop {
        let begin = Instant::now();
        if begin >= until {
            return Ok((events, waits));
        }
        events += client.step().await?;
        waits.push(begin.elapsed());
    }
}
