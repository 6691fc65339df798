//! Alpha, beta and what runs between them.

use std::sync::Arc;

use bus::inbox::Status;
use bus::relay::{self, Alarm, Relay};
use bus::{Backfill, Bus, Inbox, NoBackfill, Publish, Wiring};
use eventlog::Log;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::actors::{publish, react, someone};
use crate::stage::{Stage, numbers, source, until, watched};

/// A relay that runs until it is dropped.
pub(crate) struct Running<S, T> {
    pub(crate) status: S,
    pub(crate) task: JoinHandle<T>,
    pub(crate) stop: CancellationToken,
    _guard: DropGuard,
}

pub(crate) type RunningRelay = Running<watch::Receiver<relay::Status>, Result<(), Alarm>>;
pub(crate) type RunningInbox = Running<watch::Receiver<Status>, ()>;

fn running<S, T>(status: S, stop: CancellationToken, task: JoinHandle<T>) -> Running<S, T> {
    Running { status, task, stop: stop.clone(), _guard: stop.drop_guard() }
}

pub(crate) fn relay(log: &Log, bus: &Bus) -> RunningRelay {
    relay_with(log, bus, publish, relay::Options::default())
}

pub(crate) fn relay_with(log: &Log, bus: &Bus, publish: Publish, options: relay::Options) -> RunningRelay {
    let relay = Relay::new(source("alpha"), log.clone(), bus.clone(), publish).with(options);
    let stop = CancellationToken::new();
    let status = relay.status();
    let token = stop.clone();
    running(status, stop, tokio::spawn(async move { relay.run(token).await }))
}

/// Beta listening to alpha.
pub(crate) fn inbox(log: &Log, bus: &Bus, backfill: Option<Arc<dyn Backfill>>) -> RunningInbox {
    inbox_of("alpha", log, bus, backfill)
}

pub(crate) fn inbox_of(
    from: &str,
    log: &Log,
    bus: &Bus,
    backfill: Option<Arc<dyn Backfill>>,
) -> RunningInbox {
    let wiring = Wiring {
        service: source("beta"),
        log: log.clone(),
        bus: bus.clone(),
        react: [react as bus::React].into(),
        actor: someone(),
        backfill: backfill.unwrap_or_else(|| Arc::new(NoBackfill)),
    };
    let inbox = Inbox::new(wiring, &[source(from)]);
    let stop = CancellationToken::new();
    let status = inbox.status().remove(0);
    running(status, stop.clone(), tokio::spawn(inbox.run(stop)))
}

pub(crate) struct Pair {
    pub(crate) stage: Stage,
    pub(crate) alpha: Log,
    pub(crate) beta: Log,
    pub(crate) bus: Bus,
    pub(crate) relay: RunningRelay,
    pub(crate) inbox: RunningInbox,
}

impl Pair {
    pub(crate) async fn new() -> Self {
        Self::on(Stage::new().await).await
    }

    pub(crate) async fn on(stage: Stage) -> Self {
        let (alpha, beta, bus) = (stage.log().await, stage.log().await, stage.bus().await);
        let relay = relay(&alpha, &bus);
        let inbox = inbox(&beta, &bus, None);
        Self { stage, alpha, beta, bus, relay, inbox }
    }

    /// Waits until beta has taken in everything that alpha has.
    pub(crate) async fn settle(&mut self) {
        let head = crate::stage::head(&self.alpha).await;
        watched("beta has heard everything", &mut self.inbox.status, |status| status.position >= head).await;
    }

    /// Every number that alpha counted was copied once.
    pub(crate) async fn assert_copied(&self) {
        let (counted, copied) = (numbers(&self.alpha, "Counted").await, numbers(&self.beta, "Copied").await);
        assert_eq!(counted, copied);
    }
}

/// Waits until a log holds so many events of a kind.
pub(crate) async fn until_numbers(log: &Log, kind: &str, count: usize) {
    until("the effects are there", || async { (numbers(log, kind).await.len() >= count).then_some(()) })
        .await;
}
