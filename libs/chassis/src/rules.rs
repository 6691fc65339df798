//! What every service does about the law: it takes in the rules and calendars that the legal office has adopted.
//!
//! **Invariant**: no service repeats this, and none can leave it out.

use contracts::enforcement::v1::RulesAdopted;
use decider::{Fact, Order, Reaction, Unreadable};
use eventlog::rules::{Command, Rules};
use law::{Adoption, Kind};

/// The service whose department adopts rules for all.
pub const OWNER: &str = "enforcement";

/// An adopted version becomes one of the service's own log, or nothing.
pub fn react(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    if fact.source != OWNER {
        return Ok(vec![]);
    }
    let Some(message) = fact.read::<RulesAdopted>()? else {
        return Ok(vec![]);
    };
    let adoption = Adoption {
        kind: fact.field("kind", Kind::parse(&message.kind).ok_or("neither pack nor calendar"))?,
        effective_from: crate::instant(fact, "effective_from", message.effective_from)?,
        id: message.proposal_id,
        version: message.edition,
        file: message.file,
        text: message.text,
        allowed: message.allowed,
    };
    Ok(vec![receive(adoption)])
}

/// The command that tells a log of a version.
pub fn receive(adoption: Adoption) -> Reaction {
    let id = adoption.id.clone();
    Reaction::new("receive-rules", Order::of::<Rules>(&id, Command::Receive { adoption }))
}

/// The public message of an adopted version.
pub fn message(adoption: Adoption) -> RulesAdopted {
    RulesAdopted {
        proposal_id: adoption.id,
        kind: adoption.kind.as_str().to_owned(),
        edition: adoption.version,
        effective_from: Some(crate::timestamp(adoption.effective_from)),
        file: adoption.file,
        text: adoption.text,
        allowed: adoption.allowed,
    }
}
