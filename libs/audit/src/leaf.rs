//! What a log says of one event: the statement that becomes its leaf.

use decider::{ActorKind, Meta};
use hmac::{Hmac, Mac as _};
use merkle::{
    Hex, Statement,
    statement::{Cause, VERSION},
};
use sha2::{Digest as _, Sha256};

use crate::Stored;

/// No stored shape has had a successor yet; fields are only added.
const SHAPE: u8 = 1;

/// Why an event cannot be stated.
#[derive(Debug, thiserror::Error)]
#[error("read what is known beside the data of the event at position {position}")]
pub struct LeafError {
    pub position: i64,
    #[source]
    pub source: serde_json::Error,
}

/// Makes the salts of a log's leaves out of a secret of its database. Nobody without the secret can guess them, and
/// whoever seals an event again, after a crash or too late, comes to the same leaf and so to the same tiles.
#[derive(Clone, Debug)]
pub(crate) struct Salts(Hmac<Sha256>);

impl Salts {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    pub(crate) fn of(&self, event: &Stored) -> Hex<16> {
        let mac = self.0.clone().chain_update(event.position.to_be_bytes()).chain_update(event.id);
        let bytes = mac.finalize().into_bytes();
        Hex(std::array::from_fn(|n| bytes[n]))
    }
}

/// The statement about a stored event. The salt stays in the leaf.
pub fn statement(origin: &str, event: &Stored, salt: Hex<16>) -> Result<Statement, LeafError> {
    let meta: Meta = serde_json::from_slice(&event.meta)
        .map_err(|source| LeafError { position: event.position, source })?;
    Ok(statement_with(origin, event, &meta, salt))
}

/// The same, where the meta is known already.
pub(crate) fn statement_with(origin: &str, event: &Stored, meta: &Meta, salt: Hex<16>) -> Statement {
    let category = event.stream.split(':').next().unwrap_or_default();
    let cause = meta.causation.as_ref();
    Statement {
        v: VERSION,
        origin: origin.to_owned(),
        revision: event.version.cast_unsigned(),
        event_id: event.id,
        kind: event.kind.clone(),
        schema: format!("{category}/{SHAPE}"),
        stream: event.stream.clone(),
        case: meta.case_id.as_ref().map(|case| case.as_str().to_owned()),
        occurred_at: event.occurred_at,
        recorded_at: event.recorded_at,
        department: meta.actor.department.to_string(),
        actor: actor(meta),
        data_sha256: Hex(Sha256::digest(&event.data).into()),
        meta_sha256: Hex(Sha256::digest(&event.meta).into()),
        attachments: Vec::new(),
        cause: cause.map(|at| Cause { origin: at.log.clone(), position: at.position, leaf: None }),
        salt,
    }
}

/// Who acted, as a statement refers to them.
pub(crate) fn actor(meta: &Meta) -> String {
    format!("{}:{}", word(meta.actor.kind), meta.actor.id)
}

fn word(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::Person => "person",
        ActorKind::Service => "service",
        ActorKind::Clock => "clock",
    }
}
