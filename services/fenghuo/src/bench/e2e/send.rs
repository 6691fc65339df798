//! Sending: at a steady rate, or as much as gets through.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use decider::StreamName;
use eventlog::{Expected, Log};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::pair::Pair;
use crate::{
    bench::sample::{self, STREAM_EVENTS},
    error::{Because, Error},
};

/// What was sent: when each event's append was begun, by its number.
pub(super) struct Sent {
    pub(super) start: Instant,
    pub(super) begun: Vec<Instant>,
}

/// Appends on a beat that waits for nobody, so that a slow event delays no later one.
pub(super) async fn steadily(pair: &Pair, first: u64, rate: u32, time: Duration) -> Result<Sent, Error> {
    let mut beat = interval(Duration::from_secs(1) / rate);
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    let mut begun = Vec::new();
    while start.elapsed() < time {
        beat.tick().await;
        let number = first + begun.len() as u64;
        begun.push(Instant::now());
        tasks.spawn(append(pair.sender.clone(), number));
    }
    while let Some(done) = tasks.join_next().await {
        done.because("运行测量任务", "run a measuring task")??;
    }
    Ok(Sent { start, begun })
}

/// Appends from many clients, each its next event when the last is stored and there is room on the way.
pub(super) async fn pressing(
    pair: &Pair,
    first: u64,
    writers: usize,
    room: Arc<Semaphore>,
    time: Duration,
) -> Result<Sent, Error> {
    let start = Instant::now();
    let numbers = Arc::new(AtomicU64::new(first));
    let mut tasks = JoinSet::new();
    for _ in 0..writers {
        let (log, room, numbers) = (pair.sender.clone(), Arc::clone(&room), Arc::clone(&numbers));
        tasks.spawn(async move {
            let mut begun = Vec::new();
            while start.elapsed() < time {
                room.acquire().await.because("等待空位", "wait for room")?.forget();
                let number = numbers.fetch_add(1, Ordering::Relaxed);
                begun.push((number, Instant::now()));
                append(log.clone(), number).await?;
            }
            Ok::<_, Error>(begun)
        });
    }
    let mut begun = BTreeMap::new();
    while let Some(done) = tasks.join_next().await {
        begun.extend(done.because("运行测量任务", "run a measuring task")??);
    }
    // Numbers are given out one by one, so there is no hole between them.
    Ok(Sent { start, begun: begun.into_values().collect() })
}

async fn append(log: Log, number: u64) -> Result<(), Error> {
    let stream = StreamName::new("notes", &(number / STREAM_EVENTS).to_string());
    let append = sample::append(stream, Expected::Any, 1, &sample::data(number));
    log.append(append).await.map(drop).because("追加事件", "append an event")
}
