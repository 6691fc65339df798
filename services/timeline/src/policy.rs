//! What this service does about facts: it writes every one of them down.

use decider::{Fact, Order, Reaction, Recorded, Unreadable};

use crate::entry::{self, Command, Entry, Noted};

/// Every department's every fact becomes an entry, whatever it says: with a case or without, public or private.
/// Readings alone are left out.
pub fn react(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    // That somebody read is no fact of a case; which log told it, and that it did, is known by its position.
    if fact.stream.split_once(':').is_some_and(|(category, _)| category == eventlog::reading::CATEGORY) {
        return Ok(vec![]);
    }
    let id = entry::id(&fact.source, fact.position);
    let command = Command::Record { fact: Noted::of(fact) };
    Ok(vec![Reaction::new("record", Order::of::<Entry>(&id, command))])
}

/// Our own events lead to nothing.
pub fn advance(_: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    Ok(vec![])
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    fn fact(stream: &str) -> Fact {
        Fact {
            id: Uuid::nil(),
            source: "hazard".to_owned(),
            position: 7,
            kind: "hazard.private.Opened".to_owned(),
            stream: stream.to_owned(),
            case_id: None,
            department: "fire.330723".parse().unwrap(),
            actor: "withheld".to_owned(),
            occurred_at: OffsetDateTime::UNIX_EPOCH,
            recorded_at: OffsetDateTime::UNIX_EPOCH,
            causation: None,
            to: vec![],
            traceparent: None,
            body: serde_json::Value::Null,
        }
    }

    #[test]
    fn a_reading_is_no_entry_of_a_story() {
        assert!(react(&fact("reading:withheld")).unwrap().is_empty());
        assert_eq!(react(&fact("hazard:h-1")).unwrap().len(), 1);
    }
}
