//! Events that clients of the event store appended: in the log and sealed like all others, and nobody's decision.
//!
//! They are told by their bytes, not by where they stand: who may append where is a matter of configuration, which
//! changes; what was stored does not.
//!
//! **Invariant**: no event of a department is stored with these first bytes. Names here are the storage format: never
//! rename or reuse.

/// The category of their streams where a client's name for a stream is no `<category>:<id>`.
pub const CATEGORY: &str = "door";

/// What the stored bytes of a client's event begin with; those of a department's event begin with its type.
const MARK: &[u8] = br#"{"client":"#;

/// Whether a client appended the event with these stored bytes.
pub fn is_foreign(data: &[u8]) -> bool {
    data.starts_with(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_bytes_tell() {
        assert!(is_foreign(br#"{"client":{"id":"x"},"type":"Clock"}"#));
        assert!(!is_foreign(br#"{"type":"Clock","data":{"client":1}}"#));
        assert!(!is_foreign(b""));
    }
}
