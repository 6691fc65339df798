//! Names of streams. Those of departments, `<category>:<id>`, are shown as they are; any other name that a client
//! gives to a stream is stored below a category of its own, so that the log's own form of names stays what it is. The
//! stream that every log begins with is shown as `$genesis`.
//!
//! **Invariant**: different names are different streams, and a name that was stored is shown as it was given.

use decider::StreamName;
use eventlog::{foreign::CATEGORY, genesis};

/// The stream as the log knows it.
pub(crate) fn stored(name: &str) -> StreamName {
    if name == genesis::CATEGORY {
        return genesis::stream();
    }
    match StreamName::parse(name) {
        // A name that already begins with such a category gets ours before it: it must not meet another stream.
        Some(ours) if ![CATEGORY, genesis::CATEGORY].contains(&ours.category()) => ours,
        _ => StreamName::new(CATEGORY, name),
    }
}

/// Whether the log can have a stream of that name; if not, why.
pub(crate) fn check(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("the stream has no name".to_owned());
    }
    eventlog::check_stream(&stored(name)).map_err(|error| error.to_string())
}

/// The stream as clients know it.
pub(crate) fn shown(stream: &StreamName) -> &str {
    match stream.category() {
        CATEGORY => stream.id(),
        genesis::CATEGORY => genesis::CATEGORY,
        _ => stream.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back_and_no_two_meet() {
        let names = [
            "order-1",
            "order:1",
            ":1",
            "door:order-1",
            "door:",
            "$$order:1",
            "$$order-1",
            "火:警",
            "a:",
            "$genesis",
            "$genesis:log",
            "$genesis:",
            "$$$genesis",
        ];
        let streams = names.map(stored);
        for (name, stream) in names.iter().zip(&streams) {
            assert_eq!(shown(stream), *name);
            assert_eq!(StreamName::parse(stream.as_str()).as_ref(), Some(stream), "the log can read it");
        }
        assert_eq!(streams.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn a_departments_stream_has_its_own_name() {
        assert_eq!(stored("hazard:wuyi-1"), StreamName::new("hazard", "wuyi-1"));
    }
}
