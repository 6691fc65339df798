//! Instants in statements: RFC 3339 in UTC, whatever offset they were read with.

use serde::{Deserializer, Serializer, ser::Error as _};
use time::{OffsetDateTime, UtcOffset, serde::rfc3339};

pub(super) fn serialize<S: Serializer>(instant: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    // At the last hours of year 9999, another offset may have no counterpart in UTC.
    let instant =
        instant.checked_to_offset(UtcOffset::UTC).ok_or_else(|| S::Error::custom("beyond year 9999"))?;
    rfc3339::serialize(&instant, serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
    rfc3339::deserialize(deserializer)
}
