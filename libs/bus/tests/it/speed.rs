//! How fast facts travel. The figures are printed; the bounds only catch what is broken.

use std::time::{Duration, Instant};

use futures::StreamExt;

use crate::actors::SPREAD;
use crate::bursts::burst_from;
use crate::pair::Pair;
use crate::stage::{count, head};

const EVENTS: u64 = 200;
const PAUSE: Duration = Duration::from_millis(5);

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_has_its_effect_within_a_moment() {
    let mut pair = Pair::new().await;
    count(&pair.alpha, "a", [u64::from(u32::MAX)]).await;
    pair.settle().await;
    let mut effects = pair.beta.follow(head(&pair.beta).await);
    let mut waits = Vec::new();
    for n in 0..EVENTS {
        let begin = Instant::now();
        count(&pair.alpha, "a", [SPREAD + n]).await;
        let committed = begin.elapsed();
        effects.next().await.unwrap().unwrap();
        waits.push((begin.elapsed(), committed));
        tokio::time::sleep(PAUSE.saturating_sub(begin.elapsed())).await;
    }
    waits.sort();
    let at = |percent: usize| waits[(waits.len() - 1) * percent / 100];
    println!("append in alpha to event in beta: p50 {:?} p90 {:?} p99 {:?}", at(50).0, at(90).0, at(99).0);
    assert!(at(50).0 < Duration::from_millis(100), "{:?}", at(50));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_facts_have_their_effects_soon() {
    let mut pair = Pair::new().await;
    let begin = Instant::now();
    burst_from(&pair.alpha, SPREAD, 32, 20, 32).await;
    let appended = begin.elapsed();
    pair.settle().await;
    let elapsed = begin.elapsed();
    let total = head(&pair.alpha).await;
    let rate = |count: u64, time: Duration| count as f64 / time.as_secs_f64();
    println!(
        "{total} facts: appended in {appended:?} ({:.0}/s), in effect after {elapsed:?} ({:.0}/s)",
        rate(total, appended),
        rate(total, elapsed)
    );
    pair.assert_copied().await;
    assert!(rate(total, elapsed) > 200.0);
}
