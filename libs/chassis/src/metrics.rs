//! What a service tells of itself in numbers. Case ids never are labels.

use audit::{Standing, WitnessStatus};
use opentelemetry::metrics::AsyncInstrument;

use crate::{Node, telemetry};

/// Registers the service's gauges; they are read whenever metrics leave.
pub(crate) fn observe(node: &Node) {
    let gauge = |name, help, read: fn(&Node, &dyn AsyncInstrument<u64>)| {
        let node = node.clone();
        telemetry::meter()
            .u64_observable_gauge(name)
            .with_description(help)
            .with_callback(move |observer| read(&node, observer))
            .build()
    };
    gauge("fenghuo.log.head", "position of the last committed event known here", |node, observer| {
        observer.observe(*node.watches().head.borrow(), &[attribute(node)]);
    });
    gauge("fenghuo.relay.lag", "committed events that are not on the bus yet", |node, observer| {
        let head = *node.watches().head.borrow();
        observer.observe(head.saturating_sub(node.relayed()), &[attribute(node)]);
    });
    gauge("fenghuo.relay.unpublished", "events that left without their public message", |node, observer| {
        observer.observe(node.watches().relay.borrow().unpublished, &[attribute(node)]);
    });
    gauge("fenghuo.audit.sealed", "events under the last signed checkpoint", |node, observer| {
        if let Some(sealed) = node.sealed() {
            observer.observe(sealed.sealed, &[attribute(node)]);
        }
    });
    gauge("fenghuo.audit.lag", "events that no signed checkpoint covers yet", |node, observer| {
        if let Some(sealed) = node.sealed() {
            let head = *node.watches().head.borrow();
            observer.observe(head.saturating_sub(sealed.sealed), &[attribute(node)]);
        }
    });
    gauge("fenghuo.audit.final", "events under the last checkpoint with its witnesses", |node, observer| {
        if let Some(finality) = node.sealed().and_then(|sealed| sealed.finality) {
            observer.observe(finality.size, &[attribute(node)]);
        }
    });
    gauge("fenghuo.audit.witnesses_troubled", "witnesses that do not cosign now", |node, observer| {
        if let Some(finality) = node.sealed().and_then(|sealed| sealed.finality) {
            let is_troubled =
                |witness: &&WitnessStatus| matches!(witness.standing, Standing::Troubled { .. });
            let troubled = finality.witnesses.iter().filter(is_troubled).count();
            observer.observe(troubled as u64, &[attribute(node)]);
        }
    });
    gauge("fenghuo.inbox.position", "last position taken in, by source", |node, observer| {
        for watch in &node.watches().inbox {
            let status = watch.borrow();
            let source = opentelemetry::KeyValue::new("fenghuo.source", status.source.to_string());
            observer.observe(status.position, &[attribute(node), source]);
        }
    });
    gauge("fenghuo.inbox.parked", "messages parked since the start", |node, observer| {
        let parked = node.watches().inbox.iter().map(|watch| watch.borrow().parked).sum();
        observer.observe(parked, &[attribute(node)]);
    });
    gauge("fenghuo.inbox.gaps", "gaps seen in what was delivered since the start", |node, observer| {
        let gaps = node.watches().inbox.iter().map(|watch| watch.borrow().gaps).sum();
        observer.observe(gaps, &[attribute(node)]);
    });
}

fn attribute(node: &Node) -> opentelemetry::KeyValue {
    telemetry::service_attribute(node.service().name)
}
