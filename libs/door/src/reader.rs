//! Who reads, and what is recorded of it before anything is shown, where the log is that of a service.
//!
//! **Invariant**: no event of a dossier is shown before the log holds that it is opened; where the log cannot be
//! written, nothing is shown.

use std::sync::Arc;

use decider::{Actor, StreamName};
use eventlog::{
    Log,
    reading::{self, Register, purpose},
};
use tonic::{Status, metadata::MetadataMap};

use crate::refusal;

/// The queries of this door, as they are recorded.
pub(crate) const READ: &str = "Streams.Read";
pub(crate) const SUBSCRIBE: &str = reading::SUBSCRIBE;

/// The purpose of whoever states none: the published clients of the protocol cannot.
const UNSTATED: &str = "经事件库协议读取 / through the event-store protocol";

/// Whose dossiers a log holds, and where it is entered that they are opened.
#[derive(Clone)]
pub struct Dossiers {
    /// Where readings are entered.
    pub register: Register,
    /// The service whose log it is.
    pub service: &'static str,
    /// The categories of the service's deciders: their streams are dossiers, and no others.
    pub categories: Vec<&'static str>,
}

/// A caller who reads.
#[derive(Clone)]
pub(crate) struct Reader {
    log: Log,
    /// Nothing where nobody's dossiers are in the log.
    recorded: Option<Arc<Recorded>>,
    sees_all: bool,
}

struct Recorded {
    dossiers: Dossiers,
    reader: reading::Reader,
    query: &'static str,
}

impl Reader {
    /// Whoever calls; the purpose is in the metadata, or unstated.
    pub(crate) fn new(
        log: Log,
        dossiers: Option<Dossiers>,
        actor: Actor,
        metadata: &MetadataMap,
    ) -> Result<Self, Status> {
        let Some(dossiers) = dossiers else { return Ok(Self { log, recorded: None, sees_all: false }) };
        let purpose = stated(metadata)?.unwrap_or_else(|| UNSTATED.to_owned());
        let reader = reading::Reader { actor, purpose, traceparent: None };
        let recorded = Arc::new(Recorded { dossiers, reader, query: READ });
        Ok(Self { log, recorded: Some(recorded), sees_all: false })
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// The same, who is shown what comes as well.
    pub(crate) fn subscribing(self) -> Self {
        let subscribing = |recorded: Arc<Recorded>| {
            let Recorded { dossiers, reader, .. } = &*recorded;
            Arc::new(Recorded { dossiers: dossiers.clone(), reader: reader.clone(), query: SUBSCRIBE })
        };
        Self { recorded: self.recorded.map(subscribing), ..self }
    }

    /// Records that the whole log is opened, as far as it went.
    pub(crate) async fn opens_all(&mut self, shown: u64) -> Result<(), Status> {
        if let Some(recorded) = &self.recorded {
            recorded.enter(&reading::whole_log(recorded.dossiers.service), shown).await?;
        }
        self.sees_all = true;
        Ok(())
    }

    /// Records that a stream is opened, if that is a dossier; who opened the whole log has opened it before.
    pub(crate) async fn opens(&self, stream: &StreamName) -> Result<(), Status> {
        match &self.recorded {
            Some(recorded) if !self.sees_all && recorded.is_dossier(stream) => {
                let head = self.log.head().await.map_err(|error| refusal::of_log(&error))?;
                recorded.enter(stream, head.position).await
            }
            _ => Ok(()),
        }
    }
}

impl Recorded {
    fn is_dossier(&self, stream: &StreamName) -> bool {
        self.dossiers.categories.contains(&stream.category())
    }

    async fn enter(&self, dossier: &StreamName, shown: u64) -> Result<(), Status> {
        let entered = self.dossiers.register.enter(&self.reader, self.query, dossier, shown).await;
        entered.map_err(|error| refusal::unrecorded(&error))
    }
}

fn stated(metadata: &MetadataMap) -> Result<Option<String>, Status> {
    let Some(value) = metadata.get_bin(purpose::METADATA) else { return Ok(None) };
    let wrong = |why: String| refusal::invalid(format!("{} {why}", purpose::METADATA));
    let bytes = value.to_bytes().map_err(|_| wrong("must be base64".to_owned()))?;
    purpose::parse(&bytes).map_err(|error| wrong(error.to_string()))
}
