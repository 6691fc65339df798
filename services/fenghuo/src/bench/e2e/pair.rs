//! Two departments and what runs between them, in one process as in `fenghuo dev`.

use std::sync::Arc;

use bus::{Inbox, NoBackfill, Relay, Source, Wiring};
use eventlog::{Log, Views};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    actors::{self, RECEIVER, SENDER},
    view::Shown,
};
use crate::{
    bench::{sample, stage::Stage},
    error::{Because, Error},
    shell::Shell,
};

/// Both departments' parts.
pub(super) struct Pair {
    pub(super) sender: Log,
    pub(super) receiver: Log,
    pub(super) views: Views,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Pair {
    /// Starts everything; each department has a connection of its own to the bus.
    pub(super) async fn start(stage: &mut Stage, shell: Shell) -> Result<Self, Error> {
        let (sender, receiver) = (stage.new_log(SENDER).await?, stage.new_log(RECEIVER).await?);
        let views =
            Views::start(&receiver, vec![Arc::new(Shown)]).await.because("启动视图", "start the view")?;
        let relay = Relay::new(source(SENDER)?, sender.clone(), stage.bus(shell).await?, actors::publish);
        let wiring = Wiring {
            service: source(RECEIVER)?,
            log: receiver.clone(),
            bus: stage.bus(shell).await?,
            react: [actors::react as bus::React].into(),
            actor: sample::actor(),
            backfill: Arc::new(NoBackfill),
        };
        let inbox = Inbox::new(wiring, &[source(SENDER)?]);
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        let stopped = stop.clone();
        tasks.spawn(async move {
            // Should the relay raise an alarm, nothing arrives any more, which is told.
            let _ = relay.run(stopped).await;
        });
        tasks.spawn(inbox.run(stop.clone()));
        Ok(Self { sender, receiver, views, tasks, stop })
    }

    /// Ends everything in good order.
    pub(super) async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        self.views.shutdown().await;
        self.sender.shutdown().await;
        self.receiver.shutdown().await;
    }
}

fn source(name: &str) -> Result<Source, Error> {
    Source::parse(name).because("读取日志名称", "read the name of a log")
}
