//! Where a client expects a stream to be: revisions from 0 on the wire, versions from 1 in the log.

use eventlog::Expected;

/// The version that stands behind a revision.
pub(crate) fn at_revision(revision: u64) -> Expected {
    Expected::Exact(revision.saturating_add(1))
}

/// The revision of a stream's last event; `None` without a stream.
pub(crate) fn revision(version: u64) -> Option<u64> {
    version.checked_sub(1)
}

/// The version that the stream must have; `None` where any, or any existing one, will do.
pub(crate) fn version(expected: Expected) -> Option<u64> {
    match expected {
        Expected::NoStream => Some(0),
        Expected::Exact(version) => Some(version),
        Expected::Any | Expected::Exists => None,
    }
}
