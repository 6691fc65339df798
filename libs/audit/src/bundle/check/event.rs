//! One event against its leaf, and its leaf against the signed root.

use decider::Meta;
use merkle::{Checkpoint, Hasher, Sha256, Statement, proof::verify_inclusion};

use super::super::{Event, Fault, Log, What, manifest::digest};
use crate::leaf;

/// Proves an event; answers what its leaf states.
pub(super) fn check(case: &str, log: &Log, event: &Event, head: &Checkpoint) -> Result<Statement, Fault> {
    let at = |part: &str| format!("logs/{}/events/{}.{part}", log.name, event.position);
    let statement = Statement::parse(&event.leaf).map_err(|error| Fault::unreadable(at("leaf"), error))?;
    agree(at("leaf"), "origin", &statement.origin, head.origin())?;
    agree(at("leaf"), "case", statement.case.as_deref().unwrap_or_default(), case)?;
    agree(at("data"), "data_sha256", &statement.data_sha256.to_string(), &digest(&event.data).to_string())?;
    agree(at("meta"), "meta_sha256", &statement.meta_sha256.to_string(), &digest(&event.meta).to_string())?;
    let meta: Meta =
        serde_json::from_slice(&event.meta).map_err(|error| Fault::unreadable(at("meta"), error))?;
    agree(at("meta"), "department", &statement.department, &meta.actor.department.to_string())?;
    agree(at("meta"), "actor", &statement.actor, &leaf::actor(&meta))?;
    agree(at("meta"), "case", case, meta.case_id.as_ref().map_or("", |case| case.as_str()))?;
    let broken = |why: String| Fault::new(at("tlog-proof"), What::Path { why });
    let index = event.position.checked_sub(1).ok_or_else(|| broken("there is no position 0".to_owned()))?;
    verify_inclusion::<Sha256>(&Sha256::leaf(&event.leaf), index, head.size(), &event.path, head.root())
        .map_err(|error| broken(error.to_string()))?;
    Ok(statement)
}

fn agree(at: String, field: &'static str, leaf: &str, found: &str) -> Result<(), Fault> {
    if leaf == found {
        return Ok(());
    }
    Err(Fault::new(at, What::Field { field, leaf: leaf.to_owned(), found: found.to_owned() }))
}
