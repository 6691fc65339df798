//! What this service does about facts: it writes every one of them down.

use decider::{Fact, Order, Reaction, Recorded, Unreadable};

use crate::entry::{self, Command, Entry, Noted};

/// Every department's every fact becomes an entry, whatever it says: with a case or without, public or private.
pub fn react(fact: &Fact) -> Result<Vec<Reaction>, Unreadable> {
    let id = entry::id(&fact.source, fact.position);
    let command = Command::Record { fact: Noted::of(fact) };
    Ok(vec![Reaction::new("record", Order::of::<Entry>(&id, command))])
}

/// Our own events lead to nothing.
pub fn advance(_: &Recorded) -> Result<Vec<Reaction>, Unreadable> {
    Ok(vec![])
}
