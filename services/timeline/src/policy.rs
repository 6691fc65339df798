//! What this service does about facts: it writes every one of them down.

use decider::{Fact, Order, Reaction, Recorded, Unreadable};
use eventlog::{foreign, genesis, reading};

use crate::entry::{self, Command, Entry, Noted};

/// Every department's every fact becomes an entry, whatever it says: with a case or without, public or private.
/// Readings are left out, what a log begins with, and what clients of the event store wrote.
pub fn react(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    // None of these is a fact of a case; that a log told it is known by its position.
    let category = fact.stream.split(':').next().unwrap_or_default();
    if [reading::CATEGORY, genesis::CATEGORY, foreign::CATEGORY].contains(&category) {
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
    fn a_reading_the_beginning_of_a_log_and_a_clients_event_are_no_entries_of_a_story() {
        assert!(react(&fact("reading:withheld")).unwrap().is_empty());
        assert!(react(&fact("$genesis:log")).unwrap().is_empty());
        assert!(react(&fact("door:withheld")).unwrap().is_empty());
        assert_eq!(react(&fact("hazard:h-1")).unwrap().len(), 1);
    }
}
