//! A running service as its gRPC code sees it: who calls, carry out a command, answer a query.

use std::{sync::Arc, time::Duration};

use contracts::envelope::v1 as envelope;
use decider::{Actor, CaseId, Department, Order, Role, StreamName};
use eventlog::{Log, Request, ViewRead, Views, reading::Register};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tonic::Status;
use uuid::Uuid;

use crate::{Service, auth::KeySet, field, reading, selftest::Pulse, status, telemetry};

/// How long a query waits for the position its caller has seen.
const QUERY_WAIT_MAX: Duration = Duration::from_secs(10);

/// A running service. Cloning is cheap.
#[derive(Clone)]
pub struct Node(Arc<Parts>);

struct Parts {
    service: &'static Service,
    department: Department,
    log: Log,
    views: Views,
    keys: KeySet,
    allowance_keys: Option<law::Keys>,
    watches: Watches,
    register: Register,
}

/// How the service's tasks fare, for health and metrics.
pub(crate) struct Watches {
    pub(crate) head: watch::Receiver<u64>,
    pub(crate) bus: watch::Receiver<bool>,
    pub(crate) trouble: watch::Receiver<Option<String>>,
    pub(crate) relay: watch::Receiver<bus::relay::Status>,
    pub(crate) inbox: Vec<watch::Receiver<bus::inbox::Status>>,
    pub(crate) advance: watch::Receiver<bus::inbox::Status>,
    pub(crate) selftest: watch::Receiver<Pulse>,
    pub(crate) unusable: watch::Receiver<Option<String>>,
    pub(crate) sealing: Option<watch::Receiver<audit::Status>>,
}

/// Who calls, and within which trace.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The verified actor.
    pub actor: Actor,
    /// The caller's W3C trace context.
    pub traceparent: Option<String>,
    /// For what purpose it reads, where it says so.
    pub purpose: Option<String>,
}

impl Node {
    pub(crate) fn new(
        service: &'static Service,
        department: Department,
        log: Log,
        views: Views,
        keys: KeySet,
        allowance_keys: Option<law::Keys>,
        watches: Watches,
    ) -> Self {
        let register = Register::new(log.clone());
        Self(Arc::new(Parts { service, department, log, views, keys, allowance_keys, watches, register }))
    }

    /// What runs.
    pub fn service(&self) -> &'static Service {
        self.0.service
    }

    /// The department whose service this is.
    pub fn department(&self) -> &Department {
        &self.0.department
    }

    /// The service's log.
    pub fn log(&self) -> &Log {
        &self.0.log
    }

    /// The service's views.
    pub fn views(&self) -> &Views {
        &self.0.views
    }

    /// Whose signatures allow unverified rows of a rule pack; nobody's, if none are configured.
    pub fn allowance_keys(&self) -> Option<&law::Keys> {
        self.0.allowance_keys.as_ref()
    }

    /// How the service's tasks fare.
    pub(crate) fn watches(&self) -> &Watches {
        &self.0.watches
    }

    /// Where it is entered who reads: whoever shows the log by another way enters it here too.
    pub fn register(&self) -> &Register {
        &self.0.register
    }

    /// The last position that the relay has put on the bus.
    pub fn relayed(&self) -> u64 {
        self.0.watches.relay.borrow().relayed
    }

    /// How far its log is sealed; nothing where it is not.
    pub fn sealed(&self) -> Option<audit::Status> {
        self.0.watches.sealing.as_ref().map(|sealing| sealing.borrow().clone())
    }

    /// Verifies the caller's token.
    pub fn caller<T>(&self, request: &tonic::Request<T>) -> Result<Caller, Status> {
        let text = |name: &str| request.metadata().get(name).and_then(|value| value.to_str().ok());
        let token = text("authorization")
            .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")))
            .ok_or_else(|| status::of_token(&crate::auth::TokenError::Missing))?;
        let actor = self.0.keys.verify(token).map_err(|error| status::of_token(&error))?;
        let purpose = reading::stated(request.metadata())?;
        Ok(Caller { actor, traceparent: text("traceparent").map(str::to_owned), purpose })
    }

    /// Carries out a command. `command` is its encoded form: a repeated key must come with equal bytes.
    pub async fn execute(
        &self,
        caller: Caller,
        request: Option<envelope::Request>,
        command: &[u8],
        order: Order,
    ) -> Result<envelope::Outcome, Status> {
        if caller.actor.has(Role::Auditor) {
            return Err(Status::permission_denied("an auditor reads everything and changes nothing"));
        }
        let request = request.ok_or_else(|| field::invalid("request", "is missing"))?;
        let span = telemetry::command_span(self.0.service.name, &order, caller.traceparent.as_deref());
        let request = parse(request, caller.actor, command)?;
        telemetry::within(span, async {
            let request = Request { traceparent: eventlog::trace::current(), ..request };
            let outcome =
                self.0.log.execute(order, request).await.map_err(|error| status::of_execute(&error))?;
            Ok(envelope::Outcome {
                stream: outcome.stream.to_string(),
                version: outcome.version,
                position: outcome.position,
                events: outcome
                    .events
                    .into_iter()
                    .map(|(kind, position)| envelope::Happened { kind, position })
                    .collect(),
                repeated: outcome.repeated,
            })
        })
        .await
    }

    /// A view at least as fresh as `min_position`, ready to be asked.
    pub async fn query(&self, view: &'static str, min_position: u64) -> Result<ViewRead, Status> {
        let views = &self.0.views;
        if min_position > 0 {
            let waited = views.wait_for(view, min_position, QUERY_WAIT_MAX).await;
            waited.map_err(|error| status::of_log(&error))?;
        }
        views.read(view).await.map_err(|error| status::of_log(&error))
    }

    /// How fresh an answer about one stream is, and whether the view could not read that stream. It ends the read: who
    /// held one connection of the pool and waited for another would be stuck among equals.
    pub async fn freshness(
        &self,
        view: &'static str,
        read: ViewRead,
        stream: &StreamName,
    ) -> Result<envelope::Freshness, Status> {
        let position = read.end();
        let parked = self.0.views.is_parked(view, stream).await.map_err(|error| status::of_log(&error))?;
        Ok(envelope::Freshness { position, parked })
    }
}

/// How fresh an answer about many streams is.
pub fn freshness(read: &ViewRead) -> envelope::Freshness {
    envelope::Freshness { position: read.freshness.position, parked: false }
}

fn parse(request: envelope::Request, actor: Actor, command: &[u8]) -> Result<Request, Status> {
    let key = field::parse::<Uuid>("request.idempotency_key", &request.idempotency_key)?;
    let at =
        request.occurred_at.as_ref().map(|at| field::instant("request.occurred_at", Some(at))).transpose()?;
    Ok(Request {
        command_id: Uuid::new_v5(&key, actor.id.as_str().as_bytes()),
        fingerprint: Sha256::digest(command).to_vec(),
        actor,
        at,
        case_id: field::optional::<CaseId>("request.case_id", &request.case_id)?,
        causation: None,
        traceparent: None,
    })
}
