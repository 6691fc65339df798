//! Writers: appends on a beat that waits for nobody.

use std::time::{Duration, Instant};

use decider::StreamName;
use eventlog::{Expected, Log};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::Written;
use crate::{
    bench::{sample, stage::BEFORE},
    error::{Because, Error},
};

/// Streams that are appended to.
const STREAMS: u64 = 64;

/// Appends so many events, one by one.
pub(super) async fn steadily(log: &Log, rate: u32, events: u64) -> Result<Written, Error> {
    let mut beat = interval(Duration::from_secs(1) / rate);
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..events {
        beat.tick().await;
        tasks.spawn(append(log.clone(), number));
    }
    let mut begun = vec![None; usize::try_from(BEFORE + events).unwrap_or_default() + 1];
    while let Some(done) = tasks.join_next().await {
        let (position, at) = done.because("运行测量任务", "run a measuring task")??;
        if let Some(place) = usize::try_from(position).ok().and_then(|position| begun.get_mut(position)) {
            *place = Some(at);
        }
    }
    Ok(Written { start, end: Instant::now(), begun })
}

async fn append(log: Log, number: u64) -> Result<(u64, Instant), Error> {
    let stream = StreamName::new("bench", &(number % STREAMS).to_string());
    let append = sample::append(stream, Expected::Any, 1, &sample::data(number));
    let begun = Instant::now();
    let appended = log.append(append).await.because("追加事件", "append an event")?;
    Ok((appended.last_position, begun))
}
