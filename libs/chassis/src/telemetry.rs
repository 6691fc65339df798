//! Traces and metrics over OTLP, logs to standard error. Names of spans and fields are written here and in libs only.

use std::{future::Future, io::IsTerminal, time::Duration};

use decider::Order;
use opentelemetry::{KeyValue, global, metrics::Meter, trace::TracerProvider as _};
use opentelemetry_otlp::{ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    metrics::{PeriodicReader, SdkMeterProvider},
    propagation::TraceContextPropagator,
    trace::SdkTracerProvider,
};
use tracing::{Instrument, Span};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

/// How often metrics leave.
const METRICS_EVERY: Duration = Duration::from_secs(10);

/// Keeps the exporters alive; [`Telemetry::shutdown`] sends what is left.
#[derive(Debug, Default)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
}

/// Why telemetry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The exporter cannot be built.
    #[error("build the OTLP exporter for {endpoint}")]
    Exporter {
        /// Where it would send to.
        endpoint: String,
        /// Why not.
        #[source]
        source: ExporterBuildError,
    },
    /// Another subscriber was installed before.
    #[error("install the tracing subscriber")]
    Subscriber(#[from] tracing_subscriber::util::TryInitError),
}

impl Telemetry {
    /// Installs logging (filter from `FENGHUO_LOG`, JSON where standard error is no terminal) and, with an
    /// endpoint, traces and metrics. Must run inside the runtime.
    pub fn start(name: &str, endpoint: Option<&str>) -> Result<Self, TelemetryError> {
        let filter =
            EnvFilter::try_from_env("FENGHUO_LOG").unwrap_or_else(|_| EnvFilter::new("warn,fenghuo=info"));
        let fmt = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let fmt = if std::io::stderr().is_terminal() { fmt.boxed() } else { fmt.json().boxed() };
        let telemetry =
            endpoint.map(|endpoint| Self::exporting(name, endpoint)).transpose()?.unwrap_or_default();
        let traces = telemetry.traces.as_ref().map(|provider| {
            let spans = EnvFilter::try_from_env("FENGHUO_TRACE").unwrap_or_else(|_| {
                EnvFilter::new("info,h2=off,hyper=off,tonic=off,sqlx=off,async_nats=off")
            });
            tracing_opentelemetry::layer().with_tracer(provider.tracer("fenghuo")).with_filter(spans)
        });
        tracing_subscriber::registry().with(traces).with(fmt.with_filter(filter)).try_init()?;
        Ok(telemetry)
    }

    fn exporting(name: &str, endpoint: &str) -> Result<Self, TelemetryError> {
        let failed = |source| TelemetryError::Exporter { endpoint: endpoint.to_owned(), source };
        let resource = Resource::builder().with_service_name(name.to_owned()).build();
        let spans = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build().map_err(failed)?;
        let traces =
            SdkTracerProvider::builder().with_resource(resource.clone()).with_batch_exporter(spans).build();
        let exporter =
            MetricExporter::builder().with_tonic().with_endpoint(endpoint).build().map_err(failed)?;
        let reader = PeriodicReader::builder(exporter).with_interval(METRICS_EVERY).build();
        let metrics = SdkMeterProvider::builder().with_resource(resource).with_reader(reader).build();
        global::set_text_map_propagator(TraceContextPropagator::new());
        global::set_tracer_provider(traces.clone());
        global::set_meter_provider(metrics.clone());
        Ok(Self { traces: Some(traces), metrics: Some(metrics) })
    }

    /// Sends what is left. Failing to is logged, not returned: the process ends anyway.
    pub fn shutdown(self) {
        let traces = self.traces.map(|provider| provider.shutdown());
        let metrics = self.metrics.map(|provider| provider.shutdown());
        for error in [traces, metrics].into_iter().flatten().filter_map(Result::err) {
            tracing::warn!(%error, "the last telemetry could not be sent");
        }
    }
}

/// The meter of a service.
pub fn meter() -> Meter {
    global::meter("fenghuo")
}

/// The attribute that names the service in metrics.
pub fn service_attribute(name: &'static str) -> KeyValue {
    KeyValue::new("fenghuo.service", name)
}

/// The span of one command, a child of the caller's.
pub(crate) fn command_span(service: &'static str, order: &Order, traceparent: Option<&str>) -> Span {
    let span = tracing::info_span!("command", service.name = service, stream.name = %order.stream);
    eventlog::trace::continue_from(&span, traceparent);
    span
}

/// Runs a future within a span.
pub(crate) async fn within<F: Future>(span: Span, future: F) -> F::Output {
    future.instrument(span).await
}
