//! W3C trace context: what is stored with an event, so that a trace goes on in another process, later.

use opentelemetry::{Context, propagation::TextMapPropagator, trace::TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

const HEADER: &str = "traceparent";

/// The `traceparent` of the current span; `None` where nothing is exported.
pub fn current() -> Option<String> {
    let context = Span::current().context();
    if !context.span().span_context().is_valid() {
        return None;
    }
    let mut carrier = std::collections::HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.remove(HEADER)
}

/// Makes a span the child of a stored `traceparent`. An unreadable one is ignored: a trace is never worth a failure.
pub fn continue_from(span: &Span, traceparent: Option<&str>) {
    let Some(parent) = read(span, traceparent) else { return };
    if parent.span().span_context().is_valid() {
        // Fails only where no OpenTelemetry layer listens: then there is no trace to continue.
        let _ = span.set_parent(parent);
    }
}

/// Links a span to a stored `traceparent`: for batches, whose events belong to many traces.
pub fn link(span: &Span, traceparent: Option<&str>) {
    let Some(context) = read(span, traceparent) else { return };
    let linked = context.span().span_context().clone();
    if linked.is_valid() {
        span.add_link(linked);
    }
}

/// Nothing is read for a span that nobody listens to: it would cost every event something, for nothing.
fn read(span: &Span, traceparent: Option<&str>) -> Option<Context> {
    let traceparent = traceparent.filter(|_| !span.is_disabled())?;
    let carrier = std::collections::HashMap::from([(HEADER.to_owned(), traceparent.to_owned())]);
    Some(TraceContextPropagator::new().extract(&carrier))
}
