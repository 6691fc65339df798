//! Health as the platform asks for it: alive, and ready while database, bus and law answer.

use std::time::Duration;

use bus::{inbox, relay};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::Node;

/// How often the parts are asked.
const PROBE_EVERY: Duration = Duration::from_millis(500);

/// The name that tells only whether the process lives; dependencies do not count.
const LIVENESS: &str = "liveness";

/// Keeps the health service up to date until shutdown; then says not serving, so that callers turn away.
pub(crate) async fn watch(node: Node, reporter: HealthReporter, shutdown: CancellationToken) {
    let names = ["", node.service().grpc];
    reporter.set_service_status(LIVENESS, ServingStatus::Serving).await;
    let mut last = None;
    while !shutdown.is_cancelled() {
        let fault = fault(&node).await;
        if last.as_ref() != Some(&fault) {
            let status = if fault.is_none() { ServingStatus::Serving } else { ServingStatus::NotServing };
            match &fault {
                Some(fault) => tracing::warn!(service.name = node.service().name, fault, "not ready"),
                None => tracing::info!(service.name = node.service().name, "ready"),
            }
            for name in names {
                reporter.set_service_status(name, status).await;
            }
            last = Some(fault);
        }
        tokio::select! {
            () = tokio::time::sleep(PROBE_EVERY) => {}
            () = shutdown.cancelled() => {}
        }
    }
    for name in names {
        reporter.set_service_status(name, ServingStatus::NotServing).await;
    }
}

/// What keeps the service from being ready, if anything does.
async fn fault(node: &Node) -> Option<String> {
    if let Err(error) = node.log().health().await {
        return Some(format!("the database is away: {error}"));
    }
    let watches = node.watches();
    if !*watches.bus.borrow() {
        let trouble = watches.trouble.borrow().clone();
        return Some(format!("the bus is away: {}", trouble.unwrap_or_default()));
    }
    if let Some(fault) = watches.selftest.borrow().fault(Instant::now()) {
        return Some(fault);
    }
    if let Some(unusable) = &*watches.unusable.borrow() {
        return Some(format!("adopted rules cannot be put in force: {unusable}"));
    }
    // A log that knows less than was published must not grow another history; all else only delays the sealing.
    if let Some(audit::State::Refused(why)) = node.sealed().map(|sealed| sealed.state) {
        return Some(format!("the log is not signed: {why}"));
    }
    if let relay::State::Alarmed(alarm) = &watches.relay.borrow().state {
        return Some(format!("the relay has stopped: {alarm}"));
    }
    watches.inbox.iter().chain([&watches.advance]).find_map(|watch| match &watch.borrow().state {
        inbox::State::Alarmed(alarm) => Some(format!("listening has stopped: {alarm}")),
        inbox::State::New | inbox::State::Running | inbox::State::Waiting(_) => None,
    })
}
