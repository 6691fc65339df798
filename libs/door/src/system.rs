//! Streams that describe streams: `$$orders` holds the metadata of `orders`, and its last event counts.
//!
//! **Invariant**: metadata that would hide events from readers is refused, not stored and ignored: who wrote it would
//! believe in it.

use serde_json::{Map, Value};

use crate::append::{Proposal, Proposed, Refused};

/// What the streams of metadata are called.
const METADATA: &str = "$$";
/// The one type of event they hold.
const KIND: &str = "$metadata";
/// Keys that would hide events, or promise a protection that there is not.
const REFUSED: [(&str, &str); 4] = [
    ("$maxAge", "an audit log hides nothing: $maxAge is refused"),
    ("$maxCount", "an audit log hides nothing: $maxCount is refused"),
    ("$tb", "an audit log hides nothing: $tb is refused"),
    ("$acl", "who may read and write stands in the server's configuration: $acl is refused"),
];

/// Refuses metadata that the log would not honour.
pub(crate) fn check(proposal: &Proposal) -> Result<(), Refused> {
    if !proposal.stream.starts_with(METADATA) {
        return Ok(());
    }
    proposal.events.iter().try_for_each(|event| check_event(&proposal.stream, event))
}

fn check_event(stream: &str, event: &Proposed) -> Result<(), Refused> {
    if event.kind != KIND {
        return Err(Refused::Invalid(format!("a stream of metadata holds events of type {KIND} only")));
    }
    let metadata = serde_json::from_slice::<Map<String, Value>>(&event.sent.data);
    let metadata = metadata.map_err(|error| Refused::Invalid(format!("{KIND} is a JSON object: {error}")))?;
    match REFUSED.iter().find(|(key, _)| metadata.contains_key(*key)) {
        Some((_, why)) => Err(Refused::Denied { stream: stream.to_owned(), why }),
        None => Ok(()),
    }
}
