//! The door: one log, who may come in, and where clients are told to find it.

use std::sync::Arc;

use decider::Actor;
use eventlog::Log;
use tokio_util::sync::CancellationToken;
use tonic::{Status, metadata::MetadataMap};
use uuid::Uuid;

use crate::{Access, Limits, reader::Reader, tail::Tail};

/// Where clients that discover their server are sent: they dial this again, whatever they dialled first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// A host's name or address.
    pub address: String,
    /// Its port.
    pub port: u16,
}

/// The event-store protocol over one log. Cloning is cheap.
#[derive(Clone)]
pub struct Door(Arc<Parts>);

struct Parts {
    log: Log,
    access: Access,
    limits: Limits,
    advertised: Endpoint,
    instance: Uuid,
    tail: Tail,
    closing: CancellationToken,
}

impl Door {
    /// A door over the log. Reads end when `closing` is cancelled.
    pub fn new(log: Log, access: Access, advertised: Endpoint, closing: CancellationToken) -> Self {
        let limits = Limits::of(log.options());
        let (instance, tail) = (Uuid::new_v4(), Tail::default());
        Self(Arc::new(Parts { log, access, limits, advertised, instance, tail, closing }))
    }

    /// What clients may append, at most.
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    pub(crate) fn log(&self) -> &Log {
        &self.0.log
    }

    pub(crate) fn advertised(&self) -> &Endpoint {
        &self.0.advertised
    }

    pub(crate) fn instance(&self) -> Uuid {
        self.0.instance
    }

    /// Its newest events, shared by all subscriptions.
    pub(crate) fn tail(&self) -> &Tail {
        &self.0.tail
    }

    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.0.closing
    }

    pub(crate) fn access(&self) -> &Access {
        &self.0.access
    }

    /// Who calls, to read.
    pub(crate) fn reader(&self, metadata: &MetadataMap) -> Result<Reader, Status> {
        let actor = self.caller(metadata)?;
        Reader::new(self.0.log.clone(), self.0.access.dossiers.clone(), actor, metadata)
    }

    /// Who calls.
    pub(crate) fn caller(&self, metadata: &MetadataMap) -> Result<Actor, Status> {
        self.0.access.caller(metadata)
    }
}
