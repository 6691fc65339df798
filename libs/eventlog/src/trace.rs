//! W3C trace context: what is stored with an event, so that a trace goes on in another process, later.

use opentelemetry::{
    propagation::TextMapPropagator,
    trace::{SpanContext, TraceContextExt},
};
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
    let Some(traceparent) = traceparent else { return };
    let carrier = std::collections::HashMap::from([(HEADER.to_owned(), traceparent.to_owned())]);
    let parent = TraceContextPropagator::new().extract(&carrier);
    if parent.span().span_context().is_valid() {
        // Fails only where no OpenTelemetry layer listens: then there is no trace to continue.
        let _ = span.set_parent(parent);
    }
}

/// Links a span to a stored `traceparent`: for batches, whose events belong to many traces.
pub fn link(span: &Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent else { return };
    let carrier = std::collections::HashMap::from([(HEADER.to_owned(), traceparent.to_owned())]);
    let linked: SpanContext = TraceContextPropagator::new()
        .extract(&carrier)
        .span()
        .span_context()
        .clone();
    if linked.is_valid() {
        span.add_link(linked);
    }
}
